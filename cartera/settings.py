"""Settings of a home: `cartera.toml`, then the environment (`CARTERA_SECTION__KEY`), then defaults.

An unknown key or a wrong value is an error that names it. Nothing else in the project reads the
environment or the file for a setting.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cartera.errors import SettingsError

ENV_PREFIX = "CARTERA_"
OWN_VARIABLES = {  # variables of ours that are not settings
    "CARTERA_HOME", "CARTERA_WAREHOUSE_PATH", "CARTERA_MARTS_PATH", "CARTERA_DBT_THREADS", "CARTERA_DBT_MEMORY",
    "CARTERA_DUCKDB_THREADS", "CARTERA_CRASH_AT", "CARTERA_CHROMIUM",
}  # fmt: skip


def _listed(value: Any) -> Any:
    """A list from the environment is comma separated."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


OptionalDate = Annotated[dt.date | None, BeforeValidator(_blank_is_none)]
Money = Annotated[Decimal, Field(ge=0)]


class Section(BaseModel):
    """A section of cartera.toml: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(Section):
    """[company]"""

    name: str = ""
    rfcs: Annotated[list[str], BeforeValidator(_listed)] = []
    history_starts: OptionalDate = None


class Metrics(Section):
    """[metrics]: the parameters of the definitions; they reach dbt as vars of the same names."""

    report_currency: Literal["MXN"] = "MXN"
    default_terms_days: int = Field(30, ge=0, le=365)
    business_day_shift: bool = False
    holidays: Annotated[list[dt.date], BeforeValidator(_listed)] = []
    on_time_grace_days: int = Field(0, ge=0, le=60)
    promise_grace_days: int = Field(2, ge=0, le=30)
    reminder_response_window_days: int = Field(7, ge=1, le=90)
    conversion_window_days: int = Field(30, ge=1, le=180)
    reminder_programme_start: OptionalDate = None
    on_time_payer_min_share: Decimal = Field(Decimal("0.90"), ge=0, le=1)
    rep_deadline_day: int = Field(5, ge=1, le=28)
    rep_deadline_since: dt.date = dt.date(2022, 1, 1)
    rep_deadline_day_before: int = Field(10, ge=1, le=28)
    condonation_causes_vat: bool = False
    late_application_days: int = Field(5, ge=0, le=90)
    bank_match_days: int = Field(3, ge=0, le=30)
    bank_match_tolerance: Money = Decimal("50.00")
    loss_rates: Annotated[list[Decimal], BeforeValidator(_listed)] = Field(
        [Decimal(r) for r in ("0.005", "0.02", "0.05", "0.10", "0.25", "0.60")], min_length=6, max_length=6
    )
    pue_without_cash_source: Literal["paid", "open"] = "paid"


class Ingest(Section):
    """[ingest]"""

    settle_seconds: int = Field(5, ge=0, le=600)
    workers: int = Field(2, ge=1, le=64)


class Publish(Section):
    """[publish]"""

    keep: int = Field(30, ge=2, le=1000)


class Log(Section):
    """[log]: where people's records are kept; blank is SQLite in the home."""

    url: str = ""


class Mail(Section):
    """[mail]: the password comes only from CARTERA_MAIL__PASSWORD."""

    host: str = ""
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    sender: str = Field("", alias="from")
    password: str = Field("", repr=False)


class Reminders(Section):
    """[reminders]"""

    ladder_days: Annotated[list[int], BeforeValidator(_listed)] = [-3, 0, 1, 7, 15, 30]
    escalation_days: int = Field(45, ge=1, le=365)
    reported_payment_hold_days: int = Field(7, ge=0, le=60)
    escalation_addresses: Annotated[list[str], BeforeValidator(_listed)] = []


class App(Section):
    """[app]"""

    auth: Literal["none", "local", "oidc"] = "none"
    language: Literal["es-MX"] = "es-MX"
    port: int = Field(8501, ge=1, le=65535)


