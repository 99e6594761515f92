"""A drawn company for the VAT reference: facts first (invoices, notes, receipts), then the same facts as raw rows.

Every situation of METRICS.md section 10 is told at least twice for each seed; the seed draws amounts, days, shares,
rates of exchange and which source knows of each receipt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from tests.dbt.raw_home import OWN_RFC, Raw, uuid_of
from tests.dbt.test_register_rules import payment

D = Decimal
ZERO, ONE = D(0), D(1)
Lines = dict[str, tuple[Decimal, Decimal]]  # rate -> base and VAT
FIRST_RECEIPT = date(2026, 3, 1)  # the payments register starts here
RATES = {"16": D("0.16"), "8": D("0.08"), "0": D(0), "exento": D(0)}


def cent(amount: Decimal) -> Decimal:
    return amount.quantize(D("0.01"), ROUND_HALF_UP)


@dataclass
class Document:
    """An invoice, or a credit note of `invoice`; amounts in its currency."""

    name: str
    day: date
    lines: Lines
    held: Decimal = ZERO
    ppd: bool = True
    fx: Decimal = ONE
    ended: date | None = None
    invoice: str = ""
    relation: str = "01"
    advance: str = ""  # the advance that a final invoice applies

    @property
    def total(self) -> Decimal:
        return sum((b + v for b, v in self.lines.values()), D(0)) - self.held


@dataclass
class Receipt:
    """Money, or what stands for it, on one invoice: what its REP, the register and the bank know of it."""

    name: str
    invoice: str
    amount: Decimal
    day: date
    fx: Decimal = ONE
    pesos: Decimal | None = None  # paid in pesos on an invoice in dollars
    form: str = "03"
    issued: date | None = None  # its REP
    ended: date | None = None  # the REP, cancelled
    stated: Lines | None = None
    stated_held: Decimal = ZERO
    registered: date | None = None
    cleared: date | None = None
    bounced: date | None = None


@dataclass
class Books:
    rng: Random
    documents: dict[str, Document] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)

    def day(self, first: date, low: int, high: int) -> date:
        return first + timedelta(days=self.rng.randint(low, high))

    def add(self, document: Document) -> Document:
        """The number goes first: an id keeps 16 letters of the name."""
        document.name = f"{len(self.documents)}-{document.name}"[:16]
        self.documents[document.name] = document
        return document

    def lines(self, *rates: str, low: int = 90000, high: int = 9000000) -> Lines:
        bases = {rate: D(self.rng.randint(low, high)) / 100 for rate in rates}
        return {rate: (base, cent(base * RATES[rate])) for rate, base in bases.items()}

    def invoice(self, name: str, *rates: str, **more: object) -> Document:
        day = self.day(date(2026, 1, 8), 0, 110)
        return self.add(Document(name, **({"day": day, "lines": self.lines(*(rates or ("16",)))} | more)))  # type: ignore[arg-type]

    def note(self, of: Document, day: date, share: int, **more: object) -> Document:
        lines = {
            rate: (base := cent(b * share / 100), cent(base * RATES[rate]))
            for rate, (b, _) in of.lines.items()
        }
        return self.add(Document("note", day, lines, invoice=of.name, fx=of.fx, **more))  # type: ignore[arg-type]

    def pay(self, of: Document, amount: Decimal, day: date, known: str, **more: object) -> Receipt:
        """`known`: who knows of it: rep, taxes (a REP that says its taxes), register."""
        receipt = Receipt(f"R{len(self.receipts)}-{of.name}"[:16], of.name, amount, day, **more)  # type: ignore[arg-type]
        if "rep" in known or "taxes" in known:
            receipt.issued = receipt.issued or self.day(day, 0, 12)
        if "taxes" in known:
            share, places = amount / of.total, D(self.rng.choice(("0.01", "0.000001")))
            receipt.stated = {
                r: ((b * share).quantize(places), (v * share).quantize(places))
                for r, (b, v) in of.lines.items()
            }
            receipt.stated_held = (of.held * share).quantize(places)
        if "register" in known:
            receipt.registered = max(FIRST_RECEIPT, self.day(day, 0, 4))
            if self.rng.random() < 0.5 or receipt.form == "02":
                receipt.cleared = self.day(receipt.registered, 0, 3)
        self.receipts.append(receipt)
        return receipt

    def parts(self, of: Document, total: Decimal, count: int, *known: str) -> list[Receipt]:
        """`total` paid in `count` parts; the days of an invoice's receipts never meet."""
        found, left, day = [], total, of.day
        for number in range(count):
            amount = left if number == count - 1 else cent(left * self.rng.randint(20, 60) / 100)
            day, left = self.day(day, 9, 30), left - amount
            if "register" in (who := self.rng.choice(known)) and day < FIRST_RECEIPT:
                day = FIRST_RECEIPT + (day - of.day)
            found.append(self.pay(of, amount, day, who))
        return found


