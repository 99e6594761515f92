"""`cartera sat check`: off by default, under a budget, and honest about what was not answered."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from typer.testing import CliRunner

from cartera.errors import SettingsError
from ingestion.sat.status import Answer, Estado, Question, StatusClient
from orchestration import cli_sat
from orchestration.cli import app
from orchestration.cli_home import init
from tests.documents import uuid


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with five CFDIs due; no figures are read."""
    init(tmp_path / "h")
    questions = [Question(uuid(n), "4.0", "A", "B", Decimal(n), "12345678") for n in range(1, 6)]
    monkeypatch.setattr(cli_sat.snapshot, "current", lambda _: SimpleNamespace(path=tmp_path))
    monkeypatch.setattr(cli_sat.snapshot, "open_readonly", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(cli_sat.answers, "due", lambda *_: questions)
    return tmp_path / "h"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, Estado]]:
    """What each number answers; anything else is valid."""
    says: dict[int, Estado] = {}

    def ask(self: StatusClient, question: Question, most_requests: int) -> Answer:
        assert most_requests > 0
        self.requests += 1
        estado = says.get(int(question.total), Estado.VIGENTE)
        return Answer(question.uuid, estado, problem="el SAT tardó" if estado is Estado.NO_CONSULTADO else "")

    monkeypatch.setattr(StatusClient, "ask", ask)
    return says


def enable(home: Path, budget: int = 200) -> None:
    (home / "cartera.toml").write_text(f"[sat]\nenabled = true\nbudget = {budget}\n")


def kept(home: Path) -> list[tuple[str, str]]:
    with duckdb.connect(str(home / "archive" / "ledger.duckdb"), read_only=True) as ledger:
        rows = ledger.execute("select uuid, estado, asked_at from sat_answers order by uuid").fetchall()
    assert all(isinstance(row[2], dt.datetime) for row in rows)
    return [(str(int(row[0][-12:])), row[1]) for row in rows]


def test_off_by_default_and_says_how_to_turn_it_on(home: Path, asked: dict[int, Estado]) -> None:
    with pytest.raises(SettingsError, match="enabled = true"):
        cli_sat.check(home, None)


def test_every_answer_is_kept(home: Path, asked: dict[int, Estado]) -> None:
    enable(home)
    asked |= {2: Estado.CANCELADO, 3: Estado.NO_ENCONTRADO}
    told = CliRunner().invoke(app, ["sat", "check", "--home", str(home)])
    assert told.exit_code == 0
    assert "3 vigentes, 1 cancelado, 1 no encontrado" in told.stdout
    assert kept(home) == [(str(n), str(asked.get(n, Estado.VIGENTE))) for n in range(1, 6)]


@pytest.mark.parametrize(("budget", "limit"), [(2, None), (200, 2)])
def test_budget_and_limit(
    home: Path, asked: dict[int, Estado], capsys: pytest.CaptureFixture[str], budget: int, limit: int | None
) -> None:
    enable(home, budget)
    assert cli_sat.check(home, limit) == 0
    assert len(kept(home)) == 2
    assert "Quedan 3 por consultar" in capsys.readouterr().out


def test_a_service_that_is_down_is_left_alone(
    home: Path, asked: dict[int, Estado], capsys: pytest.CaptureFixture[str]
) -> None:
    enable(home)
    asked |= dict.fromkeys(range(1, 6), Estado.NO_CONSULTADO)
    assert cli_sat.check(home, None) == 1
    assert kept(home) == [(str(n), "no_consultado") for n in (1, 2, 3)]
    out = capsys.readouterr().out
    assert "3 no consultados" in out
    assert "El SAT tardó: lo no consultado queda pendiente" in out
