"""What an analyst takes away: every table as files, the dictionary of tables, answers of SQL."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser

from cartera.home import HomePaths
from orchestration.cli_home import make_home
from orchestration.cli_read import write_csv
from tests.browser import screens
from tests.end_to_end.conftest import Sample, cartera

pytestmark = pytest.mark.slow


COOKBOOK = (screens.ROOT / "docs" / "consultas.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sql ([^\n]+)\n(.*?)^```$", COOKBOOK, re.MULTILINE | re.DOTALL)
GUIDE = re.findall(
    r"^```sql\n(.*?)^```$",
    (screens.ROOT / "docs" / "guia.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


# what the published contract promises, by name
MARTS = [
    "fct_movements", "fct_invoices", "fct_payments", "fct_payment_applications", "fct_credit_notes",
    "dim_customers", "dim_report_dates", "aging_open_items", "aging_by_cut", "aging_by_customer", "morosidad",
    "roll_forward", "roll_rates", "cure_rates", "concentration", "credit_use", "provision", "collection_speed",
    "collection_time", "survival_curve", "payment_behaviour", "vintage", "cash_forecast", "cash_forecast_lines",
    "billed_vs_collected", "collected_on_time", "issuance", "reminder_response", "debt_conversion",
    "punctual_retention", "dispute_board", "disputes", "dispute_rates", "incidents", "promises", "exceptions",
    "sales_book", "vat_cash_basis", "receipts_by_day", "rep_compliance", "bank_reconciliation", "plan_vs_actual",
    "weekly_movements", "worklist", "collection_calendar", "kpis",
]  # fmt: skip


def test_every_promised_mart_answers_a_query_and_has_rows(sample: Sample):
    counted = " union all ".join(
        f"select '{mart}' as mart, count(*) as n from marts.{mart}" for mart in MARTS
    )
    answer = cartera("query", counted, "--format", "json", home=sample.paths.home).stdout
    counts = {row["mart"]: row["n"] for row in json.loads(answer)}
    assert sorted(counts) == sorted(MARTS)
    assert [mart for mart, rows in counts.items() if not rows] == []


@pytest.mark.parametrize(("columns", "sql"), BLOCKS, ids=[columns.partition(",")[0] for columns, _ in BLOCKS])
def test_every_question_of_the_cookbook_has_an_answer(sample: Sample, columns: str, sql: str):
    answer = sample.connection.sql(sql)
    assert set(columns.split(", ")) <= set(answer.columns)
    rows = answer.fetchall()
    assert rows
    named = [answer.columns.index(column) for column in columns.split(", ")]
    assert all(any(row[place] is not None for row in rows) for place in named)


def test_the_cookbook_is_complete_and_its_bridge_closes(sample: Sample):
    assert len(BLOCKS) >= 10
    bridge = dict(sample.rows(next(sql for columns, sql in BLOCKS if columns.startswith("renglon"))))
    assert sum(value for line, value in bridge.items() if line != "end") == bridge["end"]


def test_the_queries_of_the_guide_run(sample: Sample):
    assert len(GUIDE) >= 5
    for sql in GUIDE:
        assert sample.connection.sql(sql).columns


def test_the_python_of_the_cookbook_keeps_the_cents(sample: Sample, tmp_path: Path):
    code = re.search(r"^```python\n(.*?)^```$", COOKBOOK, re.MULTILINE | re.DOTALL)
    assert code
    (tmp_path / "mi-empresa").symlink_to(sample.paths.home)
    done = subprocess.run(
        [sys.executable, "-c", code[1]], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    exact = sample.rows("select sum(open_ccy) from marts.fct_invoices where status = 'open'")[0][0]
    assert done.stdout.split() == [str(exact), str(exact)]


def test_every_table_is_exported_with_its_decimals(sample: Sample, tmp_path: Path):
    for kind in ("parquet", "csv"):
        done = cartera(
            "export", "marts", "--format", kind, "--out", str(tmp_path / kind), home=sample.paths.home
        )
        assert "Exportando tablas" in done.stderr
    tables = {
        row[0] for row in sample.rows("select table_name from duckdb_tables() where schema_name = 'marts'")
    }
    assert {path.stem for path in (tmp_path / "parquet").iterdir()} == tables
    assert {path.stem for path in (tmp_path / "csv").iterdir()} == tables
    exact = sample.rows("select sum(open_ccy), count(*) from marts.fct_invoices")[0]
    frame = pl.read_parquet(tmp_path / "parquet" / "fct_invoices.parquet")
    assert frame.schema["open_ccy"] == pl.Decimal(18, 2)
    assert (frame["open_ccy"].sum(), frame.height) == exact
    read = pl.read_csv(
        tmp_path / "csv" / "fct_invoices.csv", schema_overrides={"open_ccy": pl.Decimal(18, 2)}
    )
    assert (read["open_ccy"].sum(), read.height) == exact
    assert (tmp_path / "csv" / "fct_invoices.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_spreadsheet_never_runs_what_a_name_says(tmp_path: Path):
    frame = pl.DataFrame({"cliente": ["=1+1", "@x", None, "Año"], "saldo": [-1, 2, 3, 4]})
    write_csv(frame, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text(
        encoding="utf-8-sig"
    ) == "cliente,saldo\n'=1+1,-1\n'@x,2\n,3\nAño,4\n"


def test_the_dictionary_is_one_file_that_asks_nobody(sample: Sample, chromium: Browser, tmp_path: Path):
    done = cartera("docs", "--no-open", "--out", str(tmp_path), home=sample.paths.home)
    assert "Escrito" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Cartera bruta: suma de los rangos" in page  # a column's description
    assert "pagina_resumen" in page
    assert "Content-Security-Policy" in page
    for trace in (
        "getdbt.com",
        "sinter-collect",
        "cloudfront",
        str(sample.paths.home),
        str(screens.ROOT),
        "cartera-docs-",
    ):
        assert trace not in page
    tab, _ = screens.new_page(chromium, 1440)
    tab.context.set_offline(True)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"file://{tmp_path}/index.html#!/model/model.cartera.morosidad")
    tab.get_by_role("heading", name=re.compile("^morosidad")).wait_for(timeout=20_000)
    assert tab.get_by_text("Cartera y morosidad por dimensión").is_visible()
    assert "diccionario" in tab.title()
    assert [url for url in asked if not url.startswith(("data:", f"file://{tmp_path}/"))] == []


def test_without_a_publication_it_says_what_to_do(tmp_path: Path):
    home = tmp_path / "vacia"
    make_home(HomePaths(home))
    done = cartera("docs", "--no-open", home=home, check=False)
    assert done.returncode == 1
    assert "cartera run" in done.stderr
    assert not (home / "exports" / "diccionario").exists()
