"""Bank statements, OFX and CAMT.053 → `register__bank_lines`. Pure: bytes in, a `Reading` out.

Every booked line is kept, incoming positive, on the date that the bank wrote (never moved between time zones).
`bank_line_id` follows from account, date, amount and the bank's own reference, so that two statements that overlap
give one line; equal lines of one file are told apart by their order. OFX is read as tags and values: banks write
both of its dialects with faults that a validating parser refuses.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from ingestion.amounts import AmountError, parse_amount, parse_date
from ingestion.cfdi.refused import Refused
from ingestion.cfdi.xml import MAX_BYTES, malformed, safe_parser, to_utf8
from ingestion.contracts import REGISTERS
from ingestion.reading import Reading, Refusal, refuse_file
from ingestion.sat.rows import Rows, clean_name
from ingestion.tables.delimited import decode_guessed
from ingestion.tables.grid import FileRefused

KIND = "bank_lines"
_TAG = re.compile(r"<(/?)([A-Za-z0-9._]+)>([^<]*)")
_AGGREGATES = {"BANKACCTFROM", "CCACCTFROM", "STMTTRN", "PAYEE", "BANKACCTTO", "CCACCTTO", "CURRENCY",
               "ORIGCURRENCY"}  # fmt: skip
_CURRENCY = re.compile(r"[A-Z]{3}")
_UNSURE = re.compile(r"-?[0-9]{1,3},[0-9]{3}")
_NO_REFERENCE = {"", "NOTPROVIDED", "NOT PROVIDED", "NONREF", "N/A"}
_MEND = "Se guardó en cuarentena: descarga de nuevo el estado de cuenta del banco, sin abrirlo ni editarlo."


class LineError(ValueError):
    """Why one line cannot be read; `str()` is the reason in Spanish."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass
class _Line:
    """A movement as the bank wrote it, in text."""

    account: str = ""
    currency: str = ""
    day: str = ""
    amount: str = ""
    sign: int = 1
    bank_ref: str = ""  # the bank's own id of the movement
    reference: str = ""
    texts: list[str] = field(default_factory=list)
    fault: LineError | None = None


def read_statement(kind: str, name: str, data: bytes, source_file_id: str, delivery_date: date) -> Reading:
    """Read one statement; `kind` is what `detect` said: ofx or camt053."""
    file = name.replace("\\", "/").rpartition("/")[2]
    try:
        lines = list(_ofx_lines(data) if kind == "ofx" else _camt_lines(data))
    except (FileRefused, Refused) as refused:
        return refuse_file(KIND, refused.code, f"{file}: {str(refused.reason).rstrip('.')}. {_MEND}")
    rows = Rows(REGISTERS[KIND], file)
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        try:
            rows.add(number, _row(line, seen), {})
        except LineError as error:
            reason = f"Movimiento {number} de {file}: {error}. {_MEND}"
            shown = f"{line.day} {line.amount} {' '.join(line.texts)}"[:500]
            rows.refusals.append(Refusal(number, f"movimiento {number}", error.code, reason, shown))
    return rows.reading(KIND, source_file_id, delivery_date)


def _row(line: _Line, seen: dict[str, int]) -> dict[str, Any]:
    if line.fault is not None:
        raise line.fault
    currency = line.currency.strip().upper()
    if not _CURRENCY.fullmatch(currency):
        raise LineError("missing_value", "no dice la moneda de la cuenta")
    try:
        day = parse_date(line.day.strip()[:10], "%Y-%m-%d")
    except AmountError as error:
        raise LineError("bad_date", f"fecha: {str(error).rstrip('.')}") from error
    amount = _amount(line.amount) * line.sign
    account, bank_ref = clean_name(line.account), clean_name(line.bank_ref)
    description = clean_name(" ".join(dict.fromkeys(t.strip() for t in line.texts if t.strip())))
    reference = clean_name(line.reference)
    told = bank_ref or f"{reference}\0{description}"
    key = f"{account}\0{currency}\0{day}\0{amount.normalize():f}\0{told}"
    seen[key] = seen.get(key, 0) + 1
    digest = hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:16]
    return {
        "bank_line_id": f"{day:%Y%m%d}-{digest}",
        "account": account,
        "account_currency": currency,
        "value_date": day,
        "amount": amount,
        "description": description,
        "reference": reference or bank_ref,
    }


def _amount(text: str) -> Decimal:
    """The last mark is the decimal one; a lone comma before three digits may be either, and is refused."""
    cleaned = text.strip().removeprefix("+").strip()
    decimal, thousands = (",", ".") if cleaned.rfind(",") > cleaned.rfind(".") else (".", ",")
    if _UNSURE.fullmatch(cleaned):
        raise LineError("bad_amount", f"importe «{cleaned[:40]}»: puede ser con miles o con decimales")
    try:
        return parse_amount(cleaned, decimal, thousands)
    except AmountError as error:
        raise LineError("bad_amount", f"importe: {str(error).rstrip('.')}") from error


# -- OFX --------------------------------------------------------------------------------------------


