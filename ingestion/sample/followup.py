"""What people do about the invoices: disputes, promises, reminders, incidents, actions, plans.

Chosen by what the money later did (a promise is made before a payment that keeps it), so that every
status occurs. Promises of one invoice, or of one customer as a whole, never overlap.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ingestion.sample.customers import Rates
from ingestion.sample.habits import due_in_mind
from ingestion.sample.invoices import month_firsts, scaled
from ingestion.sample.model import MXN, USD, ZERO, Company, Dispute, Invoice, Payment, Promise, money
from ingestion.sample.names import business_day

DISPUTE_REASONS = ("price", "quantity", "delivery", "missing_order", "wrong_data", "return", "already_paid")
INCIDENT_TYPES = ("factura_erronea", "falta_documento", "portal", "entrega", "calidad")
ACTION_KINDS = ("llamada", "visita", "correo", "escalamiento")
AREAS = ("Facturación", "Almacén", "Ventas", "Calidad")
LADDER = (
    ("pre_due", -5),
    ("due", 0),
    ("post_due", 3),
    ("post_due", 15),
    ("post_due", 30),
    ("escalation", 45),
)
Row = dict[str, object]


def month_end(first: date) -> date:
    """The last day of the month of a first day."""
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


class FollowUp:
    """Writes the collection log and the plans of a company."""

    def __init__(self, company: Company, rates: Rates, rng: Random) -> None:
        self.company, self.rates, self.rng, self.end = company, rates, rng, company.end
        self.credit = [
            i for i in company.invoices
            if i.metodo_pago == "PPD" and i.in_register and not i.cancel_date and not i.replaced_by
        ]  # fmt: skip
        self.paid: dict[int, list[tuple[date, Decimal]]] = {}
        for payment in company.payments:
            for a in payment.applications:
                if (
                    payment.forma_pago != "17"
                    and not payment.reversed_date
                    and payment.date >= a.invoice.issue_date
                ):
                    self.paid.setdefault(id(a.invoice), []).append((payment.date, a.amount))

    def write(self) -> None:
        """Everything, in a fixed order."""
        size = len(self.company.invoices)
        self._disputes(scaled(size, 22, 6))
        self._promises(scaled(size, 30, 12))
        self._reminders()
        self._incidents(scaled(size, 14, 8))
        self._actions(scaled(size, 12, 8))
        self._pending_sales(scaled(size, 8, 8))
        self._plans()

    def _open_on(self, invoice: Invoice, day: date) -> Decimal:
        return invoice.open_on(day) if invoice.issue_date <= day else ZERO

    def _disputes(self, count: int) -> None:
        fit = [i for i in self.credit if not i.instalments and i.total > 8000]
        open_now = [i for i in fit if i.open > 1000 and due_in_mind(i) < self.end]
        chosen = self.rng.sample(open_now, min(count // 3, len(open_now)))
        rest = [i for i in fit if i not in chosen and (self.end - i.issue_date).days > 30]
        chosen += self.rng.sample(rest, min(count - len(chosen), len(rest)))
        still_open = {id(i) for i in chosen[: count // 3]}
        for number, invoice in enumerate(sorted(chosen, key=lambda i: i.issued_at), 1):
            opened = invoice.issue_date + timedelta(days=self.rng.randrange(4, 25))
            if id(invoice) in still_open:
                opened = max(opened, self.end - timedelta(days=self.rng.randrange(5, 70)))
            opened = min(opened, self.end)
            closed = opened + timedelta(days=self.rng.randrange(0, 40))
            is_open = id(invoice) in still_open or closed > self.end
            share = self.rng.choice((10, 20, 30, 50, 100))
            self.company.disputes.append(Dispute(
                f"D{number:04d}", invoice, opened, None if is_open else closed, self.rng.choice(DISPUTE_REASONS),
                money(invoice.total * share / 100),
                "" if is_open else self.rng.choice(("accepted", "rejected", "partial")),
                "" if number % 9 == 0 else invoice.customer.account_owner,
            ))  # fmt: skip

    def _promises(self, count: int) -> None:
        rng = self.rng
        late = [i for i in self.credit if i.plan == "normal" and not i.instalments
                and due_in_mind(i) + timedelta(days=5) < self.end and i.in_register]  # fmt: skip
        rng.shuffle(late)
        made: list[tuple[date, date, Invoice, Decimal]] = []
        for invoice in late:
            if len(made) >= count:
                break
            found = self._promise_for(invoice, len(made))
            if found:
                made.append((*found[:2], invoice, found[2]))
        self._customer_promises(2)
        made.sort(key=lambda p: (p[0], p[2].invoice_id))
        for number, (day, promised, invoice, amount) in enumerate(made, 1):
            self.company.promises.append(
                Promise(f"PR{number:04d}", invoice.customer, invoice, day, promised, amount, invoice.currency)
            )

    def _customer_promises(self, count: int) -> None:
        """Promises of a customer as a whole: in pesos, in weeks when what it paid is what was applied."""
        dollars = {i.customer.customer_id for i in self.company.invoices if i.currency == USD}
        for payment in reversed(self.company.payments):
            if not count:
                break
            customer, day = payment.customer, payment.date
            made, promised = day - timedelta(days=4), day + timedelta(days=1)
            window = [p for p in self.company.payments if p.customer is customer
                      and made - timedelta(days=1) <= p.date <= promised + timedelta(days=3)]  # fmt: skip
            if (self.end - day).days > 20 and window == [payment] and self._is_plain(payment, dollars):
                share = Decimal("1.4") if count == 1 else Decimal(1)
                self.company.promises.append(Promise(
                    f"PC{count:04d}", customer, None, made, promised, money(payment.amount * share), MXN
                ))  # fmt: skip
                count -= 1

    def _is_plain(self, payment: Payment, dollars: set[str]) -> bool:
        applied = sum((a.amount for a in payment.applications), ZERO)
        return (
            payment.customer.weight > 0 and payment.customer.customer_id not in dollars
            and payment.forma_pago != "17" and not payment.reversed_date and not payment.direct
            and applied == payment.amount and all(a.invoice.issue_date <= payment.date for a in payment.applications)
        )  # fmt: skip

    def _promise_for(self, invoice: Invoice, at: int) -> tuple[date, date, Decimal] | None:
        """(made, promised, amount): about a half kept, a fifth partial, the rest broken; every fifth is pending."""
        rng, due = self.rng, due_in_mind(invoice)
        receipts = self.paid.get(id(invoice), [])
        if at % 5 == 4:
            if invoice.open <= 0:
                return None
            made = self.end - timedelta(days=rng.randrange(0, 6))
            return (
                (made, self.end + timedelta(days=rng.randrange(0, 14)), invoice.open) if made > due else None
            )
        if receipts and at % 4 != 3:
            when = receipts[0][0]
            made = when - timedelta(days=rng.randrange(2, 9))
            promised = when + timedelta(days=rng.randrange(-1, 4))
        else:
            made = due + timedelta(days=rng.randrange(4, 40))
            promised = made + timedelta(days=rng.randrange(3, 12))
        amount = self._open_on(invoice, made)
        if made <= due or promised <= made or amount < 1 or promised > self.end - timedelta(days=4):
            return None
        return made, promised, amount

    def _reminders(self) -> None:
        first = self.end - timedelta(days=300)
        rows: list[Row] = []
        for invoice in self.credit:
            if invoice.customer.do_not_contact or invoice.issue_date < first - timedelta(days=60):
                continue
            due = due_in_mind(invoice)
            for stage, after in LADDER:
                day = business_day(due + timedelta(days=after))
                if not first <= day <= self.end or self._open_on(invoice, day) <= 0:
                    continue
                rows.append(self._reminder(invoice, stage, day))
        rows.sort(key=lambda r: (str(r["sent_date"]), str(r["invoice_id"])))
        for number, row in enumerate(rows, 1):
            row["reminder_id"] = f"R{number:06d}"
        self.company.tables["reminders"] = rows

    def _reminder(self, invoice: Invoice, stage: str, day: date) -> Row:
        rng = self.rng
        delivered = rng.random() < 0.95
        answered = delivered and rng.random() < 0.32
        when = day + timedelta(days=rng.randrange(0, 10))
        answered = answered and when <= self.end
        channel = (
            "phone" if stage == "escalation" else rng.choices(("email", "whatsapp", "phone"), (7, 2, 1))[0]
        )
        return {
            "reminder_id": "", "customer_id": invoice.customer.customer_id, "invoice_id": invoice.invoice_id,
            "sent_date": day, "stage": stage, "channel": channel, "delivered": delivered,
            "response_date": when if answered else None,
            "response_type": rng.choices(("reply", "promise", "dispute", "auto_reply"), (6, 4, 1, 2))[0]
            if answered else None,
        }  # fmt: skip

    def _incidents(self, count: int) -> None:
        rows: list[Row] = []
        for invoice in sorted(
            self.rng.sample(self.credit, min(count, len(self.credit))), key=lambda i: i.issued_at
        ):
            opened = min(invoice.issue_date + timedelta(days=self.rng.randrange(1, 20)), self.end)
            resolved: date | None = opened + timedelta(days=self.rng.choice((0, 1, 3, 7, 15, 45)))
            if resolved and (resolved > self.end or self.rng.random() < 0.12):
                resolved = None
            number = len(rows) + 1
            rows.append({
                "incident_id": f"INC{number:04d}", "customer_id": invoice.customer.customer_id,
                "invoice_id": invoice.invoice_id if number % 6 else None, "type": self.rng.choice(INCIDENT_TYPES),
                "opened_date": opened, "resolved_date": resolved,
                "owner": None if number % 4 == 0 else invoice.customer.account_owner,
                "area": self.rng.choice(AREAS),
                "escalated_date": opened + timedelta(days=5)
                if resolved is None and opened + timedelta(days=5) <= self.end and number % 2 else None,
            })  # fmt: skip
        for late in range(3):  # always a few open without owner
            invoice = self.credit[-1 - late * 3]
            rows.append({
                "incident_id": f"INC{len(rows) + 1:04d}", "customer_id": invoice.customer.customer_id,
                "invoice_id": invoice.invoice_id, "type": INCIDENT_TYPES[late], "opened_date": self.end
                - timedelta(days=0 if late == 0 else 1), "resolved_date": None, "owner": None, "area": AREAS[late],
                "escalated_date": None,
            })  # fmt: skip
        self.company.tables["incidents"] = rows

    def _actions(self, count: int) -> None:
        owing = [i for i in self.credit if i.open > 0 and due_in_mind(i) < self.end]
        rows: list[Row] = []
        for invoice in self.rng.sample(owing, min(count, len(owing))):
            created = self.end - timedelta(days=self.rng.randrange(0, 45))
            done = created + timedelta(days=self.rng.randrange(0, 12))
            is_done = done <= self.end and self.rng.random() < 0.6
            rows.append({
                "action_id": f"AC{len(rows) + 1:04d}", "customer_id": invoice.customer.customer_id,
                "invoice_id": invoice.invoice_id, "kind": self.rng.choice(ACTION_KINDS),
                "created_date": created, "due_date": created + timedelta(days=7),
                "done_date": done if is_done else None,
                "owner": invoice.customer.account_owner, "result": "Contactado" if is_done else None,
                "note": self.rng.choice(("Pide estado de cuenta", "Falta contrarrecibo", "=Revisar con almacén", None)),
            })  # fmt: skip
        self.company.tables["actions"] = rows

    def _pending_sales(self, count: int) -> None:
        rows: list[Row] = []
        buyers = [c for c in self.company.customers if c.weight > 0]
        for number in range(1, count + 1):
            customer = self.rng.choice(buyers)
            currency = USD if customer.currency == USD else MXN
            confirmed = self.end - timedelta(days=self.rng.randrange(0, 25))
            invoiced = self.rng.choice(self.credit[-200:]) if number % 3 == 0 else None
            if invoiced:
                customer, currency = invoiced.customer, invoiced.currency
                confirmed = invoiced.sale_confirmed or confirmed
            rows.append({
                "sale_id": f"V{number:04d}", "customer_id": customer.customer_id, "sale_confirmed_date": confirmed,
                "issue_deadline": confirmed + timedelta(days=5),
                "amount": invoiced.total if invoiced else money(self.rng.randrange(5_000, 90_000)),
                "currency": currency, "invoice_id": invoiced.invoice_id if invoiced else None,
                "kind": ("recurring", "event", "change")[number % 3],
            })  # fmt: skip
        self.company.tables["pending_sales"] = rows

    def _plans(self) -> None:
        months = month_firsts(self.company.start, self.end)[-12:]
        by_month: dict[date, dict[str, Decimal]] = {}
        for invoice in self.company.invoices:
            month = invoice.issue_date.replace(day=1)
            row = by_month.setdefault(month, {})
            cid = invoice.customer.customer_id
            row[cid] = row.get(cid, ZERO) + invoice.total * invoice.fx_rate
        billing: list[Row] = []
        collections: list[Row] = []
        for month in months:
            for customer in self.company.customers:
                actual = by_month.get(month, {}).get(customer.customer_id, ZERO)
                base = {
                    "month": month,
                    "customer_id": customer.customer_id,
                    "branch": customer.branch,
                    "currency": MXN,
                }
                plan = money(actual * self.rng.randrange(85, 118) / 100 / 1000) * 1000
                billing.append({**base, "amount": plan})
                collections.append({**base, "amount": money(plan * self.rng.randrange(85, 105) / 100)})
        self.company.tables["plan_billing"] = billing
        self.company.tables["plan_collections"] = collections
        self.company.tables["targets"] = [
            {"kpi": kpi, "period": month_end(month), "dimension": "total", "value": "total", "target": target}
            for month in months
            for kpi, target in (
                ("dso_rolling_3m", Decimal(48)), ("morosidad_by_amount_pct", Decimal(30)), ("cei_pct", Decimal(80)),
                ("collected", money(sum(by_month.get(month, {}).values(), ZERO) * Decimal("0.95"))),
            )
        ]  # fmt: skip
