"""The fixture's SQL and its small tables: aging at every report date, speed, flows, worklist, meta.

Enough for the screens to have something true to show; the project's rules are in dbt, not here.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.dashboards.fixture_company import AS_OF, Company

SNAPSHOT_MACROS = Path(__file__).resolve().parents[2] / "dbt_project" / "macros_snapshot.sql"
SEEDS = SNAPSHOT_MACROS.with_name("seeds")
# the project's own macro, asked for one report date at a time
ITEMS = """
    select o.*, o.open_mxn_closing as m, 0::decimal(18,2) as unapplied,
        (o.disputed_open_ccy * o.open_mxn_closing / o.open_ccy)::decimal(18,2) as disputed,
        f.company_rfc as company, f.branch, f.segment, f.salesperson, f.account_owner
    from marts.open_items_as_of($d::date) as o join marts.fct_invoices as f on f.invoice_id = o.invoice_id
"""

AGING_COLUMNS = """
    count(*)::integer as open_invoices,
    coalesce(sum(m) filter (bucket_due = 'current'), 0) as current_mxn,
    coalesce(sum(m) filter (bucket_due = '1-30'), 0) as d1_30_mxn,
    coalesce(sum(m) filter (bucket_due = '31-60'), 0) as d31_60_mxn,
    coalesce(sum(m) filter (bucket_due = '61-90'), 0) as d61_90_mxn,
    coalesce(sum(m) filter (bucket_due = '91-120'), 0) as d91_120_mxn,
    coalesce(sum(m) filter (bucket_due = '120+'), 0) as d120_plus_mxn,
    sum(m) as gross_mxn, coalesce(sum(m) filter (days_past_due > 0), 0) as overdue_mxn,
    sum(unapplied) as unapplied_mxn, sum(m) - sum(unapplied) as net_mxn,
    sum(disputed) as disputed_mxn, sum(open_mxn_issue) as gross_mxn_issue,
    count(*) filter (days_past_due > 0)::integer as overdue_invoices, 0 as unvalued_items,
    max(days_past_due)::integer as oldest_days
