"""The commands of the ledger: files, quarantine, snapshots. They only call; heavy imports wait inside commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli_options import Home

files_app = typer.Typer(no_args_is_help=False, rich_markup_mode=None)  # its callback is a command
quarantine_app = typer.Typer(help="Lo que se apartó y por qué.", no_args_is_help=True, rich_markup_mode=None)
snapshots_app = typer.Typer(help="Las publicaciones guardadas.", no_args_is_help=True, rich_markup_mode=None)


@files_app.callback(invoke_without_command=True)
def files(
    context: typer.Context,
    home: Home = None,
    status: Annotated[
        str, typer.Option("--status", help="loaded, duplicate, quarantined, pending o withdrawn.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", help="Renglones a mostrar; 0 son todos.")] = 50,
) -> None:
    """Los archivos que llegaron: qué son, en qué quedaron y cuántas filas trajeron.

    Ejemplo: cartera files --status quarantined
    """
    if context.invoked_subcommand is None:
        from orchestration import cli_read

        cli_read.files(home, status, limit)


@files_app.command("withdraw")
def files_withdraw(
    file_id: Annotated[str, typer.Argument(help="La clave que muestra «cartera files».")],
    home: Home = None,
    reason: Annotated[str, typer.Option("--reason", metavar="MOTIVO", help="Por qué se retira.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Volver a poner lo retirado.")] = False,
) -> None:
    """Retira un archivo que no debía estar; sigue anotado y no se vuelve a leer. Un ZIP se va con lo que trae.

    Ejemplo: cartera files withdraw 9c41d2e07ab35f68 --reason "es de otra empresa"
    """
    from orchestration import cli_files

    cli_files.withdraw(home, file_id, reason, undo=undo)


@files_app.command("xml")
def files_xml(
    uuid: Annotated[str, typer.Argument(help="El UUID (folio fiscal) del CFDI.")],
    home: Home = None,
    out: Annotated[Path | None, typer.Option("--out", help="Archivo o carpeta; si no, en pantalla.")] = None,
) -> None:
    """El XML original de un CFDI, tal como llegó.

    Ejemplo: cartera files xml 3f2504e0-4f89-41d3-9a0c-0305e82c3301 --out factura.xml
    """
    from orchestration import cli_files

    cli_files.xml(home, uuid, out)


@quarantine_app.command("list")
def quarantine_list(
    home: Home = None,
    limit: Annotated[int, typer.Option("--limit", help="Renglones a mostrar; 0 son todos.")] = 50,
) -> None:
    """Lo apartado: archivo, lugar y motivo.

    Ejemplo: cartera quarantine list
    """
    from orchestration import cli_read

    cli_read.quarantine_list(home, limit)


@quarantine_app.command("show")
def quarantine_show(
    quarantine_id: Annotated[str, typer.Argument(help="La clave que muestra «quarantine list».")],
    home: Home = None,
) -> None:
    """Un caso apartado, completo, con su texto original.

    Ejemplo: cartera quarantine show 3fa94c1be020
    """
    from orchestration import cli_read

    cli_read.quarantine_show(home, quarantine_id)


@quarantine_app.command("release")
def quarantine_release(
    quarantine_id: Annotated[
        str | None, typer.Argument(help="La clave que muestra «quarantine list».")
    ] = None,
    home: Home = None,
    everything: Annotated[bool, typer.Option("--all", help="Todo lo apartado.")] = False,
) -> None:
    """Pide que la siguiente corrida vuelva a leer el archivo de un caso apartado.

    Ejemplo: cartera quarantine release 3fa94c1be020
    """
    from orchestration import cli_files

    cli_files.release(home, quarantine_id, everything=everything)


@quarantine_app.command("export")
def quarantine_export(
    home: Home = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Carpeta de salida; por omisión, exports/apartados.")
    ] = None,
) -> None:
    """Lo apartado en un CSV, con los archivos originales.

    Ejemplo: cartera quarantine export --out apartados
    """
    from orchestration import cli_files

    cli_files.export_quarantine(home, out)


@snapshots_app.command("list")
def snapshots_list(home: Home = None) -> None:
    """Las publicaciones guardadas; la vigente lleva un asterisco.

    Ejemplo: cartera snapshots list
    """
    from orchestration import cli_read

    cli_read.snapshots_list(home)


@snapshots_app.command("use")
def snapshots_use(
    run_id: Annotated[str, typer.Argument(help="La clave que muestra «snapshots list».")], home: Home = None
) -> None:
    """Pone al frente una publicación guardada.

    Ejemplo: cartera snapshots use 20260701T063012345Z
    """
    from orchestration import cli_read

    cli_read.snapshots_use(home, run_id)
