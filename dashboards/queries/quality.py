"""Calidad: what the last run did, what the gates said, what was set aside and what looks wrong."""

from __future__ import annotations

import duckdb

from dashboards.queries.access import Row, rows


def runs(connection: duckdb.DuckDBPyConnection, limit: int = 20) -> list[Row]:
    """The last runs, newest first."""
    return rows(
        connection,
        """
        select run_id, as_of, started_at, finished_at, status, files_new, rows_loaded, rows_quarantined,
            message,
            accepted_reason from meta.runs order by started_at desc, run_id desc limit $limit
        """,
        {"limit": limit},
    )


def gates(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Of the snapshot's run: how many checks each gate made and how they ended."""
    return rows(
        connection,
        """
        select gate, count(*) as checks, count(*) filter (status = 'passed') as passed,
            count(*) filter (status = 'warned') as warned, count(*) filter (status = 'failed') as failed
        from meta.checks where run_id = (select run_id from meta.snapshot) group by gate
        order by list_position(['delivery', 'dbt', 'candidate', 'publish'], gate)
        """,
    )


def checks(connection: duckdb.DuckDBPyConnection, only_open: bool, limit: int, offset: int) -> list[Row]:
    """The checks of the snapshot's run; the ones that did not pass first."""
    return rows(
        connection,
        """
        select gate, check_name, subject, status, severity, message, observed from meta.checks
        where run_id = (select run_id from meta.snapshot) and (not $only_open or status <> 'passed')
        order by list_position(['failed', 'warned', 'passed'], status), gate, check_name, subject
        limit $limit offset $offset
        """,
        {"only_open": only_open, "limit": limit, "offset": offset},
    )


def file_counts(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Files and rows by how they ended: read = loaded + set aside + repeated."""
    return rows(
        connection,
        """
        select status, count(*) as files, coalesce(sum(rows_read), 0)::bigint as rows_read,
            coalesce(sum(rows_loaded), 0)::bigint as rows_loaded,
            coalesce(sum(rows_quarantined), 0)::bigint as rows_quarantined,
            coalesce(sum(rows_duplicate), 0)::bigint as rows_duplicate
        from meta.files group by status order by status
        """,
    )


def files(
    connection: duckdb.DuckDBPyConnection, status: str, text: str, limit: int, offset: int
) -> list[Row]:
    """Files by status ('' is all) and name, the ones with something set aside first."""
    return rows(
        connection,
        """
        select path, member, kind, status, reason, flags, rows_read, rows_loaded, rows_quarantined,
            rows_duplicate,
            first_seen_at, delivery_date
        from meta.files
        where ($status = '' or status = $status) and ($text = ''
            or contains(lower(path || ' ' || coalesce(member, '')), lower($text)))
        order by rows_quarantined > 0 desc, first_seen_at desc, path, member limit $limit offset $offset
        """,
        {"status": status, "text": text.strip(), "limit": limit, "offset": offset},
    )


def quarantine(connection: duckdb.DuckDBPyConnection, text: str, limit: int, offset: int) -> list[Row]:
    """What was set aside and why, newest first; the total on every row."""
    return rows(
        connection,
        """
        select path, member, kind, location, row_number, code, reason, raw_text, first_seen_at, status,
            count(*) over () as found
        from meta.quarantine
        where $text = '' or contains(lower(concat_ws(' ', path, member, reason, code)), lower($text))
        order by first_seen_at desc, path, member, row_number limit $limit offset $offset
        """,
        {"text": text.strip(), "limit": limit, "offset": offset},
    )


def waiting(connection: duckdb.DuckDBPyConnection, kind: str, limit: int, offset: int) -> list[Row]:
    """Documents that wait for another one ('' is every kind), the longest wait first."""
    return rows(
        connection,
        """
        select kind_name, document_id, customer_id, customer_name, amount_ccy, currency, amount_mxn, waits_for_id,
            detail, since, waiting_days
        from marts.waiting_documents where $kind = '' or kind = $kind
        order by since, kind, document_id, waits_for_kind, waits_for_id limit $limit offset $offset
        """,
        {"kind": kind, "limit": limit, "offset": offset},
    )


def waiting_counts(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """What waits by kind: references, distinct documents, their pesos and the longest wait in days."""
    return rows(
        connection,
        """
        select kind, kind_name, count(*) as cases, coalesce(sum(amount_mxn), 0)::decimal(18,2) as amount_mxn,
            max(waiting_days) as oldest_days
        from marts.waiting_documents group by kind, kind_name order by cases desc, kind
        """,
    )


def exception_counts(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Exceptions by rule with why it matters and what to do; the gravest and largest first."""
    return rows(
        connection,
        """
        with counted as (
            select rule, count(*) as cases,
                arg_min(severity, list_position(['critical', 'error', 'warning', 'info'], severity)) as severity,
                count(*) filter (severity <> 'info') as pressing,
                sum(amount_mxn)::decimal(18,2) as amount_mxn,
                min(since) as since from marts.exceptions group by rule
        )
        select c.rule, coalesce(r.name_es, c.rule) as name_es, r.why_es, r.what_to_do_es, r.legal_basis_es,
            c.severity, c.cases, c.pressing, c.amount_mxn, c.since
        from counted as c left join meta.exception_rules as r on r.rule = c.rule
        order by coalesce(list_position(['critical', 'error', 'warning', 'info'], c.severity), 9), c.cases desc,
            c.rule
        """,
    )


def exceptions(connection: duckdb.DuckDBPyConnection, rule: str, limit: int, offset: int) -> list[Row]:
    """The cases of one rule: those that press first, then the largest."""
    return rows(
        connection,
        """
        select e.entity_type, e.entity_id, e.customer_id, c.customer_name, e.amount_mxn, e.detail, e.owner,
            e.since,
            e.severity
        from marts.exceptions as e left join marts.dim_customers as c on c.customer_id = e.customer_id
        where e.rule = $rule order by e.severity = 'info', e.amount_mxn desc nulls last, e.entity_id
        limit $limit offset $offset
        """,
        {"rule": rule, "limit": limit, "offset": offset},
    )


def cfdi_check_counts(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Every rule of the offline verification: documents it looked at, those that fail and what to do with them."""
    return rows(
        connection,
        """
        select check_name, name_es, what_to_do_es, severity, documents_checked, documents_failed
        from marts.cfdi_checks_summary order by documents_failed = 0, severity, position
        """,
    )


def cfdi_checks(connection: duckdb.DuckDBPyConnection, check: str, limit: int, offset: int) -> list[Row]:
    """The documents that fail one rule, the largest difference first; with its invoice where it is one of ours."""
    return rows(
        connection,
        """
        select c.uuid, c.tipo, c.issue_date, c.emisor_rfc, c.receptor_rfc, c.customer_id, c.expected, c.found,
            c.difference, c.detail, i.invoice_id
        from marts.cfdi_checks as c
        left join (
            select uuid, min(invoice_id) as invoice_id from marts.fct_invoices
            where uuid in (select uuid from marts.cfdi_checks where check_name = $check) group by uuid
        ) as i on i.uuid = c.uuid
        where c.check_name = $check order by abs(c.difference) desc nulls last, c.issue_date desc, c.uuid
        limit $limit offset $offset
        """,
        {"check": check, "limit": limit, "offset": offset},
    )
