"""`cartera docs`: dbt's site of the project (columns, tests, SQL, lineage) as one file that asks nobody for anything.

It describes the published snapshot, a copy of it standing in for the warehouse: a run may go on meanwhile.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from cartera import settings, snapshot
from cartera.errors import InputError, WarehouseError
from cartera.home import HomePaths
from orchestration import serve
from orchestration.cli_read import current
from orchestration.console import OUT, ConsoleReporter, is_interactive
from orchestration.fingerprint import ROOT

TITLE = "Cartera: diccionario de tablas"
PROJECT = ROOT / "dbt_project"
ICON = ROOT / "dashboards" / "ui" / "icon.png"
# The page carries dbt's own usage tracker, asleep: out with its addresses; and the browser is told to ask nobody.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
)
CUT_SHORT = (
    "text-overflow: ellipsis; overflow-x: hidden; white-space: nowrap; max-width: 1px;"  # descriptions
)
TRACKERS = re.compile(r"[\w.-]*(?:getdbt\.com|sinter-collect\.com|cloudfront\.net)[\w./-]*")


def docs(home: Path | None, out: Path | None, port: int, *, show: bool) -> int:
    """Build the site of the current snapshot; serve it until a signal, unless asked not to."""
    paths, found = current(home)
    folder = out or paths.exports / "diccionario"
    with ConsoleReporter() as reporter, tempfile.TemporaryDirectory(prefix="cartera-docs-") as scratch:
        reporter.step("Copiando la publicación")
        stand_in = HomePaths(Path(scratch))
        stand_in.marts_file.parent.mkdir()
        snapshot.copy_file(found.path, stand_in.marts_file)
        reporter.step("Armando el diccionario")
        page = _generate(paths, stand_in, found)
        for folder_of_this_computer, name in (
            (str(PROJECT), "dbt_project"),
            (f"{scratch}/warehouse/dbt", "target"),
        ):
            page = page.replace(folder_of_this_computer, name)
        content = _own(page.replace(scratch, ""), found)
    target = folder / "index.html"
    _write(target, content)
    OUT.print(
        f"Escrito: {target} (corte {found.as_of}); se abre en cualquier navegador, sin red", markup=False
    )
    if not show:
        return 0
    return serve.page(content.encode(), port, "Diccionario", browser=is_interactive())


def _generate(paths: HomePaths, stand_in: HomePaths, found: snapshot.Snapshot) -> str:
    """The static site that dbt makes of the project over a copy of the snapshot. Raises WarehouseError."""
    from orchestration.transform import dbt_vars, invoke

    variables = ["--vars", json.dumps(dbt_vars(settings.load(paths.settings_file), found.as_of))]
    for command in (["seed"], ["docs", "generate", "--static"]):
        outcome = invoke(stand_in, [*command, *variables])
        if not outcome.success:
            raise WarehouseError(
                f"dbt no pudo armar el diccionario ({' '.join(str(outcome.exception or '').split())[:200]})",
                " ".join(command),
                "Corre: cartera doctor",
            )
    return (stand_in.dbt_target / "static_index.html").read_text(encoding="utf-8")


def _own(page: str, found: snapshot.Snapshot) -> str:
    """The page with our title and icon, without trackers and without leave to ask anything of anybody."""
    import base64

    icon = base64.b64encode(ICON.read_bytes()).decode()
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<link rel="icon" href="data:image/png;base64,{icon}">'
    )
    page = page.replace('<meta charset="utf-8">', head, 1)
    page = page.replace("<title>dbt Docs</title>", f"<title>{TITLE} · {found.as_of}</title>", 1)
    page = page.replace('lang="en-US"', 'lang="es-MX"', 1)
    page = re.sub(r'<link rel="(?:canonical|shortcut icon)"[^>]*>', "", page)
    return TRACKERS.sub("", page.replace(CUT_SHORT, "min-width: 22em;"))


def _write(target: Path, content: str) -> None:
    partial = target.with_name(f".{target.name}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(content, encoding="utf-8")
        partial.replace(target)
    except OSError as error:
        raise InputError(
            f"no se puede escribir ({error.strerror})", str(target), "Elige otra carpeta"
        ) from error
