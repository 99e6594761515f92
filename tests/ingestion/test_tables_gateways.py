# ruff: noqa: E501 -- a row of an export stands on one line
"""Payment gateways' exports: rows that are payments, rows that undo one, rows that are neither, and none lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cartera.home import HomePaths
from ingestion.reading import Reading
from ingestion.tables.mapping import MappingError, load_mappings, parse_mappings
from ingestion.tables.suggest import suggest
from tests.ingestion.tables_kit import codes, column, read, refused, rows
from tests.ingestion.test_load import files, ingest, paths, put, raw

__all__ = ["paths"]

STRIPE = (
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,Description,Fee,Mode,"
    "Refunded date (UTC),Status,Card Last4,Customer ID,factura (metadata),Transfer\n"
)
MERCADO_PAGO = (
    "EXTERNAL_REFERENCE;SOURCE_ID;PAYMENT_METHOD_TYPE;TRANSACTION_TYPE;TRANSACTION_AMOUNT;TRANSACTION_CURRENCY;"
    "TRANSACTION_DATE;FEE_AMOUNT;SETTLEMENT_NET_AMOUNT;SETTLEMENT_CURRENCY\n"
)
RECONCILIATION = (
    "automatic_payout_id,automatic_payout_effective_at,balance_transaction_id,created_utc,created,currency,gross,fee,net,"
    "reporting_category,source_id,charge_id,payment_metadata[factura]\n"
)


def stripe(*lines: str) -> Reading:
    return read("unified_payments.csv", STRIPE + "".join(f"{line}\n" for line in lines))


def mercado_pago(*lines: str) -> Reading:
    return read("settlement-report.csv", MERCADO_PAGO + "".join(f"{line}\n" for line in lines))


def left_out(reading: Reading) -> int:
    return sum(int(flag.partition(":")[2]) for flag in reading.flags if flag.startswith("rows_left_out:"))


def test_a_stripe_payment_is_its_gross_its_fee_and_the_day_in_mexico_city() -> None:
    reading = stripe(
        "ch_1,2026-06-30 05:59:59,1160.00,0.00,mxn,true,1160.00,x,45.20,Live,,Paid,4242,cus_1,A-1,po_1",
        "ch_2,2026-06-30 06:00:00,100.50,0.00,mxn,true,100.50,x,6.50,Live,,Paid,4242,cus_1,A-2,po_1",
    )
    assert reading.refusals == []
    first, second = rows(reading, "payments")
    assert (first["payment_id"], first["invoice_id"], first["customer_id"]) == ("ch_1", "A-1", "cus_1")
    assert (first["payment_date"], second["payment_date"]) == (date(2026, 6, 29), date(2026, 6, 30))
    assert (first["amount"], first["fee_amount"], first["net_amount"]) == (
        Decimal(1160),
        Decimal("45.20"),
        None,
    )
    assert (first["currency"], first["gateway"], first["payout_id"]) == ("MXN", "Stripe", "po_1")
    assert first["extra"] is None, "nothing of a card is kept in the tables"
    assert not [flag for flag in reading.flags if flag.startswith("extra_columns")]


def test_every_row_of_a_stripe_export_is_a_payment_a_refund_left_out_or_refused() -> None:
    reading = stripe(
        "ch_1,2026-06-10 18:00:00,1000.00,1000.00,mxn,true,1000.00,x,40.00,Live,2026-06-12 03:00:00,Refunded,1,cus_1,A-1,",
        "ch_2,2026-06-10 18:00:00,1000.00,300.00,mxn,true,1000.00,x,40.00,Live,2026-06-12 18:00:00,Paid,1,cus_1,A-2,",
        "ch_3,2026-06-10 18:00:00,50.00,0.00,usd,true,900.00,x,30.00,Live,,Paid,1,cus_2,A-3,",
        "ch_4,2026-06-10 18:00:00,70.00,0.00,mxn,false,,x,0.00,Live,,Failed,1,cus_2,A-4,",
        "ch_5,2026-06-10 18:00:00,80.00,0.00,mxn,true,80.00,x,4.00,Live,,Disputed,1,cus_2,A-5,",
        "ch_6,2026-06-10 18:00:00,90.00,0.00,mxn,true,90.00,x,4.00,Live,,Paid,1,,,",
    )
    assert sorted(column(reading, "payment_id", "payments")) == ["ch_1", "ch_2", "ch_3"]
    fees = dict(
        zip(column(reading, "payment_id", "payments"), column(reading, "fee_amount", "payments"), strict=True)
    )
    assert fees == {"ch_1": Decimal(40), "ch_2": Decimal(40), "ch_3": None}, (
        "a fee in pesos of dollars is no fee of theirs"
    )
    returned = rows(reading, "payment_reversals")
    assert [(r["payment_id"], r["amount"], r["reversed_date"]) for r in returned] == [
        ("ch_1", Decimal(1000), date(2026, 6, 11)),
        ("ch_2", Decimal(300), date(2026, 6, 12)),
    ]
    assert codes(reading) == [(6, "unlisted_value"), (7, "blank_required")]
    assert "no dice qué hacer con «Disputed»" in reading.refusals[0].reason
    assert left_out(reading) == 1, "the failed one"


def test_a_stripe_export_without_its_refund_columns_is_refused() -> None:
    data = (
        STRIPE + "ch_1,2026-06-10 18:00:00,9.00,0.00,mxn,true,9.00,x,1.00,Live,,Paid,1,cus_1,A-1,\n"
    ).replace("Refunded date (UTC)", "Otra")
    reading = read("payments.csv", data)
    assert refused(reading) == "missing_column"
    assert "reversed_date" in reading.refusals[0].reason


def test_stripes_payout_reconciliation_says_the_deposit_of_each_payment() -> None:
    reading = read("itemized.csv", RECONCILIATION + (
        "po_1,2026-06-15 00:00:00,txn_1,2026-06-11 02:00:00,2026-06-10 20:00:00,mxn,1000.00,41.76,958.24,charge,ch_1,ch_1,A-1\n"
        "po_1,2026-06-15 00:00:00,txn_2,2026-06-12 18:00:00,2026-06-12 12:00:00,mxn,-300.00,0.00,-300.00,refund,re_1,ch_0,\n"
        "po_1,2026-06-15 00:00:00,txn_3,2026-06-15 00:00:00,2026-06-14 18:00:00,mxn,-658.24,0.00,-658.24,payout,po_1,,\n"
        "po_1,2026-06-15 00:00:00,txn_4,2026-06-13 00:00:00,2026-06-12 18:00:00,mxn,300.00,0.00,300.00,other_adjustment,adj_1,,\n"
    ))  # fmt: skip
    (paid,), (back,) = rows(reading, "payments"), rows(reading, "payment_reversals")
    assert (paid["payment_id"], paid["payment_date"], paid["net_amount"]) == (
        "ch_1",
        date(2026, 6, 10),
        Decimal("958.24"),
    )
    assert (paid["payout_id"], paid["payout_date"]) == ("po_1", date(2026, 6, 15))
    assert (back["reversal_id"], back["payment_id"], back["amount"]) == ("txn_2", "ch_0", Decimal(-300))
    assert back["payout_id"] == "po_1"
    assert (codes(reading), left_out(reading)) == ([(5, "unlisted_value")], 1)


def test_a_stripe_dispute_takes_its_payment_back_and_a_won_one_gives_it_again() -> None:
    line = "po_2,2026-06-30 00:00:00,{},2026-06-{} 18:00:00,,mxn,{},{},{},{},{},ch_9,\n"
    reading = read("itemized.csv", RECONCILIATION + (
        line.format("txn_5", 12, "-300.00", "220.00", "-520.00", "dispute", "dp_1")
        + line.format("txn_6", 20, "300.00", "-220.00", "520.00", "dispute_reversal", "dp_1")
        + line.format("txn_7", 21, "-80.00", "0.00", "-80.00", "refund", "re_2")
        + line.format("txn_8", 25, "80.00", "0.00", "80.00", "refund_failure", "re_2")
        + line.format("txn_9", 26, "-9.00", "0.00", "-9.00", "issuing_transaction", "ipi_1")
    ))  # fmt: skip
    assert (rows(reading, "payments"), codes(reading), left_out(reading)) == ([], [], 1)
    back = {r["reversal_id"]: (r["payment_id"], r["amount"], r["is_restored"], r["reversed_date"].day, r["payout_id"])
            for r in rows(reading, "payment_reversals")}  # fmt: skip
    assert back == {
        "txn_5": ("ch_9", Decimal(-300), None, 12, "po_2"), "txn_6": ("ch_9", Decimal(300), True, 20, "po_2"),
        "txn_7": ("ch_9", Decimal(-80), None, 21, "po_2"), "txn_8": ("ch_9", Decimal(80), True, 25, "po_2"),
    }  # fmt: skip


def test_a_mercado_pago_claim_takes_its_payment_back_and_a_won_one_gives_it_again() -> None:
    line = "A-2;900002;account_money;{};{};MXN;2026-06-{}T09:00:00.000-04:00;0.00;{};MXN"
    reading = mercado_pago(
        line.format("DISPUTE", "-500.00", 22, "-500.00"),
        line.format("DISPUTE", "500.00", 25, "500.00"),
        line.format("CHARGEBACK", "-500.00", 26, "-500.00"),
        line.format("CHARGEBACK", "500.00", 28, "500.00"),
        line.format("DISPUTE", "0.00", 29, "0.00"),
        line.format("MEDIATION", "-500.00", 30, "-500.00"),
    )
    assert [(r["reason"], r["amount"], r["is_restored"], r["reversed_date"].day)
            for r in sorted(rows(reading, "payment_reversals"), key=lambda r: str(r["reversed_date"]))] == [
        ("DISPUTE", Decimal(-500), None, 22), ("DISPUTE", Decimal(500), True, 25),
        ("CHARGEBACK", Decimal(-500), None, 26), ("CHARGEBACK", Decimal(500), True, 28),
    ]  # fmt: skip
    assert (codes(reading), left_out(reading)) == ([(7, "unlisted_value")], 1)


def test_mercado_pago_keeps_refunds_apart_and_leaves_withdrawals_out() -> None:
    reading = mercado_pago(
        "A-1;900001;credit_card;SETTLEMENT;1000.00;MXN;2026-06-10T23:30:00.000-04:00;-41.00;959.00;MXN",
        "A-2;900002;account_money;SETTLEMENT;500.00;MXN;2026-06-11T00:59:59.000-04:00;-20.00;480.00;MXN",
        "A-1;900001;credit_card;REFUND;-250.00;MXN;2026-06-20T12:00:00.000-04:00;0.00;-250.00;MXN",
        "A-1;900001;credit_card;REFUND;-250.00;MXN;2026-06-20T12:00:01.000-04:00;0.00;-250.00;MXN",
        ";900003;;PAYOUTS;-5000.00;MXN;2026-06-21T09:00:00.000-04:00;0.00;-5000.00;MXN",
        "x;900004;account_money;SETTLEMENT;-80.00;MXN;2026-06-21T09:00:00.000-04:00;0.00;-80.00;MXN",
        "A-2;900002;account_money;MEDIATION;-500.00;MXN;2026-06-22T09:00:00.000-04:00;0.00;-500.00;MXN",
    )
    paid, back = rows(reading, "payments"), rows(reading, "payment_reversals")
    assert [(p["payment_id"], p["invoice_id"], p["payment_date"]) for p in paid] == [
        ("900001", "A-1", date(2026, 6, 10)),
        ("900002", "A-2", date(2026, 6, 10)),
    ]
    assert [(p["amount"], p["fee_amount"], p["net_amount"]) for p in paid] == [
        (Decimal(1000), Decimal(-41), Decimal(959)),
        (Decimal(500), Decimal(-20), Decimal(480)),
    ]
    assert len({r["reversal_id"] for r in back}) == 2, "two refunds of one day and amount are two"
    assert {r["payment_id"] for r in back} == {"900001"}
    assert (codes(reading), left_out(reading)) == ([(8, "unlisted_value")], 2)


def test_conekta_counts_what_is_paid_and_sets_aside_what_was_refunded() -> None:
    reading = read("cargos.csv", (
        "id,order_id,amount,fee,currency,status,paid_at,customer_id,reference_id\n"
        "c1,ord_1,1160.00,38.17,MXN,paid,2026-06-10 05:00:00,C001,A-1\n"
        "c2,ord_2,100.00,0.00,MXN,declined,,C001,A-2\n"
        "c3,ord_3,100.00,3.00,MXN,partially_refunded,2026-06-10 20:00:00,C001,A-3\n"
    ))  # fmt: skip
    (row,) = rows(reading)
    assert (row["payment_id"], row["amount"], row["fee_amount"]) == ("c1", Decimal(1160), Decimal("38.17"))
    assert row["payment_date"] == date(2026, 6, 9)
    assert (codes(reading), left_out(reading)) == ([(4, "unlisted_value")], 1)


OWN = """
name: mi-terminal
kind: payments
match: [Autorización, Operación]
only: {Operación: [VENTA]}
columns:
  payment_id: Autorización
  customer_id: Cliente
  payment_date: {from: Fecha, zone: America/Tijuana}
  currency: {const: MXN}
  amount: Importe
