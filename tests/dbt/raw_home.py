"""Raw data by hand for the dbt tests: a small company written straight into the raw tables.

`Raw` collects rows with sensible defaults; `fill` writes them to a warehouse (straight.py makes the marts of them).
No reader and no loader takes part: these tests are about the rules in SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingestion.contracts import FULL_DELIVERIES_SQL, RAW_TABLES, RawTable

OWN_RFC = "EMP010101AB1"


def uuid_of(name: str) -> str:
    """A UUID-shaped id that is easy to read in a failure: the name, padded."""
    text = (name.encode().hex() + "0" * 32)[:32]
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@dataclass
class Raw:
    """Rows by raw table."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    full: list[tuple[str, str]] = field(default_factory=list)  # (kind, day) of whole deliveries

    def add(self, table: str, **values: Any) -> None:
        """One row as given; columns not named are null."""
        unknown = set(values) - {c.name for c in RAW_TABLES[table].all_columns}
        assert not unknown, f"{table} has no {unknown}"
        self.rows.setdefault(table, []).append(values)

    def register(self, kind: str, /, *, file: str = "", delivered: str = "2026-01-01", **values: Any) -> None:
        """One row of a register, with its provenance."""
        table = f"register__{kind}"
        self.add(
            table,
            source_file_id=file or f"{kind}-{delivered}",
            row_number=len(self.rows.get(table, [])) + 1,
            delivery_date=date.fromisoformat(delivered),
            row_hash=str(sorted((k, str(v)) for k, v in values.items())),
            **values,
        )

    def cfdi(
        self,
        name: str,
        tipo: str,
        total: str,
        day: str,
        *,
        receptor: str = "CLI020202XY2",
        related: tuple[tuple[str, str], ...] = (),
        file: str = "",
        stamped: str = "",
        sello: str = "",
        **more: Any,
    ) -> str:
        """A stamped CFDI of ours; `related`: (tipo_relacion, name of the other). Gives its uuid."""
        uuid, source = uuid_of(name), file or f"x-{name}"
        values: dict[str, Any] = {
            "source_file_id": source,
            "delivery_date": date(2026, 1, 1),
            "uuid": uuid,
            "version": "4.0",
            "tipo_de_comprobante": tipo,
            "fecha": datetime.fromisoformat(day),
            "moneda": "XXX" if tipo == "P" else "MXN",
            "subtotal": Decimal(total),
            "total": Decimal(total),
            "fecha_timbrado": datetime.fromisoformat(stamped or day),
            "metodo_pago": "PPD" if tipo == "I" else None,
            "emisor_rfc": OWN_RFC,
            "receptor_rfc": receptor,
            "receptor_nombre": f"Cliente {receptor}",
            "is_global": False,
            "sello_sha256": sello or f"sello-{name}",
        }
        self.add("cfdi__documents", **(values | more))
        for position, (kind, other) in enumerate(related, start=1):
            self.add(
                "cfdi__related",
                source_file_id=source,
                delivery_date=date(2026, 1, 1),
                uuid=uuid,
                position=position,
                tipo_relacion=kind,
                related_uuid=uuid_of(other),
            )
        return uuid

    def metadata(
        self,
        name: str,
        *,
        cancelled: str = "",
        estatus: int | None = None,
        delivered: str = "2026-06-01",
        **more: Any,
    ) -> None:
        """A row of the SAT's metadata about the document `name`: valid, or cancelled on a date."""
        status = estatus if estatus is not None else int(not cancelled)
        self.add(
            "sat__metadata",
            source_file_id=f"meta-{delivered}",
            row_number=len(self.rows.get("sat__metadata", [])) + 2,
            delivery_date=date.fromisoformat(delivered),
            row_hash=f"{name}{cancelled}{status}",
            uuid=uuid_of(name),
            rfc_emisor=OWN_RFC,
            rfc_receptor="CLI020202XY2",
            fecha_emision=datetime(2026, 1, 10),  # noqa: DTZ001 -- local time, as the SAT writes it
            estatus=status,
            fecha_cancelacion=datetime.fromisoformat(f"{cancelled} 10:00:00") if cancelled else None,
            **more,
        )

    def rep(self, name: str, day: str, *pagos: dict[str, Any], **more: Any) -> str:
        """A REP with its Pagos. A pago: date, amount, currency="MXN", fx, reference, documents=[{invoice, paid, …}]."""
        uuid = self.cfdi(name, "P", "0", day, **more)
        common = {"source_file_id": f"x-{name}", "delivery_date": date(2026, 1, 1), "uuid": uuid}
        for number, pago in enumerate(pagos, start=1):
            self.add(
                "cfdi__payments",
                **common,
                pago_number=number,
                fecha_pago=datetime.fromisoformat(pago["date"]),
                forma_de_pago_p=pago.get("form", "03"),
                moneda_p=pago.get("currency", "MXN"),
                tipo_cambio_p=Decimal(pago.get("fx", "1")),
                monto=Decimal(pago["amount"]),
                num_operacion=pago.get("reference"),
            )
            for place, document in enumerate(pago["documents"], start=1):
                before = document.get("before")
                paid = Decimal(document["paid"])
                self.add(
                    "cfdi__payment_documents",
                    **common,
                    pago_number=number,
                    docto_number=place,
                    id_documento=uuid_of(document["invoice"]),
                    moneda_dr=document.get("currency", "MXN"),
                    equivalencia_dr=Decimal(document.get("eq", "1")),
                    num_parcialidad=document.get("number", 1),
                    imp_saldo_ant=Decimal(before) if before else None,
                    imp_pagado=paid,
                    imp_saldo_insoluto=Decimal(before) - paid if before else None,
                )
                for position, tax in enumerate(document.get("taxes", ()), start=1):
                    self._tax(
                        "cfdi__payment_taxes", tax, position, **common, pago_number=number, docto_number=place
                    )
        return uuid

    def taxes(self, name: str, *taxes: tuple[str, str, str]) -> None:
        """VAT of the CFDI `name`: (rate, base, amount). Rate may be "exento", or "retenido": withheld."""
        common = {"source_file_id": f"x-{name}", "delivery_date": date(2026, 1, 1), "uuid": uuid_of(name)}
        for position, tax in enumerate(taxes, start=1):
            self._tax("cfdi__taxes", tax, position, **common)

    def _tax(self, table: str, tax: tuple[str, str, str], position: int, **common: Any) -> None:
        rate, base, amount = tax
        self.add(
            table,
            **common,
            position=position,
            kind="retencion" if rate == "retenido" else "traslado",
            impuesto="002",
            tipo_factor=None if rate == "retenido" else "Exento" if rate == "exento" else "Tasa",
            tasa_o_cuota=None if rate in ("exento", "retenido") else Decimal(rate) / 100,
            base=Decimal(base) if base else None,
            importe=Decimal(amount) if amount else None,
        )


