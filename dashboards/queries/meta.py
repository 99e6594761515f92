"""What a snapshot says of itself: its day, the filter values, the definitions, the notices of quality."""

from __future__ import annotations

import datetime as dt

import duckdb

from dashboards.queries.access import FILTER_NAMES, Row, one, rows


def about(connection: duckdb.DuckDBPyConnection) -> Row:
    """Run, day, moment and company of the snapshot, and the first day that can be asked."""
    found = one(
        connection,
        """
        select run_id, as_of, published_at, company_name, code_version,
            (select min(issue_date) from marts.fct_invoices) as first_date,
            (select count(*) from marts.fct_invoices) as invoices
        from meta.snapshot
        """,
    )
    return found or {}


def report_dates(connection: duckdb.DuckDBPyConnection) -> list[dt.date]:
    """The dates at which the marts hold balances, newest first."""
    found = rows(connection, "select as_of from marts.dim_report_dates order by as_of desc")
    return [row["as_of"] for row in found]


def filter_values(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Every value that each filter can take, in the order to show ('' stands for a blank one)."""
    found = rows(
        connection,
        """
        with used as (
            select distinct company_rfc as company, coalesce(branch, '') as branch,
                coalesce(account_owner, '') as owner, coalesce(segment, '') as segment, currency
            from marts.fct_invoices
            union
            select null, coalesce(branch, ''), coalesce(account_owner, ''), coalesce(segment, ''), null
            from marts.dim_customers
        )
        select name, value from (
            select 'company' as name, company as value from used
            union select 'branch', branch from used union select 'owner', owner from used
            union select 'segment', segment from used union select 'currency', currency from used
        )
        where value is not null order by name, value = '', value
        """,
    )
    values: dict[str, list[str]] = {name: [] for name in FILTER_NAMES}
    for row in found:
        values[row["name"]].append(row["value"])
    return values


def definitions(connection: duckdb.DuckDBPyConnection) -> dict[str, Row]:
    """By code: its name, formula, unit and good direction."""
    found = rows(
        connection, "select kpi, name_es, formula_es, unit, good_direction, mart, section from meta.kpis"
    )
    return {row["kpi"]: row for row in found}


def columns(connection: duckdb.DuckDBPyConnection, text: str, limit: int = 300) -> list[Row]:
    """The dictionary of columns whose table, name or description has `text`."""
    return rows(
        connection,
        """
        select table_name, column_name, description, data_type from meta.columns
        where $text = '' or contains(strip_accents(lower(table_name || ' ' || column_name || ' '
            || coalesce(description, ''))), strip_accents(lower($text)))
        order by table_name, column_name limit $limit
        """,
        {"text": text.strip(), "limit": limit},
    )


def notices(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """What a careful reader should know before trusting today's figures, the gravest first.

    One row a notice: kind, how_many, message. The stamp counts these rows and Calidad lists them.
    """
    return rows(
        connection,
        """
        with last as (select run_id from meta.snapshot)
        select 'check' as kind, 1 as how_many, coalesce(nullif(message, ''), check_name) as message,
            case when status = 'failed' then 0 else 1 end as place
        from meta.checks join last using (run_id) where status <> 'passed'
        union all
        select 'quarantine', count(*), '', 2 from meta.quarantine
        where status not in ('released', 'resolved', 'repaired') having count(*) > 0
        union all
        select 'pending', count(*), '', 3 from meta.files where status = 'pending' having count(*) > 0
        union all
        select 'exception', count(*), '',
            4 from marts.exceptions where severity = 'critical' having count(*) > 0
        order by place, message
        """,
    )
