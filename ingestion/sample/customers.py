"""The company's customers and the peso's price of a dollar.

Who buys, on which terms and with which habits. The first four customers are fixed kinds (público en
general, a foreigner, one that pays against contrarrecibo, one without terms of its own); habits go by
rank, so that every seed has a few big late payers.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ingestion.sample import names
from ingestion.sample.model import FOREIGN_RFC, MXN, PUBLIC_RFC, USD, Customer

SEGMENTS = ("Autoservicio", "Industria", "Mayoreo", "Gobierno", "Hotelería", "Construcción")
BRANCHES = (("León", "37000"), ("Querétaro", "76000"), ("Guadalajara", "44100"), ("Tijuana", "22000"))
SALESPEOPLE = ("Paola Ríos Tamez", "Saúl Peñaloza", "Ágata Múgica", "Efraín Soto Luna", "Nadia Ceballos")
OWNERS = ("Rocío Ávila Núñez", "Marco Treviño", "Daniela Ochoa Peña", "Óscar Landeros")
HABITS = (
    "punctual", "late", "punctual", "seasonal", "late", "failing", "punctual", "punctual", "late", "punctual",
    "punctual", "seasonal", "punctual", "late", "punctual", "failing", "punctual", "late", "seasonal", "punctual",
)  # fmt: skip
TAGS = ("clave", "portal", "en revisión", "exportación", "convenio", "nuevo")


def fx_rates(start: date, end: date, rng: Random) -> dict[date, Decimal]:
    """One rate per business day, a slow walk between 17 and 20, four decimals."""
    rates: dict[date, Decimal] = {}
    level, day = 18_4000, start - timedelta(days=10)
    while day <= end:
        if names.is_business_day(day):
            level += rng.randrange(-900, 901) + (18_5000 - level) // 60
            level = min(max(level, 17_0500), 19_9500)
            rates[day] = Decimal(level).scaleb(-4)
        day += timedelta(days=1)
    return rates


class Rates:
    """The rate of any day: the last one on or before it."""

    def __init__(self, rates: dict[date, Decimal], end: date) -> None:
        self._by_day: dict[date, Decimal] = {}
        day, last = min(rates), rates[min(rates)]
        while day <= end:
            last = rates.get(day, last)
            self._by_day[day] = last
            day += timedelta(days=1)

    def on(self, currency: str, day: date) -> Decimal:
        """Pesos per unit of a currency on a day."""
        return Decimal(1) if currency == MXN else self._by_day[day]


def make_customers(count: int, rng: Random) -> list[Customer]:
    """`count` customers: the four fixed kinds first, the rest by rank."""
    seen: set[str] = set()
    customers = [_customer(index, rng, seen) for index in range(count)]
    customers[0] = _public(customers[0])
    customers[1] = _foreign(customers[1])
    _contrarrecibo(customers[2])
    _without_terms(customers[3])
    for customer in customers:
        if customer.behaviour == "failing":
            customer.weight *= 0.5
    customers[7].do_not_contact = True
    customers[-1].register_rfc = customers[-1].rfc[:9]  # RFC_MALFORMED: cut short in the register
    return customers


def _customer(index: int, rng: Random, seen: set[str]) -> Customer:
    full, fiscal = names.company_name(index, rng)
    person = index % 9 == 8
    if person:
        full = names.person_name(rng)
        fiscal = full.upper()
    rfc = names.make_rfc(fiscal, rng, person=person)
    while rfc in seen:
        rfc = names.make_rfc(fiscal, rng, person=person)
    seen.add(rfc)
    branch, postcode = BRANCHES[index % 4 if index > 12 else (0, 1, 0, 2, 1, 0, 3, 0, 2, 1, 0, 2, 1)[index]]
    owner = OWNERS[index % 3 if index % 11 else 3]
    slug = names.slug(fiscal)
    rank = index - 1
    return Customer(
        customer_id=f"C{index:04d}", rfc=rfc, register_rfc=rfc, name=full, fiscal_name=fiscal,
        regimen="612" if person else "601", postcode=postcode, segment=SEGMENTS[index * 5 % 6], branch=branch,
        salesperson=SALESPEOPLE[index % 5], account_owner=owner,
        account_owner_email=f"{names.slug(owner)}@example.mx", contact_name=names.person_name(rng),
        contact_email=f"pagos@{slug.replace('.', '-')}.example.mx",
        contact_phone=f"477 555 {rng.randrange(10000):04d}",
        terms_days=(30, 30, 45, 15, 60, 30)[index % 6], terms_from="issue",
        behaviour=HABITS[rank % len(HABITS)], weight=(max(rank, 1) + 2) ** -0.62,
        scale=rng.uniform(0.6, 1.5) * (2.6 if rank < 7 else 1.0), currency=USD if index % 10 == 6 else MXN,
        vat="0.080000" if branch == "Tijuana" else "0.160000",
        pays_on=(None, 4, 1, 4, None, 3)[index % 6], forma_pago="02" if index % 8 == 5 else "03",
        portal="Portal de proveedores" if index % 7 == 2 else "",
        tags=";".join(sorted({TAGS[index % 6], TAGS[index * 7 % 5]})) if index % 3 else "",
    )  # fmt: skip


def _public(base: Customer) -> Customer:
    base.customer_id = "publico"
    base.rfc = base.register_rfc = PUBLIC_RFC
    base.name, base.fiscal_name = "Público en general", "PUBLICO EN GENERAL"
    base.regimen, base.postcode, base.terms_days, base.currency = "616", "37000", 0, MXN
    base.behaviour, base.weight, base.contact_email, base.contact_name = "public", 0.0, "", ""
    base.segment, base.tags, base.vat, base.do_not_contact = "Mostrador", "", "0.160000", True
    return base


def _foreign(base: Customer) -> Customer:
    base.rfc = base.register_rfc = FOREIGN_RFC
    base.name = base.fiscal_name = "Lone Saguaro Trading & Co. LLC"
    base.regimen, base.postcode, base.vat, base.currency = "616", "37000", "0.000000", USD
    base.num_reg_id_trib, base.country, base.terms_days = "990000017", "USA", 45
    base.behaviour, base.forma_pago, base.weight, base.pays_on = "punctual", "03", 0.12, None
    base.contact_email, base.tags, base.credit_limit_currency = (
        "ap@lonesaguaro.example.com",
        "exportación",
        USD,
    )
    return base


def _contrarrecibo(base: Customer) -> None:
    # Revised on Mondays, 30 days: a Wednesday, moved to the Friday. Never already a payment day.
    base.name, base.fiscal_name = "Tiendas La Cañada Grande, S.A. de C.V.", "TIENDAS LA CAÑADA GRANDE"
    base.terms_days, base.terms_from, base.currency = 30, "contrarrecibo", MXN
    base.revision_days, base.payment_days, base.pays_on = "lunes", "viernes", 4
    base.portal, base.behaviour, base.segment = "Portal de proveedores", "punctual", "Autoservicio"


def _without_terms(base: Customer) -> None:
    base.terms_days, base.behaviour, base.currency, base.conditions = None, "late", MXN, "CREDITO 30 DIAS"
