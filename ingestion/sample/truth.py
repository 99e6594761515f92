"""The truth: what the right answers are, computed from the documents, never from the pipeline.

`expected(company)` gives what `write` puts in `truth_dir/expected.json`. Money is text with two decimals,
rates and days have four. Every figure, and the rule of METRICS.md it follows:

balances[D][basis]          C1–C8; section 2 aging; per customer and in total. `gross_mxn` is the sum of the buckets,
                            at closing rates, rounded per invoice and instalment; `unapplied_mxn` per document (C6);
                            `open_invoices` counts invoices, not instalments; `disputed_mxn` = Σ min(open, Σ open
                            disputed amounts) per invoice, closing (C10). A customer with neither is left out.
months[AAAA-MM]             the last 12 whole months, effective basis.
  billed_gross_mxn          all type I issued in the month, later cancelled, cash and global ones included; own rate.
  cancelled_mxn             full totals by cancellation month, own rate (both motives).
  credit_notes_mxn          E other than 07, by date, full totals, own rate, − those cancelled in the month.
  advances_applied_mxn      E of relation 07, apart: C9 tells them from credit notes.
  collected_mxn             C12a cash by payment date at the payment's own rate − reversals in their month.
  net_credit_sales_1m       C11 on credit sales, to the letter: issued − cancelled (by cancel_date, also where a
                            substitute took the balance before) − notes + notes cancelled; 07 is no note.
  other_readings            the same sales with 07 taken as a note; and with replaced ones leaving already at their
                            substitute's issue date (C9's "counts 0" read into sales).
  gross_mxn, current_mxn    open credit sales at the month's end, issue rate; current = due ≥ D.
  dso_simple, cei_pct       section 3; null where the denominator is 0.
weeks[Sunday]               bridge (sections 7 and 9): start and end at closing rate; flows at the issue rate as
                            differences of rounded balances, by the kind of the day's movement; fx_and_rounding is
                            what remains. Global invoices are no receivable and stand outside.
promises[D], disputed       section 9.
exceptions[rule]            section 5 at `end`; see `truth_exceptions`.

Left out of the data on purpose, because two readings are fair: REPs without a register payment, substitutions in
the last weeks, notes without an invoice in the last year, disputes on instalments, promises that overlap.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from ingestion.sample.model import ZERO, Company, Invoice, Promise, money
from ingestion.sample.truth_exceptions import expected_exceptions
from ingestion.sample.truth_ledger import BASES, NON_CASH, Ledger, is_credit_sale

PROMISE_GRACE_DAYS = 2
BUCKETS = ("current_mxn", "d1_30_mxn", "d31_60_mxn", "d61_90_mxn", "d91_120_mxn", "d120_plus_mxn")
FLOWS = ("billed", "collected_applied", "credit_notes", "advance_applied", "cancelled", "write_off")
APART = ("gross_mxn", "overdue_mxn", "unapplied_mxn", "disputed_mxn", "gross_mxn_issue")
Figures = dict[str, object]


def month_ends(company: Company, count: int) -> list[date]:
    """The last `count` month ends on or before the end of history."""
    ends: list[date] = []
    day = company.end + timedelta(days=1)
    while len(ends) < count:
        day = day.replace(day=1) - timedelta(days=1)
        ends.append(day)
    return ends[::-1]


def last_sundays(company: Company, count: int) -> list[date]:
    """The last `count` Sundays on or before the end."""
    last = company.end - timedelta(days=(company.end.weekday() + 1) % 7)
    return [last - timedelta(days=7 * back) for back in range(count)][::-1]


def expected(company: Company) -> Figures:
    """Everything that expected.json says."""
    ledger = Ledger(company)
    sundays = last_sundays(company, 2)
    days = sorted({*month_ends(company, 6), *sundays, company.end})
    return {
        "company": {"name": company.name, "rfc": company.rfc, "rfcs": company.rfcs},
        "parameters": {"seed": company.seed, "invoices": len(company.invoices), "start": company.start.isoformat(),
                       "end": company.end.isoformat()},
        "as_of": [day.isoformat() for day in days],
        "balances": {day.isoformat(): {basis: _balances(ledger, day, basis) for basis in BASES} for day in days},
        "open_items_at_end": _open_items(ledger, company.end),
        "months": _months(ledger),
        "weeks": {day.isoformat(): _week(ledger, day) for day in sundays},
        "promises": {day.isoformat(): _promises(ledger, day) for day in days},
        "exceptions": expected_exceptions(ledger, {p.promise_id: promise_status(ledger, p, company.end)
                                                   for p in company.promises}),
    }  # fmt: skip


def bucket(days_past_due: int) -> str:
    """C8: the aging column of a number of days."""
    return BUCKETS[0 if days_past_due <= 0 else min(5, 1 + (days_past_due - 1) // 30)]


def disputed_open(ledger: Ledger, day: date, basis: str = "effective") -> dict[str, Decimal]:
    """C10: of each disputed invoice, min(open, Σ open disputed amounts), in pesos at closing; by customer."""
    amounts: dict[str, tuple[Invoice, Decimal]] = {}
    for dispute in ledger.company.disputes:
        if dispute.opened <= day and (dispute.closed is None or dispute.closed > day):
            before = amounts.get(dispute.invoice.name, (dispute.invoice, ZERO))[1]
            amounts[dispute.invoice.name] = (dispute.invoice, before + dispute.amount)
    found: dict[str, Decimal] = {}
    for invoice, amount in amounts.values():
        value = money(min(ledger.open(invoice, day, basis), amount) * ledger.rate(invoice.currency, day))
        cid = invoice.customer.customer_id
        found[cid] = found.get(cid, ZERO) + value
    return found


def _balances(ledger: Ledger, day: date, basis: str) -> Figures:
    sums: dict[str, dict[str, Decimal]] = {}
    currencies: dict[str, dict[str, Decimal]] = {}
    invoices: dict[str, set[int]] = {}
    for line in ledger.open_lines(day, basis):
        cid = line.invoice.customer.customer_id
        row = sums.setdefault(cid, _empty())
        row[bucket((day - line.due).days)] += line.open_closing
        row["gross_mxn_issue"] += line.open_issue
        by_currency = currencies.setdefault(cid, {})
        by_currency[line.invoice.currency] = by_currency.get(line.invoice.currency, ZERO) + line.open
        invoices.setdefault(cid, set()).add(id(line.invoice))
    for cid, amount in ledger.unapplied_by_customer(day, basis).items():
        sums.setdefault(cid, _empty())["unapplied_mxn"] += amount
    for cid, amount in disputed_open(ledger, day, basis).items():
        sums.setdefault(cid, _empty())["disputed_mxn"] += amount
    total = _empty()
    for row in sums.values():
        row["gross_mxn"] = sum((row[name] for name in BUCKETS), ZERO)
        row["overdue_mxn"] = row["gross_mxn"] - row["current_mxn"]
        for name, amount in row.items():
            total[name] += amount
    customers = {
        cid: {**_texts(row), "open_invoices": len(invoices.get(cid, ())), "open_ccy": _texts(currencies.get(cid, {}))}
        for cid, row in sorted(sums.items()) if any(row.values())
    }  # fmt: skip
    totals: Figures = {**_texts(total), "open_invoices": sum(map(len, invoices.values()))}
    return {"customers": customers, "totals": totals}


def _empty() -> dict[str, Decimal]:
    return dict.fromkeys((*BUCKETS, *APART), ZERO)


def _texts(row: dict[str, Decimal]) -> Figures:
    return {name: str(money(amount)) for name, amount in row.items()}


def _open_items(ledger: Ledger, day: date) -> Figures:
    items: dict[str, Decimal] = {}
    for line in ledger.open_lines(day):
        items[line.invoice.name] = items.get(line.invoice.name, ZERO) + line.open
    return _texts(dict(sorted(items.items())))


class _Flows:
    """Sums of the documents by month."""

    def __init__(self, ledger: Ledger) -> None:
        self.sums: dict[tuple[str, date], Decimal] = {}
        company = ledger.company
        for invoice in company.invoices:
            worth, credit = money(invoice.total * invoice.fx_rate), is_credit_sale(invoice)
            self._add("billed", invoice.issue_date, worth)
            self._add("sales", invoice.issue_date, worth if credit else ZERO)
            self._add("sales_by_balance", invoice.issue_date, worth if credit else ZERO)
            if invoice.cancel_date:
                self._add("cancelled", invoice.cancel_date, worth)
                self._add("sales", invoice.cancel_date, -worth if credit else ZERO)
            gone = [invoice.cancel_date] if invoice.cancel_date else []
            if invoice.replaced_by:
                gone.append(invoice.replaced_by.issue_date)
            if gone and credit:
                self._add("sales_by_balance", min(gone), -worth)
        for note in company.credit_notes:
            worth = money(note.total * note.fx_rate)
            name = "advances" if note.relation == "07" else "notes"
            on_credit = bool(note.applications) and is_credit_sale(note.applications[0][0])
            for day, amount in ((note.issue_date, worth), (note.cancel_date, -worth)):
                if day:
                    self._add(name, day, amount)
                    self._add(name + "_on_credit", day, amount if on_credit else ZERO)
        for payment in company.payments:
            if payment.forma_pago not in NON_CASH:
                worth = money(payment.amount * payment.fx_rate)
                self._add("collected", payment.date, worth)
                if payment.reversed_date:
                    self._add("collected", payment.reversed_date, -worth)

    def _add(self, name: str, day: date, amount: Decimal) -> None:
        key = (name, day.replace(day=1))
        self.sums[key] = self.sums.get(key, ZERO) + amount

    def of(self, name: str, month_end: date) -> Decimal:
        """A month's sum."""
        return self.sums.get((name, month_end.replace(day=1)), ZERO)


