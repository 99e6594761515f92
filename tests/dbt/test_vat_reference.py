"""VAT on cash basis against METRICS.md section 10 written again in plain Python: drawn companies, to the cent.

The reference reads facts (tests/dbt/vat_books.py), never a table. Its one rounding rule is C13: what an invoice or a
note has settled is a balance in cents by rate, and a flow is the difference of two such balances.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.dbt import straight
from tests.dbt.raw_home import OWN_RFC
from tests.dbt.vat_books import FIRST_RECEIPT, Books, Document, Receipt, draw, raw_of

D = Decimal
AS_OF = date(2026, 6, 30)
MONTHS = [date(2026, month, 1) for month in range(1, 7)]
READINGS = ("fiscal", "bank")
COLUMNS = ["base_charged_mxn", "vat_charged_mxn", "vat_withheld_mxn"] + [
    f"{reading}_{name}_mxn"
    for reading in READINGS
    for name in ("base_collected", "vat_collected", "vat_withheld", "vat_pending")
]
# base, VAT, withheld, and VAT at the invoice's own rate of exchange: cents
Amounts = tuple[int, int, int, int]


def half_up(amount: Decimal | Fraction) -> int:
    """Whole cents of an amount in pesos."""
    exact = Fraction(amount) * 100
    whole = (abs(exact) * 2 + 1) // 2
    return int(whole if exact >= 0 else -whole)


def by_largest_remainder(cents: int, weights: dict[str, Decimal]) -> dict[str, int]:
    """`cents` in proportion of the weights; what is left goes to the largest remainders. No weight: the first."""
    total = sum(weights.values())
    if not total:
        return {rate: cents if rate == min(weights) else 0 for rate in weights}
    exact = {rate: Fraction(cents) * Fraction(w) / Fraction(total) for rate, w in weights.items()}
    shares = {rate: int(amount) for rate, amount in exact.items()}
    for rate in sorted(exact, key=lambda r: (shares[r] - exact[r], r))[: cents - sum(shares.values())]:
        shares[rate] += 1
    return shares


def taxes_of(document: Document, own_fx: Decimal) -> dict[str, Amounts]:
    """What a document says by rate, in pesos; `own_fx`: the rate of the invoice that it belongs to."""
    vats = {rate: vat for rate, (_, vat) in document.lines.items()}
    whole = sum(vats.values(), D(0))
    pesos = by_largest_remainder(half_up(whole * document.fx), vats)
    held = by_largest_remainder(half_up(document.held * document.fx), vats)
    return {
        rate: (half_up(base * document.fx), pesos[rate], held[rate],
               pesos[rate] if own_fx == document.fx else half_up(vat * own_fx))
        for rate, (base, vat) in document.lines.items()
    }  # fmt: skip


class Reference:
    """The month mart of one company at AS_OF."""

    def __init__(self, books: Books, forgiving_causes: bool) -> None:
        self.books, self.forgiving_causes = books, forgiving_causes
        self.cells: dict[tuple[date, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        documents = [d for d in books.documents.values() if d.day <= AS_OF]
        for document in documents:
            if not self.is_over(document.ended):
                self.charge(document)
        for invoice in (d for d in documents if not d.invoice):
            for reading in READINGS:
                self.collect(invoice, reading)

    @staticmethod
    def is_over(ended: date | None) -> bool:
        return ended is not None and ended <= AS_OF

    def put(self, day: date, rate: str, kind: str, amounts: Amounts, sign: int) -> None:
        cell = self.cells[day.replace(day=1), rate]
        for name, amount in zip(("base", "vat", "held", "own"), amounts, strict=True):
            cell[f"{kind}_{name}"] += sign * amount

    def charge(self, document: Document) -> None:
        of = self.books.documents.get(document.invoice, document)
        for rate, amounts in taxes_of(document, of.fx).items():
            self.put(document.day, rate, "charged", amounts, -1 if document.invoice else 1)

    def day_of(self, r: Receipt, invoice: Document, reading: str) -> date | None:
        """The day that the receipt counts in a reading, if it does."""
        if r.form == "15" and not self.forgiving_causes:
            return None
        cleared = r.cleared if r.cleared and r.cleared <= AS_OF else None
        registered = r.registered if r.registered and r.registered <= AS_OF else None
        has_rep = r.issued is not None and not self.is_over(
            r.ended
        )  # C3: from its payment date on, whenever issued
        if reading == "fiscal" and invoice.ppd:
            return (r.form == "02" and cleared or r.day) if has_rep else None  # noqa: RUF021
        if registered:
            return cleared or registered
        stands_for_cash = r.day < FIRST_RECEIPT or r.form in ("15", "17")
        return r.day if reading == "bank" and has_rep and stands_for_cash else None

    def receipts(self, invoice: Document, reading: str) -> Iterator[tuple[date, Decimal, Receipt]]:
        """(day, amount, receipt): what came in, what went back as a negative amount."""
        known = [r for r in self.books.receipts if r.invoice == invoice.name]
        for receipt in known:
            day = self.day_of(receipt, invoice, reading)
            if day and day <= AS_OF:
                yield day, receipt.amount, receipt
                if receipt.bounced and receipt.bounced <= AS_OF:
                    yield max(day, receipt.bounced), -receipt.amount, receipt
        if not invoice.ppd and not known and invoice.day < FIRST_RECEIPT and not self.is_over(invoice.ended):
            yield (
                invoice.day,
                invoice.total,
                Receipt("", invoice.name, invoice.total, invoice.day, fx=invoice.fx),
            )

    def collect(self, invoice: Document, reading: str) -> None:
        taxes, so_far = taxes_of(invoice, invoice.fx), D(0)
        moves = sorted(self.receipts(invoice, reading), key=lambda move: move[0])
        for day, amount, receipt in moves:
            for rate, collected in self.settled(invoice, taxes, receipt, so_far, so_far + amount).items():
                self.put(day, rate, reading, collected, 1)
            so_far += amount
        self.take_back(invoice, reading, [(day, amount) for day, amount, _ in moves])

    def settled(
        self, invoice: Document, taxes: dict[str, Amounts], r: Receipt, before: Decimal, after: Decimal
    ) -> dict[str, Amounts]:
        """What taking an invoice's receipts from `before` to `after` collects of it, by rate."""
        sign = 1 if after > before else -1
        pesos = r.pesos or D(half_up(r.amount * r.fx)) / 100
        now, then = (Fraction(x) / Fraction(invoice.total) for x in (after, before))
        rate_paid = Fraction(pesos) / Fraction(r.amount) if invoice.fx != 1 else Fraction(1)
        found: dict[str, Amounts] = {}
        if r.stated and not self.is_over(r.ended):
            vats = {rate: D(half_up(vat)) for rate, (_, vat) in r.stated.items()}
            held = by_largest_remainder(half_up(r.stated_held), vats)
            for rate, (base, _) in r.stated.items():
                said = [Fraction(cents, 100) for cents in (half_up(base), int(vats[rate]), held[rate])]
                paid = [sign * half_up(x * rate_paid) for x in said]
                found[rate] = (paid[0], paid[1], paid[2], sign * half_up(said[1] * Fraction(invoice.fx)))
            return found
        for rate, amounts in taxes.items():
            steps = [half_up(Fraction(x, 100) * now) - half_up(Fraction(x, 100) * then) for x in amounts]
            if invoice.fx != 1:
                base, vat = invoice.lines[rate]
                paid = [
                    half_up(Fraction(x) * Fraction(pesos) / Fraction(invoice.total))
                    for x in (base, vat, D(0))
                ]
                steps[:3] = [sign * x for x in paid]
            found[rate] = (steps[0], steps[1], steps[2], steps[3])
        return found

    def take_back(self, invoice: Document, reading: str, moves: list[tuple[date, Decimal]]) -> None:
        """Notes take back what they leave received beyond what is owed; the last note first."""
        notes = [d for d in self.books.documents.values()
                 if d.invoice == invoice.name and d.day <= AS_OF and not self.is_over(d.ended)]  # fmt: skip
        owed = D(0) if self.is_over(invoice.ended) else invoice.total
        before = {note.name: D(0) for note in notes}
        for day in sorted({day for day, _ in moves} | {note.day for note in notes}):
            live = sorted((n for n in notes if n.day <= day), key=lambda n: (n.day, n.name), reverse=True)
            beyond = (
                sum((amount for moved, amount in moves if moved <= day), D(0))
                + sum(n.total for n in live)
                - owed
            )
            for note in live:
                taken = min(note.total, max(beyond, D(0)))
                beyond -= taken
                for rate, amounts in taxes_of(note, invoice.fx).items():
                    now, then = (Fraction(x) / Fraction(note.total) for x in (taken, before[note.name]))
                    steps = [
                        half_up(Fraction(x, 100) * now) - half_up(Fraction(x, 100) * then) for x in amounts
                    ]
                    self.put(day, rate, reading, tuple(steps), -1)  # type: ignore[arg-type]
                before[note.name] = taken

    def rows(self) -> dict[tuple[date, str], list[Decimal]]:
        """month and rate -> COLUMNS; pending: charged less collected so far, at the invoices' own rates of exchange."""
        found = {}
        for rate in sorted({rate for _, rate in self.cells}):
            first = min(month for month, r in self.cells if r == rate)
            for month in (m for m in MONTHS if m >= first):
                until = [cell for (m, r), cell in self.cells.items() if r == rate and m <= month]
                cell, row = self.cells.get((month, rate), {}), []
                row += [cell.get(f"charged_{name}", 0) for name in ("base", "vat", "held")]
                for reading in READINGS:
                    row += [cell.get(f"{reading}_{name}", 0) for name in ("base", "vat", "held")]
                    row.append(sum(c.get("charged_own", 0) - c.get(f"{reading}_own", 0) for c in until))
                found[month, rate] = [D(x) / 100 for x in row]
        return found


@pytest.mark.parametrize("forgiving_causes", [False, True], ids=["condonación off", "condonación on"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_months_and_rates(seed: int, forgiving_causes: bool) -> None:
    books = draw(seed)
    assert len(books.documents) + len([r for r in books.receipts if r.issued]) >= 120
    variables: dict[str, Any] = {"condonation_causes_vat": True} if forgiving_causes else {}
    connection = straight.run(raw_of(books), AS_OF, **variables)
    found = {
        (row[0], row[2]): list(row[3:])
        for row in connection.execute(
            f"select month, company, rate, {', '.join(COLUMNS)} from vat_cash_basis"
        ).fetchall()
        if row[1] == OWN_RFC
    }
    expected = Reference(books, forgiving_causes).rows()
    differences = [
        f"{month:%Y-%m} {rate} {column}: {got} instead of {want}"
        for month, rate in sorted(found.keys() | expected.keys())
        for column, got, want in zip(
            COLUMNS,
            found.get((month, rate), ["no row"] * 11),
            expected.get((month, rate), ["no row"] * 11),
            strict=True,
        )
        if got != want
    ]
    assert not differences, "\n".join(differences)