class Sat(Section):
    """[sat]"""

    enabled: bool = False
    url: str = "https://consultaqr.facturaelectronica.sat.gob.mx/ConsultaCFDIService.svc"
    timeout_seconds: int = Field(15, ge=1, le=300)
    budget: int = Field(200, ge=0)


class Schedule(Section):
    """[schedule]: local times of America/Mexico_City."""

    daily_time: str = Field("06:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    weekly_close: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = (
        "monday"
    )


class Settings(Section):
    """All sections. `load` builds it; a missing file means all defaults."""

    company: Company = Company()
    metrics: Metrics = Metrics()
    ingest: Ingest = Ingest()
    publish: Publish = Publish()
    log: Log = Log()
    mail: Mail = Mail()
    reminders: Reminders = Reminders()
    app: App = App()
    sat: Sat = Sat()
    schedule: Schedule = Schedule()


def load(settings_file: Path) -> Settings:
    """Read the settings of a home. Raises SettingsError naming the key, the value and the mend."""
    values: dict[str, Any] = {}
    if settings_file.is_file():
        try:
            values = tomllib.loads(settings_file.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"el archivo no es TOML válido ({error})", str(settings_file), "Corrige esa línea"
            ) from error
    if "password" in values.get("mail", {}):
        raise SettingsError(
            "la contraseña del correo no va en el archivo",
            f"{settings_file}: [mail] password",
            "Bórrala y ponla en la variable de entorno CARTERA_MAIL__PASSWORD",
        )
    sources = _merge_environment(values)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _explain(error, settings_file, sources) from error


def _merge_environment(values: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Lay CARTERA_SECTION__KEY over the file's values; returns which variable set which key."""
    sources: dict[tuple[str, str], str] = {}
    for variable, text in sorted(os.environ.items()):
        if not variable.startswith(ENV_PREFIX) or variable in OWN_VARIABLES or "__" not in variable:
            continue
        section, _, key = variable.removeprefix(ENV_PREFIX).lower().partition("__")
        table = values.setdefault(section, {})
        if isinstance(table, dict):
            table[key] = text
            sources[(section, key)] = variable
    return sources


def _explain(
    error: ValidationError, settings_file: Path, sources: dict[tuple[str, str], str]
) -> SettingsError:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    section, key = path[0], path[1] if len(path) > 1 else ""
    variable = sources.get((section, key))
    where = variable or f"{settings_file}: [{section}]{' ' + key if key else ''}"
    if first["type"] == "extra_forbidden":
        model = Settings if not key else Settings.model_fields[section].annotation
        known = ", ".join(f.alias or n for n, f in model.model_fields.items())  # type: ignore[union-attr]
        return SettingsError(f"no existe el ajuste «{key or section}»", where, f"Los que existen: {known}")
    return SettingsError(
        f"valor no válido {first['input']!r} ({_in_spanish(first)})", where, "Corrígelo o borra la línea"
    )


def _in_spanish(problem: Any) -> str:
    limits = problem.get("ctx", {})
    kind = problem["type"]
    phrases = {
        "int_parsing": "se espera un número entero",
        "int_type": "se espera un número entero",
        "decimal_parsing": "se espera un número",
        "bool_parsing": "se espera true o false",
        "string_type": "se espera texto entre comillas",
        "list_type": "se espera una lista",
        "string_pattern_mismatch": "no tiene la forma esperada",
        "model_type": "se espera una sección con claves",
    }
    if kind in phrases:
        return phrases[kind]
    if kind == "literal_error":
        return f"se espera uno de: {limits.get('expected', '')}"
    if "greater_than_equal" in kind:
        return f"el mínimo es {limits.get('ge')}"
    if "less_than_equal" in kind:
        return f"el máximo es {limits.get('le')}"
    if "date" in kind:
        return "se espera una fecha AAAA-MM-DD"
    return str(problem["msg"])
