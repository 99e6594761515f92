"""The commands that only read: query, files, quarantine, snapshots, exports."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb

from cartera import formats, snapshot
from cartera.errors import InputError, SnapshotError
from cartera.home import HomePaths, existing_home
from ingestion import originals
from orchestration.console import OUT

FORMATS = ("table", "csv", "json", "parquet")
TABLE_ROWS = 200


def current(home: Path | None) -> tuple[HomePaths, snapshot.Snapshot]:
    """The home and its current snapshot. Raises SnapshotError where nothing was published yet."""
    paths = existing_home(home)
    found = snapshot.current(paths)
    if found is None:
        raise SnapshotError("todavía no hay nada publicado", str(paths.home), "Corre primero: cartera run")
    return paths, found


def query(home: Path | None, sql: str, output: str, out: Path | None) -> None:
    """`cartera query`."""
    if output not in FORMATS:
        raise InputError(f"no existe el formato «{output}»", "--format", f"Usa uno de: {', '.join(FORMATS)}")
    if output == "parquet" and out is None:
        raise InputError(
            "parquet necesita un archivo", "--out", "Agrega por ejemplo: --out resultado.parquet"
        )
    _, found = current(home)
    text = sys.stdin.read() if sql == "-" else sql
    connection = snapshot.open_readonly(found.path)
    try:
        relation = connection.sql(text)
        if relation is None:
            return
        _write_result(relation, output, out)
    except duckdb.Error as error:
        first = str(error).split("\n\n")[0]
        raise InputError(
            f"la consulta no se pudo ejecutar ({first})",
            "SQL",
            'Mira las tablas con: cartera query "select table_schema, table_name from information_schema.tables"',
        ) from error
    finally:
        connection.close()


def _write_result(relation: Any, output: str, out: Path | None) -> None:
    if output == "table":
        columns = relation.columns
        rows = relation.limit(TABLE_ROWS + 1).fetchall()
        _print_table(columns, rows[:TABLE_ROWS])
        if len(rows) > TABLE_ROWS:
            OUT.print(f"… hay más de {TABLE_ROWS} renglones; usa --format csv para todos", markup=False)
        return
    frame = relation.pl()
    if output == "parquet" and out is not None:
        frame.write_parquet(out)
        return
    if output == "csv" and out is not None:
        write_csv(frame, out)
        return
    text = frame.write_csv() if output == "csv" else _as_json(relation.columns, frame.rows())
    if out is not None:
        out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def write_csv(frame: Any, target: Path) -> None:
    """CSV for spreadsheets: with BOM (Excel reads the accents), exact amounts, no text that would run as a formula."""
    import polars as pl

    from dashboards.ui.files import DANGEROUS

    text = pl.col(pl.String)
    frame.with_columns(
        pl.when(text.str.slice(0, 1).is_in(DANGEROUS)).then(pl.lit("'") + text).otherwise(text).name.keep()
    ).write_csv(target, include_bom=True)


def _as_json(columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    import json

    records = [dict(zip(columns, row, strict=True)) for row in rows]
    return json.dumps(records, ensure_ascii=False, default=str, indent=1) + "\n"


def _print_table(columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE)
    for position, column in enumerate(columns):  # the last column is the long one: only it may break
        # a key is for copying: it is never cut
        whole = max((len(str(row[position])) for row in rows), default=0) if column == "clave" else None
        table.add_column(column, no_wrap=position < len(columns) - 1, overflow="fold", min_width=whole)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    # a pipe gets whole lines; a terminal, its own width
    wide = OUT if OUT.is_terminal else Console(highlight=False, width=10_000)
    wide.print(table, markup=False, soft_wrap=False)


def _ledger_rows(home: Path | None, sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    """Read the ledger itself: it knows more than the snapshot after a refused run."""
    with originals.reading(existing_home(home)) as ledger:
        return ledger.execute(sql, parameters).fetchall()


def files(home: Path | None, status: str, limit: int) -> None:
    """`cartera files`."""
    rows = _ledger_rows(
        home,
        "select file_id, status, kind, path || case when member <> '' then ' › ' || member else '' end, rows_read, "
        "rows_loaded, rows_quarantined, rows_duplicate, reason from files where ? = '' or status = ? "
        "order by case status when 'quarantined' then 0 when 'pending' then 1 when 'duplicate' then 2 else 3 end, "
        "path, member limit ?",
        [status, status, limit or 10**9],
    )
    totals = _ledger_rows(home, "select status, count(*) from files group by 1 order by 1", [])
    _print_table(
        ["clave", "estado", "tipo", "archivo", "leídas", "cargadas", "apartadas", "repetidas", "motivo"], rows
    )
    OUT.print("Total: " + ", ".join(f"{n:,} {s}" for s, n in totals), markup=False)


def quarantine_list(home: Path | None, limit: int) -> None:
    """`cartera quarantine list`."""
    rows = _ledger_rows(
        home,
        "select q.quarantine_id, f.path || case when f.member <> '' then ' › ' || f.member else '' end, "
        "q.location, "
        "q.reason from quarantine q join files f using (file_id) where q.status = 'open' "
        "order by f.path, f.member, q.row_number limit ?",
        [limit or 10**9],
    )
    if not rows:
        OUT.print("No hay nada apartado.")
        return
    _print_table(["clave", "archivo", "lugar", "motivo"], rows)
    total = _ledger_rows(home, "select count(*) from quarantine where status = 'open'", [])[0][0]
    OUT.print(f"Total: {formats.plural(total, 'caso apartado', 'casos apartados')}", markup=False)


def quarantine_show(home: Path | None, quarantine_id: str) -> None:
    """`cartera quarantine show`."""
    rows = _ledger_rows(
        home,
        "select f.path, f.member, f.kind, f.sha256, q.location, q.code, q.reason, q.raw_text, q.first_seen_at, "
        "q.status from quarantine q join files f using (file_id) where q.quarantine_id = ?",
        [quarantine_id],
    )
    if not rows:
        raise InputError(
            f"no existe el caso «{quarantine_id}»", "", "Mira las claves con: cartera quarantine list"
        )
    names = ("archivo", "miembro", "tipo", "sha256", "lugar", "código", "motivo", "texto", "visto", "estado")
    for name, value in zip(names, rows[0], strict=True):
        if value not in {None, ""}:
            OUT.print(f"{name:>8}: {value}", markup=False)


def snapshots_list(home: Path | None) -> None:
    """`cartera snapshots list`."""
    paths = existing_home(home)
    pointed = snapshot.current_path(paths)
    rows = [
        ("*" if found.path == pointed else "", found.run_id, formats.date_short(found.as_of),
         f"{found.published_at:%Y-%m-%d %H:%M} UTC", f"{found.path.stat().st_size / 1e6:.1f} MB")
        for found in snapshot.list_all(paths)
    ]  # fmt: skip
    if not rows:
        OUT.print("Todavía no hay publicaciones. Corre: cartera run")
        return
    _print_table(["", "clave", "corte", "publicada", "tamaño"], rows)


def snapshots_use(home: Path | None, run_id: str) -> None:
    """`cartera snapshots use`."""
    found = snapshot.use(existing_home(home), run_id)
    OUT.print(f"Vigente: {found.run_id}, corte al {formats.date_long(found.as_of)}", markup=False)


def export_weekly(home: Path | None, as_of: str | None, out: Path | None) -> None:
    """`cartera export weekly`: the review as a workbook."""
    from dashboards.reports.weekly import build_workbook
    from orchestration.cli_run import parse_as_of

    paths, found = current(home)
    connection = snapshot.open_readonly(found.path)
    try:
        name, content = build_workbook(connection, parse_as_of(as_of) if as_of else None)
    finally:
        connection.close()
    folder = out or paths.exports
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    OUT.print(f"Escrito: {folder / name}", markup=False)


def mapping_suggest(file: Path) -> None:
    """`cartera mapping suggest`."""
    from ingestion.tables.suggest import suggest

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(
            f"no se puede leer ({error.strerror})", str(file), "Revisa el nombre y los permisos"
        ) from error
    OUT.print(suggest(file.name, data), markup=False)
