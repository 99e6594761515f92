# ruff: noqa: E501 -- a statement is made on one line
"""Bank statements in OFX and CAMT.053: every booked line, incoming positive, one id however often it comes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cartera.home import HomePaths
from ingestion.detect import detect
from ingestion.reading import Reading
from ingestion.statements import read_statement
from tests.ingestion.tables_kit import check, column
from tests.ingestion.test_load import files, ingest, paths, put, raw, zipped

__all__ = ["paths"]
SGML_HEAD = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\r\n"


def trn(amount: str, day: str = "20260612120000[-6:CST]", fitid: str = "", **more: str) -> str:
    values = {"TRNTYPE": "CREDIT", "DTPOSTED": day, "TRNAMT": amount, "FITID": fitid, **more}
    return "<STMTTRN>" + "".join(f"\r\n<{k}>{v}" for k, v in values.items() if v) + "\r\n</STMTTRN>\r\n"


def ofx(*lines: str, account: str = "0123456789", currency: str = "MXN") -> bytes:
    body = (
        f"<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}<BANKACCTFROM><BANKID>012<ACCTID>{account}"
        f"<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST><DTSTART>20260601<DTEND>20260630\r\n{''.join(lines)}"
        "</BANKTRANLIST><LEDGERBAL><BALAMT>1.00<DTASOF>20260630</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    return (SGML_HEAD + body).encode("cp1252")


def entry(amount: str, direction: str = "CRDT", *, day: str = "2026-06-12", status: str = "<Sts>BOOK</Sts>",
          ref: str = "", details: str = "", currency: str = "MXN") -> str:  # fmt: skip
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{status}<BookgDt><Dt>2026-06-11'
        f"</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{ref}</AcctSvcrRef>{details}</Ntry>"
    )


def camt(*entries: str, version: str = "02") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        "<BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Id>1</Id><Acct><Id><Othr><Id>002180</Id></Othr></Id>"
        f"<Ccy>MXN</Ccy></Acct>{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def read(data: bytes) -> Reading:
    kind = detect("estado.txt", data[:4096])
    assert kind in {"ofx", "camt053"}
    reading = read_statement(kind, "estado.txt", data, "0" * 16, date(2026, 6, 30))
    check(reading)
    assert reading.kind == "bank_lines"
    return reading


def test_ofx_lines_keep_sign_day_and_texts() -> None:
    reading = read(
        ofx(
            trn(
                "6000.00",
                fitid="A1",
                NAME="SPEI RECIBIDO",
                MEMO="ACEROS &amp; CIA Peñón",
                REFNUM="260612000055",
            ),
            trn("-1,5".replace(",", "."), "20260613", "A2", MEMO="COMISION"),
            trn("+12,50", "20260614", "A3"),
        )
    )
    assert reading.refusals == []
    assert column(reading, "amount") == [Decimal("6000.00"), Decimal("-1.5"), Decimal("12.50")]
    assert column(reading, "value_date") == [date(2026, 6, 12), date(2026, 6, 13), date(2026, 6, 14)]
    assert column(reading, "account") == ["0123456789"] * 3
    assert column(reading, "description")[0] == "SPEI RECIBIDO ACEROS & CIA Peñón"
    assert column(reading, "reference") == ["260612000055", "A2", "A3"]
    assert set(column(reading, "account_currency")) == {"MXN"}


def test_ofx_as_xml_reads_the_same() -> None:
    line = trn("10.00", fitid="A1", MEMO="x")
    xml = (
        b'<?xml version="1.0"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n'
        b"<OFX><STMTRS><CURDEF>MXN</CURDEF><BANKACCTFROM><ACCTID>0123456789</ACCTID></BANKACCTFROM><STMTTRN>"
        b"<DTPOSTED>20260612</DTPOSTED><TRNAMT>10.00</TRNAMT><FITID>A1</FITID><BANKACCTTO><ACCTID>9</ACCTID>"
        b"</BANKACCTTO><MEMO>x</MEMO></STMTTRN></STMTRS></OFX>"
    )
    old, new = read(ofx(line)), read(xml)
    for name in ("bank_line_id", "account", "amount", "value_date", "description"):
        assert column(old, name) == column(new, name)


def test_equal_lines_all_count_and_overlapping_statements_agree() -> None:
    coffee = trn("-50.00", "20260615", MEMO="OXXO")
    both = column(read(ofx(coffee, coffee, trn("9", "20260616", "Z"))), "bank_line_id")
    assert len(set(both)) == 3
    again = column(read(ofx(trn("9", "20260616", "Z"), coffee, coffee)), "bank_line_id")
    assert set(both) == set(again)


def test_camt_lines_of_every_version() -> None:
    detail = (
        "<NtryDtls><TxDtls><Refs><EndToEndId>F-101</EndToEndId></Refs><RltdPties><Dbtr>{}</Dbtr></RltdPties>"
        "<RmtInf><Ustrd>Pago factura 101</Ustrd></RmtInf></TxDtls></NtryDtls>"
    )
    old = read(
        camt(
            entry("100.10", ref="R1", details=detail.format("<Nm>Aceros</Nm>")), entry("7", "DBIT", ref="R2")
        )
    )
    new = read(
        camt(
            entry("100.10", ref="R1", details=detail.format("<Pty><Nm>Aceros</Nm></Pty>"),
                  status="<Sts><Cd>BOOK</Cd></Sts>"),
            entry("7", "DBIT", ref="R2"), version="08")
    )  # fmt: skip
    for name in ("bank_line_id", "amount", "description", "reference", "value_date", "account"):
        assert column(old, name) == column(new, name)
    assert column(old, "amount") == [Decimal("100.10"), Decimal("-7")]
    assert column(old, "description") == ["Aceros Pago factura 101", None]
    assert column(old, "reference") == ["F-101", "R2"]


def test_ofx_of_several_accounts_and_currencies() -> None:
    def statement(kind: str, account: str, currency: str, *lines: str) -> str:
        return (
            f"<{kind}STMTTRNRS><{kind}STMTRS><CURDEF>{currency}<{kind or 'BANK'}ACCTFROM><ACCTID>{account}"
            f"</{kind or 'BANK'}ACCTFROM><BANKTRANLIST>{''.join(lines)}</BANKTRANLIST></{kind}STMTRS></{kind}STMTTRNRS>"
        )

    body = statement("", "111", "MXN", trn("1.00", fitid="A")) + statement(
        "", "222", "USD", trn("2.00", fitid="A")
    )
    card = statement("CC", "4000", "MXN", trn("-3.00", fitid="A"))
    reading = read(f"{SGML_HEAD}<OFX><BANKMSGSRSV1>{body}</BANKMSGSRSV1>{card}</OFX>".encode("cp1252"))
    assert column(reading, "account") == ["111", "222", "4000"]
    assert column(reading, "account_currency") == ["MXN", "USD", "MXN"]
    assert len(set(column(reading, "bank_line_id"))) == 3


def test_ofx_2_in_latin_1() -> None:
    data = ofx(trn("5.00", fitid="A", MEMO="Peñón")).decode("cp1252").partition("<OFX>")[2]
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<?OFX OFXHEADER="200" VERSION="220"?>\n<OFX>'
    assert column(read((head + data).encode("latin-1")), "description") == ["Peñón"]


def test_an_ofx_movement_that_the_bank_did_not_close_is_not_lost() -> None:
    lines = "".join(
        trn(amount, fitid=amount).replace("</STMTTRN>", "") for amount in ("1.00", "2.00", "3.00")
    )
    assert column(read(ofx(lines)), "amount") == [Decimal(1), Decimal(2), Decimal(3)]
    assert column(read(ofx(lines)), "bank_line_id") == column(
        read(ofx(*(trn(amount, fitid=amount) for amount in ("1.00", "2.00", "3.00")))), "bank_line_id"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("1234,50", "1234.5"), ("-1.234,50", "-1234.5"), ("1,234.50", "1234.5"), ("+ 7.5", "7.5"), ("1,234,567.00", "1234567")],
)  # fmt: skip
def test_amounts_as_banks_write_them(text: str, value: str) -> None:
    assert column(read(ofx(trn(text, fitid="A"))), "amount") == [Decimal(value)]


def test_camt_of_several_statements_batches_reversals_and_missing_references() -> None:
    def detail(end_to_end: str, more: str = "") -> str:
        return f"<TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId>{more}</Refs></TxDtls>"

    batch = f"<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>{detail('F-1')}{detail('F-2')}</NtryDtls>"
    unnamed = f"<NtryDtls>{detail('NOTPROVIDED', '<TxId>RASTREO9</TxId>')}</NtryDtls>"
    structured = "<NtryDtls><TxDtls><RmtInf><Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls>"
    back = entry("50", "DBIT", ref="R4").replace("<CdtDbtInd>", "<RvslInd>true</RvslInd><CdtDbtInd>")
    first = camt(
        entry("300", ref="R1", details=batch),
        entry("10", ref="R2", details=unnamed),
        entry("20", details=structured),
        back,
    )
    other = camt(entry("5,50", ref="R9").replace(' Ccy="MXN"', "")).decode().replace("002180", "777")
    data = first.decode().replace(
        "</BkToCstmrStmt>",
        other.partition("</GrpHdr>")[2].partition("</BkToCstmrStmt>")[0] + "</BkToCstmrStmt>",
    )
    reading = read(data.encode())
    assert column(reading, "amount") == [Decimal(300), Decimal(10), Decimal(20), Decimal(-50), Decimal("5.5")]
    assert column(reading, "reference") == ["R1", "RASTREO9", "RF18", "R4", "R9"]
    assert column(reading, "description") == ["F-1 F-2", None, None, "Reversa", None]
    assert column(reading, "account") == ["002180"] * 4 + ["777"]
    assert set(column(reading, "account_currency")) == {"MXN"}, (
        "an amount without its currency is in the account's"
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (ofx(trn("1e400", fitid="A")), "bad_amount"),
        (ofx(trn("1,234", fitid="A")), "bad_amount"),
        (ofx(trn("1.00", "20261301", "A")), "bad_date"),
        (ofx(trn("1.00", fitid="A"), currency=""), "missing_value"),
        (ofx(trn("1.00", CURRENCY="\r\n<CURRATE>18.1<CURSYM>USD</CURRENCY>")), "other_currency"),
        (camt(entry("1.00", "XXX")), "bad_direction"),
        (camt(entry("1.00", status="<Sts>PDNG</Sts>")), "not_booked"),
        (camt(entry("1.00", currency="USD")), "other_currency"),
    ],
)
def test_a_line_that_cannot_be_read_is_set_aside_alone(data: bytes, code: str) -> None:
    reading = read(data)
    assert [refusal.code for refusal in reading.refusals] == [code]
    assert reading.rows_read == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (ofx(trn("1.00"))[:-60], "truncated"),
        (camt(entry("1.00"))[:-30], "xml_malformed"),
        (camt(entry("1.00")).replace(b"?>\n", b'?>\n<!DOCTYPE x [<!ENTITY a "b">]>'), "doctype"),
    ],
)
def test_a_damaged_or_hostile_statement_is_refused_whole(data: bytes, code: str) -> None:
    reading = read(data)
    assert reading.file_refused
    assert reading.refusals[0].code == code


def test_statements_reach_raw_loose_and_in_a_zip(paths: HomePaths) -> None:
    put(paths, "banco.ofx", ofx(trn("6000.00", fitid="A1"), trn("1.00", fitid="A2")))
    put(paths, "lote.zip", zipped({"estado.xml": camt(entry("5.00", ref="R1"))}))
    ingest(paths)
    assert files(paths)["banco.ofx"] == ("loaded", "bank_lines", 2, 2, 0, 0)
    assert files(paths)["lote.zip/estado.xml"] == ("loaded", "bank_lines", 1, 1, 0, 0)
    assert raw(paths, "select sum(amount)::varchar from raw.register__bank_lines") == [("6006.000000",)]


def test_a_cfdi_is_never_taken_for_a_statement(tmp_path: Path) -> None:
    cfdi = b'<?xml version="1.0"?><cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4"><cfdi:Addenda>'
    assert detect("a.xml", cfdi + b"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02 <?OFX <OFX>") == "cfdi_xml"
