"""Every page in the test runner: full, empty, filtered, hostile names, links to what is not there."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from cartera import lastrun, snapshot
from cartera.home import HomePaths
from dashboards.ui import filters
from tests.dashboards.fixture_company import HOSTILE
from tests.dashboards.fixture_snapshot import build, make_home

Opener = Callable[..., AppTest]
PAGES = ["resumen", "antiguedad", "cobranza", "facturas", "cliente", "calidad", "glosario"]
TITLES = ["Resumen", "Antigüedad de saldos", "Cobranza", "Facturas", "Cliente", "Calidad", "Glosario"]
NORTH = filters.option_id("sucursal", "Monterrey")


def texts(test: AppTest) -> list[str]:
    """Every Markdown text on screen."""
    return [str(e.value) for e in (*test.markdown, *test.caption, *test.subheader, *test.title)]


def asked(test: AppTest, key: str) -> str:
    """A key of the page's URL (the runner gives text before a run changes it, a list after)."""
    found = test.query_params[key]
    return found if isinstance(found, str) else found[0]


def fine(test: AppTest) -> AppTest:
    assert not test.exception, [e.value for e in test.exception]
    assert not [e.value for e in test.error if "incidente" in e.value], [e.value for e in test.error]
    return test


@pytest.mark.parametrize(("page", "title"), list(zip(PAGES, TITLES, strict=True)))
def test_page_opens(full_home: HomePaths, open_page: Opener, page: str, title: str) -> None:
    test = fine(open_page(full_home, page))
    assert test.title[0].value == title
    assert any("Corte al 30" in text for text in texts(test))


@pytest.mark.parametrize("page", PAGES)
def test_page_without_data_says_so(empty_home: HomePaths, open_page: Opener, page: str) -> None:
    test = fine(open_page(empty_home, page))
    if page not in {"calidad", "glosario"}:
        assert "**Todavía no hay datos.**" in texts(test)


@pytest.mark.parametrize("page", PAGES)
def test_page_with_every_filter(full_home: HomePaths, open_page: Opener, page: str) -> None:
    query = {"corte": "2026-03-11", "sucursal": NORTH, "moneda": "USD", "responsable": "sin"}
    fine(open_page(full_home, page, **query))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("value", ["'; drop", "9" * 400, "-1"])
def test_page_survives_a_tampered_url(full_home: HomePaths, open_page: Opener, page: str, value: str) -> None:
    keys = (
        "corte",
        "sucursal",
        "moneda",
        "estado",
        "orden",
        "p",
        "vista",
        "por",
        "tramo",
        "renglones",
        "ver",
        "h",
    )
    fine(open_page(full_home, page, **dict.fromkeys(keys, value)))


def test_resumen_shows_five_figures_and_one_sentence(full_home: HomePaths, open_page: Opener) -> None:
    test = fine(open_page(full_home, "resumen"))
    labels = [metric.label for metric in test.metric]
    assert labels == ["Cartera total", "Vencida", "Días cartera", "Cobrado en junio", "En disputa"]
    assert any(text.startswith("La cartera ") for text in texts(test))
    assert all(metric.help for metric in test.metric)


def test_a_filter_changes_the_figures_and_its_chip(full_home: HomePaths, open_page: Opener) -> None:
    whole = fine(open_page(full_home, "resumen")).metric[0].value
    part = fine(open_page(full_home, "resumen", sucursal=NORTH))
    assert part.metric[0].value != whole
    assert asked(part, "sucursal") == NORTH
    assert part.multiselect(key="filtro_sucursal").value == [NORTH]


def test_the_bar_writes_ids_in_the_url_and_clears_them(full_home: HomePaths, open_page: Opener) -> None:
    test = fine(open_page(full_home, "antiguedad"))
    owner = filters.option_id("responsable", "Marta Ríos")
    fine(test.multiselect(key="filtro_responsable").set_value([owner]).run())
    assert asked(test, "responsable") == owner
    assert "Marta" not in str(test.query_params)
    fine(test.date_input(key="filtro_corte").set_value(dt.date(2026, 2, 3)).run())
    assert asked(test, "corte") == "2026-02-03"
    assert any("3\u00a0feb\u00a02026" in text for text in texts(test))
    fine(test.button(key="filtros_limpiar").click().run())
    assert not test.query_params


def test_a_value_that_does_not_exist_is_ignored(full_home: HomePaths, open_page: Opener) -> None:
    whole = fine(open_page(full_home, "resumen")).metric[0].value
    assert fine(open_page(full_home, "resumen", sucursal="ffffffff")).metric[0].value == whole


def test_aging_switches(full_home: HomePaths, open_page: Opener) -> None:
    for query in (
        {"por": "emision"},
        {"importes": "original"},
        {"base": "registrada"},
        {"corte": "2026-03-03"},
    ):
        test = fine(open_page(full_home, "antiguedad", **query))
        assert len(test.dataframe) == 1
    assert len(fine(open_page(full_home, "antiguedad", importes="original")).subheader) == 3


