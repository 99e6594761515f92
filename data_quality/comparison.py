"""What gate 2 asks of a candidate beside the last snapshot: nothing vanished, the past did not move.

Documents that arrive late change the past lawfully (a year of invoices loaded at last, a batch of payments),
so a past that moved is critical only when no new documents explain it. Where an older snapshot lacks a
table or column, the comparison warns instead of refusing.
"""

from __future__ import annotations

from collections.abc import Iterator

from data_quality.engine import Severity, Spec

FALL_PCT = 20  # of documents gone
GROSS_CHANGE_PCT = 60
PAST_WARNING_PCT, PAST_CRITICAL_PCT = 1, 25
NEW_MOVEMENTS_PCT = 2  # growth of a month's history that counts as late documents
SMALL_MXN = 1000  # below this a change of the past is not worth a word


def comparison_specs(last: str) -> Iterator[Spec]:
    """Every comparison with the snapshot attached as `last`."""
    yield from _fewer_rows(last)
    yield from _vanished(last)
    yield _gross_change(last)
    yield from _moved_past(last)


def _compared(check_name: str, mart: str, problem: str, sql: str, severity: Severity) -> Spec:
    return Spec(
        check_name,
        f"marts.{mart}",
        "no_rows",
        problem,
        severity=severity,
        subject=mart,
        sql=sql,
        error_severity="warning",
    )


def _fewer_rows(last: str) -> Iterator[Spec]:
    marts: dict[str, tuple[str, Severity]] = {
        "fct_invoices": ("facturas", "critical"),
        "fct_payments": ("pagos", "critical"),
        "dim_customers": ("clientes", "warning"),
    }
    for mart, (name, severity) in marts.items():
        yield _compared(
            "row_count_falls",
            mart,
            f"Ahora hay {{now}} {name} y la última publicación tenía {{before}}: faltan más del "
            f"{FALL_PCT} %. Revisa si se retiró un archivo; si es correcto, acéptalo con --accept.",
            f"""select now, before from (select count(*) as now from {{batch}}),
                (select count(*) as before from {last}.marts.{mart})
                where now * 100 < before * {100 - FALL_PCT}""",
            severity,
        )


def _vanished(last: str) -> Iterator[Spec]:
    """By identity: an invoice known by its UUID may since have got its register's id."""
    yield _compared(
        "invoices_vanish",
        "fct_invoices",
        "{n} [factura|facturas] de la última publicación ya no [está|están]: {examples}. Revisa si "
        "se retiró o corrigió "
        "un archivo.",
        f"""select coalesce(l.folio_label, l.invoice_id) as what from {last}.marts.fct_invoices l
            where l.invoice_id not in (select invoice_id from {{batch}})
              and not exists (select 1 from {{batch}} c
                              where c.uuid = l.uuid or c.uuid = l.invoice_id)""",
        "warning",
    )
    yield _compared(
        "customers_vanish",
        "dim_customers",
        "{n} [cliente|clientes] con saldo en la última publicación ya no [existe|existen]: {examples}. Su cartera "
        "pudo quedar en otro.",
        f"""select coalesce(l.customer_name, l.customer_id) as what from {last}.marts.dim_customers l
            where l.customer_id in (select customer_id from {last}.marts.fct_invoices where open_ccy > 0)
              and l.customer_id not in (select customer_id from {{batch}})
              and not exists (select 1 from {{batch}} c where c.rfc = l.rfc)""",
        "warning",
    )


def _gross_change(last: str) -> Spec:
    gross = """(select sum(open_mxn_closing) as {0} from {1} where open_ccy > 0)"""
    return _compared(
        "gross_change",
        "fct_invoices",
        "La cartera bruta pasó de {before_mxn} a {now_mxn} ({change} %) desde la última publicación. "
        "Confirma que corresponda a lo que se cargó.",
        f"""select format('${{:,.2f}}', now) as now_mxn, format('${{:,.2f}}', before) as before_mxn,
                   round(100 * (now - before) / before, 1) as change
            from {gross.format("now", "{batch}")}, {gross.format("before", f"{last}.marts.fct_invoices")}
            where before > 0 and abs(coalesce(now, 0) - before) * 100 > before * {GROSS_CHANGE_PCT}""",
        "warning",
    )


def _moved_past(last: str) -> Iterator[Spec]:
    """Month ends closed before the last publication: the same total, unless late documents came."""
    sql = f"""
        with common as (
            select as_of from marts.dim_report_dates where is_month_end
            intersect
            select as_of from {last}.marts.dim_report_dates where is_month_end
              and as_of < (select max(as_of) from {last}.marts.dim_report_dates where is_run_as_of)),
        totals as (
            select as_of,
                   coalesce((select sum(gross_mxn) from {{batch}} a
                             where a.as_of = common.as_of and basis = 'effective'), 0) as now,
                   coalesce((select sum(gross_mxn) from {last}.marts.aging_by_customer a
                             where a.as_of = common.as_of and basis = 'effective'), 0) as before,
                   (select count(*) from marts.fct_movements where effective_date <= common.as_of) as moves,
                   (select count(*) from {last}.marts.fct_movements
                     where effective_date <= common.as_of) as moves_before
            from common)
        select strftime(as_of, '%d/%m/%Y') as what,
               round(100 * (now - before) / before, 1) as change
        from totals
        where before > 0 and abs(now - before) > {SMALL_MXN}
          and """
    changed = "abs(now - before) * 100 > before * {0}"
    worst = " order by abs(now - before) desc"
    yield _compared(
        "past_changes",
        "aging_by_customer",
        f"La cartera de {{n}} [cierre de mes ya publicado|cierres de mes ya publicados] cambió más de "
        f"{PAST_WARNING_PCT} % (el {{what}}, "
        "{change} %). Suele ser por documentos que llegaron tarde o correcciones: confírmalo.",
        sql + changed.format(PAST_WARNING_PCT) + worst,
        "warning",
    )
    yield _compared(
        "past_changes_unexplained",
        "aging_by_customer",
        f"La cartera de {{n}} [cierre de mes ya publicado|cierres de mes ya publicados] cambió más de "
        f"{PAST_CRITICAL_PCT} % (el {{what}}, "
        "{change} %) sin que llegaran documentos nuevos de esas fechas. Revisa qué archivo cambió; si es "
        "correcto, acéptalo con --accept.",
        sql
        + changed.format(PAST_CRITICAL_PCT)
        + f" and moves * 100 < moves_before * {100 + NEW_MOVEMENTS_PCT}"
        + worst,
        "critical",
    )
