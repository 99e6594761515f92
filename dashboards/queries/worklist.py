"""Cobranza: whom to call now, why, and what next; counts of each view and one page of rows."""

from __future__ import annotations

import duckdb

from dashboards.queries.access import Filters, Row, one, rows

COLUMNS = {"branch": "w.branch", "owner": "w.owner", "segment": "w.segment"}
VIEWS = {
    "hoy": "w.is_today", "vencidas": "w.overdue_invoices > 0", "promesas": "w.promise_date is not null",
    "sin_gestion": "w.is_untouched", "todas": "true",
}  # fmt: skip
ORDERS = {
    "prioridad": "w.priority", "vencido": "w.overdue_mxn desc nulls last", "dias": "w.oldest_days desc nulls last",
    "nombre": "w.customer_name",
}  # fmt: skip


def counts(connection: duckdb.DuckDBPyConnection, filters: Filters, text: str = "") -> Row:
    """How many customers each view has."""
    condition, params = filters.clause(COLUMNS)
    each = ", ".join(f"count(*) filter ({view}) as {name}" for name, view in VIEWS.items())
    found = one(
        connection,
        f"select {each} from marts.worklist as w where {condition} and {_TEXT}",
        params | {"text": text.strip()},
    )
    return found or dict.fromkeys(VIEWS, 0)


_TEXT = """($text = '' or contains(strip_accents(lower(concat_ws(' ', w.customer_name, w.rfc,
    w.customer_id))), strip_accents(lower($text))))"""


def page(
    connection: duckdb.DuckDBPyConnection, filters: Filters, *, view: str, order: str, limit: int,
    offset: int, text: str = "",
) -> list[Row]:  # fmt: skip
    """One page of the list, and on every row the total of the whole view."""
    condition, params = filters.clause(COLUMNS)
    return rows(
        connection,
        f"""
        select w.customer_id, coalesce(w.customer_name, w.customer_id) as customer_name, w.rfc, w.priority,
            w.reasons, w.overdue_mxn, w.gross_mxn, w.disputed_mxn, w.oldest_days, w.overdue_invoices,
            w.last_contact_date, w.last_contact_channel, w.promise_date, w.promise_amount_mxn,
                w.promise_status,
            w.next_action, w.next_action_date, w.owner, w.branch, w.segment, w.do_not_contact,
                w.unapplied_mxn,
            sum(w.overdue_mxn) over ()::decimal(18,2) as view_overdue_mxn
        from marts.worklist as w where {condition} and {VIEWS[view]} and {_TEXT}
        order by {ORDERS[order]}, w.priority, w.customer_id limit $limit offset $offset
        """,
        params | {"limit": limit, "offset": offset, "text": text.strip()},
    )