"""

STATEMENTS = (
    f"""
    insert into marts.aging_by_cut by name
    select as_of, customer_id, company, branch, segment, salesperson, account_owner, currency,
    {AGING_COLUMNS}, sum(open_ccy) as gross_ccy from items group by all
    """,
    f"""
    insert into marts.aging_by_customer by name
    select as_of, b.basis, customer_id, {AGING_COLUMNS}
    from items, (values ('effective'), ('as_recorded')) as b(basis) group by all
    """,
    """
    update marts.aging_by_customer set unapplied_mxn = p.u, net_mxn = gross_mxn - p.u
    from (select customer_id, sum(unapplied_mxn_closing) as u from marts.fct_payments group by 1) as p
    where p.customer_id = aging_by_customer.customer_id and as_of = (select max(as_of) from marts.dim_report_dates)
    """,
    """
    insert into marts.aging_open_items by name
    select * exclude (m, unapplied, disputed, company, branch, segment, salesperson, account_owner) from items
    where as_of >= (select max(as_of) from marts.dim_report_dates) - 56
    """,
    *(
        f"""
    insert into marts.billed_vs_collected by name
    with months as (select distinct month from marts.dim_report_dates),
    billed as (
        select date_trunc('month', issue_date)::date as month, {column} as value, count(*)::integer as n,
            sum(total_mxn_issue) as billed from marts.fct_invoices group by all
    ),
    collected as (
        select date_trunc('month', p.payment_date)::date as month, {other} as value, sum(p.amount_mxn) as collected
        from marts.fct_payments as p left join marts.dim_customers as c using (customer_id) group by all
    ),
    names as (select value from billed union select value from collected)
    select month, '{dimension}' as dimension, names.value, coalesce(n, 0) as invoices_issued,
        coalesce(billed, 0) as billed_gross_mxn, 0 as cancelled_mxn, 0 as credit_notes_mxn,
        coalesce(billed, 0) as billed_net_mxn, coalesce(collected, 0) as collected_mxn,
        100 * collected / nullif(billed, 0) as collected_pct, coalesce(collected, 0) as collected_num,
        coalesce(billed, 0) as collected_den
    from months cross join names left join billed using (month, value) left join collected using (month, value)
    """
        for dimension, column, other in (
            ("total", "'total'", "'total'"),
            ("branch", "branch", "c.branch"),
            ("segment", "segment", "c.segment"),
            ("account_owner", "account_owner", "c.account_owner"),
            ("currency", "currency", "p.currency"),
            ("company", "company_rfc", "p.company_rfc"),
        )
    ),
    *(
        f"""
    insert into marts.collection_speed by name
    with g as (
        select r.month, r.as_of as month_end, {column} as value, sum(a.gross_mxn) as gross_mxn,
            sum(a.current_mxn) as current_mxn
        from marts.aging_by_cut as a join marts.dim_report_dates as r using (as_of)
        where r.is_month_end group by all
    )
    select g.month, g.month_end, '{dimension}' as dimension, g.value, gross_mxn, current_mxn, 0 as unapplied_mxn,
        gross_mxn as net_mxn, b.billed_net_mxn as net_credit_sales_1m, day(month_end) as days_1m,
        gross_mxn / nullif(b.billed_net_mxn, 0) * day(month_end) as dso_simple,
        gross_mxn / nullif(sum(b.billed_net_mxn) over w, 0) * 91 as dso_rolling_3m,
        gross_mxn / nullif(sum(b.billed_net_mxn) over w, 0) * 88 as dso_countback, true as countback_complete,
        current_mxn / nullif(sum(b.billed_net_mxn) over w, 0) * 91 as bpdso_3m, 82.5 as cei_pct
    from g join marts.billed_vs_collected as b
        on b.month = g.month and b.dimension = '{dimension}' and b.value = g.value
    window w as (partition by g.value order by g.month rows 2 preceding)
    """
        for dimension, column in (
            ("total", "'total'"),
            ("branch", "a.branch"),
            ("segment", "a.segment"),
            ("account_owner", "a.account_owner"),
            ("currency", "a.currency"),
            ("company", "a.company"),
        )
    ),
    """
    update marts.aging_by_cut as a set unapplied_mxn = p.u, net_mxn = gross_mxn - p.u
    from (select customer_id, currency, sum(unapplied_mxn_closing) as u from marts.fct_payments group by all) as p
    where p.customer_id = a.customer_id and p.currency = a.currency and p.u <> 0
        and as_of = (select max(as_of) from marts.dim_report_dates)
        and a.company = (select min(b.company) from marts.aging_by_cut as b
            where b.customer_id = a.customer_id and b.as_of = a.as_of)
    """,
    """
    update marts.disputes set disputed_open_mxn = disputed_open_ccy
    """,
    """
    insert into marts.worklist by name
    select a.customer_id, c.customer_name, c.rfc, row_number() over (order by a.overdue_mxn desc)::integer as priority,
        a.overdue_mxn / 1000 as score, a.overdue_mxn, a.gross_mxn, a.disputed_mxn, a.oldest_days, a.overdue_invoices,
        case when a.disputed_mxn > 0 then 'Disputa abierta; ' else '' end
        || case when a.oldest_days > 90 then 'Pasó a más de 90 días'
                when a.overdue_mxn > 0 then 'Vencido desde hace ' || a.oldest_days || ' días' else 'Por vencer' end
            as reasons,
        case when a.oldest_days > 60 then date '2026-06-18' end as last_contact_date,
        case when a.oldest_days > 60 then 'correo' end as last_contact_channel,
        case when a.customer_id = 'C003' then date '2026-07-10' when a.customer_id = 'C002' then date '2026-06-24' end
            as promise_date,
        case when a.customer_id in ('C002', 'C003') then 50000 end as promise_amount_mxn,
        case a.customer_id when 'C003' then 'pending' when 'C002' then 'broken' end as promise_status,
        case when a.disputed_mxn > 0 then 'Resolver disputa' when a.oldest_days > 90 then 'Escalar a Finanzas'
             when a.overdue_mxn > 0 then 'Llamar hoy' else 'Enviar estado de cuenta' end as next_action,
        date '2026-06-30' as next_action_date, c.account_owner as owner, c.branch, c.segment,
        a.overdue_mxn > 0 and a.oldest_days > 20 as is_today, a.oldest_days <= 60 and a.overdue_mxn > 0 as is_untouched,
        c.do_not_contact, a.unapplied_mxn
    from marts.aging_by_customer as a join marts.dim_customers as c using (customer_id)
    where a.basis = 'effective' and a.as_of = (select max(as_of) from marts.dim_report_dates) and a.gross_mxn > 0
    """,
    """
    insert into marts.exceptions by name
    select 'UNAPPLIED_PAYMENT' as rule, 'payment' as entity_type, payment_id as entity_id, customer_id,
        unapplied_mxn_closing as amount_mxn, 'Pago sin aplicar completo' as detail, null as owner,
        payment_date as since, 'warning' as severity
    from marts.fct_payments where unapplied_ccy > 0
    """,
    """
    insert into marts.waiting_documents by name
    select 'payment' as kind, payment_id as document_id, 'invoice' as waits_for_kind, 'F99999' as waits_for_id,
        'Pago' as kind_name, customer_id, customer_name, unapplied_ccy as amount_ccy, currency,
        unapplied_mxn_closing as amount_mxn, payment_date as since,
        (date '2026-06-30' - payment_date)::integer as waiting_days,
        'Paga la factura F99999, que no ha llegado: su importe está por aplicar.' as detail, source_file_id
    from marts.fct_payments where unapplied_ccy > 0
    """,
    """
    insert into marts.cfdi_checks by name
    select uuid, 'total' as check_name, 'error' as severity, 'I' as tipo, 'AAA010101AAA' as emisor_rfc,
        'BBB010101BB1' as receptor_rfc, customer_id, issue_date, total_ccy::decimal(18, 6)::varchar as expected,
        (total_ccy + 1.5)::decimal(18, 6)::varchar as found, 1.5 as difference,
        'El Total no es SubTotal − Descuento + traslados − retenciones' as detail, source_file_id
    from marts.fct_invoices where invoice_id in ('F00040', 'F00041')
    union all by name
    select 'dddddddd-0000-4000-8000-000000000001' as uuid, 'signature' as check_name, 'error' as severity, 'P' as tipo,
        'AAA010101AAA' as emisor_rfc, 'BBB010101BB1' as receptor_rfc, min(customer_id) as customer_id,
        date '2026-06-01' as issue_date, 'altered' as found, 'Verificación del sello: cambió' as detail
    from marts.fct_invoices having count(*) > 0
    """,
    """
    insert into marts.cfdi_checks_summary by name
    select r.*, 'Revísalo.' as what_to_do_es, 'error' as severity, n.documents as documents_checked,
        (select count(*)::integer from marts.cfdi_checks as f where f.check_name = r.check_name) as documents_failed
    from (values (1, 'total', 'Total igual a la suma de sus partes'),
        (2, 'seal', 'SelloCFD del timbre igual al Sello'),
        (3, 'signature', 'Sello verificado con su certificado (--verify-seals)')) as r(position, check_name, name_es),
        (select count(*)::integer as documents from marts.fct_invoices) as n
    """,
    """
    insert into marts.collection_time by name
    select (select max(as_of) from marts.dim_report_dates) as as_of, 'total' as dimension, 'total' as value,
        count(*)::integer as closed_invoices, avg(days_to_pay) as mean_days, median(days_to_pay) as median_days,
        avg(days_to_pay) as weighted_days, avg(days_to_pay) as payment_weighted_days,
        median(days_to_pay)::integer as km_median_days, 12 as mean_days_vs_due, 14 as mean_days_late
    from marts.fct_invoices where settled_date is not null having count(*) > 0
    """,
)


def bucket(days: int) -> str:
    """The bucket of a number of days past due."""
    for limit, code in ((0, "current"), (30, "1-30"), (60, "31-60"), (90, "61-90"), (120, "91-120")):
        if days <= limit:
            return code
    return "120+"


def disputes(company: Company) -> list[dict[str, Any]]:
    """One open dispute on the largest overdue invoice of the first customer, one closed."""
    own = [i for i in company.invoices if i["customer_id"] == "C001"]
    if not own:
        return []
    live = max((i for i in own if dt.date(2026, 4, 1) < i["issue_date"] < dt.date(2026, 5, 20)),
               key=lambda i: i["total_ccy"])  # fmt: skip
    amount = min(live["total_ccy"], Decimal("180000.00"))
    base = {"customer_id": "C001", "customer_name": "Hotelera Costa Azul", "currency": "MXN"}
    return [
        base | {"dispute_id": "D001", "invoice_id": live["invoice_id"], "opened_date": dt.date(2026, 6, 2),
                "reason": "service_not_delivered", "reason_name": "servicio no entregado",
                "disputed_amount_ccy": amount, "disputed_open_ccy": amount, "owner": "Operaciones",
                "is_open": True, "age_days": (AS_OF - dt.date(2026, 6, 2)).days},
        base | {"dispute_id": "D002", "invoice_id": own[0]["invoice_id"], "opened_date": dt.date(2025, 5, 20),
                "closed_date": dt.date(2025, 6, 9), "reason": "price", "reason_name": "precio distinto al pactado",
                "disputed_amount_ccy": Decimal("9000.00"), "disputed_open_ccy": Decimal(0), "owner": "Ventas",
                "outcome": "accepted", "is_open": False, "resolution_days": 20},
    ]  # fmt: skip


def meta_rows(
    run_id: str, as_of: dt.date, published: dt.datetime, empty: bool
) -> dict[str, list[dict[str, Any]]]:
    """The rows of the meta tables that are not derived."""
    started = published - dt.timedelta(minutes=2)
    file = {"kind": "invoices", "sha256": "0" * 64, "size_bytes": 2048, "first_seen_at": started,
            "last_seen_at": started, "delivery_date": as_of}  # fmt: skip
    files = [] if empty else [
        file | {"file_id": "f1", "path": "facturas_junio.csv", "status": "loaded", "rows_read": 390,
                "rows_loaded": 388, "rows_quarantined": 2, "rows_duplicate": 0},
        file | {"file_id": "f2", "path": "cfdi/junio.zip", "member": "A-1201.xml", "kind": "cfdi",
                "status": "quarantined", "reason": "El XML está cortado", "rows_read": 1, "rows_loaded": 0,
                "rows_quarantined": 1, "rows_duplicate": 0},
        file | {"file_id": "f3", "path": "pagos.csv", "kind": "payments", "status": "duplicate", "rows_read": 5,
                "rows_loaded": 0, "rows_quarantined": 0, "rows_duplicate": 5},
    ]  # fmt: skip
    held = {"path": "facturas_junio.csv", "file_id": "f1", "kind": "invoices", "first_seen_at": started,
            "status": "open"}  # fmt: skip
    quarantine = [] if empty else [
        held | {"quarantine_id": "q1", "row_number": 128, "location": "fila 128", "code": "bad_amount",
                "reason": "El total «1,2,3» no es un importe. Fila 128. Corrige el archivo y vuelve a cargarlo.",
                "raw_text": "A-77,C001,1,2,3"},
        held | {"quarantine_id": "q2", "row_number": 131, "location": "fila 131", "code": "bad_date",
                "reason": "La fecha «31/02/2026» no existe. Fila 131. Corrige el archivo y vuelve a cargarlo.",
                "raw_text": "=cmd|x,C001,31/02/2026"},
        held | {"quarantine_id": "q3", "file_id": "f2", "path": "cfdi/junio.zip", "member": "A-1201.xml",
                "kind": "cfdi", "location": "archivo", "code": "xml_malformed",
                "reason": "El XML está cortado. Archivo completo. Pide el XML de nuevo.", "raw_text": "<cfdi:Compr"},
    ]  # fmt: skip
    check = {"run_id": run_id, "severity": "error", "status": "passed"}
    return {
        "files": files,
        "quarantine": quarantine,
        "runs": [{"run_id": run_id, "as_of": as_of, "started_at": started, "finished_at": published,
                  "status": "published", "files_new": len(files), "rows_loaded": 388 if files else 0,
                  "rows_quarantined": len(quarantine), "message": ""}],
        "checks": [
            check | {"gate": "delivery", "check_name": "columnas completas", "subject": "invoices", "message": ""},
            check | {"gate": "candidate", "check_name": "la cartera cuadra", "subject": "aging_by_customer",
                     "message": "Los rangos suman el saldo"},
            check | {"gate": "candidate", "check_name": "variación del total", "subject": "fct_invoices",
                     "status": "warned", "severity": "warning", "observed": "12 %",
                     "message": "La cartera cambió 12 % contra la publicación anterior"},
        ],
    }  # fmt: skip
