"""Resumen: a few aggregated questions to the marts; none of them reads a document's row by row."""

from __future__ import annotations

import datetime as dt

import duckdb

from dashboards.queries.access import CUT_COLUMNS, DIMENSIONS, INVOICE_COLUMNS, Filters, Row, one, rows


def points(connection: duckdb.DuckDBPyConnection, filters: Filters, as_of: dt.date) -> list[Row]:
    """Balances by bucket at the last 13 Sundays, the last 11 month ends and `as_of`, oldest first."""
    condition, params = filters.clause(CUT_COLUMNS)
    return rows(
        connection,
        f"""
        with dates as (
            select as_of, is_month_end, is_sunday, month from marts.dim_report_dates
            where as_of <= $as_of and (as_of = $as_of or (is_sunday and as_of > $as_of - 92)
                or (is_month_end and as_of > (date_trunc('month', $as_of) - interval 11 month)::date))
        ),
        cut as (
            select a.as_of, sum(a.current_mxn) as current_mxn, sum(a.d1_30_mxn) as d1_30_mxn,
                sum(a.d31_60_mxn) as d31_60_mxn, sum(a.d61_90_mxn) as d61_90_mxn,
                sum(a.d91_120_mxn) as d91_120_mxn, sum(a.d120_plus_mxn) as d120_plus_mxn,
                sum(a.gross_mxn) as gross_mxn, sum(a.overdue_mxn) as overdue_mxn,
                sum(a.disputed_mxn) as disputed_mxn, sum(a.unapplied_mxn) as unapplied_mxn,
                sum(a.open_invoices)::bigint as open_invoices, sum(a.unvalued_items)::bigint as unvalued_items
            from marts.aging_by_cut as a
            where a.as_of in (select as_of from dates) and {condition} group by a.as_of
        )
        select dates.as_of, is_month_end, is_sunday, month, coalesce(current_mxn, 0) as current_mxn,
            coalesce(d1_30_mxn, 0) as d1_30_mxn, coalesce(d31_60_mxn, 0) as d31_60_mxn,
            coalesce(d61_90_mxn, 0) as d61_90_mxn, coalesce(d91_120_mxn, 0) as d91_120_mxn,
            coalesce(d120_plus_mxn, 0) as d120_plus_mxn, coalesce(gross_mxn, 0) as gross_mxn,
            coalesce(overdue_mxn, 0) as overdue_mxn, coalesce(disputed_mxn, 0) as disputed_mxn,
            coalesce(unapplied_mxn, 0) as unapplied_mxn, coalesce(open_invoices, 0) as open_invoices,
            coalesce(unvalued_items, 0) as unvalued_items,
            round(100 * overdue_mxn / nullif(gross_mxn, 0), 4)::decimal(18,4) as overdue_pct
        from dates left join cut on cut.as_of = dates.as_of order by dates.as_of
        """,
        params | {"as_of": as_of},
    )


def debtors(
    connection: duckdb.DuckDBPyConnection, filters: Filters, as_of: dt.date, before: dt.date, top: int = 10
) -> list[Row]:
    """The `top` customers by overdue at `as_of`, and the one whose overdue grew most since `before`."""
    condition, params = filters.clause(CUT_COLUMNS)
    return rows(
        connection,
        f"""
        with moved as (
            select a.customer_id, coalesce(sum(a.overdue_mxn) filter (a.as_of = $as_of), 0) as overdue_mxn,
                coalesce(sum(a.overdue_mxn) filter (a.as_of = $before), 0) as before_mxn,
                max(a.oldest_days) filter (a.as_of = $as_of) as oldest_days,
                coalesce(sum(a.disputed_mxn) filter (a.as_of = $as_of), 0) as disputed_mxn
            from marts.aging_by_cut as a where a.as_of in ($as_of, $before) and {condition} group by 1
        ),
        placed as (
            select *, overdue_mxn - before_mxn as change_mxn,
                row_number() over (order by overdue_mxn desc, customer_id) as place,
                row_number() over (order by overdue_mxn - before_mxn desc, customer_id) as rise
            from moved
        )
        select p.*, coalesce(c.customer_name, p.customer_id) as customer_name
        from placed as p left join marts.dim_customers as c on c.customer_id = p.customer_id
        where (place <= $top and overdue_mxn > 0) or (rise = 1 and change_mxn > 0) order by place
        """,
        params | {"as_of": as_of, "before": before, "top": top},
    )


def flows(connection: duckdb.DuckDBPyConnection, filters: Filters, as_of: dt.date) -> list[Row] | None:
    """Billed and collected in the last 13 months; None where more than one filter would have to combine."""
    active = filters.active()
    if len(active) > 1:
        return None
    dimension, values = next(iter(active.items()), ("total", ("total",)))
    return rows(
        connection,
        """
        select month, sum(billed_net_mxn) as billed_mxn, sum(collected_mxn) as collected_mxn
        from marts.billed_vs_collected
        where dimension = $dimension and list_contains($values, coalesce(value, ''))
            and month <= $as_of and month > ($as_of - interval 13 month)::date
        group by month order by month
        """,
        {"dimension": DIMENSIONS.get(dimension, "total"), "values": list(values), "as_of": as_of},
    )


def speed(connection: duckdb.DuckDBPyConnection, filters: Filters, as_of: dt.date) -> list[Row] | None:
    """Days of receivables in the last 13 months; None where the filters are not one value of one kind."""
    active = filters.active()
    dimension, values = next(iter(active.items()), ("total", ("total",)))
    if len(active) > 1 or len(values) > 1:
        return None
    return rows(
        connection,
        """
        select month, month_end, dso_countback, dso_rolling_3m, dso_simple, bpdso_3m, countback_complete,
            cei_pct
        from marts.collection_speed
        where dimension = $dimension and coalesce(value,
            '') = $value and month > ($as_of - interval 13 month)::date
            and month <= $as_of and (month_end <= $as_of or $as_of = (select as_of from meta.snapshot))
        order by month
        """,
        {"dimension": DIMENSIONS.get(dimension, "total"), "value": values[0], "as_of": as_of},
    )


def disputes(connection: duckdb.DuckDBPyConnection, filters: Filters, as_of: dt.date) -> Row:
    """How many disputes are open at `as_of`, and the age of the oldest."""
    condition, params = filters.clause(INVOICE_COLUMNS)
    found = one(
        connection,
        f"""
        select count(*) as open_count, max(($as_of - d.opened_date))::integer as oldest_days
        from marts.disputes as d left join marts.fct_invoices as i on i.invoice_id = d.invoice_id
        where d.opened_date <= $as_of and (d.closed_date is null or d.closed_date > $as_of) and {condition}
        """,
        params | {"as_of": as_of},
    )
    return found or {"open_count": 0, "oldest_days": None}


def customer_dispute(connection: duckdb.DuckDBPyConnection, customer_id: str, as_of: dt.date) -> Row | None:
    """The largest open dispute of a customer, for the sentence of Resumen."""
    return one(
        connection,
        """
        select coalesce(nullif(reason_name, ''), reason) as reason,
            ($as_of - opened_date)::integer as age_days
        from marts.disputes
        where customer_id = $customer_id and opened_date <= $as_of
            and (closed_date is null or closed_date > $as_of)
        order by disputed_amount_ccy desc, dispute_id limit 1
        """,
        {"customer_id": customer_id, "as_of": as_of},
    )
