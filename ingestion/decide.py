"""What each thing that came counts as: loaded, set aside, repeated, withdrawn or only touched; all at once, in SQL.

Input: `intake.arrived` and `intake.refused` of the delivery file, and the attached `ledger`. Output: `intake.files`,
`quarantine`, `contents` (what was read: its raw rows are replaced), `touched`, and `surplus` (rows that two
processes read of one content). Nearly every content of a large delivery is new and comes once: only the others
are compared.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from cartera.warehouse import attach
from ingestion.ledger import FINAL

_FILE_ID = "substr(sha256(sha256 || chr(0) || path || chr(0) || member), 1, 16) as file_id"
_WHERE = "{0}.path || case when {0}.member <> '' then ' › ' || {0}.member else '' end"

# Two members of one name are two files: name, name#2, name#3.
_NAMES = """
update intake.arrived set member = n.member || '#' || n.place from (
  select seq, member, row_number() over (partition by path, member order by position) as place
  from intake.arrived where position > 0 and (path, member) in (
    select (path, member) from intake.arrived where position > 0 group by all having count(*) > 1)) n
where n.seq = arrived.seq and n.place > 1
"""
_DOUBTFUL = """
create temp table doubtful as
select substr(sha256, 1, 16) as content_id from intake.arrived where sha256 <> ''
group by 1 having count(*) > 1 or bool_or(outcome = 'skipped')
"""
# As read, were it alone.
_PLAIN = f"""
create or replace temp view plain as
select {_FILE_ID}, substr(sha256, 1, 16) as content_id, path, member, sha256, size_bytes, mtime_ns, kind,
  case when rows_read > 0 and rows_quarantined = rows_read then 'quarantined'
    else 'loaded' end as status,
  delivery_date, coalesce(k.key, '') as reader_key, reason, flags, rows_read,
  rows_read - rows_quarantined as rows_loaded, rows_quarantined, 0::bigint as rows_duplicate,
  seq, position, outcome, part
from intake.arrived left join reader_keys k on k.reader = arrived.reader
"""
_COMPARED = f"""
create temp table compared as
with came as (
  select * from plain where content_id in (from doubtful) and sha256 <> ''
  qualify row_number() over (partition by file_id order by outcome = 'skipped', seq) = 1),
read as (
  select * from came where outcome = 'read'
  qualify row_number() over (partition by content_id order by path, position, member) = 1),
known as (
  select f.* from ledger.files f where not $forget and f.content_id in (from doubtful) and f.sha256 <> ''
    and f.status in {FINAL} and f.reader_key in (select key from reader_keys)),
first_known as (
  select * from known
  qualify row_number() over (partition by content_id order by status = 'duplicate', path, member) = 1),
withdrawn as (
  select * from ledger.files where status = 'withdrawn' and content_id in (from doubtful)),
out as (select distinct content_id from withdrawn)
select c.*,
  case when o.content_id is not null then 'withdrawn' when s.file_id is not null and c.member = '' then 'touched'
    when s.file_id is not null then 'same' when k.content_id is not null then 'repeats_known'
    when r.seq = c.seq then 'counts' else 'repeats' end as verdict,
  {_WHERE.format("k")} as known_where, k.kind as known_kind, k.reader_key as known_key, k.rows_read as known_rows,
  {_WHERE.format("r")} as read_where, r.kind as read_kind, r.reader_key as read_key, r.rows_read as read_count
from came c
left join read r using (content_id)
left join first_known k on k.content_id = c.content_id
left join known s on s.file_id = c.file_id
left join out o on o.content_id = c.content_id
"""
_COLUMNS = (
    "file_id, content_id, path, member, sha256, size_bytes, mtime_ns, kind, status, delivery_date, reader_key, "
    "reason, flags, rows_read, rows_loaded, rows_quarantined, rows_duplicate"
)
_REPEATED = """
select * replace (coalesce({0}_kind, kind) as kind, 'duplicate' as status, coalesce({0}_key, reader_key) as reader_key,
  'Es idéntico a ' || {0}_where || '; ya cuenta una vez' as reason, '' as flags, coalesce({0}_{1}, 0) as rows_read,
  0 as rows_loaded, 0 as rows_quarantined, coalesce({0}_{1}, 0) as rows_duplicate)
