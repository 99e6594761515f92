"""`cartera run --verify-seals`: the flag itself, from the command line to the published figures."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from cartera import snapshot
from cartera.home import HomePaths
from orchestration.cli_home import make_home
from tests.end_to_end.conftest import cartera
from tests.ingestion.cfdi_kit import UUID
from tests.ingestion.test_cfdi_seals import sealed
from tests.ingestion.test_load import OLD

pytestmark = pytest.mark.slow
OTHER = UUID.lower().replace("9fb6", "0000")


def published(paths: HomePaths, sql: str) -> list[tuple[object, ...]]:
    found = snapshot.current(paths)
    assert found is not None
    with duckdb.connect(str(found.path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_seals_are_verified_when_asked(tmp_path: Path) -> None:
    paths = HomePaths(tmp_path / "home")
    make_home(paths)
    altered = sealed(Total="1160.01", Folio="0124").replace(UUID.encode(), OTHER.encode())
    for name, data in (("bueno.xml", sealed()), ("alterado.xml", altered)):
        (paths.inbox / name).write_bytes(data)
        os.utime(paths.inbox / name, (OLD, OLD))
    first = cartera("run", "--as-of", "2026-06-30", home=paths.home)
    assert "Sellos" not in first.stdout, "off by default"
    summary = "select documents_checked, documents_failed from marts.cfdi_checks_summary "
    signature = summary + "where check_name = 'signature'"
    assert published(paths, signature) == [(0, 0)]
    asked = cartera("run", "--as-of", "2026-06-30", "--verify-seals", home=paths.home)
    assert "Sellos verificados: 2; sin concordar: 1 (contenido alterado: 1)." in asked.stdout, (
        "nothing new to read"
    )
    assert published(paths, signature) == [(2, 1)]
    failing = "select uuid, found from marts.cfdi_checks where check_name = 'signature'"
    assert published(paths, failing) == [(OTHER, "altered")]
    raised = "select entity_id from marts.exceptions where rule = 'CFDI_SEAL_INVALID'"
    assert published(paths, raised) == [(OTHER,)]
