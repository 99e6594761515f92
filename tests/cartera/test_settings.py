import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

import cartera
from cartera.errors import SettingsError
from cartera.settings import Settings, load

TEMPLATE = Path(cartera.__file__).parent / "default_settings.toml"


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cartera.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_shows_every_setting_with_its_default():
    text = TEMPLATE.read_text(encoding="utf-8")
    shown = tomllib.loads(re.sub(r"(?m)^# (?=\w+ = )", "", text))
    defaults = Settings()
    for section in Settings.model_fields:
        model = getattr(defaults, section)
        expected = {
            field.alias or name: getattr(model, name)
            for name, field in type(model).model_fields.items()
            if name != "password"
        }
        assert set(shown[section]) == set(expected), section
        assert getattr(Settings.model_validate({section: shown[section]}), section) == model


def test_a_missing_file_means_all_defaults(tmp_path):
    assert load(tmp_path / "none.toml") == Settings()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[metrics]\ndefault_term_days = 10", ["default_term_days", "[metrics]", "default_terms_days"]),
        ("[metricas]\nx = 1", ["metricas", "metrics"]),
        ("[metrics]\ndefault_terms_days = 'treinta'", ["default_terms_days", "treinta", "entero"]),
        ("[publish]\nkeep = 0", ["[publish] keep", "mínimo es 2"]),
        ("[schedule]\ndaily_time = '7 am'", ["daily_time", "7 am"]),
        ("[metrics]\npue_without_cash_source = 'quizá'", ["pue_without_cash_source", "quizá", "paid"]),
        ("[company]\nhistory_starts = '31/12/2024'", ["history_starts", "AAAA-MM-DD"]),
        ("[mail]\npassword = 'x'", ["CARTERA_MAIL__PASSWORD"]),
        ("[metrics\n", ["TOML"]),
    ],
)
def test_an_error_names_the_key_and_the_mend(tmp_path, text, names):
    with pytest.raises(SettingsError) as caught:
        load(_write(tmp_path, text))
    for name in names:
        assert name in str(caught.value)


def test_the_environment_wins_over_the_file_and_is_named_when_wrong(tmp_path, monkeypatch):
    path = _write(tmp_path, "[publish]\nkeep = 5\n[company]\nrfcs = ['AAA010101AAA']")
    monkeypatch.setenv("CARTERA_PUBLISH__KEEP", "7")
    monkeypatch.setenv("CARTERA_METRICS__BANK_MATCH_TOLERANCE", "12.50")
    monkeypatch.setenv("CARTERA_COMPANY__RFCS", "BBB010101BBB, CCC010101CCC")
    found = load(path)
    assert found.publish.keep == 7
    assert found.metrics.bank_match_tolerance == Decimal("12.50")
    assert found.company.rfcs == ["BBB010101BBB", "CCC010101CCC"]
    monkeypatch.setenv("CARTERA_PUBLISH__KEEP", "muchos")
    with pytest.raises(SettingsError, match="CARTERA_PUBLISH__KEEP"):
        load(path)
