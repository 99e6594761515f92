"""The app in a real browser: pages open, the URL holds the view, a figure leads to its invoice, nothing leaves."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import screens
from tests.dashboards.fixture_snapshot import make_home

pytestmark = pytest.mark.slow

TITLES = {
    "resumen": "Resumen", "antiguedad": "Antigüedad de saldos", "cobranza": "Cobranza", "facturas": "Facturas",
    "cliente?id=C001": "Cliente", "calidad": "Calidad", "glosario": "Glosario",
}  # fmt: skip
Opener = Callable[..., tuple[Page, list[str]]]


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Opener]:
    opened: list[Page] = []

    def go(url: str, width: int = 1440) -> tuple[Page, list[str]]:
        page, outside = screens.new_page(chromium, width)
        opened.append(page)
        page.goto(url)
        screens.settle(page)
        return page, outside

    yield go
    for page in opened:
        page.context.close()


def test_every_page_opens_and_nothing_leaves_this_computer(address: str, visit: Opener) -> None:
    page, outside = visit(address)
    expect(page).to_have_url(re.compile("/resumen$"))
    for path, title in TITLES.items():
        page.goto(f"{address}/{path}")
        screens.settle(page)
        expect(page.locator("h1")).to_have_text(title)
        expect(page.get_by_text("Corte al 30")).to_be_visible()
        assert page.locator('[data-testid="stAlert"], [data-testid="stException"]').count() == 0, path
    assert outside == []


def test_a_hostile_name_calls_nobody(hostile_address: str, visit: Opener) -> None:
    page, outside = visit(f"{hostile_address}/cliente?id=C002")
    for path in ("resumen", "antiguedad", "cobranza", "facturas"):
        page.goto(f"{hostile_address}/{path}")
        screens.settle(page)
    assert outside == []
    assert page.locator('img[src*="192.0.2.1"]').count() == 0


@pytest.mark.parametrize("width", [360, 768])
def test_no_page_scrolls_sideways(address: str, visit: Opener, width: int) -> None:
    page, _ = visit(f"{address}/resumen", width)
    for path in [*TITLES, "facturas?factura=F00040", "calidad?ver=excepciones", "calidad?ver=cfdi"]:
        page.goto(f"{address}/{path}")
        screens.settle(page)
        wide = page.evaluate(
            "() => Math.max(document.documentElement.scrollWidth,"
            " document.querySelector('[data-testid=\"stMain\"]').scrollWidth)"
        )
        assert wide <= width, path


def test_a_filter_stays_in_the_url_from_page_to_page_and_back(address: str, visit: Opener) -> None:
    page, _ = visit(f"{address}/resumen")
    before = page.locator('[data-testid="stMetricValue"]').first.inner_text()
    page.locator(".st-key-chip_sucursal button").first.click()
    page.locator(".st-key-filtro_sucursal input").click()
    page.get_by_role("option", name="Monterrey").click()
    page.wait_for_url(re.compile("sucursal="))
    screens.settle(page)
    filtered = page.locator('[data-testid="stMetricValue"]').first.inner_text()
    assert filtered != before
    assert "Monterrey" not in page.url
    page.keyboard.press("Escape")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Cobranza").click()
    expect(page.locator("h1")).to_have_text("Cobranza")
    page.wait_for_url(re.compile("cobranza.*sucursal="))
    expect(page.locator(".st-key-chip_sucursal")).to_contain_text("Monterrey")
    url = page.url.replace("cobranza", "resumen")
    page.goto(url)
    screens.settle(page)
    assert page.locator('[data-testid="stMetricValue"]').first.inner_text() == filtered
    page.get_by_role("button", name="Limpiar").click()
    page.wait_for_url(lambda found: "sucursal" not in found)
    screens.settle(page)
    assert page.locator('[data-testid="stMetricValue"]').first.inner_text() == before


def test_from_a_figure_to_its_invoice(address: str, visit: Opener) -> None:
    page, _ = visit(f"{address}/resumen")
    page.get_by_text("Ver facturas vencidas").click()
    expect(page.locator("h1")).to_have_text("Facturas")
    page.wait_for_url(re.compile("estado=vencidas"))
    page.goto(f"{address}/cobranza")
    screens.settle(page)
    page.locator(".st-key-lista_fila_0").get_by_test_id("stPageLink-NavLink").click()
    page.wait_for_url(re.compile(r"cliente\?id=C\d+"))
    screens.settle(page)
    expect(page.get_by_text("Facturas abiertas", exact=True)).to_be_visible()
    page.locator(".st-key-tarjeta_abiertas .dvn-scroller").click(position={"x": 40, "y": 52})
    page.wait_for_url(re.compile(r"facturas\?factura=F\d+"))
    screens.settle(page)
    expect(page.get_by_text("Verificar en el SAT")).to_be_visible()


def test_the_top_debtors_chart_opens_the_customer(address: str, visit: Opener) -> None:
    page, _ = visit(f"{address}/resumen")
    bar = page.locator(".st-key-g_deudores_ancho .bars .point").first
    bar.wait_for(state="attached")
    for _ in range(3):  # a chart that is still drawing itself may not hear the first click
        bar.click(force=True)
        page.wait_for_timeout(4000)
        if "cliente" in page.url:
            break
    expect(page).to_have_url(re.compile(r"cliente\?id=C\d+"))


def test_a_download_is_the_rows_seen(address: str, visit: Opener, tmp_path: Path) -> None:
    page, _ = visit(f"{address}/cobranza?vista=vencidas")
    seen = page.locator('[class*="st-key-lista_fila_"] [data-testid="stPageLink-NavLink"]').all_inner_texts()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").first.click()
    file = tmp_path / "cobranza.csv"
    waiting.value.save_as(file)
    assert re.fullmatch(r"cobranza_2026-06-30_\w+\.csv", waiting.value.suggested_filename)
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert [row["Cliente"] for row in rows] == [text.strip() for text in seen]
    assert {row["publicacion"] for row in rows} == {"20260630T131200"}
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Excel").first.click()
    assert waiting.value.suggested_filename.endswith(".xlsx")


def test_the_cfdi_that_do_not_agree_are_listed_and_taken_away(
    address: str, visit: Opener, tmp_path: Path
) -> None:
    page, _ = visit(f"{address}/calidad?ver=cfdi")
    expect(page.get_by_text("2 de 540 revisados")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").first.click()
    file = tmp_path / "cfdi.csv"
    waiting.value.save_as(file)
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert [(row["Diferencia"], row["Tipo"]) for row in rows] == [("1.50", "I"), ("1.50", "I")]
    assert waiting.value.suggested_filename.startswith("cfdi_total_2026-06-30_")


def test_pictures_of_every_page_can_be_taken(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    command = [
        sys.executable,
        "-m",
        "tests.browser.screens",
        str(home.home),
        str(tmp_path / "pictures"),
        "resumen",
    ]
    subprocess.run(command, cwd=screens.ROOT, check=True, timeout=180)
    made = sorted((tmp_path / "pictures").iterdir())
    assert [path.name for path in made] == ["resumen-1440.png", "resumen-360.png"]
    assert all(path.stat().st_size > 20_000 for path in made)
