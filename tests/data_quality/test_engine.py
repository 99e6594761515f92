"""The engine: order, words, errors, other files, and the lock that must go."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from data_quality.engine import Spec, in_number, run_suite

SPECS = [
    Spec("blank", "s.t", "not_null", "{n} sin importe", column="amount"),
    Spec("twice", "s.t", "unique", "{n} repetidos: {examples}", column="name"),
    Spec("range", "s.t", "between", "{n} fuera", column="amount", low=0, high=100, severity="warning"),
    Spec("fine", "s.t", "not_null", "nada", column="id"),
    Spec(
        "braces",
        "s.t",
        "no_rows",
        "{n}: {examples} {{",
        sql="select name as what from {batch} b where b.name = '{x}'",
    ),
    Spec("no_table", "s.missing", "not_null", "nada", column="id"),
    Spec("no_column", "s.t", "not_null", "nada", column="missing"),
    Spec("no_sql", "s.t", "no_rows", "nada", sql="select missing from {batch}", error_severity="warning"),
]


def make(path: Path) -> Path:
    """A file with schema `s`; attached, because a file called s.duckdb would make `s.t` ambiguous."""
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as made; use made; create schema s"
        )
        connection.execute(
            "create table s.t as select * from (values (1, 5.00::decimal(18,2), 'a'), (2, null, 'a'), "
            "(3, 500.00, '{x}')) v(id, amount, name)"
        )
    return path


def test_statuses_and_words(tmp_path: Path) -> None:
    found = {result.check_name: result for result in run_suite(make(tmp_path / "s.duckdb"), SPECS)}
    assert list(found) == [spec.check_name for spec in SPECS]
    assert {name: result.status for name, result in found.items()} == {
        "blank": "failed", "twice": "failed", "range": "warned", "fine": "passed", "braces": "failed",
        "no_table": "failed", "no_column": "failed", "no_sql": "warned",
    }  # fmt: skip
    assert found["blank"].message == "1 sin importe"
    assert found["twice"].message == "2 repetidos: a"
    assert found["braces"].message == "1: {x} {"
    assert found["fine"].message == "Correcto."
    assert "No se pudo comprobar" in found["no_table"].message


@pytest.mark.parametrize("folder", ["plain", "con espacios", "it's", "100%20 $HOME"])
def test_the_lock_is_released(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    path, other = make(tmp_path / folder / "s.duckdb"), make(tmp_path / folder / "other.duckdb")
    joined = Spec(
        "joined", "s.t", "no_rows", "{n}", sql="select b.id from {batch} b join last.s.t using (id)"
    )
    assert run_suite(path, [joined], {"last": other})[0].observed == "3"
    for file in (path, other):
        with duckdb.connect(str(file)) as here:
            here.execute("create table main_t (a integer)")
        script = f"import duckdb; duckdb.connect({str(file)!r}).execute('create table again (a integer)')"
        subprocess.run([sys.executable, "-c", script], check=True)


def test_the_lock_is_released_after_an_error(tmp_path: Path) -> None:
    path = make(tmp_path / "s.duckdb")
    broken = Spec("broken", "s.t", "no_rows", "{unknown}", sql="select 1 as what from {batch}")
    with pytest.raises(KeyError):
        run_suite(path, [broken])
    duckdb.connect(str(path)).close()


def test_nothing_is_written(tmp_path: Path) -> None:
    path = make(tmp_path / "s.duckdb")
    before = path.read_bytes()
    run_suite(path, SPECS)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.duckdb"]


def test_importing_the_gates_is_light() -> None:
    script = "import sys, data_quality.candidate, data_quality.delivery; print('great_expectations' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_words_agree_with_how_many_there_are() -> None:
    text = "{n} [fila|filas] de {label} [trae|traen] importes en cero [a]"
    assert in_number(text, 1) == "{n} fila de {label} trae importes en cero [a]"
    assert in_number(text, 2) == "{n} filas de {label} traen importes en cero [a]"
    assert in_number(text, 0) == "{n} filas de {label} traen importes en cero [a]"
