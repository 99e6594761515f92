"""Antigüedad: customer by bucket at any date, by due or issue date, in pesos or in each currency.

Where the date is one of the published ones and nothing else is asked, the answer comes from `aging_by_cut`;
else from the items open at that date,
    through the snapshot's own macro. A test holds both to the same figures.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

import duckdb

from dashboards.queries.access import BUCKETS, CUT_COLUMNS, INVOICE_COLUMNS, Filters, Params, Row, rows

Basis = Literal["effective", "as_recorded"]
By = Literal["due", "issue"]

ORDERS = {
    "overdue": "overdue_mxn desc, gross_mxn desc", "gross": "gross_mxn desc",
    "oldest": "oldest_days desc nulls last",
    "name": "customer_name",
}  # fmt: skip
AMOUNTS = (*BUCKETS.values(), "gross_mxn", "overdue_mxn", "disputed_mxn")


@dataclass(frozen=True)
class Question:
    """What the page asks. `own_currency` splits rows by currency and gives amounts in it."""

    as_of: dt.date
    filters: Filters = field(default_factory=Filters)
    basis: Basis = "effective"
    by: By = "due"
    own_currency: bool = False
    is_report_date: bool = False

    @property
    def is_published(self) -> bool:
        """Whether the marts hold the answer as it is."""
        plain = self.basis == "effective" and self.by == "due" and not self.own_currency
        return self.is_report_date and plain

    @property
    def knows_unapplied(self) -> bool:
        """Whether credit not applied can be told: any day in pesos, but by filter only at a published one."""
        return self.is_published or (not self.own_currency and not self.filters.active())


def _source(question: Question) -> tuple[str, Params]:
    """A query of one row per customer (and currency), with the columns of the aging marts."""
    return _published(question) if question.is_published else _computed(question)


def _published(question: Question) -> tuple[str, Params]:
    condition, params = question.filters.clause(CUT_COLUMNS)
    sums = ", ".join(f"sum(a.{name}) as {name}" for name in AMOUNTS)
    sql = f"""
        select a.customer_id, 'MXN' as currency, {sums}, sum(a.unapplied_mxn) as unapplied_mxn,
            sum(a.open_invoices)::bigint as open_invoices, max(a.oldest_days) as oldest_days,
            sum(a.unvalued_items)::bigint as unvalued_items
        from marts.aging_by_cut as a where a.as_of = $as_of and {condition} group by a.customer_id
        having sum(a.gross_mxn) <> 0 or sum(a.unapplied_mxn) <> 0 or sum(a.unvalued_items) > 0
    """
    return sql, params | {"as_of": question.as_of}


def _computed(question: Question) -> tuple[str, Params]:
    condition, params = question.filters.clause(INVOICE_COLUMNS)
    amount = "o.open_ccy" if question.own_currency else "o.open_mxn_closing"
    bucket = "o.bucket_issue" if question.by == "issue" else "o.bucket_due"
    sums = ", ".join(
        f"coalesce(sum({amount}) filter ({bucket} = '{code}'), 0)::decimal(18,2) as {name}"
        for code, name in BUCKETS.items()
    )
    # what is disputed, at the rate itself: a share of the rounded pesos would be a cent off
    in_pesos = "round(o.disputed_open_ccy::decimal(20,2) * r.mxn_per_unit::decimal(16,6), 2)"
    disputed = "o.disputed_open_ccy" if question.own_currency else in_pesos
    items = f"""
        with rates as (
            select currency, mxn_per_unit from marts.fx_rates_daily
            where date = least($as_of::date, (select max(date) from marts.fx_rates_daily)) and currency <> 'MXN'
            union all
            select 'MXN', 1
        )
        select o.customer_id, {"o.currency" if question.own_currency else "'MXN'"} as currency, {sums},
            coalesce(sum({amount}), 0)::decimal(18,2) as gross_mxn,
            coalesce(sum({amount}) filter (o.days_past_due > 0), 0)::decimal(18,2) as overdue_mxn,
            coalesce(sum({disputed}), 0)::decimal(18,2) as disputed_mxn,
            count(distinct o.invoice_id) as open_invoices, max(o.days_past_due) as oldest_days,
            count(*) filter (o.open_mxn_closing is null) as unvalued_items
        from marts.open_items_as_of($as_of::date, basis := $basis) as o
        left join marts.fct_invoices as i on i.invoice_id = o.invoice_id
        left join rates as r on r.currency = o.currency
        where {condition} group by all
    """
    params |= {"as_of": question.as_of, "basis": question.basis}
    if not question.knows_unapplied:
        return f"select *, null::decimal(18,2) as unapplied_mxn from ({items})", params
    zeros = ", ".join(f"coalesce(i.{name}, 0) as {name}" for name in AMOUNTS)
    sql = f"""
        select coalesce(i.customer_id, u.customer_id) as customer_id, 'MXN' as currency, {zeros},
            coalesce(u.unapplied_mxn, 0) as unapplied_mxn, coalesce(i.open_invoices, 0) as open_invoices,
            i.oldest_days, coalesce(u.unvalued_items, i.unvalued_items, 0) as unvalued_items
        from ({items}) as i
        full join (
            select customer_id, unapplied_mxn, unvalued_items from marts.aging_as_of($as_of::date, basis := $basis)
            where unapplied_mxn <> 0 or unvalued_items > 0
        ) as u on u.customer_id = i.customer_id
    """
    return sql, params


def totals(connection: duckdb.DuckDBPyConnection, question: Question) -> list[Row]:
    """The total row, one per currency, with the number of customers."""
    source, params = _source(question)
    sums = ", ".join(f"sum({name})::decimal(18,2) as {name}" for name in AMOUNTS)
    return rows(
        connection,
        f"""
        with source as ({source})
        select currency, count(*) filter (open_invoices > 0) as customers, count(*) as found, {sums},
            sum(unapplied_mxn)::decimal(18,2) as unapplied_mxn, sum(open_invoices)::bigint as open_invoices,
            max(oldest_days) as oldest_days, sum(unvalued_items)::bigint as unvalued_items
        from source group by currency order by gross_mxn desc
        """,
        params,
    )


def by_customer(
    connection: duckdb.DuckDBPyConnection, question: Question, order: str, limit: int, offset: int
) -> list[Row]:
    """One page of customers by bucket."""
    source, params = _source(question)
    return rows(
        connection,
        f"""
        with source as ({source})
        select s.*, coalesce(c.customer_name, s.customer_id) as customer_name, c.rfc, c.account_owner,
            c.branch,
            round(100 * s.overdue_mxn / nullif(s.gross_mxn, 0), 4)::decimal(18,4) as overdue_pct
        from source as s left join marts.dim_customers as c on c.customer_id = s.customer_id
        order by {ORDERS[order]}, s.customer_id, s.currency limit $limit offset $offset
        """,
        params | {"limit": limit, "offset": offset},
    )
