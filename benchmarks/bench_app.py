"""How long a page's own queries take on a snapshot: p50 and p95 per page, no cache, one connection.

python benchmarks/bench_app.py HOME/snapshots/RUN.duckdb [--rounds 40]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from cartera import snapshot
from cartera.calendar import last_sunday
from dashboards.queries import aging, customers, invoices, meta, quality, summary, worklist
from dashboards.queries.access import Filters


def pages(connection: duckdb.DuckDBPyConnection) -> dict[str, Callable[[], None]]:
    """Each page as the questions that it asks on a cold cache."""
    about = meta.about(connection)
    as_of, nobody = about["as_of"], Filters()
    before = last_sunday(as_of)
    branch = next((value for value in meta.filter_values(connection)["branch"] if value), "")
    one_branch = Filters(branch=(branch,))
    top = customers.search(connection, nobody, "", 1)
    customer = top[0]["customer_id"] if top else ""
    found = invoices.page(connection, invoices.Search(), "saldo", 1, 0)
    invoice = found[0]["invoice_id"] if found else ""

    def resumen(filters: Filters) -> None:
        summary.points(connection, filters, as_of)
        summary.debtors(connection, filters, as_of, before)
        summary.flows(connection, filters, as_of)
        summary.speed(connection, filters, as_of)
        summary.disputes(connection, filters, as_of)
        worklist.page(connection, filters, view="hoy", order="prioridad", limit=4, offset=0)

    def antiguedad(question: aging.Question) -> None:
        aging.totals(connection, question)
        aging.by_customer(connection, question, "overdue", 100, 0)

    def cobranza() -> None:
        worklist.counts(connection, nobody)
        worklist.page(connection, nobody, view="hoy", order="prioridad", limit=25, offset=0)

    def facturas() -> None:
        search = invoices.Search(text="a")
        invoices.totals(connection, search)
        invoices.page(connection, search, "atraso", 50, 0)

    def factura() -> None:
        invoices.detail(connection, invoice)
        invoices.movements(connection, invoice)
        invoices.disputes(connection, invoice)
        invoices.exceptions(connection, invoice)

    def cliente() -> None:
        customers.detail(connection, customer)
        customers.balance_history(connection, customer)
        customers.pay_habit(connection, customer)
        customers.pay_history(connection, customer)
        customers.worklist_row(connection, customer)
        customers.timeline(connection, customer, 51, 0)
        invoices.page(connection, invoices.Search(customer_id=customer), "atraso", 50, 0)

    any_day = aging.Question(as_of.replace(day=3), nobody)
    return {
        "marco (todas)": lambda: frame(connection), "resumen": lambda: resumen(nobody),
        "resumen, una sucursal": lambda: resumen(one_branch),
        "antigüedad": lambda: antiguedad(aging.Question(as_of, nobody, is_report_date=True)),
        "antigüedad, otro día": lambda: antiguedad(any_day), "cobranza": cobranza, "facturas": facturas,
        "factura": factura, "cliente": cliente, "calidad": lambda: calidad(connection),
    }  # fmt: skip


def calidad(connection: duckdb.DuckDBPyConnection) -> None:
    """What Calidad asks before a section is chosen, and the list of exceptions."""
    quality.file_counts(connection)
    quality.gates(connection)
    quality.runs(connection, 1)
    quality.exception_counts(connection)


def frame(connection: duckdb.DuckDBPyConnection) -> None:
    """What every page asks: filters, dates, definitions, notices."""
    meta.about(connection)
    meta.filter_values(connection)
    meta.report_dates(connection)
    meta.definitions(connection)
    meta.notices(connection)


def main() -> None:
    """Time every page and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    connection = snapshot.open_readonly(arguments.snapshot)
    (count,) = connection.execute("select count(*) from marts.fct_invoices").fetchall()[0]
    print(f"{arguments.snapshot.name}: {count:,} facturas, {arguments.rounds} vueltas")
    print(f"{'página':<24}{'p50 ms':>9}{'p95 ms':>9}")
    for name, ask in pages(connection).items():
        ask()
        times = []
        for _ in range(arguments.rounds):
            start = time.perf_counter()
            ask()
            times.append((time.perf_counter() - start) * 1000)
        times.sort()
        print(f"{name:<24}{times[len(times) // 2]:>9.1f}{times[int(len(times) * 0.95) - 1]:>9.1f}")


if __name__ == "__main__":
    main()