"""


def test_only_alone_leaves_out_all_the_rest_and_totals_are_still_refused() -> None:
    reading = read(
        "terminal.csv",
        "Autorización,Operación,Cliente,Fecha,Importe\n"
        "1, venta ,C1,2026-06-10 23:30:00,5.00\n2,DEVOLUCION,C1,2026-06-10 10:00:00,5.00\n,,,,10.00\nTotal,,,,10.00\n",
        parse_mappings(OWN.encode(), "t.yml"),
    )
    assert column(reading, "payment_id") == ["1"]
    assert column(reading, "payment_date") == [date(2026, 6, 11)], "half past one in Mexico City"
    assert (codes(reading), left_out(reading)) == ([(5, "total_row")], 2)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("only: {Operación: [VENTA]}", "only: [VENTA]"), "only"),
        (("only: {Operación: [VENTA]}", "only: {Operación: []}"), "only.Operación"),
        (("only: {Operación: [VENTA]}", "only: {Operación: [yes]}"), "only.Operación"),
        (("zone: America/Tijuana", "zone: Marte"), "columns.payment_date.zone"),
        (("zone: America/Tijuana", 'zone: UTC, format: "%d/%m/%Y"'), "columns.payment_date.zone"),
        (("amount: Importe", "amount: {from: Importe, zone: UTC}"), "columns.amount.zone"),
    ],
)
def test_a_wrong_key_is_named(change: tuple[str, str], key: str) -> None:
    with pytest.raises(MappingError) as caught:
        parse_mappings(OWN.replace(*change).encode(), "t.yml")
    assert f"clave «{key}»" in str(caught.value)


def test_a_header_with_something_in_parentheses_is_looked_at_as_well() -> None:
    own = OWN.replace("only: {Operación: [VENTA]}", 'except: {Importe: ["=0"]}')
    data = "Autorización,Operación,Cliente,Fecha,Importe (autorizado)\n1,VENTA,C1,2026-06-10,5\n2,VENTA,C1,2026-06-10,0\n"
    reading = read("terminal.csv", data, parse_mappings(own.encode(), "t.yml"))
    assert (column(reading, "payment_id"), left_out(reading)) == (["1"], 1)


def test_a_mapping_beside_must_exist(tmp_path: Path) -> None:
    (tmp_path / "t.yml").write_text(OWN + "also: [no-hay]\n", encoding="utf-8")
    with pytest.raises(MappingError, match="no-hay"):
        load_mappings(tmp_path)


def test_a_moment_that_cannot_be_one_refuses_its_row() -> None:
    reading = read(
        "terminal.csv",
        "Autorización,Operación,Cliente,Fecha,Importe\n1,VENTA,C1,2026-06-31 10:00:00,5.00\n"
        "2,VENTA,C1,10/06/2026 10:00,5.00\n3,VENTA,C1,2026-06-10,5.00\n",
        parse_mappings(OWN.encode(), "t.yml"),
    )
    assert codes(reading) == [(2, "bad_date"), (3, "bad_date")]
    assert column(reading, "payment_date") == [date(2026, 6, 10)], "a day has no zone"


@pytest.mark.parametrize(
    "data", [STRIPE + "ch_1,2026-06-30 05:59:59,9.00,0.00,mxn,true,9.00,x,1.00,Live,,Paid,1,cus_1,A-1,\n"]
)
def test_a_suggestion_keeps_the_rules_of_the_mapping_that_knows_the_file(data: str) -> None:
    text = suggest("unified_payments.csv", data.encode())
    (mapping,) = parse_mappings(text.encode(), "s.yml")
    known = next(m for m in load_mappings(None) if m.name == "stripe-pagos")
    assert (mapping.rows, mapping.also, mapping.ignore_rest) == (known.rows, known.also, True)
    assert mapping.columns["payment_date"].zone == "UTC"
    assert mapping.columns["gateway"].const == "Stripe"
    assert read("unified_payments.csv", data, [mapping]).tables["register__payments"].num_rows == 1


def test_a_suggestion_for_an_unknown_gateway_says_its_zone_and_its_kinds_of_rows() -> None:
    text = suggest("cobros.csv", (
        b"Folio pago,Cliente,Fecha de pago,Moneda,Importe,Estatus\n"
        b"1,C1,2026-06-30T05:00:00Z,MXN,100.00,pagado\n2,C1,2026-06-30T05:00:00Z,MXN,100.00,rechazado\n"
    ))  # fmt: skip
    (mapping,) = parse_mappings(text.encode(), "s.yml")
    assert mapping.columns["payment_date"].zone == "UTC"
    assert (
        '# Si no todos los renglones cuentan, deja los que sí: only: {"Estatus": ["pagado", "rechazado"]}'
        in text
    )
    assert "2026-06-29" in text


PAID = "ch_1,2026-06-10 18:00:00,1000.00,{},mxn,true,1000.00,x,40.00,Live,{},Paid,1,cus_1,A-1,\n"
FAILED = "ch_2,2026-06-10 18:00:00,70.00,0.00,mxn,false,,x,0.00,Live,,Failed,1,cus_2,A-4,\n"
COUNTS = "select (select count(*) from raw.register__payments), (select count(*) from raw.register__payment_reversals)"


def test_one_export_feeds_two_registers_and_every_row_of_them_is_counted_once(paths: HomePaths) -> None:
    first = STRIPE + PAID.format("0.00", "") + FAILED
    later = STRIPE + PAID.format("250.00", "2026-06-20 18:00:00") + FAILED
    put(paths, "pagos_2026-06-11.csv", first)
    ingest(paths)
    put(paths, "pagos_2026-06-21.csv", later)
    ingest(paths)
    # of the second, the payment is known (nothing of it changed) and its refund is new
    assert files(paths) == {
        "pagos_2026-06-11.csv": ("loaded", "payments", 1, 1, 0, 0),
        "pagos_2026-06-21.csv": ("loaded", "payments", 2, 1, 0, 1),
    }
    assert raw(paths, COUNTS) == [(2, 1)]


def test_a_kind_held_at_the_gate_holds_the_whole_export(paths: HomePaths) -> None:
    put(paths, "pagos.csv", STRIPE + PAID.format("250.00", "2026-06-20 18:00:00"))
    ingest(paths, held={"payments": "más de la mitad"})
    assert files(paths)["pagos.csv"][0] == "pending"
    assert raw(paths, COUNTS) == [(0, 0)]
    ingest(paths)
    assert files(paths)["pagos.csv"] == ("loaded", "payments", 2, 2, 0, 0)