def fill(connection: duckdb.DuckDBPyConnection, raw: Raw) -> None:
    """Every raw table, empty where nothing was given."""
    connection.execute("create schema raw")
    for table in RAW_TABLES.values():
        connection.execute(f"create table raw.{table.name} ({table.create_sql})")
        if rows := raw.rows.get(table.name):
            connection.register("raw_rows", _arrow(table, rows))
            connection.execute(f"insert into raw.{table.name} by name from raw_rows")
            connection.unregister("raw_rows")
    connection.execute(f"create table raw.full_deliveries ({FULL_DELIVERIES_SQL})")
    for kind, day in raw.full:
        connection.execute("insert into raw.full_deliveries values (?, ?, '')", [kind, day])


def _arrow(table: RawTable, rows: list[dict[str, Any]]) -> pa.Table:
    columns = {}
    for field_ in table.arrow_schema:
        values = [row.get(field_.name) for row in rows]
        if pa.types.is_date(field_.type):
            values = [date.fromisoformat(v) if isinstance(v, str) else v for v in values]
        elif pa.types.is_decimal(field_.type):
            values = [None if v is None else Decimal(v) for v in values]
        columns[field_.name] = pa.array(values, field_.type)
    return pa.table(columns)


def write_warehouse(raw: Raw, path: Path) -> None:
    """The raw tables in a file."""
    with duckdb.connect(str(path)) as connection:
        fill(connection, raw)
