"""Generates the synthetic company: the same seed gives the same company, on any machine.

The order of the steps is part of the seed. Each step draws from a stream of its own, so that a change in
one does not shake the others. No clock, no environment, no hash order.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_UP, Decimal
from random import Random

from ingestion.sample.bank import write_bank
from ingestion.sample.collection import Collection
from ingestion.sample.customers import Rates, fx_rates, make_customers
from ingestion.sample.followup import FollowUp
from ingestion.sample.invoices import Issuer, name_invoices
from ingestion.sample.model import USD, ZERO, Company, Payment
from ingestion.sample.names import check_digit, make_uuid
from ingestion.sample.oddities import Oddities

NAME = "Comercializadora Ejemplo del Bajío, S.A. de C.V."
FISCAL_NAME = "COMERCIALIZADORA EJEMPLO DEL BAJIO"
RFC_BODY = "CEB150312EJ"
METHODS = {"01": "efectivo", "02": "cheque", "03": "transferencia", "04": "tarjeta", "17": "compensacion"}
SMALLEST = 120


def generate(invoices: int = 2000, seed: int = 7, months: int = 24, end: date = date(2026, 6, 30)) -> Company:
    """A company with `invoices` documents of type I over `months` months up to `end`."""
    if invoices < SMALLEST or months < 18:
        raise ValueError(f"La empresa de ejemplo necesita al menos {SMALLEST} facturas y 18 meses.")
    first = end.replace(day=1)
    for _ in range(months - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    company = Company(NAME, FISCAL_NAME, RFC_BODY + check_digit(RFC_BODY), seed, first, end)
    company.fx = fx_rates(first, end, _stream(seed, "fx"))
    rates = Rates(company.fx, end)
    company.customers = make_customers(max(25, invoices // 60), _stream(seed, "customers"))
    issuer = Issuer(company.customers, rates, first, end, _stream(seed, "invoices"))
    company.invoices = issuer.issue_all(invoices)
    name_invoices(company.invoices, seed, _stream(seed, "register"))
    Collection(company, rates, _stream(seed, "collection")).run()
    Oddities(company, rates, _stream(seed, "oddities")).plant()
    _name_payments(company)
    _name_notes(company)
    write_bank(company, _stream(seed, "bank"))
    FollowUp(company, rates, _stream(seed, "followup")).write()
    _credit_limits(company, rates, _stream(seed, "limits"))
    return company


def _stream(seed: int, step: str) -> Random:
    return Random(f"{seed}:{step}")  # noqa: S311  (text seeds go through sha512: no hash order)


def _name_payments(company: Company) -> None:
    """Ids by date, references, and REPs with folio and UUID in the order of stamping."""
    company.payments.sort(key=lambda p: (p.date, p.customer.customer_id, p.currency, p.amount))
    application = 0
    for number, payment in enumerate(company.payments, 1):
        payment.payment_id = f"P{number:06d}"
        payment.reference = f"{payment.date:%y%m%d}{number:06d}"
        payment.method = payment.forma_pago if payment.rep else METHODS[payment.forma_pago]
        if payment.direct:
            continue
        for item in payment.applications:
            application += 1
            item.application_id = f"AP{application:06d}"
    stamped: dict[int, Payment] = {}
    for payment in company.payments:
        if payment.rep:
            stamped.setdefault(id(payment.rep), payment)
    for folio, payment in enumerate(sorted(stamped.values(), key=_stamped_key), 1):
        if payment.rep:
            payment.rep.folio = 700 + folio
            payment.rep.uuid = make_uuid(company.seed, "P", folio)


def _stamped_key(payment: Payment) -> tuple[str, str]:
    return (payment.rep.stamped_at.isoformat() if payment.rep else "", payment.payment_id)


def _name_notes(company: Company) -> None:
    company.credit_notes.sort(key=lambda n: (n.issued_at, n.customer.customer_id, n.total))
    for number, note in enumerate(company.credit_notes, 1):
        note.cn_id = f"NC{number:05d}"
        note.folio = 300 + number
        note.uuid = make_uuid(company.seed, "E", number)


def _credit_limits(company: Company, rates: Rates, rng: Random) -> None:
    """A limit comfortably above today's exposure for most, none for some, and below it for a few late ones."""
    owed: dict[str, Decimal] = {}
    for invoice in company.invoices:
        if not invoice.cancel_date and not invoice.replaced_by:
            worth = invoice.open * rates.on(invoice.currency, company.end)
            owed[invoice.customer.customer_id] = owed.get(invoice.customer.customer_id, ZERO) + worth
    over = 0
    for at, customer in enumerate(company.customers):
        if customer.weight <= 0 or at % 9 == 5:
            continue
        owes = owed.get(customer.customer_id, ZERO)
        share = Decimal(rng.randrange(125, 240)) / 100
        if customer.behaviour in ("late", "failing") and over < 3 and owes > 100_000:
            share, over = Decimal("0.8"), over + 1
        if customer.credit_limit_currency == USD:
            owes /= rates.on(USD, company.end)
        customer.credit_limit = max((owes * share).quantize(Decimal("1E4"), ROUND_UP), Decimal(50_000))
        customer.credit_limit = customer.credit_limit.quantize(Decimal("0.01"))