def draw(seed: int) -> Books:
    books = Books(Random(seed))
    first = books.invoice("first", ppd=False, day=date(2026, 2, 27))
    books.pay(first, first.total, FIRST_RECEIPT, "register").registered = FIRST_RECEIPT
    for number in range(2):
        for story in STORIES:
            story(books, f"{story.__name__.strip('_')}{number}")
    _give_bank_lines(books)
    return books


def _partial(b: Books, name: str) -> None:
    for rates in (("16",), ("16", "8"), ("16", "0", "exento"), ("exento",), ("0", "8")):
        i = b.invoice(f"{name}-{'-'.join(rates)}", *rates)
        b.parts(
            i,
            i.total if b.rng.random() < 0.7 else cent(i.total * 2 / 3),
            3,
            "rep",
            "taxes",
            "rep+register",
            "register",
        )


def _held(b: Books, name: str) -> None:
    for rates in (("16",), ("16", "8")):
        lines = b.lines(*rates)
        i = b.invoice(
            f"{name}-{len(rates)}", lines=lines, held=cent(sum(v for _, v in lines.values()) * 2 / 3)
        )
        b.parts(i, i.total, 2, "rep", "taxes", "taxes+register")


def _pue(b: Books, name: str) -> None:
    early = b.invoice(f"{name}-assumed", "16", "8", ppd=False, day=b.day(date(2026, 1, 5), 0, 40))
    b.note(early, b.day(early.day, 10, 60), 15)
    b.invoice(f"{name}-assumed-gone", ppd=False, day=early.day, ended=b.day(early.day, 5, 60))
    b.invoice(f"{name}-unpaid", ppd=False, day=b.day(FIRST_RECEIPT, 3, 60))
    for kind in ("paid", "bounced"):
        i = b.invoice(f"{name}-{kind}", ppd=False)
        receipt = b.parts(i, i.total, 1, "register")[0]
        if kind == "bounced":
            receipt.bounced = b.day(receipt.day, 9, 40)


def _bounced(b: Books, name: str) -> None:
    """The middle one of three comes back; half of the times it is paid again."""
    i = b.invoice(name, "16", "8", lines=b.lines("16", "8", low=700, high=90000))
    parts = b.parts(i, i.total, 3, "rep+register", "taxes+register")
    parts[1].bounced = parts[1].day + timedelta(days=8)
    if b.rng.random() < 0.5:
        b.pay(i, parts[1].amount, b.day(parts[2].day, 9, 20), "rep+register")
    gone = b.invoice(f"{name}-rep-gone")
    receipt = b.parts(gone, gone.total, 1, "rep+register")[0]
    receipt.bounced, receipt.ended = b.day(receipt.day, 9, 30), b.day(receipt.day, 20, 60)


def _cheque(b: Books, name: str) -> None:
    i = b.invoice(name)
    month_end = date(2026, b.rng.choice((4, 5)), 29)
    receipt = b.pay(i, i.total, month_end, "rep+register", form="02")
    receipt.registered, receipt.cleared = month_end, month_end + timedelta(days=3)
    if b.rng.random() < 0.5:
        receipt.bounced = b.day(month_end, 9, 20)


def _notes(b: Books, name: str) -> None:
    before = b.invoice(f"{name}-before", "16", "8")
    note = b.note(before, b.day(before.day, 1, 5), 20, relation="03")
    b.parts(before, before.total - note.total, 2, "rep", "rep+register")
    after = b.invoice(f"{name}-after", "16", "exento")
    last = b.parts(after, after.total, 2, "rep", "taxes+register")[-1]
    b.note(after, b.day(last.day, 7, 30), 10)
    b.note(after, b.day(last.day, 31, 50), 5, relation="03")
    between = b.invoice(f"{name}-between")
    one, two = b.parts(between, cent(between.total * 95 / 100), 2, "rep+register")
    b.note(between, one.day + timedelta(days=6), 10)
    two.bounced = b.rng.choice((None, two.day + timedelta(days=9)))
    gone = b.invoice(f"{name}-gone")
    last = b.parts(gone, gone.total, 1, "rep")[-1]
    b.note(gone, b.day(last.day, 2, 9), 30, ended=b.day(last.day, 10, 60))


def _cancelled(b: Books, name: str) -> None:
    i = b.invoice(f"{name}-unpaid")
    i.ended = b.day(i.day, 5, 120)
    paid = b.invoice(f"{name}-paid", "16", "8")
    paid.ended = b.parts(paid, cent(paid.total / 3), 1, "rep+register")[0].day + timedelta(days=20)
    for known in ("rep", "rep+register"):
        i = b.invoice(f"{name}-{known}")
        receipt = b.parts(i, i.total, 1, known)[0]
        receipt.ended = b.day(receipt.day, 13, 60)
    late = b.invoice(f"{name}-late")
    b.pay(late, late.total, b.day(late.day, 9, 30), "rep").issued = b.day(date(2026, 6, 20), 0, 20)


