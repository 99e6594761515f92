"""How customers pay: when they think an invoice is due, and how late each kind of payer is.

Four habits (punctual, late, seasonal, failing) and one trend for all. Nothing here is a rule of Cartera:
the truth reads due dates for itself.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from ingestion.sample.model import Invoice


def due_in_mind(invoice: Invoice) -> date:
    """When the customer thinks it is due: the register's date, the contrarrecibo's, or the terms."""
    if invoice.due_date:
        return invoice.due_date
    if invoice.scheduled_date:
        return invoice.scheduled_date
    days = invoice.customer.terms_days
    if days is None:
        days = 15 if invoice.conditions == "NET15" else 30
    return invoice.issue_date + timedelta(days=days)


def trend(day: date, end: date) -> float:
    """How slow everyone is: worse until six months before the end, better since."""
    ago = (end - day).days
    return 1.0 if ago > 400 else 1.0 + 0.35 * (400 - ago) / 220 if ago > 180 else 1.0 + 0.35 * ago / 180


def lateness(invoice: Invoice, due: date, end: date, rng: Random) -> int:
    """Days after the due date; a failing customer's last months never come (a far-off day)."""
    habit = invoice.customer.behaviour
    slow = trend(due, end)
    if habit == "punctual":
        days = rng.gauss(1.0, 3.0) * slow
    elif habit == "late":
        days = rng.gauss(17, 10) * slow
    elif habit == "seasonal":
        days = rng.gauss(27, 10) if due.month in (12, 1, 2) else rng.gauss(6, 4) * slow
    elif (end - due).days > 160:
        days = rng.gauss(14, 9)
    elif rng.random() < 0.45:
        days = rng.gauss(45, 15)
    else:
        days = 9_000
    return max(-6, min(round(days), 9_000))
