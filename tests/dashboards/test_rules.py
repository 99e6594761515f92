"""The rules of the app that can be read in its files: no unsafe HTML, one door to SQL, safe settings."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from dashboards.ui.theme import escape
from dashboards.views import invoice

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"
SOURCES = sorted(DASHBOARDS.rglob("*.py"))
SCREEN = [path for path in SOURCES if path.parent.name in {"views", "ui", "dashboards"}]


def test_no_folder_named_pages() -> None:
    assert not [path for path in DASHBOARDS.rglob("pages") if path.is_dir()]


@pytest.mark.parametrize("path", SCREEN, ids=lambda path: path.name)
def test_no_html_from_data_and_no_sql_in_screens(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "unsafe_allow" not in text
    assert "components.v1" not in text
    assert not re.search(r"\bselect\b.+\bfrom\b", text.lower()), "every SELECT lives in dashboards/queries"
    if path.name != "theme.py":
        assert "st.html(" not in text
    assert ":material/" not in text, "icons of that set need a network font in the browser's tab"
    assert len(text.splitlines()) <= 400


def test_the_only_html_is_a_constant_stylesheet() -> None:
    theme = (DASHBOARDS / "ui" / "theme.py").read_text(encoding="utf-8")
    assert re.findall(r"st\.html\((.*?)\)", theme) == ["_STYLE"]
    style = (DASHBOARDS / "ui" / "house.css").read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style


def test_settings_are_safe() -> None:
    with (DASHBOARDS / ".streamlit" / "config.toml").open("rb") as handle:
        found = tomllib.load(handle)
    assert found["browser"]["gatherUsageStats"] is False
    assert found["server"]["address"] == "127.0.0.1"
    assert found["server"]["showEmailPrompt"] is False
    assert found["client"]["showErrorDetails"] == "none"
    assert found["client"]["toolbarMode"] == "minimal"
    assert found["client"]["disableDataExport"] is True


@pytest.mark.parametrize(
    "text",
    ["![b](http://192.0.2.1/b.png)", "[x](javascript:1)", "*a* _b_ `c` ~d~", "$x$ and $5", ":red[r] :material/home:",
     "# title", "- item", "1. item", "<img src=x>", "a | b", "http://192.0.2.1", "www.example.com", "a@b.mx", "&lt;"],
)  # fmt: skip
def test_escape_leaves_no_markup(text: str) -> None:
    escaped = escape(text)
    assert not re.search(r"(?<!\\)[\\`*_{}\[\]()#+\-.!|~<>$:^=@&]", re.sub(r"\\.", "", escaped))
    assert re.sub(r"\\(.)", r"\1", escaped) == text


def test_escape_flattens_lines_and_nothing() -> None:
    assert escape("a\n\n# b") == "a \\# b"
    assert escape(None) == ""


def test_the_sat_address_holds_the_document_and_the_total_without_trailing_zeros() -> None:
    from decimal import Decimal

    row = {
        "uuid": "abc",
        "company_rfc": "A&B010101AA1",
        "customer_rfc": "XAXX010101000",
        "total_ccy": Decimal("1000.00"),
    }
    address = invoice.sat_address(row)
    assert address.startswith("https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx?id=abc&")
    assert "re=A%26B010101AA1" in address
    assert address.endswith("tt=1000.0")
