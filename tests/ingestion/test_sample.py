"""The synthetic company: the same bytes every time, documents that add up, every kind of file."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from ingestion.contracts import REGISTERS
from ingestion.sample.company import generate
from ingestion.sample.model import FOREIGN_RFC, PUBLIC_RFC, Company
from ingestion.sample.names import check_digit, is_business_day, make_rfc
from ingestion.sample.write import Summary, documents, write

NS = {
    "cfdi": "http://www.sat.gob.mx/cfd/4",
    "pago20": "http://www.sat.gob.mx/Pagos20",
    "tfd": "http://www.sat.gob.mx/TimbreFiscalDigital",
}
SIZE = 240
OPTIONAL_KINDS = {"opening_balances", "payment_reversals"}


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(SIZE)


@pytest.fixture(scope="module")
def written(company, tmp_path_factory) -> tuple[Path, Summary]:
    home = tmp_path_factory.mktemp("sample")
    return home, write(company, home / "inbox", home / "truth")


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def trees(company: Company) -> list[tuple[str, etree._Element]]:
    return [(kind, etree.fromstring(xml.encode())) for kind, _, _, xml in documents(company)]


def test_same_seed_same_bytes_whatever_the_hash_seed(written, tmp_path):
    script = (
        "import sys; from pathlib import Path; from ingestion.sample.company import generate; "
        "from ingestion.sample.write import write; h = Path(sys.argv[1]); "
        f"write(generate({SIZE}), h / 'inbox', h / 'truth')"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, env=environment)
    assert digest(tmp_path) == digest(written[0])


def test_another_seed_is_another_company(company):
    other = generate(SIZE, seed=8)
    assert [i.total for i in other.invoices] != [i.total for i in company.invoices]
    assert {i.uuid for i in other.invoices}.isdisjoint({i.uuid for i in company.invoices})


@pytest.mark.parametrize("size", [120, 333, 1000])
def test_exactly_so_many_invoices_within_the_months(size):
    made = generate(size, seed=3)
    assert len(made.invoices) == size
    assert len(made.customers) == max(25, size // 60)
    assert made.start == date(2024, 7, 1)
    assert all(made.start <= i.issue_date <= made.end for i in made.invoices)
    assert all(p.date <= made.end for p in made.payments)


def test_another_end_and_length():
    made = generate(150, seed=5, months=18, end=date(2025, 10, 17))
    assert made.start == date(2024, 5, 1)
    assert max(i.issue_date for i in made.invoices) <= made.end


@pytest.mark.parametrize(("invoices", "months"), [(50, 24), (2000, 6)])
def test_too_small_is_refused_in_words(invoices, months):
    with pytest.raises(ValueError, match="al menos"):
        generate(invoices, months=months)


def test_rfc_check_digits(company):
    rfcs = [c.rfc for c in company.customers if c.rfc not in (PUBLIC_RFC, FOREIGN_RFC)] + [company.rfc]
    assert all(check_digit(rfc[:-1]) == rfc[-1] for rfc in rfcs)
    assert len(set(rfcs)) == len(rfcs)
    assert any("Ñ" in rfc or "&" in rfc for rfc in rfcs)
    assert {len(rfc) for rfc in rfcs} == {12, 13}


def test_known_check_digit():
    # "SAT970701NN3": the tax authority's own RFC, published on its receipts.
    assert check_digit("SAT970701NN") == "3"


def test_rfc_of_a_name_with_signs():
    from random import Random

    assert make_rfc("ÑANDÚ & PEÑA", Random(1), person=False).startswith("Ñ&P")


def test_business_days():
    assert not is_business_day(date(2026, 2, 2))  # first Monday of February
    assert not is_business_day(date(2026, 5, 1))
    assert is_business_day(date(2026, 2, 9))


def test_every_kind_of_file(written):
    home, summary = written
    registers = {p.name.split("_2026")[0]: p for p in (home / "inbox" / "registros").iterdir()}
    assert set(registers) == set(REGISTERS) - OPTIONAL_KINDS
    for kind, path in registers.items():
        with path.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        assert list(rows[0]) == [c.name for c in REGISTERS[kind].columns]
        assert len(rows) == summary.register_rows[kind]
        required = [c.name for c in REGISTERS[kind].columns if c.required]
        assert all(row[name] for row in rows for name in required), kind
    files = [p for p in (home / "inbox").rglob("*") if p.is_file()]
    assert len(files) == summary.files
    noon = datetime(2026, 6, 30, 12, tzinfo=UTC).timestamp()
    assert {p.stat().st_mtime for p in files} == {noon}
    loose = sum(1 for p in files if p.suffix == ".xml")
    packed = sum(len(zipfile.ZipFile(p).namelist()) for p in files if p.suffix == ".zip")
    assert loose + packed == sum(summary.cfdis.values()) + summary.copies
    assert min(loose, packed) > 20


def test_progress_ends_at_the_total(company, tmp_path):
    seen: list[tuple[int, int]] = []
    write(company, tmp_path / "inbox", tmp_path / "truth", lambda done, total: seen.append((done, total)))
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1] > SIZE


def test_cfdi_totals(company):
    kinds = set()
    for kind, root in trees(company):
        kinds.add(kind)
        if kind == "P":
            continue
        attribute = {name: Decimal(root.get(name, "0")) for name in ("SubTotal", "Descuento", "Total")}
        taxes = root.find("cfdi:Impuestos", NS)
        added = Decimal(taxes.get("TotalImpuestosTrasladados", "0"))
        held = Decimal(taxes.get("TotalImpuestosRetenidos", "0"))
        assert attribute["Total"] == attribute["SubTotal"] - attribute["Descuento"] + added - held
        lines = root.findall("cfdi:Conceptos/cfdi:Concepto", NS)
        assert 1 <= len(lines) <= 12
        assert attribute["SubTotal"] == sum(Decimal(line.get("Importe")) for line in lines)
        assert added == sum(
            Decimal(t.get("Importe", "0")) for t in taxes.iterfind("cfdi:Traslados/cfdi:Traslado", NS)
        )
        assert held == sum(
            Decimal(t.get("Importe"))
            for t in root.iterfind("cfdi:Conceptos//cfdi:Retenciones/cfdi:Retencion", NS)
        )
        for line in lines:
            assert Decimal(line.get("Cantidad")) * Decimal(line.get("ValorUnitario")) == Decimal(
                line.get("Importe")
            )
    assert kinds == {"I", "E", "P"}


def test_rep_amounts(company):
    for kind, root in trees(company):
        if kind != "P":
            continue
        pagos = root.findall("cfdi:Complemento/pago20:Pagos/pago20:Pago", NS)
        totals = root.find("cfdi:Complemento/pago20:Pagos/pago20:Totales", NS)
        worth = Decimal(0)
        for pago in pagos:
            monto, paid = Decimal(pago.get("Monto")), Decimal(0)
            worth += monto * Decimal(pago.get("TipoCambioP"))
            for docto in pago.iterfind("pago20:DoctoRelacionado", NS):
                part = Decimal(docto.get("ImpPagado")) / Decimal(docto.get("EquivalenciaDR"))
                paid += part.quantize(Decimal("0.01"))
                assert Decimal(docto.get("ImpSaldoInsoluto")) >= 0
            assert paid <= monto
        assert abs(Decimal(totals.get("MontoTotalPagos")) - worth) < Decimal("0.01")


def test_uuids_are_unique_and_of_both_cases(company):
    uuids = [
        root.find("cfdi:Complemento/tfd:TimbreFiscalDigital", NS).get("UUID") for _, root in trees(company)
    ]
    assert len({u.lower() for u in uuids}) == len(uuids)
    assert 0 < sum(u == u.lower() for u in uuids) < len(uuids)


def test_variety():
    company = generate(600)
    plans = {i.plan for i in company.invoices}
    assert {"cancelled", "instalments", "substituted", "lingering", "rehomed", "advance", "global"} <= plans
    assert {n.relation for n in company.credit_notes} >= {"01", "03", "07", ""}
    assert {i.currency for i in company.invoices} == {"MXN", "USD"}
    rates = {(t.kind, t.rate) for i in company.invoices for t in i.taxes}
    assert {("traslado", "0.160000"), ("traslado", "0.080000"), ("traslado", "0.000000")} <= rates
    assert any(kind == "retencion" for kind, _ in rates)
    assert any(p.reversed_date for p in company.payments)
    assert any(len(p.applications) > 1 for p in company.payments)
    assert any(
        p.currency == "MXN" and a.invoice.currency == "USD" for p in company.payments for a in p.applications
    )
    assert any("Ñ" in c.fiscal_name for c in company.customers)
    assert any("&" in c.name for c in company.customers)