def _credit_receivables(ledger: Ledger, day: date) -> tuple[Decimal, Decimal]:
    """(gross, current) of credit sales at the issue rate."""
    gross = current = ZERO
    for line in ledger.open_lines(day):
        if is_credit_sale(line.invoice):
            gross += line.open_issue
            current += line.open_issue if line.due >= day else ZERO
    return gross, current


def _months(ledger: Ledger) -> Figures:
    ends, flows = month_ends(ledger.company, 13), _Flows(ledger)
    months: Figures = {}
    beginning = _credit_receivables(ledger, ends[0])[0]
    for day in ends[1:]:
        gross, current = _credit_receivables(ledger, day)
        sales = flows.of("sales", day) - flows.of("notes_on_credit", day)
        length = calendar.monthrange(day.year, day.month)[1]
        months[f"{day:%Y-%m}"] = {
            "billed_gross_mxn": str(flows.of("billed", day)), "cancelled_mxn": str(flows.of("cancelled", day)),
            "credit_notes_mxn": str(flows.of("notes", day)), "advances_applied_mxn": str(flows.of("advances", day)),
            "collected_mxn": str(flows.of("collected", day)), "net_credit_sales_1m": str(sales),
            "other_readings": {
                "net_credit_sales_1m_if_07": str(sales - flows.of("advances_on_credit", day)),
                "net_credit_sales_1m_by_balance": str(
                    flows.of("sales_by_balance", day) - flows.of("notes_on_credit", day)
                ),
            },
            "gross_mxn": str(gross), "current_mxn": str(current), "beginning_gross_mxn": str(beginning),
            "dso_simple": _ratio(gross * length, sales),
            "cei_pct": _ratio((beginning + sales - gross) * 100, beginning + sales - current),
        }  # fmt: skip
        beginning = gross
    return months


