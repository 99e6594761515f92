"""The bank's side: deposits for the payments, fees, late ones, joint ones, and money that nobody knows.

Lines that are meant to disagree (a fee taken, a deposit lost or late) belong to large payments that no
other line could be taken for, so that METRICS section 9's order of matching cannot change the answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ingestion.sample.invoices import scaled
from ingestion.sample.model import MXN, BankLine, Company, Payment, money
from ingestion.sample.names import business_day, is_business_day

ACCOUNTS = {"MXN": "Cuenta MXN 4567", "USD": "Cuenta USD 4321"}
TOLERANCE = Decimal(50)


def write_bank(company: Company, rng: Random) -> None:
    """Give every payment its deposit, with the planned disagreements, and number the lines by date."""
    size = len(company.invoices)
    _join_deposits(company, scaled(size, 2, 1))
    odd = _lonely(company.payments, rng)
    for kind, count in (
        ("fee", scaled(size, 3, 3)),
        ("late", scaled(size, 1.5, 2)),
        ("none", scaled(size, 1.5, 2)),
    ):
        for payment in odd[:count]:
            payment.bank = kind
        odd = odd[count:]
    lines: list[BankLine] = []
    for payment in company.payments:
        lines += _lines_of(payment, company.end, rng)
    lines += _joint_lines(company.payments)
    lines += _unknown(company, rng, scaled(size, 4, 4))
    lines.sort(key=lambda line: (line.value_date, line.currency, line.amount, line.reference))
    for number, line in enumerate(lines, 1):
        line.bank_line_id = f"B{number:06d}"
    company.bank_lines = lines
    company.tables["reported_payments"] = _reported(company, rng)


def _deposit_day(day: date, end: date, lag: int) -> date:
    """The value date: at most three days later, a business day where there is one, never after the end."""
    found = day + timedelta(days=lag)
    while not is_business_day(found) and found < day + timedelta(days=3):
        found += timedelta(days=1)
    return min(found, end)


def _join_deposits(company: Company, count: int) -> None:
    """Two payments of a customer on one day share a reference, and one line pays both."""
    before: dict[tuple[str, date, str], Payment] = {}
    for payment in company.payments:
        if payment.bank != "normal" or payment.reversed_date or not payment.applications or payment.direct:
            continue
        key = (payment.customer.customer_id, payment.date, payment.currency)
        other = before.setdefault(key, payment)
        if other is not payment and count and not (other.rep and other.rep is payment.rep):
            count -= 1
            other.bank = payment.bank = "joint"
            other.reference = payment.reference = f"DEP{payment.date:%y%m%d}{payment.customer.customer_id}"


def _lonely(payments: list[Payment], rng: Random) -> list[Payment]:
    """Large peso payments with no other payment of a near amount within two weeks, in random order."""
    big = sorted((p for p in payments if p.currency == MXN), key=lambda p: p.amount)
    amounts = [p.amount for p in big]
    found = []
    for payment in big:
        if payment.amount < 30_000 or payment.bank != "normal" or payment.reversed_date:
            continue
        low = bisect_left(amounts, payment.amount - 4 * TOLERANCE)
        high = bisect_right(amounts, payment.amount + 4 * TOLERANCE)
        if sum(abs((q.date - payment.date).days) < 15 for q in big[low:high]) == 1:
            found.append(payment)
    rng.shuffle(found)
    return found


def _lines_of(payment: Payment, end: date, rng: Random) -> list[BankLine]:
    if payment.bank in ("none", "joint"):
        return []
    lag = rng.choices((0, 1, 2, 3), (7, 3, 1, 1))[0]
    day = _deposit_day(payment.date, end, lag)
    reference = payment.reference if rng.random() < 0.7 else ""
    amount = payment.amount
    if payment.bank == "fee":
        amount, reference = amount - money(rng.choice((580, 1160, 1740, 3480))) / 100, ""
    if payment.bank == "late":
        day, reference = business_day(payment.date + timedelta(days=rng.randrange(6, 10))), ""
        if day > end:
            return []
    text = {"01": "DEPOSITO EN EFECTIVO", "02": "DEPOSITO CHEQUE S.B.C."}.get(
        payment.forma_pago, f"SPEI RECIBIDO {payment.customer.fiscal_name[:24]}"
    )
    lines = [BankLine("", ACCOUNTS[payment.currency], payment.currency, day, amount, text, reference)]
    if payment.reversed_date:
        lines.append(BankLine("", ACCOUNTS[payment.currency], payment.currency, payment.reversed_date,
                              -payment.amount, "CHEQUE DEVUELTO", ""))  # fmt: skip
    return lines


def _joint_lines(payments: list[Payment]) -> list[BankLine]:
    groups: dict[str, list[Payment]] = {}
    for payment in payments:
        if payment.bank == "joint":
            groups.setdefault(payment.reference, []).append(payment)
    return [
        BankLine("", ACCOUNTS[group[0].currency], group[0].currency, group[0].date,
                 sum((p.amount for p in group), Decimal(0)), "DEPOSITO CONCENTRADO", reference)
        for reference, group in groups.items()
    ]  # fmt: skip


def _unknown(company: Company, rng: Random, count: int) -> list[BankLine]:
    lines = []
    for _ in range(count):
        day = business_day(company.end - timedelta(days=rng.randrange(4, 200)))
        amount = money(rng.randrange(20_000_00, 250_000_00)) / 100
        while any(
            abs(p.amount - amount) < 3 * TOLERANCE and abs((p.date - day).days) < 10 for p in company.payments
        ):
            amount += Decimal("333.33")
        lines.append(BankLine("", ACCOUNTS[MXN], MXN, day, amount, "DEPOSITO REFERENCIADO SIN IDENTIFICAR",
                              f"{rng.randrange(10**9):09d}"))  # fmt: skip
    return lines


def _reported(company: Company, rng: Random) -> list[dict[str, object]]:
    """Payments that customers say they made: some are in the bank, some are not."""
    recent = [
        p for p in company.payments if (company.end - p.date).days < 20 and p.applications and not p.direct
    ]
    rows: list[dict[str, object]] = []
    for payment in rng.sample(recent, min(6, len(recent))):
        rows.append({
            "report_id": f"RP{len(rows) + 1:04d}", "customer_id": payment.customer.customer_id,
            "invoice_id": payment.applications[0].invoice.name, "reported_date": payment.date,
            "amount": payment.amount, "currency": payment.currency, "method": "transferencia",
            "reference": payment.reference,
        })  # fmt: skip
    owing = [i for i in company.invoices if i.open > 0 and i.in_register and i.metodo_pago == "PPD"
             and not i.cancel_date and not i.replaced_by]  # fmt: skip
    for invoice in rng.sample(owing, min(4, len(owing))):
        rows.append({
            "report_id": f"RP{len(rows) + 1:04d}", "customer_id": invoice.customer.customer_id,
            "invoice_id": invoice.invoice_id, "reported_date": company.end - timedelta(days=rng.randrange(0, 9)),
            "amount": invoice.open, "currency": invoice.currency, "method": "transferencia", "reference": None,
        })  # fmt: skip
    return rows
