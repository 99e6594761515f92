"""What ingestion delivers: every raw table, its columns, types and keys.

This is the one list of raw tables. Readers build Arrow tables to these schemas, the loader creates
the DuckDB tables from them, and dbt's staging models read them. Business rules do not belong here.
Every raw row carries its provenance (`PROVENANCE`), so that a figure can be traced to a file and row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

ColumnType = Literal["text", "money", "rate", "date", "timestamp", "integer", "boolean"]

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "text": pa.string(),
    "money": pa.decimal128(24, 6),
    "rate": pa.decimal128(24, 10),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}

SQL_TYPES: dict[ColumnType, str] = {
    "text": "VARCHAR",
    "money": "DECIMAL(24,6)",
    "rate": "DECIMAL(24,10)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
}


@dataclass(frozen=True)
class Column:
    """One column of a raw table. `required`: a blank value refuses the row."""

    name: str
    type: ColumnType = "text"
    required: bool = False


@dataclass(frozen=True)
class RawTable:
    """A raw table: `raw.<name>`; `key` names the columns that identify a thing across deliveries."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The table's own columns, then its provenance."""
        return self.columns + (CFDI_PROVENANCE if self.name.startswith("cfdi__") else PROVENANCE)

    @property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema that readers build, provenance included."""
        return pa.schema([(c.name, ARROW_TYPES[c.type]) for c in self.all_columns])

    @property
    def create_sql(self) -> str:
        """The column list for `create table`."""
        return ", ".join(f'"{c.name}" {SQL_TYPES[c.type]}' for c in self.all_columns)


# raw.full_deliveries: which files claim to hold the whole register (`delivery: full` in their mapping). A key that
# is not in a full delivery, nor in anything delivered later, is withdrawn from that day on: the models do it.
FULL_DELIVERIES_SQL = "kind VARCHAR, delivery_date DATE, source_file_id VARCHAR"

# source_file_id: first 16 hex digits of the content's sha256. delivery_date: the date in the file's
# name, else the local date of its mtime when first seen. row_hash: of the row's own values.
# extra: JSON object of the columns that no contract or mapping knows.
PROVENANCE = (
    Column("source_file_id"),
    Column("row_number", "integer"),
    Column("delivery_date", "date"),
    Column("row_hash"),
    Column("extra"),
)
CFDI_PROVENANCE = (Column("source_file_id"), Column("delivery_date", "date"))


def _columns(spec: str) -> tuple[Column, ...]:
    """Read a compact spec: `name[:type][!]`, blank separated; `!` marks a required column."""
    found = []
    for word in spec.split():
        name, _, kind = word.rstrip("!").partition(":")
        found.append(Column(name, kind or "text", word.endswith("!")))  # type: ignore[arg-type]
    return tuple(found)


def _register(kind: str, key: str, spec: str) -> RawTable:
    return RawTable(f"register__{kind}", _columns(spec), tuple(key.split()))


# kind -> raw table. DATA_CONTRACT section 2 of the design; names are fixed.
REGISTERS: dict[str, RawTable] = {
    kind: _register(kind, key, spec)
    for kind, (key, spec) in {
        "customers": (
            "customer_id",
            "customer_id! rfc name! segment branch account_owner account_owner_email contact_name contact_email "
            "contact_phone terms_days:integer terms_from revision_days payment_days portal credit_limit:money "
            "credit_limit_currency do_not_contact:boolean tags",
        ),
        "invoices": (
            "invoice_id",
            "invoice_id! uuid serie folio customer_id! branch salesperson metodo_pago currency! fx_rate:rate "
            "subtotal:money iva:money total:money! sale_confirmed_date:date issue_deadline:date issue_date:date! "
            "sent_date:date due_date:date cancel_date:date cancel_motivo replaces_invoice_id purchase_order "
            "origin_type origin_id contrarrecibo_folio contrarrecibo_date:date scheduled_payment_date:date "
            "company_rfc",
        ),
        "instalments": ("invoice_id number", "invoice_id! number:integer! due_date:date! amount:money!"),
        "pending_sales": (
            "sale_id",
            "sale_id! customer_id! sale_confirmed_date:date! issue_deadline:date amount:money! currency! "
            "invoice_id kind",
        ),
        # customer_id or invoice_id or invoice_uuid: the reader refuses a row with none of the three
        "payments": (
            "payment_id",
            "payment_id! rep_uuid customer_id invoice_id invoice_uuid payment_date:date! currency! fx_rate:rate "
            "amount:money! method reversed_date:date bank_reference gateway company_rfc "
            "fee_amount:money net_amount:money payout_id payout_date:date",
        ),
        # refunds and chargebacks, whole or in part, that come apart from their payment, before or after it
        "payment_reversals": (
            "reversal_id",
            "reversal_id! payment_id! reversed_date:date! amount:money! currency! reason is_restored:boolean "
            "payout_id payout_date:date",
        ),
        "payment_applications": (
            "application_id",
            "application_id! payment_id! invoice_id! applied_date:date! amount_invoice_ccy:money! "
            "amount_payment_ccy:money num_parcialidad:integer imp_saldo_ant:money imp_saldo_insoluto:money",
        ),
        "credit_notes": (
            "cn_id",
            "cn_id! uuid customer_id! currency! fx_rate:rate issue_date:date! total:money! tipo_relacion "
            "related_invoice_id reason cancel_date:date company_rfc",
        ),
        "credit_note_applications": (
            "cn_id invoice_id applied_date",
            "cn_id! invoice_id! applied_date:date! amount:money!",
        ),
        "opening_balances": (
            "customer_id invoice_id date currency",
            "customer_id! invoice_id date:date! due_date:date amount:money! currency!",
        ),
        "write_offs": (
            "write_off_id",
            "write_off_id! invoice_id! date:date! amount:money! currency! approved_by",
        ),
        "fx_rates": ("date currency", "date:date! currency! mxn_per_unit:rate!"),
        "bank_lines": (
            "bank_line_id",
            "bank_line_id! account account_currency! value_date:date! amount:money! description reference",
        ),
        "disputes": (
            "dispute_id",
            "dispute_id! invoice_id! opened_date:date! closed_date:date reason disputed_amount:money! currency! "
            "outcome owner",
        ),
        "incidents": (
            "incident_id",
            "incident_id! customer_id! invoice_id type! opened_date:date! resolved_date:date owner area "
            "escalated_date:date",
        ),
        "promises": (
            "promise_id",
            "promise_id! customer_id! invoice_id made_date:date! promised_date:date! amount:money! currency!",
        ),
        "reminders": (
            "reminder_id",
            "reminder_id! customer_id! invoice_id sent_date:date! stage! channel! delivered:boolean "
            "response_date:date response_type",
        ),
        "actions": (
            "action_id",
            "action_id! customer_id invoice_id kind! created_date:date! due_date:date done_date:date owner "
            "result note",
        ),
        "reported_payments": (
            "report_id",
            "report_id! customer_id! invoice_id reported_date:date! amount:money! currency! method reference",
        ),
        "targets": (
            "kpi period dimension value",
            "kpi! period! dimension value target:money!",
        ),
        "plan_billing": (
            "month customer_id branch currency",
            "month:date! customer_id branch amount:money! currency!",
        ),
        "plan_collections": (
            "month customer_id branch currency",
            "month:date! customer_id branch amount:money! currency!",
        ),
    }.items()
}


def _cfdi(name: str, key: str, spec: str) -> RawTable:
    return RawTable(f"cfdi__{name}", _columns(spec), tuple(key.split()))


# One row a stamped CFDI in `documents`; children by (source_file_id, …). uuid is lower-case everywhere.
# `sello_sha256`: of the Sello's text, so that two files of one UUID can be told apart without keeping it.
CFDI_TABLES: dict[str, RawTable] = {
    table.name.removeprefix("cfdi__"): table
    for table in (
        _cfdi(
            "documents",
            "source_file_id",
            "uuid! version! tipo_de_comprobante! serie folio fecha:timestamp! fecha_timbrado:timestamp! "
            "moneda! tipo_cambio:rate subtotal:money! descuento:money total:money! "
            "total_traslados:money total_retenciones:money implocal_traslados:money implocal_retenciones:money "
            "metodo_pago forma_pago condiciones_de_pago lugar_expedicion exportacion "
            "emisor_rfc! emisor_nombre receptor_rfc! receptor_nombre receptor_num_reg_id_trib "
            "receptor_residencia_fiscal uso_cfdi global_periodicidad global_meses global_anio "
            "is_global:boolean! no_certificado rfc_prov_certif sello_sha256! sello_last8 "
            "pagos_version pagos_monto_total_mxn:money concepts_count:integer complements addenda_names flags",
        ),
        _cfdi("related", "source_file_id position", "uuid! position:integer! tipo_relacion! related_uuid!"),
        _cfdi(
            "taxes",
            "source_file_id position",
            "uuid! position:integer! kind! impuesto tipo_factor tasa_o_cuota:rate base:money importe:money",
        ),
        _cfdi(
            "concepts",
            "source_file_id position",
            "uuid! position:integer! clave_prod_serv no_identificacion cantidad:money clave_unidad unidad "
            "descripcion valor_unitario:money importe:money descuento:money objeto_imp",
        ),
        _cfdi(
            "payments",
            "source_file_id pago_number",
            "uuid! pago_number:integer! fecha_pago:timestamp! forma_de_pago_p moneda_p! tipo_cambio_p:rate "
            "monto:money! num_operacion rfc_emisor_cta_ord cta_ordenante rfc_emisor_cta_ben cta_beneficiario",
        ),
        _cfdi(
            "payment_documents",
            "source_file_id pago_number docto_number",
            "uuid! pago_number:integer! docto_number:integer! id_documento! serie folio moneda_dr! "
            "equivalencia_dr:rate metodo_de_pago_dr num_parcialidad:integer imp_saldo_ant:money "
            "imp_pagado:money imp_saldo_insoluto:money objeto_imp_dr",
        ),
        _cfdi(
            "payment_taxes",
            "source_file_id pago_number docto_number position",
            "uuid! pago_number:integer! docto_number:integer! position:integer! kind! impuesto tipo_factor "
            "tasa_o_cuota:rate base:money importe:money",
        ),
    )
}

# What the SAT itself publishes or answers in bulk, by kind; provenance as in registers. uuid is lower-case.
SAT_TABLES: dict[str, RawTable] = {
    f"sat_{name}": RawTable(f"sat__{name}", _columns(spec), tuple(key.split()))
    for name, key, spec in (
        (
            "metadata",
            "uuid",
            "uuid! rfc_emisor! nombre_emisor rfc_receptor! nombre_receptor rfc_pac fecha_emision:timestamp! "
            "fecha_certificacion_sat:timestamp monto:money efecto_comprobante estatus:integer! "
            "fecha_cancelacion:timestamp",
        ),
        # the second file of a metadata package: on whose account a CFDI's concepts were invoiced; no figure uses it
        (
            "third_parties",
            "uuid rfc_a_cuenta_terceros",
            "uuid! rfc_a_cuenta_terceros! nombre_a_cuenta_terceros",
        ),
        ("69", "rfc supuesto", "rfc! nombre tipo_persona supuesto! fecha_publicacion entidad_federativa"),
        ("69b", "rfc", "rfc! nombre situacion!"),
        ("answers", "uuid asked_date", "uuid! asked_date:date! estado!"),  # from the ledger, at every build
        ("seals", "source_file_id", "outcome! issuer detail"),  # so are verdicts on seals
    )
}

# What Cartera itself said or was told, back from the ledger at every build.
LOG_TABLES: dict[str, RawTable] = {
    f"log_{name}": RawTable(f"log__{name}", _columns(spec), tuple(key.split()))
    for name, key, spec in (
        (
            "published_forecasts",
            "run_id week_start",
            "run_id! published_at:timestamp! as_of:date! week_start! week_start_date:date expected_mxn:money! "
            "promised_mxn:money!",
        ),
    )
}

RAW_TABLES: dict[str, RawTable] = {
    t.name: t
    for t in (*CFDI_TABLES.values(), *REGISTERS.values(), *SAT_TABLES.values(), *LOG_TABLES.values())
}
MAIN_TABLES: dict[str, RawTable] = {  # by kind
    "cfdi": CFDI_TABLES["documents"],
    **REGISTERS,
    **SAT_TABLES,
    **LOG_TABLES,
}
_KINDS = {table.name: kind for kind, table in MAIN_TABLES.items()}


def kind_of(table: str) -> str:
    """The kind that a raw table belongs to: what gate 1 holds or lets through as one."""
    return _KINDS.get(table, "cfdi")