def _ratio(numerator: Decimal, denominator: Decimal) -> str | None:
    """Four decimals, half up; C12: nothing where the denominator is 0."""
    return str((numerator / denominator).quantize(Decimal("0.0001"), ROUND_HALF_UP)) if denominator else None


def movement_kinds(ledger: Ledger, invoice: Invoice, day: date) -> set[str]:
    """What happened to an invoice on a day, apart from being issued."""
    kinds = {"cancelled"} if invoice.cancel_date == day else set()
    if invoice.replaced_by and invoice.replaced_by.issue_date == day:
        kinds.add("cancelled")
    for item in ledger.settlements[id(invoice)]:
        if day in (item.effective, item.undone):
            kinds.add(
                {"payment": "collected_applied", "credit_note": "credit_notes"}.get(item.kind, item.kind)
            )
    return kinds


def _week(ledger: Ledger, end: date) -> Figures:
    start = end - timedelta(days=7)
    flows = dict.fromkeys(FLOWS, ZERO)
    for back in range(7):
        day = end - timedelta(days=back)
        for invoice in ledger.company.invoices:
            if invoice.is_global or invoice.issue_date > day:
                continue
            before = ledger.issue_value(invoice, day - timedelta(days=1))
            if invoice.issue_date == day:
                before = sum(
                    (money(part * invoice.fx_rate) for _, _, part in ledger.lines[id(invoice)]), ZERO
                )
                flows["billed"] += before
            change = before - ledger.issue_value(invoice, day)
            kinds = movement_kinds(ledger, invoice, day)
            if change and len(kinds) != 1:
                raise ValueError(
                    f"{invoice.name}: {sorted(kinds)} on {day}, and the truth wants one kind a day"
                )
            for kind in kinds:
                flows[kind] += change
    opening = sum((line.open_closing for line in ledger.open_lines(start)), ZERO)
    closing = sum((line.open_closing for line in ledger.open_lines(end)), ZERO)
    net = flows["billed"] - sum((amount for name, amount in flows.items() if name != "billed"), ZERO)
    issued = [i for i in ledger.company.invoices if start < i.issue_date <= end]
    return {
        **_texts({f"{name}_mxn": amount for name, amount in flows.items()}),
        "start_mxn": str(opening), "end_mxn": str(closing), "fx_and_rounding_mxn": str(closing - opening - net),
        "invoices_issued": len(issued), "invoices_issued_global": sum(i.is_global for i in issued),
        "payments": sum(start < p.date <= end for p in ledger.company.payments),
    }  # fmt: skip


def promise_status(ledger: Ledger, promise: Promise, day: date) -> str:
    """Section 9: kept as soon as the cash suffices, pending until promised + grace, partial if any cash, broken."""
    last = promise.promised + timedelta(days=PROMISE_GRACE_DAYS)
    paid = ZERO
    theirs = [promise.invoice] if promise.invoice else [
        i for i in ledger.company.invoices if i.customer is promise.customer
    ]  # fmt: skip
    for invoice in theirs:
        paid += sum((s.amount for s in ledger.settlements[id(invoice)]
                     if s.kind == "payment" and s.is_cash and promise.made <= s.effective <= min(last, day)
                     and s.undone > day), ZERO)  # fmt: skip
    if paid >= promise.amount:
        return "kept"
    return "pending" if day <= last else "partial" if paid else "broken"


def _promises(ledger: Ledger, day: date) -> Figures:
    counts = dict.fromkeys(("kept", "partial", "broken", "pending"), 0)
    for promise in ledger.company.promises:
        if promise.made <= day:
            counts[promise_status(ledger, promise, day)] += 1
    return dict(counts)
