"""The synthetic company's documents, as plain records.

Only data belongs here: what a register row or a CFDI would say, in Decimal and dates. How the documents
come to be is `company` and its helpers; what follows from them is `truth`; how they look on disk is
`write`. `Invoice.moves` is the generator's own book-keeping; the truth never reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
MXN = "MXN"
USD = "USD"
Day = date  # for records with a field named date
PUBLIC_RFC = "XAXX010101000"
FOREIGN_RFC = "XEXX010101000"


def money(value: Decimal | int) -> Decimal:
    """Two decimals, half up."""
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


@dataclass(slots=True)
class Customer:
    """A customer as the register knows it, and the habits that the generator gives it."""

    customer_id: str
    rfc: str
    register_rfc: str
    name: str
    fiscal_name: str
    regimen: str
    postcode: str
    segment: str
    branch: str
    salesperson: str
    account_owner: str
    account_owner_email: str
    contact_name: str
    contact_email: str
    contact_phone: str
    terms_days: int | None
    terms_from: str
    behaviour: str
    weight: float
    scale: float
    currency: str
    conditions: str = ""
    vat: str = "0.160000"
    revision_days: str = ""
    payment_days: str = ""
    portal: str = ""
    credit_limit: Decimal | None = None
    credit_limit_currency: str = MXN
    do_not_contact: bool = False
    tags: str = ""
    pays_on: int | None = None
    forma_pago: str = "03"
    num_reg_id_trib: str = ""
    country: str = ""


@dataclass(slots=True)
class Tax:
    """One tax of a line or of a document. `kind`: traslado or retencion; no `rate`: exento."""

    kind: str
    impuesto: str
    rate: str
    base: Decimal
    amount: Decimal


@dataclass(slots=True)
class Line:
    """One concepto."""

    clave: str
    unit: str
    unit_name: str
    sku: str
    description: str
    quantity: int
    price: Decimal
    amount: Decimal
    discount: Decimal
    taxes: list[Tax]


@dataclass(slots=True)
class Invoice:
    """A CFDI of type I and its register row. `due_date` is what the register says, which may be nothing."""

    customer: Customer
    issued_at: datetime
    currency: str
    fx_rate: Decimal
    metodo_pago: str
    forma_pago: str
    lines: list[Line]
    subtotal: Decimal
    discount: Decimal
    taxes: list[Tax]
    total: Decimal
    invoice_id: str = ""
    uuid: str = ""
    serie: str = "A"
    folio: int = 0
    due_date: date | None = None
    conditions: str = ""
    instalments: list[tuple[int, date, Decimal]] = field(default_factory=list)
    cancel_date: date | None = None
    cancel_motivo: str = ""
    replaces: Invoice | None = None
    replaced_by: Invoice | None = None
    advance: Invoice | None = None
    is_advance: bool = False
    is_global: bool = False
    sale_confirmed: date | None = None
    issue_deadline: date | None = None
    sent_date: date | None = None
    purchase_order: str = ""
    origin_id: str = ""
    contrarrecibo_folio: str = ""
    contrarrecibo_date: date | None = None
    scheduled_date: date | None = None
    in_register: bool = True
    has_cfdi: bool = True
    uuid_in_register: bool = True
    register_total: Decimal | None = None
    plan: str = "normal"
    open: Decimal = ZERO
    busy_until: date = date.min
    partiality: int = 0
    moves: list[tuple[date, Decimal]] = field(default_factory=list)

    @property
    def issue_date(self) -> date:
        """The day of its Fecha."""
        return self.issued_at.date()

    @property
    def vat(self) -> Decimal:
        """The VAT charged."""
        return sum((t.amount for t in self.taxes if t.kind == "traslado" and t.impuesto == "002"), ZERO)

    @property
    def name(self) -> str:
        """The id that Cartera gives it: the register's, else the lower-case UUID."""
        return self.invoice_id if self.in_register else self.uuid.lower()

    def open_on(self, day: date) -> Decimal:
        """What the generator thinks was open at the close of a day."""
        return self.total + sum((amount for when, amount in self.moves if when <= day), ZERO)


@dataclass(slots=True)
class Application:
    """One payment's money on one invoice, with what the REP declares about it."""

    invoice: Invoice
    applied_date: date
    amount: Decimal
    amount_payment: Decimal
    application_id: str = ""
    partiality: int = 0
    balance_before: Decimal = ZERO
    balance_after: Decimal = ZERO


@dataclass(slots=True)
class Rep:
    """A CFDI of type P; its Pagos are the payments that carry it."""

    stamped_at: datetime
    uuid: str = ""
    folio: int = 0


@dataclass(slots=True)
class Payment:
    """A receipt. `direct`: the register row itself names the invoice (by id or uuid), without applications."""

    customer: Customer
    date: Day
    currency: str
    fx_rate: Decimal
    amount: Decimal
    forma_pago: str
    applications: list[Application]
    payment_id: str = ""
    rep: Rep | None = None
    reversed_date: Day | None = None
    reference: str = ""
    direct: str = ""
    method: str = ""
    bank: str = "normal"


@dataclass(slots=True)
class CreditNote:
    """A CFDI of type E and its register row, with how it was applied."""

    customer: Customer
    issued_at: datetime
    currency: str
    fx_rate: Decimal
    relation: str
    related: list[Invoice]
    reason: str
    taxes: list[Tax]
    subtotal: Decimal
    total: Decimal
    applications: list[tuple[Invoice, date, Decimal]]
    cn_id: str = ""
    uuid: str = ""
    folio: int = 0
    cancel_date: date | None = None

    @property
    def issue_date(self) -> date:
        """The day of its Fecha."""
        return self.issued_at.date()


@dataclass(slots=True)
class WriteOff:
    """A write-off (castigo)."""

    write_off_id: str
    invoice: Invoice
    date: Day
    amount: Decimal


@dataclass(slots=True)
class BankLine:
    """One line of a bank statement."""

    bank_line_id: str
    account: str
    currency: str
    value_date: date
    amount: Decimal
    description: str
    reference: str


@dataclass(slots=True)
class Dispute:
    """A disputed amount of an invoice."""

    dispute_id: str
    invoice: Invoice
    opened: date
    closed: date | None
    reason: str
    amount: Decimal
    outcome: str
    owner: str


@dataclass(slots=True)
class Promise:
    """A promise to pay, of an invoice or of a customer as a whole."""

    promise_id: str
    customer: Customer
    invoice: Invoice | None
    made: date
    promised: date
    amount: Decimal
    currency: str


@dataclass
class Company:
    """Everything that the generator made. `tables` holds the register kinds that no figure of the truth needs."""

    name: str
    fiscal_name: str
    rfc: str
    seed: int
    start: date
    end: date
    customers: list[Customer] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    credit_notes: list[CreditNote] = field(default_factory=list)
    write_offs: list[WriteOff] = field(default_factory=list)
    bank_lines: list[BankLine] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    fx: dict[date, Decimal] = field(default_factory=dict)
    repeated_invoices: list[Invoice] = field(default_factory=list)
    repeated_payments: list[Payment] = field(default_factory=list)
    conflicting_rows: list[Invoice] = field(default_factory=list)
    tables: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    @property
    def rfcs(self) -> list[str]:
        """The company's own RFCs, for `[company] rfcs`."""
        return [self.rfc]
