"""Cliente: who it is, what it owes, what happened with it, and how it pays."""

from __future__ import annotations

import datetime as dt

import duckdb

from dashboards.queries.access import Filters, Row, one, rows

COLUMNS = {"branch": "c.branch", "owner": "c.account_owner", "segment": "c.segment"}


def search(connection: duckdb.DuckDBPyConnection, filters: Filters, text: str, limit: int = 50) -> list[Row]:
    """Customers by name, RFC or id; the ones that owe most first."""
    condition, params = filters.clause(COLUMNS)
    return rows(
        connection,
        f"""
        select c.customer_id, c.customer_name, c.rfc, c.segment, c.branch, c.account_owner,
            coalesce(a.gross_mxn, 0)::decimal(18,2) as gross_mxn,
            coalesce(a.overdue_mxn, 0)::decimal(18,2) as overdue_mxn, a.oldest_days
        from marts.dim_customers as c
        left join marts.aging_by_customer as a on a.customer_id = c.customer_id and a.basis = 'effective'
            and a.as_of = (select as_of from meta.snapshot)
        where {condition} and ($text = '' or contains(strip_accents(lower(concat_ws(' ', c.customer_name,
            c.rfc,
            c.customer_id))), strip_accents(lower($text))))
        order by gross_mxn desc, c.customer_name, c.customer_id limit $limit
        """,
        params | {"text": text.strip(), "limit": limit},
    )


def detail(connection: duckdb.DuckDBPyConnection, customer_id: str) -> Row | None:
    """The customer with its balances at the snapshot's day."""
    return one(
        connection,
        """
        select c.*, a.open_invoices, a.gross_mxn, a.overdue_mxn, a.unapplied_mxn, a.net_mxn, a.disputed_mxn,
            a.oldest_days, a.overdue_invoices, a.current_mxn, a.d1_30_mxn, a.d31_60_mxn, a.d61_90_mxn,
            a.d91_120_mxn, a.d120_plus_mxn
        from marts.dim_customers as c
        left join marts.aging_by_customer as a on a.customer_id = c.customer_id and a.basis = 'effective'
            and a.as_of = (select as_of from meta.snapshot)
        where c.customer_id = $id
        """,
        {"id": customer_id},
    )


def balance_history(connection: duckdb.DuckDBPyConnection, customer_id: str) -> list[Row]:
    """Gross and overdue at the last 13 Sundays and the snapshot's day."""
    return rows(
        connection,
        """
        select d.as_of, coalesce(a.gross_mxn, 0)::decimal(18,2) as gross_mxn,
            coalesce(a.overdue_mxn, 0)::decimal(18,2) as overdue_mxn
        from marts.dim_report_dates as d
        left join marts.aging_by_customer as a
            on a.as_of = d.as_of and a.basis = 'effective' and a.customer_id = $id
        where d.is_run_as_of or (d.is_sunday and d.as_of > (select as_of from meta.snapshot) - 92)
        order by d.as_of
        """,
        {"id": customer_id},
    )


def worklist_row(connection: duckdb.DuckDBPyConnection, customer_id: str) -> Row | None:
    """The customer's line in the collector's list."""
    return one(
        connection,
        """
        select priority, reasons, next_action, next_action_date, last_contact_date, last_contact_channel,
            promise_date, promise_amount_mxn, promise_status, owner
        from marts.worklist where customer_id = $id
        """,
        {"id": customer_id},
    )


def pay_habit(connection: duckdb.DuckDBPyConnection, customer_id: str) -> Row:
    """How it pays: days from issue and against the due date, weighted by what was paid, last 12 months."""
    found = one(
        connection,
        """
        select count(*) as payments, sum(p.amount_mxn_issue)::decimal(18,2) as paid_mxn,
            round(sum(p.amount_mxn_issue * (p.effective_date - i.issue_date)) /
                nullif(sum(p.amount_mxn_issue), 0),
                4)::decimal(18,4) as days_to_pay,
            round(sum(p.amount_mxn_issue * (p.effective_date - i.due_date)) /
                nullif(sum(p.amount_mxn_issue), 0),
                4)::decimal(18,4) as days_late
        from marts.fct_payment_applications as p join marts.fct_invoices as i on i.invoice_id = p.invoice_id
        where p.customer_id = $id and p.is_cash and p.is_invoice_known and p.reversed_date is null
            and p.effective_date > ((select as_of from meta.snapshot) - interval 12 month)::date
        """,
        {"id": customer_id},
    )
    return found or {}


def pay_history(connection: duckdb.DuckDBPyConnection, customer_id: str) -> list[Row]:
    """By month of the payment, last 13 months: what was paid and how many days late, weighted by amount."""
    return rows(
        connection,
        """
        select date_trunc('month', p.effective_date)::date as month,
            sum(p.amount_mxn_issue)::decimal(18,2) as paid_mxn,
            round(sum(p.amount_mxn_issue * (p.effective_date - i.due_date)) /
                nullif(sum(p.amount_mxn_issue), 0),
                4)::decimal(18,4) as days_late
        from marts.fct_payment_applications as p join marts.fct_invoices as i on i.invoice_id = p.invoice_id
        where p.customer_id = $id and p.is_cash and p.is_invoice_known and p.reversed_date is null
            and p.effective_date > ((select as_of from meta.snapshot) - interval 13 month)::date
        group by 1 order by 1
        """,
        {"id": customer_id},
    )


def timeline(
    connection: duckdb.DuckDBPyConnection,
    customer_id: str,
    limit: int,
    offset: int,
    since: dt.date | None = None,
) -> list[Row]:
    """What happened, newest first: invoices, payments, notes, disputes and their ends."""
    return rows(
        connection,
        """
        with happened as (
            select issue_date as day, 'invoice' as kind, folio_label as label, total_ccy as amount_ccy,
                currency,
                invoice_id, status as note from marts.fct_invoices where customer_id = $id
            union all
            select cancel_date, 'cancelled', folio_label, total_ccy, currency, invoice_id, cancel_motivo
            from marts.fct_invoices where customer_id = $id and cancel_date is not null
            union all
            select payment_date, 'payment', coalesce(nullif(bank_reference, ''), payment_id), amount_ccy,
                currency,
                null, method from marts.fct_payments where customer_id = $id
            union all
            select reversed_date, 'reversed', coalesce(nullif(bank_reference, ''), payment_id), amount_ccy,
                currency,
                null, method from marts.fct_payments where customer_id = $id and reversed_date is not null
            union all
            select issue_date, 'credit_note', cn_id, total_ccy, currency, related_invoice_id, reason
            from marts.fct_credit_notes where customer_id = $id
            union all
            select d.opened_date, 'dispute', coalesce(i.folio_label, d.invoice_id), d.disputed_amount_ccy, d.currency,
                d.invoice_id, coalesce(nullif(d.reason_name, ''), d.reason)
            from marts.disputes as d left join marts.fct_invoices as i on i.invoice_id = d.invoice_id
            where d.customer_id = $id
            union all
            select d.closed_date, 'dispute_closed', coalesce(i.folio_label, d.invoice_id), d.disputed_amount_ccy,
                d.currency, d.invoice_id, d.outcome
            from marts.disputes as d left join marts.fct_invoices as i on i.invoice_id = d.invoice_id
            where d.customer_id = $id and d.closed_date is not null
        )
        select * from happened where day <= (select as_of from meta.snapshot)
            and ($since is null or day >= $since)
        order by day desc, kind, label limit $limit offset $offset
        """,
        {"id": customer_id, "limit": limit, "offset": offset, "since": since},
    )
