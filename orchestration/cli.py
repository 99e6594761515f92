"""The command line: what a person types, in words. It only calls; heavy imports wait inside commands."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Annotated

import typer

from cartera.errors import CarteraError
from orchestration import cli_ledger
from orchestration.cli_options import AsOf, Home

app = typer.Typer(
    name="cartera",
    help="Cartera: quién debe, qué tan tarde, por qué y qué hacer hoy; desde CFDI, registros y banco.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
mapping_app = typer.Typer(help="Leer tablas de otros sistemas.", no_args_is_help=True, rich_markup_mode=None)
export_app = typer.Typer(help="Archivos para entregar.", no_args_is_help=True, rich_markup_mode=None)
sat_app = typer.Typer(help="Consultas al SAT.", no_args_is_help=True, rich_markup_mode=None)
for name, group in (
    ("files", cli_ledger.files_app),
    ("quarantine", cli_ledger.quarantine_app),
    ("snapshots", cli_ledger.snapshots_app),
    ("mapping", mapping_app),
    ("export", export_app),
    ("sat", sat_app),
):
    app.add_typer(group, name=name)


@app.command()
def init(home: Annotated[Path, typer.Argument(help="Carpeta que se va a crear o completar.")]) -> None:
    """Prepara una carpeta de empresa. Nunca sobrescribe nada.

    Ejemplo: cartera init mi-empresa
    """
    from orchestration import cli_home

    cli_home.init(home)


@app.command()
def run(
    home: Home = None,
    as_of: AsOf = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Poner al frente aunque el corte sea anterior al actual.")
    ] = False,
    accept: Annotated[
        str, typer.Option("--accept", metavar="MOTIVO", help="Publicar esta vez pese a las revisiones.")
    ] = "",
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Releer todo desde el archivo histórico.")
    ] = False,
    verify_seals: Annotated[
        bool, typer.Option("--verify-seals", help="Verificar el sello de los CFDI que falten, sin conexión.")
    ] = False,
) -> None:
    """Lee la bandeja, construye la cartera, la revisa y la publica.

    Termina con 0 si publicó, 2 si una revisión lo impidió (lo anterior sigue vigente) y 1 si falló.

    Ejemplo: cartera run --home mi-empresa --as-of 2026-06-30
    """
    from orchestration import cli_run

    request = {"publish": publish, "full_refresh": full_refresh, "verify_seals": verify_seals}
    raise typer.Exit(cli_run.run(home, as_of, accept=accept, **request))


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="Una consulta SQL de solo lectura; «-» la lee de la entrada.")],
    home: Home = None,
    format: Annotated[str, typer.Option("--format", help="table, csv, json o parquet.")] = "table",  # noqa: A002
    out: Annotated[
        Path | None, typer.Option("--out", help="Archivo de salida (obligado en parquet).")
    ] = None,
) -> None:
    """Consulta la publicación vigente con SQL.

    Ejemplo: cartera query "select * from marts.aging_by_customer limit 5" --format csv
    """
    from orchestration import cli_read

    cli_read.query(home, sql, format, out)


@app.command()
def sample(
    home: Home = None,
    invoices: Annotated[int, typer.Option("--invoices", min=120, help="Cuántas facturas.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", help="Otra semilla, otra empresa.")] = 7,
) -> None:
    """Escribe en la bandeja una empresa de muestra (CFDI, registros y banco), siempre igual con la misma semilla.

    Ejemplo: cartera sample --home muestra --invoices 500
    """
    from orchestration import cli_home

    cli_home.sample(home, invoices, seed)


@app.command()
def demo(
    home: Annotated[Path, typer.Option("--home", help="Carpeta de la demostración.")] = Path("demo-home"),
    invoices: Annotated[int, typer.Option("--invoices", min=120, help="Cuántas facturas.")] = 2000,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Abrir los tableros al final.")] = True,
    port: Annotated[int, typer.Option("--port", help="Puerto; 0 busca uno libre.")] = 0,
) -> None:
    """Muestra, corrida y tableros, de una vez.

    Ejemplo: cartera demo
    """
    from orchestration import cli_run

    raise typer.Exit(cli_run.demo(home, invoices, serve=serve, port=port))


@app.command("app")
def app_command(
    home: Home = None,
    port: Annotated[int | None, typer.Option("--port", help="Puerto; 0 busca uno libre.")] = None,
) -> None:
    """Abre los tableros en este equipo.

    Ejemplo: cartera app --home mi-empresa --port 8600
    """
    from orchestration import serve

    raise typer.Exit(serve.app(home, port))


@app.command()
def dagster(
    home: Home = None,
    port: Annotated[int, typer.Option("--port", help="Puerto de la interfaz.")] = 3000,
) -> None:
    """Abre Dagster en este equipo: el horario diario y la vigilancia de la bandeja.

    Ejemplo: cartera dagster --home mi-empresa
    """
    from orchestration import serve

    raise typer.Exit(serve.dagster(home, port))


@app.command()
def doctor(home: Home = None) -> None:
    """Revisa versiones, ajustes, disco y candados; dice cómo arreglar cada falla.

    Ejemplo: cartera doctor
    """
    from orchestration import doctor as checks

    raise typer.Exit(checks.main(home))


@app.command()
def docs(
    home: Home = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Carpeta de salida; por omisión, exports/diccionario.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="Puerto; 0 busca uno libre.")] = 0,
    show: Annotated[
        bool, typer.Option("--open/--no-open", help="Servirlo y abrirlo, o solo escribir el archivo.")
    ] = True,
) -> None:
    """El diccionario de tablas de la publicación vigente: columnas, pruebas, SQL y de dónde sale cada una.

    Ejemplo: cartera docs --no-open --out diccionario
    """
    from orchestration import cli_docs

    raise typer.Exit(cli_docs.docs(home, out, port, show=show))


@mapping_app.command("suggest")
def mapping_suggest(
    file: Annotated[Path, typer.Argument(help="Una tabla (CSV, XLSX o Parquet) de otro sistema.")],
) -> None:
    """Propone un mapeo para un archivo y enseña qué leería con él. No carga nada.

    Ejemplo: cartera mapping suggest ventas.xlsx
    """
    from orchestration import cli_read

    cli_read.mapping_suggest(file)


@sat_app.command("check")
def sat_check(
    home: Home = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Cuántos CFDI a lo más; por omisión, los que toquen.")
    ] = None,
) -> None:
    """Pregunta al servicio público del SAT por el estado de las facturas a las que les toca.

    Ejemplo: cartera sat check --limit 20
    """
    from orchestration import cli_sat

    raise typer.Exit(cli_sat.check(home, limit))


@export_app.command("marts")
def export_marts(
    home: Home = None,
    format: Annotated[str, typer.Option("--format", help="parquet o csv.")] = "parquet",  # noqa: A002
    out: Annotated[Path | None, typer.Option("--out", help="Carpeta de salida.")] = None,
) -> None:
    """Todas las tablas publicadas, como archivos.

    Ejemplo: cartera export marts --format csv --out tablas
    """
    from orchestration import cli_export

    cli_export.marts(home, format, out)


@export_app.command("weekly")
def export_weekly(
    home: Home = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="AAAA-MM-DD", help="Fecha de corte; por omisión, la publicada."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Carpeta de salida; por omisión, exports/.")
    ] = None,
) -> None:
    """La revisión semanal de cartera, en Excel.

    Ejemplo: cartera export weekly --out revisiones
    """
    from orchestration import cli_read

    cli_read.export_weekly(home, as_of, out)


def _of_the_system(error: OSError) -> str:
    """A disk that is full or may not be written, in one sentence."""
    where = str(error.filename or "esta carpeta")
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"{where}: el disco está lleno. Libera espacio y vuelve a correr; lo publicado sigue intacto."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"{where}: no hay permiso para leer o escribir ahí. Revisa los permisos; lo publicado sigue intacto."
    return f"{where}: {error.strerror or error}. Corre «cartera doctor»; lo publicado sigue intacto."


def _keep_trace(error: Exception) -> str:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="cartera-error-", suffix=".txt", delete=False, encoding="utf-8"
    ) as kept:
        kept.write("".join(traceback.format_exception(error)))
    first = (str(error).splitlines() or [""])[0][:300]
    return f"{type(error).__name__}: {first}. El detalle está en {kept.name}; corre «cartera doctor» o repórtalo."


def main() -> None:
    """Entry point: errors are one sentence on stderr and exit 1."""
    try:
        app()
    except CarteraError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        typer.echo(f"Error: {_of_the_system(error)}", err=True)
        sys.exit(1)
    except Exception as error:
        typer.echo(f"Error inesperado: {_keep_trace(error)}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("Interrumpido. Lo publicado sigue vigente; puedes volver a correr.", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
