"""What the SAT says over what the company has: cancelled from its date, whatever the register says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb

from tests.dbt.raw_home import Raw, uuid_of

Home = Callable[..., duckdb.DuckDBPyConnection]
WITH_EXCEPTIONS = ["marts/core", "exceptions"]


def cfdis() -> Raw:
    """CFDIs alone. Each customer is a case."""
    raw = Raw()
    raw.cfdi("gone", "I", "1000", "2026-01-10")
    raw.metadata("gone", cancelled="2026-03-05")
    raw.cfdi("valid", "I", "1100", "2026-01-10")
    raw.metadata("valid")
    raw.cfdi("later", "I", "1200", "2026-01-10")
    raw.metadata("later", cancelled="2026-07-05", delivered="2026-07-06")
    raw.cfdi("undated", "I", "1300", "2026-01-10")
    raw.metadata("undated", estatus=0, delivered="2026-04-08")
    raw.metadata("undated", estatus=0, delivered="2026-04-01")
    raw.cfdi("unknown", "I", "1400", "2026-01-10")
    raw.cfdi("corrected", "I", "1500", "2026-01-10")
    raw.metadata("corrected", cancelled="2026-02-01", delivered="2026-02-02")
    raw.metadata("corrected", delivered="2026-02-03")
    raw.cfdi("same-day", "I", "1600", "2026-01-10")
    raw.metadata("same-day", delivered="2026-02-02")
    raw.metadata("same-day", cancelled="2026-02-02", delivered="2026-02-02")

    raw.cfdi("rep-gone", "I", "2000", "2026-01-10")
    pago = {"date": "2026-02-01", "amount": "800", "documents": [{"invoice": "rep-gone", "paid": "800"}]}
    raw.rep("rep1", "2026-02-20", pago)
    raw.metadata("rep1", cancelled="2026-03-10")
    raw.metadata("rep-gone")

    raw.cfdi("note-gone", "I", "3000", "2026-01-10")
    raw.cfdi("note", "E", "500", "2026-02-01", related=(("01", "note-gone"),))
    raw.metadata("note", cancelled="2026-04-15")
    return raw


def open_on(marts: duckdb.DuckDBPyConnection, name: str, day: str) -> Decimal:
    found = marts.execute(
        "select coalesce(sum(b.open_ccy), 0) from balance_intervals b join fct_invoices i using (invoice_key) "
        f"where b.basis = 'effective' and i.uuid = ? and valid_from <= date '{day}' and valid_to > date '{day}'",
        [uuid_of(name)],
    ).fetchall()
    return Decimal(found[0][0])


def invoice(marts: duckdb.DuckDBPyConnection, name: str, columns: str) -> tuple[Any, ...]:
    (row,) = marts.execute(f"select {columns} from fct_invoices where uuid = ?", [uuid_of(name)]).fetchall()
    return tuple(row)


def raised(marts: duckdb.DuckDBPyConnection, rule: str) -> list[str]:
    return [
        r[0]
        for r in marts.execute(
            "select entity_id from exceptions where rule = ? order by 1", [rule]
        ).fetchall()
    ]


def test_cancelled_at_the_sat_is_open_the_day_before_and_zero_from_then_on(home: Home) -> None:
    marts = home("sat", cfdis, only=WITH_EXCEPTIONS)
    assert [open_on(marts, "gone", d) for d in ("2026-03-04", "2026-03-05", "2026-06-30")] == [1000, 0, 0]
    assert invoice(marts, "gone", "status, sat_status, cancel_date::varchar, open_ccy") == (
        "cancelled", "cancelado", "2026-03-05", 0,
    )  # fmt: skip
    assert invoice(marts, "valid", "status, sat_status, cancel_date, open_ccy") == (
        "open",
        "vigente",
        None,
        1100,
    )


def test_the_latest_delivery_says_and_what_is_not_yet_true_or_known_is_not_cancelled(home: Home) -> None:
    marts = home("sat", cfdis, only=WITH_EXCEPTIONS)
    assert invoice(marts, "later", "sat_status, open_ccy") == ("vigente", 1200)
    assert invoice(marts, "undated", "sat_status, cancel_date::varchar, open_ccy") == (
        "cancelado",
        "2026-04-01",
        0,
    )
    assert invoice(marts, "unknown", "sat_status, open_ccy") == (None, 1400)
    assert invoice(marts, "corrected", "sat_status, open_ccy") == ("vigente", 1500)
    assert invoice(marts, "same-day", "sat_status, open_ccy") == ("cancelado", 0)
    assert raised(marts, "SAT_STATUS_UNKNOWN") == sorted([uuid_of("unknown"), uuid_of("note-gone")])
    assert raised(marts, "CANCELLED_AT_SAT_OPEN_HERE") == [], "there is no register to be behind"


def test_a_rep_cancelled_at_the_sat_gives_the_balance_back(home: Home) -> None:
    marts = home("sat", cfdis, only=WITH_EXCEPTIONS)
    assert [open_on(marts, "rep-gone", d) for d in ("2026-01-31", "2026-02-01", "2026-03-09", "2026-03-10")] == [
        2000, 1200, 1200, 2000,
    ]  # fmt: skip
    assert invoice(marts, "rep-gone", "open_ccy, fiscal_open_ccy") == (2000, 2000)
    assert marts.execute("select status, reversed_date::varchar, rep_uuid from fct_payments").fetchall() == [
        ("reversed", "2026-03-10", None)
    ]
    details = marts.execute("select detail from exceptions where rule = 'PAYMENT_REVERSED'").fetchall()
    assert details == [("REP cancelado en el SAT el 10 mar 2026",)]
    assert raised(marts, "REP_OF_REVERSED_PAYMENT") == []


def test_a_credit_note_cancelled_at_the_sat_gives_the_balance_back(home: Home) -> None:
    marts = home("sat", cfdis, only=WITH_EXCEPTIONS)
    assert [open_on(marts, "note-gone", d) for d in ("2026-04-14", "2026-04-15")] == [2500, 3000]
    assert marts.execute("select status, cancel_date::varchar from fct_credit_notes").fetchall() == [
        ("cancelled", "2026-04-15")
    ]


def registered() -> Raw:
    raw = Raw()

    def sale(name: str, total: str, **more: Any) -> None:
        raw.cfdi(name, "I", total, "2026-01-10", receptor="CLI020202XY2")
        raw.register(
            "invoices", invoice_id=name, uuid=uuid_of(name), customer_id="C1", currency="MXN", total=Decimal(total),
            issue_date="2026-01-10", due_date="2026-02-10", metodo_pago="PPD", **more,
        )  # fmt: skip

    def paid(name: str, amount: str, *reps: str) -> None:
        raw.register(
            "payments", payment_id=f"P-{name}", rep_uuid=uuid_of(reps[0]), invoice_id=name, customer_id="C1",
            payment_date="2026-02-01", currency="MXN", amount=Decimal(amount), method="transferencia",
        )  # fmt: skip
        for rep in reps:
            raw.rep(
                rep,
                "2026-02-05",
                {"date": "2026-02-01", "amount": amount, "documents": [{"invoice": name, "paid": amount}]},
            )

    raw.register("customers", customer_id="C1", name="Uno", rfc="CLI020202XY2")
    sale("silent", "100")
    raw.metadata("silent", cancelled="2026-03-05")
    sale("told", "200", cancel_date="2026-03-07")
    raw.metadata("told", cancelled="2026-03-05")
    sale("only-here", "300", cancel_date="2026-03-07")
    raw.metadata("only-here")
    sale("cash", "400")
    paid("cash", "150", "cash-rep")
    raw.metadata("cash-rep", cancelled="2026-04-01")
    sale("again", "500")
    paid("again", "200", "again-rep1", "again-rep2")
    raw.metadata("again-rep1", cancelled="2026-04-01")
    raw.metadata("again-rep2")
    return raw


def test_the_sat_holds_over_the_register(home: Home) -> None:
    marts = home("sat_register", registered, only=WITH_EXCEPTIONS)
    found = {
        name: invoice(marts, name, "status, sat_status, cancel_date::varchar")
        for name in ("silent", "told", "only-here")
    }
    assert found == {
        "silent": ("cancelled", "cancelado", "2026-03-05"),
        "told": ("cancelled", "cancelado", "2026-03-05"),
        "only-here": ("cancelled", "vigente", "2026-03-07"),
    }
    assert raised(marts, "CANCELLED_AT_SAT_OPEN_HERE") == ["silent"]


def test_cash_of_a_register_stays_when_its_rep_is_cancelled(home: Home) -> None:
    marts = home("sat_register", registered, only=WITH_EXCEPTIONS)
    assert invoice(marts, "cash", "open_ccy, rep_status") == (250, "missing")
    assert "P-cash" in raised(marts, "REP_MISSING_AFTER_DEADLINE")


def test_a_rep_issued_again_without_relation_is_the_same_receipt(home: Home) -> None:
    marts = home("sat_register", registered, only=WITH_EXCEPTIONS)
    assert invoice(marts, "again", "open_ccy, rep_status, fiscal_open_ccy") == (300, "complete", 300)
    assert marts.execute("select rep_uuid from fct_payments where payment_id = 'P-again'").fetchall() == [
        (uuid_of("again-rep2"),)
    ]


def test_without_metadata_nothing_is_asked(home: Home) -> None:
    def make() -> Raw:
        raw = Raw()
        raw.cfdi("x", "I", "1000", "2026-01-10")
        return raw

    assert raised(home("sat_none", make, only=WITH_EXCEPTIONS), "SAT_STATUS_UNKNOWN") == []


def listed() -> Raw:
    raw = Raw()
    customers = {
        "definitive": "AAA010101AA1",
        "presumed": "AAA010101AA2",
        "cleared": "AAA010101AA3",
        "gone": "AAA010101AA4",
    }
    customers |= {
        "lost": "AAA010101AA5",
        "found": "AAA010101AA6",
        "pardoned": "AAA010101AA7",
        "nobody": "AAA010101AA8",
    }
    for name, rfc in customers.items():
        raw.register("customers", customer_id=name, name=name, rfc=rfc)

    def put(table: str, day: str, name: str, **values: str) -> None:
        raw.add(table, source_file_id=f"{table}{day}", row_number=1, row_hash=f"{name}{values}", rfc=customers[name],
                delivery_date=day, **values)  # fmt: skip

    for name, situation in {
        "definitive": "Definitivo",
        "presumed": "Presunto",
        "cleared": "Presunto",
    }.items():
        put("sat__69b", "2026-05-01", name, situacion=situation)
    put("sat__69b", "2026-06-01", "cleared", situacion="Desvirtuado")
    put("sat__69", "2026-05-01", "lost", supuesto="NO LOCALIZADOS")
    put("sat__69", "2026-05-01", "found", supuesto="NO LOCALIZADOS")
    put("sat__69", "2026-06-01", "lost", supuesto="NO LOCALIZADOS")
    put("sat__69", "2026-05-01", "gone", supuesto="FIRMES")
    put("sat__69", "2026-05-01", "pardoned", supuesto="CONDONADOS")
    raw.cfdi("owed", "I", "100", "2026-01-10", receptor=customers["lost"])
    return raw


def test_customers_on_the_lists(home: Home) -> None:
    marts = home("sat_lists", listed, only=WITH_EXCEPTIONS)
    assert raised(marts, "CUSTOMER_ON_69B") == ["definitive", "presumed"]
    assert raised(marts, "CUSTOMER_ON_69") == ["gone", "lost"]
    found = marts.execute(
        "select amount_mxn, detail from exceptions where entity_id = 'lost' and rule = 'CUSTOMER_ON_69'"
    ).fetchall()
    assert found == [(100, "RFC AAA010101AA5: NO LOCALIZADOS en la lista del 1 jun 2026")]


def asked() -> Raw:
    raw = Raw()
    for name in ("says-valid", "says-gone", "late", "lost", "odd", "changed", "dated", "never"):
        raw.cfdi(name, "I", "100", "2026-01-10")

    def answer(name: str, day: str, estado: str) -> None:
        raw.add("sat__answers", source_file_id="sat", uuid=uuid_of(name), asked_date=day, estado=estado,
                delivery_date=day, row_hash=f"{name}{day}")  # fmt: skip

    answer("says-valid", "2026-07-15", "vigente")
    answer("says-gone", "2026-05-02", "cancelado")
    answer("says-gone", "2026-05-09", "cancelado")
    answer("late", "2026-07-15", "cancelado")
    answer("lost", "2026-05-02", "no_encontrado")
    answer("odd", "2026-05-02", "desconocido")
    answer("changed", "2026-05-02", "no_encontrado")
    answer("changed", "2026-05-03", "vigente")
    answer("dated", "2026-05-02", "cancelado")
    raw.metadata("dated", cancelled="2026-04-20")
    for name in ("rep-told", "note-told"):
        raw.cfdi(name, "I", "1000", "2026-01-10")
    raw.rep(
        "rep",
        "2026-02-01",
        {"date": "2026-02-01", "amount": "400", "documents": [{"invoice": "rep-told", "paid": "400"}]},
    )
    raw.cfdi("note", "E", "300", "2026-02-01", related=(("01", "note-told"),))
    answer("rep", "2026-05-05", "cancelado")
    answer("note", "2026-05-06", "cancelado")
    return raw


def test_answers_of_the_service_fill_what_metadata_does_not_say(home: Home) -> None:
    marts = home("sat_answers", asked, only=WITH_EXCEPTIONS, sat_enabled=True)
    columns = "sat_status, cancel_date::varchar, open_ccy"
    assert invoice(marts, "says-valid", columns) == ("vigente", None, 100), "valid later was valid before"
    assert invoice(marts, "says-gone", columns) == ("cancelado", "2026-05-02", 0)
    assert invoice(marts, "late", columns) == (None, None, 100), "at as_of nobody knew"
    assert invoice(marts, "lost", columns) == ("no_encontrado", None, 100)
    assert invoice(marts, "odd", columns) == ("desconocido", None, 100)
    assert invoice(marts, "changed", columns) == ("vigente", None, 100)
    assert invoice(marts, "dated", columns) == ("cancelado", "2026-04-20", 0), "metadata has the date"
    unknown = ("late", "lost", "odd", "never", "rep-told", "note-told")
    assert raised(marts, "SAT_STATUS_UNKNOWN") == sorted(map(uuid_of, unknown))


def test_an_answer_that_cancels_a_rep_or_a_note_gives_the_balance_back_from_its_day(home: Home) -> None:
    marts = home("sat_answers", asked, only=WITH_EXCEPTIONS, sat_enabled=True)
    assert [open_on(marts, "rep-told", d) for d in ("2026-05-04", "2026-05-05")] == [600, 1000]
    assert [open_on(marts, "note-told", d) for d in ("2026-05-05", "2026-05-06")] == [700, 1000]
