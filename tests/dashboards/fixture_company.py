"""A small invented company for the app's tests: the same invoices and payments on every run.

Customers with different habits, two currencies, two own companies, a dispute, an unapplied payment, a credit note.
Only plain rows here; `fixture_snapshot` turns them into a published snapshot.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

AS_OF = dt.date(2026, 6, 30)
FIRST = dt.date(2025, 4, 1)
RATE = Decimal("18.500000")
CLOSING_RATE = Decimal("18.200000")
OWN_RFCS = ("CDE010203AB1", "CDE040506CD2")
HOSTILE = "=HYPERLINK(1) ![b](http://192.0.2.1/b.png) [x](javascript:1) *q* `c` $1 :red[r]"

# name, RFC, branch, segment, owner, terms, usual delay, invoices a month, size, currency
CUSTOMERS = [
    ("Hotelera Costa Azul", "HCA030303CC3", "Cancún", "Hotelería", "Marta Ríos", 30, 58, 3, 310, "MXN"),
    ("Northwind Imports LLC", "XEXX010101000", "Monterrey", "Exportación", "Ana Vela", 45, 62, 2, 22, "USD"),
    ("Constructora Miral", "CMI060606FF6", "Monterrey", "Construcción", "Luis Peña", 30, 95, 2, 260, "MXN"),
    ("Distribuidora Nogal", "DNO020202BB2", "Guadalajara", "Mayoreo", "Luis Peña", 30, 33, 3, 190, "MXN"),
    (
        "Tiendas La Esquina",
        "TES050505EE5",
        "Guadalajara",
        "Autoservicio",
        "Marta Ríos",
        15,
        24,
        4,
        140,
        "MXN",
    ),
    ("Aceros del Bajío", "ABA010101AA1", "Querétaro", "Industria", "Luis Peña", 60, 20, 3, 180, "MXN"),
    ("Papelera Sur", "PSU070707GG7", "Mérida", "Mayoreo", "Ana Vela", 30, 9, 3, 90, "MXN"),
    ("Servicios Ríos", "SRI080808HH8", "Mérida", "Servicios", "Ana Vela", 30, 6, 2, 110, "MXN"),
    ("Textiles Orión", "TOR090909II9", "Puebla", "Industria", "Marta Ríos", 30, 29, 2, 75, "MXN"),
    ("Grupo Alameda", "GAL101010JJ0", "Puebla", "Hotelería", "Marta Ríos", 30, 4, 3, 120, "MXN"),
    ("Farmacias del Centro", "FCE111111KK1", "Querétaro", "Autoservicio", "Ana Vela", 30, -3, 3, 130, "MXN"),
    ("Logística Peninsular", "LPE121212LL2", "Cancún", "Servicios", "Luis Peña", 30, 0, 2, 95, "MXN"),
    ("Alimentos Tres Valles", "ATV131313MM3", "", "Mayoreo", "", 30, 2, 2, 105, "MXN"),
    ("Empaques Zenit", "EZE141414NN4", "Monterrey", "Industria", "Luis Peña", 45, 11, 2, 150, "MXN"),
]


@dataclass
class Company:
    """The rows of one invented company."""

    customers: list[dict[str, Any]] = field(default_factory=list)
    invoices: list[dict[str, Any]] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    applications: list[dict[str, Any]] = field(default_factory=list)
    credit_notes: list[dict[str, Any]] = field(default_factory=list)


def cents(value: Decimal) -> Decimal:
    """Half up to two decimals."""
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _month_starts() -> list[dt.date]:
    found, day = [], FIRST
    while day <= AS_OF:
        found.append(day)
        day = (day + dt.timedelta(days=32)).replace(day=1)
    return found


def _customer(number: int, spec: tuple[Any, ...], hostile: bool) -> dict[str, Any]:
    name, rfc, branch, segment, owner, terms = spec[:6]
    return {
        "customer_id": f"C{number:03d}", "customer_name": HOSTILE if hostile and number == 2 else name, "rfc": rfc,
        "segment": segment, "branch": branch or None, "account_owner": owner or None, "terms_days": terms,
        "contact_name": "Cuentas por pagar", "contact_email": f"pagos{number}@example.com",
        "contact_phone": "55 5555 0100", "terms_from": "issue", "credit_limit": Decimal(1_500_000),
        "credit_limit_currency": "MXN", "do_not_contact": number == 11, "sources": "register",
        "is_generic": rfc.startswith("XEXX"),
    }  # fmt: skip


def make(hostile: bool = False, copies: int = 1) -> Company:
    """The company; `copies` repeats its customers to make a larger one."""
    chance = random.Random(20260630)
    company = Company()
    for number, spec in enumerate(CUSTOMERS * copies, start=1):
        customer = _customer(number, spec, hostile)
        company.customers.append(customer)
        for start in _month_starts():
            for _ in range(spec[7]):
                _one_invoice(company, customer, spec, start, chance)
    _odd_documents(company)
    return company


def _one_invoice(
    company: Company, customer: dict[str, Any], spec: tuple[Any, ...], start: dt.date, chance: random.Random
) -> None:
    issued = start + dt.timedelta(days=chance.randrange(28))
    if issued > AS_OF:
        return
    serial = len(company.invoices) + 1
    delay, size, currency = spec[6], spec[8], spec[9]
    subtotal = Decimal(chance.randrange(size * 300, size * 1700)) + Decimal(chance.randrange(100)) / 100
    tax = cents(subtotal * Decimal("0.16"))
    rate = RATE if currency == "USD" else Decimal(1)
    invoice = {
        "invoice_id": f"F{serial:05d}", "uuid": f"0a1b2c3d-{serial:04d}-4e5f-8a9b-{serial:012d}", "serie": "A",
        "folio": str(1000 + serial), "folio_label": f"A-{1000 + serial}", "company_rfc": OWN_RFCS[serial % 7 == 0],
        "customer_id": customer["customer_id"], "customer_name": customer["customer_name"],
        "customer_rfc": customer["rfc"], "branch": customer["branch"], "segment": customer["segment"],
        "salesperson": "Venta directa", "account_owner": customer["account_owner"], "metodo_pago": "PPD",
        "forma_pago": "99", "currency": currency, "fx_rate": rate, "subtotal_ccy": subtotal, "iva_ccy": tax,
        "retenciones_ccy": Decimal(0), "total_ccy": subtotal + tax, "issue_date": issued,
        "due_date": issued + dt.timedelta(days=spec[5]), "due_rule": "customer_terms", "terms_days": spec[5],
        "purchase_order": f"OC-{serial * 3}", "is_credit_sale": True, "is_global": False, "is_receivable": True,
        "en_sustitucion": False, "sources": "register+cfdi", "source_file_id": f"{serial % 9:016x}",
    }  # fmt: skip
    company.invoices.append(invoice)
    paid_on = invoice["due_date"] + dt.timedelta(days=delay + chance.randrange(-6, 25))
    _pay(company, invoice, paid_on, chance)


def _pay(company: Company, invoice: dict[str, Any], paid_on: dt.date, chance: random.Random) -> None:
    paid_on = max(paid_on, invoice["issue_date"])
    parts = [Decimal("0.40"), Decimal("0.60")] if chance.randrange(6) == 0 else [Decimal(1)]
    left = invoice["total_ccy"]
    for index, share in enumerate(parts):
        day = paid_on + dt.timedelta(days=20 * index)
        amount = left if index == len(parts) - 1 else cents(invoice["total_ccy"] * share)
        left -= amount
        if day <= AS_OF:
            _payment(company, invoice, day, amount, index + 1)


def _payment(
    company: Company,
    invoice: dict[str, Any],
    day: dt.date,
    amount: Decimal,
    part: int,
    extra: Decimal = Decimal(0),
) -> None:
    serial = len(company.payments) + 1
    rate = invoice["fx_rate"]
    company.payments.append({
        "payment_id": f"P{serial:05d}", "customer_id": invoice["customer_id"],
        "customer_name": invoice["customer_name"], "company_rfc": invoice["company_rfc"], "payment_date": day,
        "currency": invoice["currency"], "fx_rate": rate, "amount_ccy": amount + extra,
        "amount_mxn": cents((amount + extra) * rate), "applied_ccy": amount, "unapplied_ccy": extra,
        "unapplied_mxn_closing": cents(extra * rate), "method": "transferencia", "forma_pago": "03",
        "is_cash": True, "bank_reference": f"SPEI{serial:07d}", "sources": "register+cfdi",
        "status": "partial" if extra else "applied", "source_file_id": f"{serial % 9:016x}",
    })  # fmt: skip
    company.applications.append({
        "application_id": f"P{serial:05d}-1", "payment_id": f"P{serial:05d}", "invoice_id": invoice["invoice_id"],
        "customer_id": invoice["customer_id"], "payment_date": day, "applied_date": day, "effective_date": day,
        "recorded_date": day, "amount_ccy": amount, "currency": invoice["currency"], "amount_payment_ccy": amount,
        "payment_currency": invoice["currency"], "amount_mxn_issue": cents(amount * rate), "num_parcialidad": part,
        "is_cash": True, "source_kind": "payment", "source_file_id": f"{serial % 9:016x}",
    })  # fmt: skip


def _odd_documents(company: Company) -> None:
    """A payment with money left over, a cancelled invoice, a credit note that is not applied."""
    unpaid = [i for i in company.invoices if i["customer_id"] == "C010" and i["due_date"] > AS_OF]
    if unpaid:
        company.payments and _payment(company, unpaid[0], AS_OF, Decimal("1000.00"), 1, Decimal("48250.75"))
    last = company.invoices[-1]
    last["cancel_date"] = last["issue_date"] + dt.timedelta(days=1)
    last["cancel_motivo"] = "02"
    company.credit_notes.append({
        "cn_id": "NC001", "uuid": "ffffffff-0000-4e5f-8a9b-000000000001", "serie": "NC", "folio": "1",
        "customer_id": "C004", "customer_name": "Distribuidora Nogal", "company_rfc": OWN_RFCS[0],
        "issue_date": dt.date(2026, 6, 12), "currency": "MXN", "fx_rate": Decimal(1),
        "total_ccy": Decimal("12500.00"), "total_mxn": Decimal("12500.00"), "applied_ccy": Decimal(0),
        "unapplied_ccy": Decimal("12500.00"), "tipo_relacion": "01", "kind": "bonificacion",
        "reason": "Volumen del trimestre", "sources": "cfdi", "status": "unapplied", "source_file_id": "0" * 16,
    })  # fmt: skip