def _advance(b: Books, name: str) -> None:
    lines = b.lines("16")
    small = {"16": (base := cent(lines["16"][0] / 5), cent(base * RATES["16"]))}
    advance = b.invoice(f"{name}-adv", lines=small, ppd=False)
    receipt = b.parts(advance, advance.total, 1, "register")[0]
    day = b.day(receipt.day, 9, 30)
    final = b.invoice(f"{name}-final", lines=lines, day=day, advance=advance.name)
    note = b.add(Document(f"{name}-e", day, small, invoice=final.name, relation="07"))
    b.parts(final, final.total - note.total, 2, "rep", "rep+register")


def _usd(b: Books, name: str) -> None:
    def rate() -> Decimal:
        return D(b.rng.randint(170000, 205000)) / 10000

    for kind in ("usd", "pesos"):
        i = b.invoice(f"{name}-{kind}", "16", "8", lines=b.lines("16", "8", high=300000), fx=rate())
        for receipt in b.parts(i, i.total, 2, "rep", "taxes", "rep+register"):
            receipt.fx = rate()
            if kind == "pesos":
                receipt.pesos = cent(receipt.amount * receipt.fx)
    i = b.invoice(f"{name}-note", fx=rate())
    b.note(i, b.day(i.day, 2, 8), 10).fx = rate()
    last = b.parts(i, cent(i.total * 95 / 100), 1, "rep+register")[0]
    last.fx = rate()


def _not_cash(b: Books, name: str) -> None:
    for form in ("17", "15"):
        i = b.invoice(f"{name}-{form}", "16", "8")
        part = cent(i.total * b.rng.randint(30, 60) / 100)
        b.pay(i, part, day := b.day(i.day, 9, 30), "rep", form=form)
        b.pay(i, i.total - part, b.day(day, 9, 20), "rep")


STORIES: tuple[Callable[[Books, str], None], ...] = (
    _partial, _held, _pue, _bounced, _cheque, _notes, _cancelled, _advance, _usd, _not_cash,
)  # fmt: skip


def _give_bank_lines(books: Books) -> None:
    """A line that another receipt could claim (same size within the tolerance) is left out."""
    for receipt in books.receipts:
        near = [r for r in books.receipts if abs(r.amount - receipt.amount) <= 60]
        if len(near) > 1 or receipt.pesos:
            receipt.cleared = None


def raw_of(books: Books) -> Raw:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno", rfc="CLI020202XY2")
    for d in books.documents.values():
        _write_document(raw, d)
    for r in books.receipts:
        _write_receipt(raw, r, books.documents[r.invoice])
    return raw


def _write_document(raw: Raw, d: Document) -> None:
    related = ((d.relation, d.invoice),) if d.invoice else (("07", d.advance),) if d.advance else ()
    raw.cfdi(
        d.name, "E" if d.invoice else "I", str(d.total), f"{d.day}T10:00:00", related=related,
        metodo_pago="PPD" if d.ppd and not d.invoice else "PUE", subtotal=sum(b for b, _ in d.lines.values()),
        total_retenciones=d.held or None, moneda="MXN" if d.fx == 1 else "USD", tipo_cambio=d.fx,
    )  # fmt: skip
    held = [("retenido", "", str(d.held))] if d.held else []
    raw.taxes(
        d.name,
        *((rate, str(b), "" if rate == "exento" else str(v)) for rate, (b, v) in d.lines.items()),
        *held,
    )
    if d.ended:
        raw.metadata(d.name, cancelled=str(d.ended), delivered=str(d.ended))


def _write_receipt(raw: Raw, r: Receipt, of: Document) -> None:
    currency = "MXN" if of.fx == 1 or r.pesos else "USD"
    fx = r.fx if currency == "USD" else D(1)
    amount = r.pesos or r.amount
    if r.issued:
        taxes = [
            (rate, str(b), "" if rate == "exento" else str(v)) for rate, (b, v) in (r.stated or {}).items()
        ]
        if taxes and r.stated_held:
            taxes.append(("retenido", str(r.amount), str(r.stated_held)))
        document = {
            "invoice": of.name,
            "paid": str(r.amount),
            "currency": "MXN" if of.fx == 1 else "USD",
            "taxes": taxes,
        }
        if r.pesos:
            document["eq"] = str((r.amount / r.pesos).quantize(D("0.0000000001")))
        pago = {"date": f"{r.day}T12:00:00", "amount": str(amount), "currency": currency, "fx": str(fx)}
        pago |= {"form": r.form, "reference": f"REF-{r.name}", "documents": [document]}
        raw.rep(r.name, f"{r.issued}T13:00:00", pago)
        if r.ended:
            raw.metadata(r.name, cancelled=str(r.ended), delivered=str(r.ended))
    if r.registered:
        payment(raw, r.name, str(amount), str(r.registered), currency=currency, fx_rate=fx,
                bank_reference=f"REF-{r.name}", invoice_uuid=uuid_of(of.name), company_rfc=OWN_RFC,
                method="cheque" if r.form == "02" else "transferencia",
                reversed_date=str(r.bounced) if r.bounced else None)  # fmt: skip
        if r.cleared:
            raw.register("bank_lines", bank_line_id=f"L-{r.name}", account_currency=currency, value_date=str(r.cleared),
                         amount=amount, reference=f"REF-{r.name}")  # fmt: skip