@pytest.mark.parametrize("view", ["hoy", "vencidas", "promesas", "sin_gestion", "todas"])
def test_worklist_views(full_home: HomePaths, open_page: Opener, view: str) -> None:
    test = fine(open_page(full_home, "cobranza", vista=view))
    assert any(text.startswith("**Total mostrado") for text in texts(test))


def test_invoice_list_search_and_amounts_stay_out_of_the_url(full_home: HomePaths, open_page: Opener) -> None:
    test = fine(open_page(full_home, "facturas", estado="todas"))
    fine(test.text_input(key="escrito_facturas").set_value("nogal").run())
    fine(test.text_input(key="escrito_desde").set_value("$100,000").run())
    assert set(test.query_params) == {"estado"}
    table = test.dataframe[0].value
    assert set(table["customer_name"]) == {"Distribuidora Nogal"}
    assert min(table["total_ccy"]) >= 100000
    fine(test.text_input(key="escrito_desde").set_value("mil").run())
    assert any("no es un importe" in text for text in texts(test))


def test_invoice_detail(full_home: HomePaths, open_page: Opener) -> None:
    test = fine(open_page(full_home, "facturas", factura="F00040"))
    assert any("Factura" in text for text in texts(test))
    assert len(test.dataframe) == 1
    assert fine(open_page(full_home, "facturas", factura="nada")).markdown


def test_where_an_amount_is_negative_none_carries_the_sign_of_pesos(
    full_home: HomePaths, open_page: Opener
) -> None:
    """A printf format would write «$-1.00»."""
    test = fine(open_page(full_home, "facturas", factura="F00001"))
    assert min(row for row in test.dataframe[0].value["amount_ccy"]) < 0
    columns = json.loads(test.dataframe[0].proto.columns)
    assert {columns[name]["type_config"]["format"] for name in ("amount_ccy", "balance_ccy")} == {"%,.2f"}


def test_customer_page(full_home: HomePaths, open_page: Opener) -> None:
    test = fine(open_page(full_home, "cliente", id="C001"))
    assert "Hotelera Costa Azul" in texts(test)
    assert len(test.metric) == 5
    assert len(test.dataframe) == 2
    fine(open_page(full_home, "cliente", id="nadie"))


@pytest.mark.parametrize(
    "section", ["avisos", "controles", "archivos", "apartados", "espera", "cfdi", "excepciones", "corridas"]
)
@pytest.mark.parametrize("empty", [False, True])
def test_quality_sections(
    full_home: HomePaths, empty_home: HomePaths, open_page: Opener, section: str, empty: bool
) -> None:
    fine(open_page(empty_home if empty else full_home, "calidad", ver=section))


def test_cfdi_that_do_not_agree_show_both_values_and_what_to_do(
    full_home: HomePaths, empty_home: HomePaths, open_page: Opener
) -> None:
    test = fine(open_page(full_home, "calidad", ver="cfdi"))
    failing, rules = (table.value for table in test.dataframe)
    assert sorted(rules["documents_failed"]) == [0, 1, 2]
    assert list(failing["difference"]) == [Decimal("1.5")] * 2
    (total,) = _ask(full_home, "select total_ccy from marts.fct_invoices where uuid = ?", failing["uuid"][0])
    assert [failing["expected_value"][0], failing["found_value"][0]] == [total, total + Decimal("1.5")]
    assert any(t.startswith("**Qué hacer.** Revísalo") for t in texts(test))
    test = fine(open_page(full_home, "calidad", ver="cfdi", regla_cfdi="signature"))
    assert list(test.dataframe[0].value["found_value"]) == ["contenido alterado"]
    assert any(
        "Aquí sale lo que no concuerda dentro de tus CFDI" in t
        for t in texts(open_page(empty_home, "calidad", ver="cfdi"))
    )


def test_glossary_search_ignores_accents(full_home: HomePaths, open_page: Opener) -> None:
    test = fine(open_page(full_home, "glosario"))
    fine(test.text_input(key="escrito_glosario").set_value("dias cartera").run())
    assert any("Días cartera" in text for text in texts(test))
    assert not any("**Cartera bruta**" in text for text in texts(test))
    assert len(fine(open_page(full_home, "glosario", ver="columnas")).dataframe) == 1


def test_a_hostile_name_is_only_text(hostile_home: HomePaths, open_page: Opener) -> None:
    queries: list[tuple[str, dict[str, str]]] = [(page, {}) for page in PAGES]
    queries += [("cliente", {"id": "C002"}), ("facturas", {"factura": _first_of_c002(hostile_home)})]
    for page, query in queries:
        for text in texts(fine(open_page(hostile_home, page, **query))):
            assert "![b](" not in text, (page, text)
            assert "[x](" not in text, (page, text)
            assert ":red[r]" not in text, (page, text)
    assert HOSTILE.startswith("=")


