"""Which CFDIs are due for a check at the SAT, and its answers kept as evidence in the ledger file.

Open invoices are asked weekly and closed ones rarely, each with the live REPs and credit notes that settle it: a REP
that is cancelled opens its invoice again. What was cancelled stays cancelled and is not asked again. An answer that
never came leaves its CFDI due.
"""

from __future__ import annotations

import datetime as dt

import duckdb

from cartera.errors import WarehouseError
from cartera.home import HomePaths
from cartera.warehouse import attach, first_row, writable
from ingestion.sat.status import Answer, Estado, Question

OPEN_DAYS = 7
CLOSED_DAYS = 90
NOT_FOUND_DAYS = 1  # normal minutes after stamping
SCHEMA = """
create table if not exists sat_answers (
  uuid varchar, asked_at timestamp, codigo_estatus varchar, es_cancelable varchar, estado varchar,
  estatus_cancelacion varchar, validacion_efos varchar, raw varchar, problem varchar)
"""
DUE = f"""
with documents as (
    select uuid, version, emisor_rfc, receptor_rfc, total, coalesce(sello_last8, '') as sello_last8,
        row_number() over (partition by uuid order by fecha_timbrado, source_file_id) as place
    from raw.cfdi__documents where tipo_de_comprobante in ('I', 'E', 'P')
),
last_answers as (
    select uuid, max(asked_at) as asked_at, arg_max(estado, asked_at) as estado,
        bool_or(estado = '{Estado.CANCELADO}') as is_cancelled
    from ledger.sat_answers where estado <> '{Estado.NO_CONSULTADO}' group by uuid
)
select d.uuid, d.version, d.emisor_rfc, d.receptor_rfc, d.total, d.sello_last8
from documents d
inner join followed i on d.uuid = i.uuid
left join last_answers a on d.uuid = a.uuid
where d.place = 1 and coalesce(i.sat_status, '') <> 'cancelado' and not coalesce(a.is_cancelled, false)
    and (a.asked_at is null or a.asked_at <= $now::timestamp - to_days(case
        when a.estado = '{Estado.NO_ENCONTRADO}' then {NOT_FOUND_DAYS}
        when i.is_open then {OPEN_DAYS} else {CLOSED_DAYS} end))
order by i.is_open desc, a.asked_at nulls first, d.uuid
"""


# What the figures still count, and whether any invoice that it touches is open. A REP or a note that the SAT is known
# to have cancelled counts no more; one applied to nothing yet is as pressing as an open invoice.
FOLLOWED = """
with invoices as (
    select invoice_id, uuid, open_ccy > 0 as is_open, sat_status from marts.fct_invoices
),
touched as (
    select document_id, bool_or(i.is_open) as is_open
    from marts.fct_movements m inner join invoices i using (invoice_id) where m.document_id <> m.invoice_id group by 1
)
select uuid, is_open, sat_status from invoices where uuid is not null
union all
select p.rep_uuid, bool_or(coalesce(t.is_open, true)), null
from marts.fct_payments p left join touched t on p.payment_id = t.document_id where p.rep_uuid is not null group by 1
union all
select n.uuid, bool_or(coalesce(t.is_open, true)), null
from marts.fct_credit_notes n left join touched t on n.cn_id = t.document_id
where n.uuid is not null and n.cancel_date is null group by 1
"""


def due(paths: HomePaths, snapshot: duckdb.DuckDBPyConnection, now: dt.datetime) -> list[Question]:
    """What is due for a check, the most pressing first. `snapshot`: the published figures."""
    followed = snapshot.sql(FOLLOWED).to_arrow_table()
    with writable(paths.ledger_file) as ledger:
        ledger.execute(SCHEMA)
    with writable(paths.warehouse_file) as warehouse:
        attach(warehouse, paths.ledger_file, "ledger")
        warehouse.register("followed", followed)
        rows = warehouse.execute(DUE, {"now": now}).fetchall()
    return [Question(*row) for row in rows]


def keep(paths: HomePaths, answer: Answer, now: dt.datetime) -> None:
    """Store one answer at once: a kill loses none that came."""
    with writable(paths.ledger_file) as ledger:
        ledger.execute(SCHEMA)
        ledger.execute(
            "insert into sat_answers values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [answer.uuid, now, answer.codigo_estatus, answer.es_cancelable, answer.estado.value,
             answer.estatus_cancelacion, answer.validacion_efos, answer.raw, answer.problem],
        )  # fmt: skip


def into_raw(paths: HomePaths) -> None:
    """Make `raw.sat__answers` again from the ledger: who answered what, by the day in Mexico City."""
    from ingestion.load import refill  # heavy, and a run with nothing to do needs only `high_water`

    select = (
        "select *, 'sat' as source_file_id, asked_date as delivery_date, "
        "row_number() over (order by uuid, asked_date, estado) as row_number, "
        "md5(uuid || asked_date || estado)[:16] as row_hash, null as extra from (select distinct uuid, "
        "(asked_at - interval 6 hour)::date as asked_date, estado from ledger.sat_answers where estado <> ?)"
    )
    refill(paths, "sat__answers", SCHEMA, select, [Estado.NO_CONSULTADO.value])


def high_water(paths: HomePaths) -> str:
    """Changes when an answer is kept: part of a run's fingerprint."""
    if not paths.ledger_file.exists():
        return ""
    try:
        with writable(paths.ledger_file) as ledger:
            ledger.execute(SCHEMA)
            found = first_row(
                ledger, f"select count(*) from sat_answers where estado <> '{Estado.NO_CONSULTADO}'"
            )
    except WarehouseError:
        return "en uso"  # another run holds it: the lock says so in words
    return str(found[0]) if found and found[0] else ""
