"""A payment that names an invoice in a currency without a rate stands on none, and says which one it named."""

from __future__ import annotations

from tests.dbt import straight
from tests.dbt.raw_home import Raw
from tests.dbt.test_register_rules import invoice, payment


def company() -> Raw:
    raw = Raw()
    raw.register("customers", customer_id="C1", name="C1", terms_days=30)
    invoice(raw, "R-e", "100", "2026-01-10", currency="EUR", serie="B", folio="7")
    payment(raw, "P2", "110", "2026-02-10", currency="USD", fx_rate=18, invoice_id="B-7")
    payment(raw, "P3", "50", "2026-02-10", invoice_id="Z-9")
    return raw


def test_it_names_the_invoice_and_moves_nothing() -> None:
    applications = (
        "select payment_id, invoice_id, original_invoice_id, is_invoice_known "
        "from fct_payment_applications order by 1"
    )
    exceptions = "select entity_id, detail from exceptions where rule = 'REP_UNKNOWN_INVOICE' order by 1"
    with straight.run(company(), "2026-06-30") as marts:
        assert marts.execute(applications).fetchall() == [
            ("P2", "R-e", None, False),
            ("P3", "Z-9", None, False),
        ]
        assert marts.execute("select open_ccy, paid_ccy from fct_invoices").fetchall() == [(100, 0)]
        assert marts.execute(exceptions).fetchall() == [
            ("P2->R-e", "La factura está en otra moneda y no hay con qué convertir lo pagado"),
            ("P3->Z-9", "La factura no ha llegado en 140 días"),
        ]
        assert straight.broken(marts, "2026-06-30") == {}
