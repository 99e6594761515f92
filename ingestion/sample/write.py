"""Writes a company into an inbox: loose CFDIs, ZIPs of some months, registers as CSV; and the truth beside.

Same company, same bytes: fixed order, fixed times. The delivery date stands in the registers' names and in
every file's mtime (the company's end, noon UTC).
"""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path

from ingestion.contracts import REGISTERS
from ingestion.sample.model import Company, Payment
from ingestion.sample.registers import cell, register_rows
from ingestion.sample.truth import expected
from ingestion.sample.xml import credit_note_xml, invoice_xml, rep_xml

Progress = Callable[[int, int], None]


@dataclass
class Summary:
    """What was written: files, CFDIs by type (copies apart), register rows by kind, and where the truth is."""

    files: int = 0
    cfdis: dict[str, int] = field(default_factory=lambda: {"I": 0, "E": 0, "P": 0})
    in_zip: int = 0
    copies: int = 0
    register_rows: dict[str, int] = field(default_factory=dict)
    truth: Path | None = None


def rep_groups(company: Company) -> list[list[Payment]]:
    """The payments of each REP, by payment date, in the order of its first payment."""
    groups: dict[int, list[Payment]] = {}
    for payment in company.payments:
        if payment.rep:
            groups.setdefault(id(payment.rep), []).append(payment)
    return list(groups.values())


def documents(company: Company) -> Iterator[tuple[str, str, str, str]]:
    """(type, month, uuid, xml) of every CFDI, in a fixed order."""
    for invoice in company.invoices:
        if invoice.has_cfdi:
            yield "I", f"{invoice.issued_at:%Y-%m}", invoice.uuid, invoice_xml(company, invoice)
    for note in company.credit_notes:
        yield "E", f"{note.issued_at:%Y-%m}", note.uuid, credit_note_xml(company, note)
    for payments in rep_groups(company):
        rep = payments[0].rep
        if rep:
            yield "P", f"{rep.stamped_at:%Y-%m}", rep.uuid, rep_xml(company, payments)


def is_zipped(month: str) -> bool:
    """January, May and September come as one ZIP; the other months as loose files."""
    return int(month[-2:]) % 4 == 1


class _Writer:
    def __init__(self, company: Company, inbox: Path) -> None:
        self.company, self.inbox = company, inbox
        noon = datetime.combine(company.end, time(12), UTC).timestamp()
        self.times = (noon, noon)
        self.summary = Summary()
        self.folders: set[Path] = set()

    def file(self, path: Path, data: bytes) -> None:
        if path.parent not in self.folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.folders.add(path.parent)
        path.write_bytes(data)
        os.utime(path, self.times)
        self.summary.files += 1

    def zip(self, path: Path, members: list[tuple[str, bytes]]) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for name, data in members:
                end = self.company.end
                info = zipfile.ZipInfo(name, (end.year, end.month, end.day, 12, 0, 0))
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(info, data)
        self.summary.in_zip += len(members)
        self.file(path, buffer.getvalue())


def _write_cfdis(writer: _Writer, progress: Progress, total: int) -> None:
    zipped: dict[str, list[tuple[str, bytes]]] = {}
    again: list[tuple[str, bytes]] = []
    summary = writer.summary
    for done, (kind, month, uuid, xml) in enumerate(documents(writer.company), 1):
        data = xml.encode()
        summary.cfdis[kind] += 1
        if is_zipped(month):
            zipped.setdefault(month, []).append((f"{uuid}.xml", data))
        else:
            writer.file(writer.inbox / "cfdi" / month / f"{uuid}.xml", data)
            if kind == "I" and len(again) < 3:
                again.append((f"{uuid}.xml", data))
        if done % 200 == 0:
            progress(done, total)
    for month, members in sorted(zipped.items()):
        writer.zip(writer.inbox / "cfdi" / f"{month}.zip", members)
    _write_copies(writer, again)


def _write_copies(writer: _Writer, again: list[tuple[str, bytes]]) -> None:
    """Three CFDIs once more, byte for byte, in a ZIP; and one of them with an Addenda: the same document."""
    writer.zip(writer.inbox / "cfdi" / "reenvio.zip", again)
    name, data = again[0]
    addenda = (
        b'<cfdi:Addenda><orden xmlns="urn:ejemplo:addenda" numero="1"/></cfdi:Addenda></cfdi:Comprobante>'
    )
    writer.file(writer.inbox / "cfdi" / "con_addenda" / name, data.replace(b"</cfdi:Comprobante>", addenda))
    writer.summary.copies = len(again) + 1


def _write_registers(writer: _Writer) -> None:
    for kind, rows in register_rows(writer.company).items():
        columns = [column.name for column in REGISTERS[kind].columns]
        buffer = io.StringIO()
        out = csv.writer(buffer, lineterminator="\n")
        out.writerow(columns)
        out.writerows([cell(row.get(column)) for column in columns] for row in rows)
        name = f"{kind}_{writer.company.end.isoformat()}.csv"
        writer.file(writer.inbox / "registros" / name, buffer.getvalue().encode())
        writer.summary.register_rows[kind] = len(rows)


def _silent(done: int, total: int) -> None:
    """Progress that nobody watches."""
    del done, total


def write(company: Company, inbox: Path, truth_dir: Path, progress: Progress | None = None) -> Summary:
    """Write everything; `progress(done, total)` is called now and then, in CFDIs."""
    tell = progress or _silent
    writer = _Writer(company, inbox)
    total = len(company.invoices) + len(company.credit_notes) + len(rep_groups(company))
    tell(0, total)
    _write_cfdis(writer, tell, total)
    _write_registers(writer)
    truth_dir.mkdir(parents=True, exist_ok=True)
    writer.summary.truth = truth_dir / "expected.json"
    truth = expected(company) | {"documents": _counts(writer.summary)}
    writer.summary.truth.write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.utime(writer.summary.truth, writer.times)
    tell(total, total)
    return writer.summary


def _counts(summary: Summary) -> dict[str, object]:
    return {"cfdis": summary.cfdis, "copies": summary.copies, "register_rows": summary.register_rows}
