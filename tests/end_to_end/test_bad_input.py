"""Bad input through the real command: set aside with file, place and reason; the rest loads; exit 0."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest

from cartera import snapshot
from cartera.home import HomePaths
from cartera.warehouse import run_lock
from orchestration.cli_home import make_home
from tests.documents import invoice, payment, write_csv
from tests.end_to_end.conftest import cartera
from tests.ingestion.test_load import BAD, OLD

pytestmark = pytest.mark.slow


def settle(paths: HomePaths) -> None:
    for path in paths.inbox.rglob("*"):
        os.utime(path, (OLD, OLD))


def query(home: Path, sql: str) -> list[dict[str, object]]:
    return json.loads(cartera("query", sql, "--format", "json", home=home).stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two good invoices, one of them paid, beside every kind of bad file; run once."""
    home = tmp_path_factory.mktemp("bad") / "home"
    paths = HomePaths(home)
    make_home(paths)
    for name, (data, _) in BAD.items():
        (paths.inbox / name).write_bytes(data)
    (paths.inbox / "uno.xml").write_bytes(invoice(1))
    (paths.inbox / "dos.xml").write_bytes(invoice(2, "580.00"))
    (paths.inbox / "rep.xml").write_bytes(payment(3, "2026-05-20", [(1, "1160.00", "1000.00", "160.00")]))
    write_csv(
        paths.inbox / "payments_2026-06-30.csv",
        """payment_id,customer_id,payment_date,currency,amount
        P8,C1,2026-05-06,MXN,N/A""",
    )
    settle(paths)
    done = cartera("run", "--as-of", "2026-06-30", home=home)
    (home / "first_run.txt").write_text(done.stdout, encoding="utf-8")
    return home


def test_the_run_ends_well_and_says_how_many_were_set_aside(home):
    said = (home / "first_run.txt").read_text(encoding="utf-8")
    assert f"{len(BAD) + 1} apartados" in said
    assert "Publicado" in said


def test_each_bad_file_has_its_place_and_reason(home):
    rows = query(home, "select path, location, reason from meta.quarantine order by path")
    found = {row["path"]: row for row in rows}
    assert set(found) == {*BAD, "payments_2026-06-30.csv"}
    for name, (_, word) in BAD.items():
        assert word.lower() in str(found[name]["reason"]).lower()
    assert "2" in str(found["payments_2026-06-30.csv"]["location"])


def test_the_good_ones_count(home):
    rows = query(home, "select folio, open_ccy::varchar as open from marts.fct_invoices order by folio")
    assert rows == [{"folio": "1", "open": "160.00"}, {"folio": "2", "open": "580.00"}]


def test_nothing_new_is_decided_at_once_and_publishes_nothing(home):
    before = snapshot.current(HomePaths(home))
    done = cartera("run", "--as-of", "2026-06-30", home=home)
    assert "Nada nuevo" in done.stdout
    assert snapshot.current(HomePaths(home)) == before


def test_the_same_files_again_are_duplicates_and_figures_stay(home, tmp_path):
    other = tmp_path / "home"
    shutil.copytree(home, other)
    paths = HomePaths(other)
    (paths.inbox / "otra_vez").mkdir()
    for name in ("uno.xml", "rep.xml"):
        shutil.copy2(paths.inbox / name, paths.inbox / "otra_vez" / name)
    # the same CFDI in other bytes, and the same UUID with another seal
    (paths.inbox / "con_espacios.xml").write_bytes(
        invoice(1).replace(b"<cfdi:Conceptos>", b"\n  <cfdi:Conceptos>")
    )
    (paths.inbox / "otro_sello.xml").write_bytes(invoice(2, "999.00", seal="b3Ryb1NlbGxv"))
    settle(paths)
    aging = "select * from marts.aging_by_customer order by all"
    before = query(home, aging)
    cartera("run", "--as-of", "2026-06-30", home=other)
    status = {row["path"]: row["status"] for row in query(other, "select path, status from meta.files")}
    assert status["otra_vez/uno.xml"] == status["otra_vez/rep.xml"] == "duplicate"
    assert status["con_espacios.xml"] in {"duplicate", "loaded"}
    assert {status["uno.xml"], status["con_espacios.xml"]} == {"loaded", "duplicate"}
    assert {status["dos.xml"], status["otro_sello.xml"]} == {"loaded", "quarantined"}
    rules = query(other, "select rule from marts.exceptions where rule = 'UUID_CONTENT_CONFLICT'")
    assert len(rules) == 1
    if status["otro_sello.xml"] == "quarantined":
        assert query(other, aging) == before


def test_a_locked_home_says_who_holds_it_and_publishes_nothing(home):
    paths = HomePaths(home)
    before = snapshot.current(paths)
    with run_lock(paths, "otra corrida"):
        done = cartera("run", "--as-of", "2026-07-31", home=home, check=False)
    assert done.returncode == 1
    assert "otra corrida" in done.stderr
    assert snapshot.current(paths) == before


def test_a_warehouse_open_elsewhere_is_one_clear_sentence(home, tmp_path):
    other = tmp_path / "home"
    shutil.copytree(home, other)
    paths = HomePaths(other)
    holder = duckdb.connect(str(paths.warehouse_file))
    try:
        done = cartera("run", "--as-of", "2026-07-31", home=other, check=False)
    finally:
        holder.close()
    assert done.returncode == 1
    assert "otro programa tiene abierto" in done.stderr
    assert snapshot.current(paths).as_of.isoformat() == "2026-06-30"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--as-of", "30/06/2026"], ["--as-of", "AAAA-MM-DD"]),
        (["query", "select * from marts.no_existe"], ["no_existe"]),
        (["query", "create table marts.x as select 1"], ["read-only"]),
        (["query", "select 1", "--format", "excel"], ["excel", "parquet"]),
        (["snapshots", "use", "nada"], ["nada", "snapshots list"]),
        (["quarantine", "show", "nada"], ["nada", "quarantine list"]),
    ],
)
def test_a_wrong_request_is_one_sentence_and_exit_1(home, arguments, words):
    done = cartera(*arguments, home=home, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_folder_that_is_no_home_says_how_to_make_one(tmp_path):
    done = cartera("run", home=tmp_path / "nada", check=False)
    assert done.returncode == 1
    assert "cartera init" in done.stderr


def test_an_empty_home_publishes_empty_figures(tmp_path):
    paths = HomePaths(tmp_path / "home")
    make_home(paths)
    done = cartera("run", "--as-of", "2026-06-30", home=paths.home)
    assert "Publicado" in done.stdout
    assert query(paths.home, "select count(*) as n from marts.fct_invoices") == [{"n": 0}]
