"""What gate 1 knows of each raw table by itself, apart from the readers: required columns, key, words.

Written down twice on purpose: a gate that took its rules from the reader could not find the reader's faults.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """Of one table: its required columns, its key, and the amount whose zeros and negatives are odd."""

    required: tuple[str, ...]
    key: tuple[str, ...]
    positive: str


def _facts(required: str, key: str = "", positive: str = "") -> Facts:
    return Facts(tuple(required.split()), tuple(key.split()), positive)


TABLES: dict[str, Facts] = {
    "cfdi__documents": _facts(
        "uuid tipo_de_comprobante fecha fecha_timbrado moneda total emisor_rfc receptor_rfc", "source_file_id"
    ),
    "cfdi__related": _facts("uuid tipo_relacion related_uuid"),
    "cfdi__payments": _facts("uuid fecha_pago moneda_p monto", "source_file_id pago_number", "monto"),
    "cfdi__payment_documents": _facts("uuid id_documento moneda_dr"),
    "register__customers": _facts("customer_id name", "customer_id"),
    "register__invoices": _facts("invoice_id customer_id currency total issue_date", "invoice_id", "total"),
    "register__instalments": _facts("invoice_id number due_date amount", "invoice_id number", "amount"),
    "register__pending_sales": _facts("sale_id customer_id sale_confirmed_date amount currency", "sale_id"),
    "register__payments": _facts("payment_id payment_date currency amount", "payment_id", "amount"),
    "register__payment_reversals": _facts(
        "reversal_id payment_id reversed_date amount currency", "reversal_id"
    ),
    "register__payment_applications": _facts(
        "application_id payment_id invoice_id applied_date amount_invoice_ccy",
        "application_id",
        "amount_invoice_ccy",
    ),
    "register__credit_notes": _facts("cn_id customer_id currency issue_date total", "cn_id", "total"),
    "register__credit_note_applications": _facts("cn_id invoice_id applied_date amount"),
    "register__opening_balances": _facts("customer_id date amount currency"),
    "register__write_offs": _facts("write_off_id invoice_id date amount currency", "write_off_id", "amount"),
    "register__fx_rates": _facts("date currency mxn_per_unit", "date currency"),
    "register__bank_lines": _facts("bank_line_id account_currency value_date amount", "bank_line_id"),
    "register__disputes": _facts("dispute_id invoice_id opened_date disputed_amount currency", "dispute_id"),
    "register__incidents": _facts("incident_id customer_id type opened_date", "incident_id"),
    "register__promises": _facts(
        "promise_id customer_id made_date promised_date amount currency", "promise_id"
    ),
    "register__reminders": _facts("reminder_id customer_id sent_date stage channel", "reminder_id"),
    "register__actions": _facts("action_id kind created_date", "action_id"),
    "register__reported_payments": _facts("report_id customer_id reported_date amount currency", "report_id"),
    "register__targets": _facts("kpi period target"),
    "register__plan_billing": _facts("month amount currency"),
    "register__plan_collections": _facts("month amount currency"),
    "sat__69": _facts("rfc supuesto"),
    "sat__69b": _facts("rfc situacion"),
    "sat__third_parties": _facts("uuid rfc_a_cuenta_terceros"),
    "sat__metadata": _facts("uuid rfc_emisor rfc_receptor fecha_emision estatus", "uuid"),
}

SPANISH: dict[str, str] = {
    "cfdi__documents": "los CFDI",
    "cfdi__related": "los CFDI relacionados",
    "cfdi__taxes": "los impuestos de los CFDI",
    "cfdi__concepts": "los conceptos de los CFDI",
    "cfdi__payments": "los complementos de pago",
    "cfdi__payment_documents": "los documentos pagados en REP",
    "cfdi__payment_taxes": "los impuestos de los REP",
    "register__customers": "clientes",
    "register__invoices": "facturas",
    "register__instalments": "vencimientos",
    "register__pending_sales": "ventas por facturar",
    "register__payments": "pagos",
    "register__payment_reversals": "devoluciones de pagos",
    "register__payment_applications": "aplicaciones de pago",
    "register__credit_notes": "notas de crédito",
    "register__credit_note_applications": "aplicaciones de notas de crédito",
    "register__opening_balances": "saldos iniciales",
    "register__write_offs": "castigos",
    "register__fx_rates": "tipos de cambio",
    "register__bank_lines": "movimientos bancarios",
    "register__disputes": "disputas",
    "register__incidents": "incidencias",
    "register__promises": "promesas de pago",
    "register__reminders": "recordatorios",
    "register__actions": "acciones",
    "register__reported_payments": "pagos reportados",
    "register__targets": "metas",
    "register__plan_billing": "plan de facturación",
    "register__plan_collections": "plan de cobranza",
    "sat__69": "la lista del artículo 69",
    "sat__69b": "la lista del artículo 69-B",
    "sat__answers": "las respuestas del SAT",
    "log__published_forecasts": "los flujos esperados publicados",
    "sat__metadata": "los metadatos del SAT",
    "sat__third_parties": "los terceros de los metadatos del SAT",
}
