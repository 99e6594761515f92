"""Lines, taxes and totals of a document: what a CFDI's arithmetic is made of.

Total = SubTotal − Descuento + traslados − retenciones, each tax rounded per line and summed, so that the
lines, the document's taxes and its total always agree.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from random import Random

from ingestion.sample.model import ZERO, CreditNote, Customer, Invoice, Line, Tax, money

# clave, unit, unit name, sku, description, price in pesos, tax kind
Product = tuple[str, str, str, str, str, int, str]
GOODS: tuple[Product, ...] = (
    ("31161500", "H87", "Pieza", "TOR-0012", 'Tornillo hexagonal 1/2" × 2" grado 5', 18, "iva"),
    ("31162800", "H87", "Pieza", "HER-0450", "Herraje & soporte galvanizado", 145, "iva"),
    ("30103600", "H87", "Pieza", "PER-0101", "Perfil tubular cal. 14, 6 m", 890, "iva"),
    ("39121700", "H87", "Pieza", "ELE-0230", "Conector eléctrico industrial <600 V>", 236, "iva"),
    ("31211500", "LTR", "Litro", "PIN-0075", "Pintura epóxica gris", 412, "iva"),
    ("46181500", "H87", "Pieza", "SEG-0008", "Chaleco de seguridad reflejante", 178, "iva"),
    ("27111700", "H87", "Pieza", "LLV-0033", "Juego de llaves españolas 12 pzas.", 1290, "iva"),
    ("40141700", "H87", "Pieza", "TUB-0210", 'Válvula de bola 2" acero inoxidable', 1875, "iva"),
    ("44121600", "H87", "Pieza", "OFI-0500", "Artículos de escritorio 'Peña'", 64, "iva"),
    ("50161509", "KGM", "Kilogramo", "ALI-0090", "Azúcar estándar, saco", 27, "zero"),
    ("50221101", "KGM", "Kilogramo", "ALI-0091", "Maíz blanco a granel", 9, "zero"),
    ("55101500", "H87", "Pieza", "LIB-0004", "Manual técnico impreso", 350, "exempt"),
)
SERVICES: tuple[Product, ...] = (
    ("78101802", "E48", "Unidad de servicio", "FLE-01", "Flete de carga León–Querétaro", 14500, "freight"),
    ("80101500", "E48", "Unidad de servicio", "CON-01", "Consultoría en almacenes", 38000, "withheld"),
    ("72101500", "E48", "Unidad de servicio", "MAN-01", "Mantenimiento e instalación", 9600, "iva"),
)
ADVANCE: Product = ("84111506", "ACT", "Actividad", "", "Anticipo del bien o servicio", 0, "iva")
GLOBAL: Product = ("01010101", "ACT", "Actividad", "", "Venta", 0, "iva")


def at_hour(day: date, rng: Random) -> datetime:
    """A working hour of a day."""
    return datetime.combine(day, time(rng.randrange(9, 18), rng.randrange(60), rng.randrange(60)))


def _line(product: Product, target: Decimal, customer: Customer, discount: int) -> Line:
    clave, unit, unit_name, sku, description, price, kind = product
    if price:
        quantity = max(1, min(4000, int(target / price)))
        unit_price = money(target / quantity)
    else:
        quantity, unit_price = 1, money(target)
    unit_price = max(unit_price, Decimal("1.00"))
    amount = unit_price * quantity
    off = money(amount * discount / 100)
    return Line(
        clave, unit, unit_name, sku, description, quantity, unit_price, amount, off,
        line_taxes(kind, amount - off, customer.vat),
    )  # fmt: skip


def line_taxes(kind: str, base: Decimal, vat: str) -> list[Tax]:
    """The taxes of one line by its kind; the customer's region gives the VAT rate."""
    if kind == "exempt":
        return [Tax("traslado", "002", "", base, ZERO)]
    if kind == "zero":
        return [Tax("traslado", "002", "0.000000", base, ZERO)]
    taxes = [Tax("traslado", "002", vat, base, money(base * Decimal(vat)))]
    if kind == "freight":
        taxes.append(Tax("retencion", "002", "0.040000", base, money(base * Decimal("0.04"))))
    if kind == "withheld":
        taxes.append(Tax("retencion", "001", "0.100000", base, money(base * Decimal("0.10"))))
        taxes.append(Tax("retencion", "002", "0.106667", base, money(base * Decimal("0.106667"))))
    return taxes


def group_taxes(lines: list[Line]) -> list[Tax]:
    """The document's taxes: one per kind, tax and rate, in a fixed order."""
    groups: dict[tuple[str, str, str], Tax] = {}
    for line in lines:
        for tax in line.taxes:
            group = groups.setdefault(
                (tax.kind, tax.impuesto, tax.rate), Tax(tax.kind, tax.impuesto, tax.rate, ZERO, ZERO)
            )
            group.base += tax.base
            group.amount += tax.amount
    return [groups[key] for key in sorted(groups, reverse=True)]


def make_lines(customer: Customer, net: Decimal, rng: Random, product: Product | None = None) -> list[Line]:
    """One to twelve lines that add up to about `net`; or a single line of a given product."""
    if product is not None:
        return [_line(product, net, customer, 0)]
    if rng.random() < 0.07 and customer.vat == "0.160000":
        return [_line(SERVICES[rng.choices((0, 1, 2), (5, 2, 3))[0]], net, customer, 0)]
    count = rng.choices(range(1, 13), (18, 20, 16, 12, 9, 7, 5, 4, 3, 2, 2, 2))[0]
    shares = [rng.randrange(10, 100) for _ in range(count)]
    products = rng.choices(GOODS[:9] if rng.random() < 0.9 else GOODS, k=count)
    discount = rng.choice((2, 3, 5)) if rng.random() < 0.1 else 0
    return [
        _line(product, net * share / sum(shares), customer, discount)
        for product, share in zip(products, shares, strict=True)
    ]


def make_invoice(
    customer: Customer, issued_at: datetime, currency: str, fx_rate: Decimal, metodo: str, lines: list[Line]
) -> Invoice:
    """An invoice with its sums; ids come later, once all are sorted by date."""
    taxes = group_taxes(lines)
    subtotal = sum((line.amount for line in lines), ZERO)
    discount = sum((line.discount for line in lines), ZERO)
    charged = sum((t.amount if t.kind == "traslado" else -t.amount for t in taxes), ZERO)
    total = subtotal - discount + charged
    return Invoice(
        customer, issued_at, currency, fx_rate, metodo, "99" if metodo == "PPD" else customer.forma_pago,
        lines, subtotal, discount, taxes, total, open=total, conditions=customer.conditions,
        busy_until=issued_at.date(),
    )  # fmt: skip


def make_note(
    invoice: Invoice, wanted: Decimal, relation: str, day: date, rate: Decimal, rng: Random
) -> CreditNote:
    """A credit note of about `wanted`, at its invoice's first VAT rate."""
    vat = next((t.rate for t in invoice.taxes if t.kind == "traslado"), "")
    kind = "iva" if Decimal(vat or 0) else "zero" if vat else "exempt"
    base = money(wanted / (1 + Decimal(vat or 0)))
    taxes = line_taxes(kind, base, vat)
    total = base + sum((t.amount for t in taxes), ZERO)
    reason = {"01": "Bonificación por volumen", "03": "Devolución de mercancía"}.get(
        relation, "Ajuste comercial"
    )
    return CreditNote(
        invoice.customer, at_hour(day, rng), invoice.currency, rate, relation,
        [invoice] if relation else [], reason, taxes, base, total, [],
    )  # fmt: skip
