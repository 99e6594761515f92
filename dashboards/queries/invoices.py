"""Facturas: one page of invoices by filters, order and search, their total, and the detail of one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

import duckdb

from dashboards.queries.access import INVOICE_COLUMNS, Filters, Params, Row, one, rows

STATES = {
    "abiertas": "i.status = 'open'", "vencidas": "i.status = 'open' and i.days_past_due > 0",
    "por_vencer": "i.status = 'open' and i.days_past_due <= 0",
    "disputa": "i.status = 'open' and i.disputed_open_ccy > 0",
    "pagadas": "i.status in ('paid', 'credited')", "castigadas": "i.status = 'written_off'",
    "canceladas": "i.status = 'cancelled'", "todas": "true",
}  # fmt: skip
# the date that the days are counted from: in instalments, that of the oldest still owed
NEXT_DUE = "coalesce(i.oldest_open_due_date, i.due_date)"
ORDERS = {
    "atraso": "i.days_past_due desc nulls last",
    "saldo": "i.open_mxn_closing desc nulls last",
    "total": "i.total_mxn_issue desc nulls last",
    "reciente": "i.issue_date desc",
    "antigua": "i.issue_date",
    "vence": NEXT_DUE,
    "cliente": "i.customer_name",
    "folio": "i.serie, try_cast(i.folio as bigint), i.folio",
    "estado": f"i.status, {NEXT_DUE}",
    "sucursal": f"i.branch nulls last, {NEXT_DUE}",
    "pedido": "i.purchase_order nulls last, i.origin_id nulls last",
}


@dataclass(frozen=True)
class Search:
    """What the page of invoices asks."""

    filters: Filters = field(default_factory=Filters)
    state: str = "abiertas"
    text: str = ""
    customer_id: str = ""
    bucket: str = ""
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    issued_from: dt.date | None = None
    issued_to: dt.date | None = None


def _where(search: Search) -> tuple[str, Params]:
    condition, params = search.filters.clause(INVOICE_COLUMNS)
    parts = [condition, STATES[search.state]]
    optional: tuple[tuple[str, object, str], ...] = (
        ("customer_id", search.customer_id or None, "i.customer_id = $customer_id"),
        ("bucket", search.bucket or None, "i.bucket_due = $bucket"),
        ("amount_from", search.amount_from, "i.total_ccy >= $amount_from"),
        ("amount_to", search.amount_to, "i.total_ccy <= $amount_to"),
        ("issued_from", search.issued_from, "i.issue_date >= $issued_from"),
        ("issued_to", search.issued_to, "i.issue_date <= $issued_to"),
        ("text", search.text.strip() or None, _TEXT),
    )
    for name, value, part in optional:
        if value is not None:
            parts.append(part)
            params[name] = value
    return " and ".join(parts), params


_TEXT = """contains(strip_accents(lower(concat_ws(' ', i.invoice_id, i.folio_label, i.folio, i.uuid,
    i.customer_name,
    i.customer_rfc, i.purchase_order, i.origin_id, i.contrarrecibo_folio))), strip_accents(lower($text)))"""


# an invoice in instalments is overdue only by those already due
_OVERDUE = """left join (
    select invoice_id, sum(open_mxn_closing) as overdue_mxn, sum(open_ccy) as overdue_ccy
    from marts.aging_open_items
    where basis = 'effective' and as_of = (select as_of from meta.snapshot) and days_past_due > 0
    group by invoice_id
) as o on o.invoice_id = i.invoice_id"""


def totals(connection: duckdb.DuckDBPyConnection, search: Search) -> Row:
    """How many invoices match and what they add up to, in pesos."""
    condition, params = _where(search)
    found = one(
        connection,
        f"""
        select count(*) as invoices, coalesce(sum(i.open_mxn_closing), 0)::decimal(18,2) as open_mxn,
            coalesce(sum(o.overdue_mxn), 0)::decimal(18,2) as overdue_mxn,
            coalesce(sum(i.total_mxn_issue), 0)::decimal(18,2) as total_mxn
        from marts.fct_invoices as i {_OVERDUE} where {condition}
        """,
        params,
    )
    return found or {}


def page(
    connection: duckdb.DuckDBPyConnection, search: Search, order: str, limit: int, offset: int
) -> list[Row]:
    """One page of invoices."""
    condition, params = _where(search)
    return rows(
        connection,
        f"""
        select i.invoice_id, i.folio_label, i.uuid, i.customer_id, i.customer_name, i.customer_rfc, i.branch,
            i.account_owner, i.issue_date, {NEXT_DUE} as due_date, i.status, i.days_past_due, i.bucket_due, i.currency,
            i.total_ccy, i.open_ccy, o.overdue_ccy, i.open_mxn_closing, i.disputed_open_ccy, i.metodo_pago,
            i.purchase_order, i.company_rfc
        from marts.fct_invoices as i {_OVERDUE} where {condition}
        order by {ORDERS[order]}, i.invoice_id limit $limit offset $offset
        """,
        params | {"limit": limit, "offset": offset},
    )


def detail(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> Row | None:
    """Everything that is known of one invoice."""
    return one(
        connection, "select i.* from marts.fct_invoices as i where i.invoice_id = $id", {"id": invoice_id}
    )


def movements(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> list[Row]:
    """The invoice's movements by date, with the balance after each."""
    return rows(
        connection,
        """
        select effective_date, recorded_date, kind, document_id, instalment, amount_ccy, currency,
            source_kind,
            sum(amount_ccy) over (order by effective_date, amount_ccy desc, instalment,
                movement_number)::decimal(18,2) as balance_ccy
        from marts.fct_movements where invoice_id = $id
        order by effective_date, amount_ccy desc, instalment, movement_number
        """,
        {"id": invoice_id},
    )


def disputes(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> list[Row]:
    """The invoice's disputes, the open ones first."""
    return rows(
        connection,
        """
        select dispute_id, opened_date, closed_date, coalesce(nullif(reason_name, ''), reason) as reason_name,
            disputed_amount_ccy, currency, outcome, owner, is_open, age_days
        from marts.disputes where invoice_id = $id order by is_open desc, opened_date desc, dispute_id
        """,
        {"id": invoice_id},
    )


def exceptions(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> list[Row]:
    """The exceptions raised on the invoice, with why and what to do."""
    return rows(
        connection,
        """
        select e.rule, coalesce(r.name_es, e.rule) as name_es, r.why_es, r.what_to_do_es, e.detail
        from marts.exceptions as e left join meta.exception_rules as r on r.rule = e.rule
        where e.entity_type = 'invoice' and e.entity_id = $id order by e.rule
        """,
        {"id": invoice_id},
    )
