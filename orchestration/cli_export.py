"""`cartera export marts`: every published table as a file of its own, whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cartera import snapshot
from cartera.errors import InputError
from orchestration.cli_read import current, write_csv
from orchestration.console import OUT, ConsoleReporter


def marts(home: Path | None, output: str, out: Path | None) -> None:
    """Write one file a table; the folder gets them when all are ready, so that it never holds a mixture."""
    if output not in {"parquet", "csv"}:
        raise InputError(f"no existe el formato «{output}»", "--format", "Usa parquet o csv")
    paths, found = current(home)
    folder = out or paths.exports / f"marts_{found.as_of}"
    folder.mkdir(parents=True, exist_ok=True)
    connection = snapshot.open_readonly(found.path)
    try:
        names = [
            row[0]
            for row in connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
            ).fetchall()
        ]
        with (
            ConsoleReporter() as reporter,
            tempfile.TemporaryDirectory(prefix=".marts-", dir=folder) as partial,
        ):
            reporter.step("Exportando tablas", len(names))
            for name in names:
                frame, target = (
                    connection.sql(f'from marts."{name}"').pl(),
                    Path(partial) / f"{name}.{output}",
                )
                if output == "csv":
                    write_csv(frame, target)
                else:
                    frame.write_parquet(target)
                reporter.advance()
            for file in sorted(Path(partial).iterdir()):
                file.replace(folder / file.name)
    finally:
        connection.close()
    OUT.print(f"{len(names)} tablas en {folder}", markup=False)
