"""Amounts of a large company: products of two of them do not fit in DECIMAL(18), and must not need to."""

from __future__ import annotations

from decimal import Decimal

from tests.dbt import straight
from tests.dbt.raw_home import OWN_RFC, Raw, uuid_of
from tests.dbt.test_register_rules import invoice, payment


def test_a_note_of_twenty_million_splits_its_tax_as_its_invoice_did() -> None:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="Uno")
    for name, total, subtotal in (("A", "40000000", "34482758.62"), ("B", "60000000", "60000000")):
        invoice(raw, name, total, "2026-05-05", uuid=uuid_of(name), company_rfc=OWN_RFC)
        raw.cfdi(name, "I", total, "2026-05-05T10:00:00", subtotal=Decimal(subtotal))
    # 20,000,000 × 34,482,758.62 ÷ 40,000,000 = 17,241,379.31
    raw.register("credit_notes", cn_id="N1", customer_id="C1", currency="MXN", issue_date="2026-05-20",
                 total=Decimal(20000000), tipo_relacion="03", related_invoice_id="A", company_rfc=OWN_RFC)  # fmt: skip
    # a note over both invoices: 20 and 60 million open, so 5 of its 20 million fall on A and 15 on B
    raw.cfdi("N2", "E", "20000000", "2026-06-01T10:00:00", related=(("01", "A"), ("01", "B")))
    marts = straight.build(raw, only=["sales_book"])
    notes = marts.execute(
        "select folio, subtotal_mxn, iva_mxn from sales_book where tipo = 'E' and folio = 'N1'"
    ).fetchall()
    assert notes == [("N1", Decimal("-17241379.31"), Decimal("-2758620.69"))]
    open_now = marts.execute("select invoice_id, open_ccy from fct_invoices order by 1").fetchall()
    assert open_now == [("A", Decimal("15000000.00")), ("B", Decimal("45000000.00"))]


def test_amounts_mistyped_up_to_what_the_readers_take_stop_nothing() -> None:
    """Without its decimal point an amount is a hundred times what it was; beside a cent a ratio of it fits nowhere."""
    most = Decimal("999999999999.99")
    raw = Raw()
    raw.register(
        "customers", customer_id="C1", name="Uno", credit_limit=Decimal("0.01"), credit_limit_currency="MXN"
    )
    raw.register("fx_rates", date="2026-01-01", currency="USD", mxn_per_unit=Decimal("20"))
    for name, currency in (("A", "MXN"), ("B", "USD")):
        invoice(
            raw, name, str(most), "2025-05-05", due_date="2025-06-05", currency=currency, company_rfc=OWN_RFC
        )
        payment(
            raw,
            f"P{name}",
            "700000000000",
            "2026-06-05",
            currency=currency,
            customer_id=None,
            invoice_id=name,
        )
    raw.register(
        "customers", customer_id="C2", name="Dos", credit_limit=Decimal("0.01"), credit_limit_currency="MXN"
    )
    invoice(raw, "D", "400000", "2026-05-05", "C2", due_date="2026-06-05", company_rfc=OWN_RFC)
    invoice(raw, "C", "0.01", "2026-06-20", due_date="2026-06-25", company_rfc=OWN_RFC)
    with straight.run(raw, "2026-06-30") as marts:
        assert straight.broken(marts, "2026-06-30") == {}
        # A and B: 299,999,999,999.99 open each, B at 20 pesos
        assert marts.execute(
            "select gross_mxn from morosidad where dimension = 'total' and as_of = date '2026-06-30'"
        ).fetchall() == [(Decimal("6300000399999.80"),)]
        assert marts.execute(
            "select utilisation_pct from credit_use where as_of = date '2026-06-30' order by customer_id"
        ).fetchall() == [(None,), (Decimal(4_000_000_000),)]
        [(reasons,)] = marts.execute("select reasons from worklist where customer_id = 'C2'").fetchall()
        assert reasons == "Excede su límite de crédito (4000000000 %)"