def _ofx_lines(data: bytes) -> Iterator[_Line]:
    """STMTTRN by STMTTRN, of bank accounts and cards."""
    if len(data) > MAX_BYTES:
        raise FileRefused("too_large", "El archivo mide más de 20 MB; pide un periodo más corto.")
    text = decode_guessed(data)
    if "</OFX>" not in text[-2000:].upper():
        raise FileRefused("truncated", "El estado de cuenta OFX está incompleto: le falta su final")
    account = currency = ""
    path: list[str] = []  # the open aggregates that we know: a leaf belongs to the last of them
    found: dict[str, str] = {}
    for match in _TAG.finditer(text):
        tag, value = match[2].upper(), html.unescape(match[3]).strip()
        if "STMTTRN" in path and (tag in {"BANKTRANLIST", "STMTRS"} or (tag == "STMTTRN" and not match[1])):
            path.clear()  # the bank did not close the movement before
            yield _ofx_line(found, account, currency)
        if match[1]:
            if tag == "STMTTRN" and tag in path:
                yield _ofx_line(found, account, currency)
            if tag in path:
                del path[path.index(tag) :]
        elif tag in _AGGREGATES:
            path.append(tag)
            found = {} if tag == "STMTTRN" else found
        elif "STMTTRN" in path:
            name = tag if path[-1] in {"STMTTRN", "PAYEE"} else f"{path[-1]}.{tag}"
            found.setdefault(name, value)
        elif tag == "CURDEF":
            account, currency = "", value
        elif tag == "ACCTID" and path[-1:] in (["BANKACCTFROM"], ["CCACCTFROM"]):
            account = value


def _ofx_line(found: dict[str, str], account: str, currency: str) -> _Line:
    moment = found.get("DTPOSTED", "")
    day = f"{moment[:4]}-{moment[4:6]}-{moment[6:8]}"
    line = _Line(account, currency, day, found.get("TRNAMT", ""), 1, found.get("FITID", ""))
    line.reference = found.get("REFNUM") or found.get("CHECKNUM", "")
    line.texts = [found.get("NAME", ""), found.get("MEMO", "")]
    other = found.get("CURRENCY.CURSYM", currency).upper()  # ORIGCURRENCY is already converted
    if other != currency.upper():
        line.fault = LineError("other_currency", f"está en {other[:3]} y la cuenta en {currency[:3]}")
    return line


# -- CAMT.053 ---------------------------------------------------------------------------------------


def _camt_lines(data: bytes) -> Iterator[_Line]:
    """Ntry by Ntry, whatever version the namespace names."""
    try:
        root = etree.fromstring(to_utf8(data, []), safe_parser())
    except etree.XMLSyntaxError as error:
        raise malformed(error) from error
    for statement in root.iterfind("{*}BkToCstmrStmt/{*}Stmt"):
        account = _text(statement, "Acct/Id/IBAN") or _text(statement, "Acct/Id/Othr/Id")
        own_currency = _text(statement, "Acct/Ccy")
        for entry in statement.iterfind("{*}Ntry"):
            yield _camt_line(entry, account, own_currency)


def _camt_line(entry: Any, account: str, own_currency: str) -> _Line:
    amount = entry.find("{*}Amt")
    currency = (amount.get("Ccy", "") if amount is not None else "") or own_currency
    line = _Line(account, currency, amount="" if amount is None else (amount.text or ""))
    line.day = _first(entry, "ValDt/Dt", "ValDt/DtTm", "BookgDt/Dt", "BookgDt/DtTm")
    line.bank_ref = _first(entry, "AcctSvcrRef", "NtryRef")
    details = entry.findall("{*}NtryDtls/{*}TxDtls")
    direction = _text(entry, "CdtDbtInd")
    line.sign = -1 if direction == "DBIT" else 1  # of a reversal too: it says what this entry does
    line.texts = ["Reversa"] if _text(entry, "RvslInd") in {"true", "1"} else []
    line.texts.append(_text(entry, "AddtlNtryInf"))
    if len(details) == 1:
        line.reference = _camt_reference(details[0])
    for detail in details:
        if (
            len(details) > 1
        ):  # the bank booked several together: one line, and each one's reference in its text
            line.texts.append(_camt_reference(detail))
        party = "Dbtr" if direction == "CRDT" else "Cdtr"
        line.texts.append(_first(detail, f"RltdPties/{party}/Nm", f"RltdPties/{party}/Pty/Nm"))
        line.texts.extend(node.text or "" for node in detail.iterfind("{*}RmtInf/{*}Ustrd"))
    status = _first(entry, "Sts/Cd", "Sts")
    if direction not in {"CRDT", "DBIT"}:
        line.fault = LineError("bad_direction", "no dice si es abono (CRDT) o cargo (DBIT)")
    elif status not in {"", "BOOK"}:
        line.fault = LineError("not_booked", f"el banco todavía no lo asienta ({status[:4]}); vendrá después")
    elif own_currency and currency != own_currency:
        line.fault = LineError("other_currency", f"está en {currency[:3]} y la cuenta en {own_currency[:3]}")
    return line


def _camt_reference(detail: Any) -> str:
    """What the payer or the bank calls one payment; banks write that there is none in words."""
    paths = ("Refs/EndToEndId", "RmtInf/Strd/CdtrRefInf/Ref", "Refs/TxId", "Refs/InstrId", "Refs/AcctSvcrRef")
    texts = (_text(detail, path) for path in paths)
    return next((text for text in texts if text.upper() not in _NO_REFERENCE), "")


def _first(node: Any, *paths: str) -> str:
    return next((text for text in (_text(node, path) for path in paths) if text), "")


def _text(node: Any, path: str) -> str:
    found = node.find("/".join(f"{{*}}{name}" for name in path.split("/")))
    return "" if found is None else (found.text or "").strip()