def _ask(home: HomePaths, sql: str, *parameters: object) -> tuple[Any, ...]:
    found = snapshot.current(home)
    assert found is not None
    connection = snapshot.open_readonly(found.path)
    (row,) = connection.execute(sql, list(parameters)).fetchall()
    connection.close()
    return tuple(row)


def _first_of_c002(home: HomePaths) -> str:
    return str(_ask(home, "select min(invoice_id) from marts.fct_invoices where customer_id = 'C002'")[0])


def test_without_a_snapshot_the_page_says_how_to_load(tmp_path: Path, open_page: Opener) -> None:
    (tmp_path / "snapshots").mkdir()
    test = fine(open_page(HomePaths(tmp_path), "resumen"))
    assert any("cartera run" in text for text in texts(test))


@pytest.fixture
def own_home(tmp_path: Path) -> Callable[..., HomePaths]:
    def make(**how: Any) -> HomePaths:
        return make_home(tmp_path / str(len(list(tmp_path.iterdir()))), **how)

    return make


def test_a_refused_run_shows_in_the_stamp_with_its_reason(
    own_home: Callable[..., HomePaths], open_page: Opener
) -> None:
    home = own_home(published=dt.datetime.now(tz=dt.UTC).replace(tzinfo=None))
    lastrun.write(home.last_run_file, {
        "run_id": "20260701T000000", "status": "refused", "message": "La cartera cambió 80 %",
        "failed_checks": ["variación del total"],
    })  # fmt: skip
    test = fine(open_page(home, "resumen"))
    assert any(":orange[" in text and "La cartera cambió 80 %" in text for text in texts(test))
    test = fine(open_page(home, "calidad"))
    assert "variación del total" in test.warning[0].value


def test_old_figures_turn_amber(own_home: Callable[..., HomePaths], open_page: Opener) -> None:
    day = dt.datetime.now(tz=dt.UTC).replace(tzinfo=None)
    old = own_home(published=day - dt.timedelta(hours=37))
    assert any(":orange[· Las cifras tienen 37 horas" in text for text in texts(open_page(old, "cobranza")))
    fresh = own_home(published=day - dt.timedelta(hours=35))
    assert not any(":orange[" in text for text in texts(open_page(fresh, "cobranza")))


def test_newer_figures_are_offered_and_taken_only_when_asked(
    own_home: Callable[..., HomePaths], open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = own_home()
    test = fine(open_page(home, "resumen"))
    candidate = home.snapshots / "candidate.tmp"
    build(candidate, hostile=True)
    snapshot.publish_file(home, candidate, "20260701T000000", move_pointer=True)
    fine(test.run())
    assert test.session_state["publicacion"].path.stem == "20260630T131200"
    fine(test.button(key="cifras_nuevas").click().run())
    assert test.session_state["publicacion"].path.stem == "20260701T000000"


def test_pesos_without_a_rate_show_as_a_dash(own_home: Callable[..., HomePaths], open_page: Opener) -> None:
    """Where nothing of a figure has a rate, the marts say null: no page shows 0, and none falls."""
    home = own_home()
    candidate = home.snapshots / "candidate.tmp"
    build(candidate)
    with duckdb.connect(str(candidate)) as connection:
        connection.execute(
            "update marts.worklist set overdue_mxn = null, gross_mxn = null, disputed_mxn = null"
        )
        connection.execute("update marts.billed_vs_collected set collected_mxn = null")
        connection.execute("update marts.collection_speed set gross_mxn = null, dso_countback = null")
    snapshot.publish_file(home, candidate, "20260701T000000", move_pointer=True)
    test = fine(open_page(home, "cobranza", vista="vencidas"))
    assert "—" in [element.value for element in test.markdown]
    assert "$0.00" not in " ".join(texts(test))
    test = fine(open_page(home, "resumen"))
    assert any("— vencido" in text for text in texts(test))


def test_a_damaged_snapshot_gives_way_to_the_last_whole_one(
    own_home: Callable[..., HomePaths], open_page: Opener
) -> None:
    home = own_home()
    candidate = home.snapshots / "candidate.tmp"
    build(candidate)
    damaged = snapshot.publish_file(home, candidate, "20260701T000000", move_pointer=True)
    content = bytearray(damaged.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(byte ^ 0xFF for byte in content[middle : middle + 64])
    damaged.write_bytes(content)
    test = fine(open_page(home, "resumen"))
    assert test.session_state["publicacion"].path.stem == "20260630T131200"


def test_a_fault_shows_an_incident_and_no_detail(
    full_home: HomePaths, open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("secret detail")

    monkeypatch.setattr("dashboards.queries.worklist.counts", broken)
    broken.__qualname__ = "broken_counts"
    test = open_page(full_home, "cobranza")
    assert not test.exception
    assert "incidente" in test.error[0].value
    assert "secret" not in test.error[0].value
