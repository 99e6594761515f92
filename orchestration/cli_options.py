"""Options that several commands share. Nothing but Typer is imported here: `--help` must stay quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Carpeta de la empresa (o la variable CARTERA_HOME; si no, ./cartera-home)."),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="AAAA-MM-DD", help="Fecha de corte; por omisión, hoy.")
]