from compared where verdict = '{2}'
"""
_FILES = f"""
create table intake.files as
select {_COLUMNS} from plain where sha256 = '' or content_id not in (from doubtful)
union all select {_COLUMNS} from compared where verdict = 'counts'
union all select {_COLUMNS} from ({_REPEATED.format("known", "rows", "repeats_known")})
union all select {_COLUMNS} from ({_REPEATED.format("read", "count", "repeats")})
union all select {", ".join(f"f.{name}" for name in _COLUMNS.split(", "))}
  from ledger.files f join compared c using (file_id) where c.verdict = 'same'
union all select {_COLUMNS} from (
  select c.* replace (coalesce(f.kind, c.kind) as kind, 'withdrawn' as status,
    coalesce(f.delivery_date, c.delivery_date) as delivery_date, coalesce(f.reader_key, c.reader_key) as reader_key,
    coalesce(f.reason, 'Su contenido se retiró con «cartera files withdraw»') as reason,
    coalesce(f.flags, '') as flags, 0 as rows_read, 0 as rows_loaded, 0 as rows_quarantined)
  from compared c left join ledger.files f on f.file_id = c.file_id and f.status = 'withdrawn'
  where c.verdict = 'withdrawn')
"""
_REST = f"""
create table intake.touched as select file_id, mtime_ns from compared where verdict = 'touched';
create table intake.contents as
  select distinct substr(sha256, 1, 16) as content_id from intake.arrived where outcome = 'read' and sha256 <> '';
create table intake.surplus as
  select p.content_id, p.part from plain p join doubtful using (content_id)
  where p.part >= 0 and p.seq not in (select seq from compared where verdict = 'counts');
create table intake.quarantine as
  select substr(sha256(concat_ws(chr(0), file_id, coalesce(row_number::varchar, 'None'), location, code, r.reason)),
      1, 12) as quarantine_id, file_id, row_number, location, code, r.reason, raw_text
  from intake.refused r join (select {_FILE_ID}, seq from intake.arrived
    where seq in (select seq from intake.refused)) a using (seq)
  where file_id in (select file_id from intake.files where status in ('loaded', 'quarantined'))
"""


_MOVING = """
insert into intake.files by name
select substr(sha256(chr(0) || path || chr(0)), 1, 16) as file_id, '' as content_id, path, '' as member, '' as sha256,
  size_bytes, mtime_ns, '' as kind, 'pending' as status, null as delivery_date, '' as reader_key,
  'El archivo todavía está cambiando; la siguiente corrida lo toma' as reason, '' as flags, 0 as rows_read,
  0 as rows_loaded, 0 as rows_quarantined, 0 as rows_duplicate
from moving
"""


def decide(
    delivery: duckdb.DuckDBPyConnection,
    ledger_file: Path,
    keys: dict[str, str],
    moving: pa.Table,
    *,
    forget: bool,
) -> None:
    """Make the tables of `intake`. `keys`: the version of each reader; `moving`: files that still change, left for
    the next run; `forget`: what is known does not count.
    """
    delivery.register("moving", moving)
    attach(delivery, ledger_file, "ledger")
    delivery.execute("create temp table reader_keys (reader varchar, key varchar)")
    delivery.executemany("insert into reader_keys values (?, ?)", sorted(keys.items()))
    delivery.execute(_NAMES)
    delivery.execute(_DOUBTFUL)
    delivery.execute(_PLAIN)
    delivery.execute(_COMPARED.replace("$forget", str(forget).lower()))
    delivery.execute(_FILES)
    delivery.execute(_REST)
    delivery.execute(_MOVING)
    delivery.execute("detach ledger")
