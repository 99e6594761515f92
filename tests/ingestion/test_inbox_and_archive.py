import datetime as dt
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartera.errors import HomeError, WarehouseError
from ingestion import archive, inbox


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("pagos_2026-06-30.csv", dt.date(2026, 6, 30)),
        ("x/2025-01-01/pagos 30-06-2026.xlsx", dt.date(2026, 6, 30)),
        ("20260630_pagos.csv", dt.date(2026, 6, 30)),
        ("pagos.2026.06.30.csv", dt.date(2026, 6, 30)),
        ("20240115-1234-4abc-9def-0123456789ab.xml", None),
        ("pagos_2026-02-30.csv", None),
        ("factura A20260630.xml", None),
        ("pagos_2026-05-31_al_2026-06-30.csv", dt.date(2026, 6, 30)),
    ],
)
def test_the_date_in_a_name(name, date):
    assert inbox.date_in_name(name) == date


def test_the_listing_is_sorted_deep_and_tells_what_cannot_be_read(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.xml").write_text("x")
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "link.xml").symlink_to(tmp_path / "a.csv")
    found = inbox.scan(tmp_path)
    listed = {row["path"]: row["problem"] for row in found.files.to_pylist()}
    assert sorted(listed) == ["a.csv", "b/2.xml", "link.xml"]
    assert "enlace" in listed["link.xml"]
    assert inbox.state(tmp_path) == found.state
    os.utime(tmp_path / "a.csv", ns=(1, 1))
    assert inbox.state(tmp_path) != found.state


def test_a_name_that_is_no_text_is_shown_and_can_be_opened(tmp_path):
    name = os.fsdecode(b"factura_\xf1.xml")
    (tmp_path / name).write_text("x")
    found = inbox.scan(tmp_path)
    assert found.files["path"].to_pylist() == ["factura_\\udcf1.xml"]
    assert found.real == {"factura_\\udcf1.xml": name}


def test_a_missing_inbox_is_one_clear_sentence(tmp_path):
    with pytest.raises(HomeError, match="bandeja"):
        inbox.scan(tmp_path / "none")


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=150))
def test_every_content_comes_back_from_its_pack(tmp_path_factory, contents):
    folder = tmp_path_factory.mktemp("archive")
    named = [(f"sha{i}", data) for i, data in enumerate(contents)]
    writer = archive.PackWriter(folder, "p1")
    half = len(named) // 2
    tables = [writer.add(archive.pack(part)) for part in (named[:half], named[half:])]
    writer.close()
    places = [archive.Place(**row) for table in tables for row in table.to_pylist()]
    assert {p.sha256: p.size_bytes for p in places} == {name: len(data) for name, data in named}
    assert dict(archive.fetch_all(folder, places)) == dict(named)
    assert archive.fetch(folder, places[-1]) == contents[-1]


def test_a_damaged_pack_says_so_and_leftovers_go(tmp_path):
    writer = archive.PackWriter(tmp_path, "p1")
    (row,) = writer.add(archive.pack([("a", b"x" * 1000)])).to_pylist()
    writer.close()
    place = archive.Place(**row)
    (tmp_path / "killed.pack").write_bytes(b"half")
    archive.delete_leftovers(tmp_path, {place.pack})
    assert [p.name for p in tmp_path.iterdir()] == ["p1.pack"]
    (tmp_path / "p1.pack").write_bytes(b"broken")
    with pytest.raises(WarehouseError, match="respaldo"):
        archive.fetch(tmp_path, place)
