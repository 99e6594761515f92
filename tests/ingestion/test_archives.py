"""ZIP archives: every entry accounted for, nothing trusted, nothing expanded without a limit."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion import archives
from ingestion.archives import Member, members

XML = b"<?xml version='1.0' encoding='UTF-8'?><a/>"


def make_zip(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data, compress_type=method)
    return buffer.getvalue()


def read(data: bytes | Path) -> list[Member]:
    return list(members(data))


def code(member: Member) -> str:
    assert member.data is None
    assert member.refusal is not None
    assert member.refusal.reason.endswith(".")
    assert member.refusal.location == "archivo"
    return member.refusal.code


def test_members_come_with_their_bytes_in_order() -> None:
    data = make_zip(("b/1.xml", XML), ("a.csv", b"x,y\n1,2\n"))
    assert read(data) == [Member("b/1.xml", XML, None), Member("a.csv", b"x,y\n1,2\n", None)]


def test_a_path_is_only_read(tmp_path: Path) -> None:
    path = tmp_path / "entrega.zip"
    path.write_bytes(make_zip(("1.xml", XML)))
    path.chmod(0o444)
    before = path.read_bytes()
    assert [m.name for m in members(path)] == ["1.xml"]
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["entrega.zip"]


def test_names_are_labels_only(tmp_path: Path) -> None:
    found = read(
        make_zip(("../../etc/x.xml", XML), ("/abs.xml", XML), ("C:\\w.xml", XML), ("uuid.xml.xml", XML))
    )
    assert [m.data for m in found] == [XML] * 4
    assert not list(tmp_path.iterdir())


def test_control_characters_of_a_name_are_not_shown() -> None:
    assert read(make_zip(("a\x1b[31m\n.xml", XML)))[0].name == "a\ufffd[31m\ufffd.xml"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_two_files() -> None:
    found = read(make_zip(("1.xml", b"uno"), ("1.xml", b"dos")))
    assert [(m.name, m.data) for m in found] == [("1.xml", b"uno"), ("1.xml", b"dos")]


def test_what_holds_no_data_is_accounted_for() -> None:
    found = read(
        make_zip(("carpeta/", b""), ("__MACOSX/._1.xml", b"\0\5\x16\7"), (".DS_Store", b"x"), ("0.xml", b""))
    )
    assert [code(m) for m in found] == ["zip_directory", "zip_resource_fork", "zip_resource_fork", "empty"]


def test_an_encrypted_member_is_set_aside_and_the_rest_is_read() -> None:
    data = bytearray(make_zip(("secreto.xml", XML), ("2.xml", XML)))
    data[6] |= 1  # general purpose flag of the first local header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and of its entry in the index
    first, second = read(bytes(data))
    assert code(first) == "zip_encrypted"
    assert second.data == XML


def test_a_symbolic_link_is_not_followed() -> None:
    link = zipfile.ZipInfo("enlace.xml")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert code(read(make_zip((link, b"/etc/passwd")))[0]) == "zip_symlink"


def test_a_zip_in_a_zip_is_not_opened() -> None:
    assert code(read(make_zip(("dentro.zip", make_zip(("1.xml", XML)))))[0]) == "zip_nested"
    assert code(read(make_zip(("dentro.xml", make_zip(("1.xml", XML)))))[0]) == "zip_nested"


def test_a_workbook_in_a_zip_is_a_file_like_any_other() -> None:
    book = make_zip(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>"))
    assert read(make_zip(("facturas.xlsx", book)))[0].data == book


def test_a_member_over_the_cap_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER", 1000)
    found = read(make_zip(("1.xml", b"x" * 1001), ("2.xml", b"x" * 1000)))
    assert code(found[0]) == "zip_member_too_large"
    assert found[1].data == b"x" * 1000


def test_the_declared_size_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(make_zip(("1.xml", bytes(range(256)) * 8)))
    at = data.index(b"PK\x01\x02")
    data[22:26] = struct.pack("<L", 10)
    data[at + 24 : at + 28] = struct.pack("<L", 10)
    monkeypatch.setattr(archives, "MAX_MEMBER", 1000)
    assert code(read(bytes(data))[0]) in {"zip_member_damaged", "zip_member_too_large"}


def test_a_bomb_by_ratio_is_set_aside_but_a_small_file_may_shrink_a_lot() -> None:
    found = read(make_zip(("bomba.xml", b"\0" * 3_000_000), ("chico.xml", b" " * 900_000)))
    assert code(found[0]) == "zip_ratio"  # about 1,000 to 1
    assert found[1].data == b" " * 900_000


def test_the_whole_archive_has_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_TOTAL", 100)
    found = read(make_zip(("1.xml", b"x" * 60), ("2.xml", b"y" * 60), ("3.xml", b"z")))
    assert [m.data is not None for m in found] == [True, True, False]
    assert code(found[2]) == "zip_too_large"


def test_too_many_entries_refuse_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_ENTRIES", 2)
    (only,) = read(make_zip(("1", b"a"), ("2", b"b"), ("3", b"c")))
    assert (only.name, code(only)) == ("", "zip_too_many_entries")


def test_an_index_that_lies_about_its_entries_is_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(make_zip(("1", b"a"), ("2", b"b"), ("3", b"c")))
    end = data.rindex(b"PK\x05\x06")
    data[end + 8 : end + 12] = struct.pack("<HH", 1, 1)
    monkeypatch.setattr(archives, "MAX_ENTRIES", 2)
    assert code(read(bytes(data))[0]) == "zip_too_many_entries"


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_a_truncated_zip_says_so(keep: float) -> None:
    whole = make_zip(*[(f"{i}.xml", XML * 20) for i in range(20)])
    (only,) = read(whole[: int(len(whole) * keep)])
    assert (only.name, code(only)) == ("", "zip_truncated")
    assert only.refusal is not None
    assert "incompleto" in only.refusal.reason


def test_what_is_no_zip_is_refused() -> None:
    assert code(read(b"hola" * 100)[0]) == "zip_malformed"
    assert code(read(b"")[0]) == "zip_malformed"


def test_a_damaged_member_does_not_stop_the_others() -> None:
    data = bytearray(make_zip(("1.xml", XML * 50), ("2.xml", XML), method=zipfile.ZIP_STORED))
    data[45] ^= 0xFF
    first, second = read(bytes(data))
    assert code(first) == "zip_member_damaged"
    assert second.data == XML


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_without_a_limit_are_refused(method: int) -> None:
    assert code(read(make_zip(("1.xml", XML), method=method))[0]) == "zip_method"


def test_an_empty_zip_has_no_members() -> None:
    assert read(make_zip()) == []


SEED = make_zip(("1.xml", XML * 30), ("carpeta/", b""), ("2.csv", b"a,b\n1,2\n"), ("3.xml", XML))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_mutated_archives_never_crash(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SEED)
    for at, value in changes:
        data[at] = value
    for member in read(bytes(data)):
        assert (member.data is None) is (member.refusal is not None)
