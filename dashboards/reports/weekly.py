"""The weekly receivables review as an Excel workbook. `build_workbook` is the door.

The same snapshot and the same date give the same bytes: the moment of creation is the snapshot's.
"""

from __future__ import annotations

import datetime as dt

import duckdb

from dashboards.reports import weekly_cover, weekly_sheets
from dashboards.reports.weekly_review import gather
from dashboards.reports.workbook import Book


def build_workbook(connection: duckdb.DuckDBPyConnection, as_of: dt.date | None = None) -> tuple[str, bytes]:
    """The review as (file name, bytes). `as_of` None is the snapshot's; another date is rebuilt from it."""
    review = gather(connection, as_of)
    footer = f"{review.company} · corte {review.d:%d/%m/%Y} · corrida {review.snapshot['run_id']}"
    title = f"Revisión semanal de cartera al {review.d:%d/%m/%Y}"
    book = Book(title, review.company, review.snapshot["published_at"], footer)
    weekly_cover.write(book, review)
    weekly_sheets.write_movements(book, review)
    weekly_sheets.write_customers(book, review)
    weekly_sheets.write_items(book, review)
    weekly_sheets.write_definitions(book, review)
    return f"revision_semanal_{review.d:%Y-%m-%d}.xlsx", book.finish()
