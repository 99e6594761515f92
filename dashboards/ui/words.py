"""Codes of the marts as words of the screen. A code without a word is shown as it is."""

from __future__ import annotations

INVOICE_STATUS = {
    "open": "Abierta", "paid": "Pagada", "credited": "Cerrada con nota", "written_off": "Castigada",
    "cancelled": "Cancelada",
}  # fmt: skip
INVOICE_STATES = {
    "abiertas": "Abiertas", "vencidas": "Vencidas", "por_vencer": "Por vencer", "disputa": "En disputa",
    "pagadas": "Pagadas", "castigadas": "Castigadas", "canceladas": "Canceladas", "todas": "Todas",
}  # fmt: skip
MOVEMENTS = {
    "billed": "Factura", "payment": "Pago", "payment_reversed": "Pago devuelto", "credit_note": "Nota de crédito",
    "credit_note_cancelled": "Nota de crédito cancelada", "advance_applied": "Anticipo aplicado",
    "write_off": "Castigo", "cancelled": "Cancelación", "substituted": "Sustituida por otra",
    "rehomed": "Viene de la sustituida", "excess": "Excedente a saldo a favor", "opening": "Saldo inicial",
}  # fmt: skip
METHODS = {
    "01": "efectivo", "02": "cheque", "03": "transferencia", "04": "tarjeta de crédito", "05": "monedero",
    "12": "dación en pago", "15": "condonación", "17": "compensación", "28": "tarjeta de débito",
    "30": "aplicación de anticipos", "99": "por definir",
}  # fmt: skip
CHANNELS = {
    "email": "correo",
    "phone": "llamada",
    "whatsapp": "WhatsApp",
    "visit": "visita",
    "letter": "carta",
}
EVENTS = {
    "invoice": "Factura", "cancelled": "Factura cancelada", "payment": "Pago", "reversed": "Pago devuelto",
    "credit_note": "Nota de crédito", "dispute": "Disputa abierta", "dispute_closed": "Disputa cerrada",
}  # fmt: skip
SOURCES = {
    "register": "registro", "cfdi": "CFDI", "register+cfdi": "registro y CFDI", "cfdi+register": "registro y CFDI",
    "opening": "saldos iniciales", "rep": "complemento de pago", "payment": "pago", "credit_note": "nota de crédito",
}  # fmt: skip
DUE_RULES = {
    "document": "su propia fecha", "customer_terms": "los días de crédito del cliente",
    "contrarrecibo": "el contrarrecibo y los días de crédito", "instalments": "sus vencimientos",
    "payment_conditions": "las condiciones de pago del CFDI", "pue": "el pago en una exhibición",
    "default": "el plazo general", "default_terms": "el plazo general",
}  # fmt: skip
PROMISES = {"pending": "pendiente", "kept": "cumplida", "partial": "parcial", "broken": "rota"}
FILE_STATUS = {
    "loaded": "Cargado", "quarantined": "Apartado", "duplicate": "Repetido", "pending": "En espera",
    "withdrawn": "Retirado",
    "conflict": "En conflicto",
}  # fmt: skip
CHECK_STATUS = {"passed": "Pasó", "warned": "Aviso", "failed": "No pasó"}
GATES = {
    "delivery": "Entrega", "dbt": "Modelos", "candidate": "Contra lo publicado", "publish": "Publicación",
}  # fmt: skip
RUN_STATUS = {
    "published": "Publicada", "unchanged": "Sin cambios", "kept": "Guardada sin publicar", "refused": "No se publicó",
    "failed": "Falló", "running": "En curso",
}  # fmt: skip
SEVERITY = {"critical": "Crítica", "error": "Grave", "warning": "Atención", "info": "Informativa"}
SEALS = {
    "altered": "contenido alterado", "wrong_serial": "otro certificado", "wrong_rfc": "certificado de otro RFC",
    "out_of_date": "certificado no vigente", "other_stamp": "timbre de otro sello", "unreadable": "ilegible",
}  # fmt: skip
ENTITIES = {
    "invoice": "Factura", "payment": "Pago", "credit_note": "Nota de crédito", "customer": "Cliente",
    "application": "Aplicación", "folio": "Folio", "bank_line": "Movimiento bancario", "document": "Documento",
    "sale": "Venta", "promise": "Promesa", "incident": "Incidencia",
}  # fmt: skip
UNITS = {"mxn": "pesos", "pct": "%", "days": "días", "count": "número", "points": "puntos"}
DIRECTIONS = {"up": "Mejor si sube", "down": "Mejor si baja", "none": ""}
OUTCOMES = {
    "accepted": "Aceptada", "rejected": "Rechazada", "partial": "Aceptada en parte", "withdrawn": "Retirada",
}  # fmt: skip
CANCEL_MOTIVES = {
    "01": "con errores, con relación", "02": "con errores, sin relación", "03": "no se llevó a cabo la operación",
    "04": "operación de una factura global",
}  # fmt: skip


def say(words: dict[str, str], code: object) -> str:
    """The word of a code; the code itself where there is none; nothing for nothing."""
    return words.get(str(code), str(code)) if code not in {None, ""} else ""


def flags(text: str | None) -> list[str]:
    """The oddities of a document, in words."""
    known = {
        "pue_assumed_paid": "PUE: se supone pagada al emitirse", "missing_due_date": "sin vencimiento propio",
        "content_conflict": "hay otro documento con el mismo UUID", "duplicate_in_file": "repetida en su archivo",
        "register_cfdi_mismatch": "el registro y el CFDI no dicen lo mismo", "cfdi_only": "solo hay CFDI",
        "register_only": "solo está en el registro",
    }  # fmt: skip
    parts = [part.strip() for part in (text or "").replace("|", ",").replace(";", ",").split(",")]
    return [known.get(part, part.replace("_", " ")) for part in parts if part]
