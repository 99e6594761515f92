"""The macro `merged_spans` against plain sets of days: spans that meet or overlap are one."""

import random
from collections import defaultdict
from pathlib import Path

import duckdb
from jinja2 import Environment

from cartera.warehouse import SAFE_SETTINGS

MACRO = Path(__file__).parents[2] / "dbt_project" / "macros" / "spans.sql"
CALL = "with {{ merged_spans('merged', 'spans', ['company', 'invoice'], 'first', 'last') }} "

Spans = list[tuple[int, int, int, int]]


def merged(spans: Spans) -> Spans:
    sql = Environment(autoescape=False).from_string(MACRO.read_text(encoding="utf-8") + CALL).render()
    with duckdb.connect(config=SAFE_SETTINGS) as connection:
        connection.execute(
            "create table spans (company integer, invoice integer, first integer, last integer)"
        )
        connection.executemany("insert into spans values (?, ?, ?, ?)", spans)
        return connection.execute(f"{sql} select * from merged order by all").fetchall()


def by_hand(spans: Spans) -> Spans:
    """Runs of covered half days: a span [a, b) covers 2a … 2b, so that spans which only meet are joined."""
    covered: dict[tuple[int, int], set[int]] = defaultdict(set)
    for company, invoice, first, last in spans:
        covered[company, invoice] |= set(range(2 * first, 2 * last + 1))
    found = []
    for key, halves in covered.items():
        starts = sorted(h for h in halves if h - 1 not in halves)
        ends = sorted(h for h in halves if h + 1 not in halves)
        found += [(*key, start // 2, end // 2) for start, end in zip(starts, ends, strict=True)]
    return sorted(found)


def test_spans_that_meet_are_one_and_a_gap_parts_them() -> None:
    spans = [(1, 1, 0, 5), (1, 1, 5, 9), (1, 2, 0, 5), (1, 2, 6, 9), (2, 3, 0, 9), (2, 3, 2, 4), (2, 4, 3, 7)]
    assert merged(spans) == [(1, 1, 0, 9), (1, 2, 0, 5), (1, 2, 6, 9), (2, 3, 0, 9), (2, 4, 3, 7)]


def test_equal_spans_after_a_gap_count_once() -> None:
    """Two instalments settled by one payment give two equal spans; sorted by them alone, either could come first."""
    spans = [(1, n, *span) for n in range(500) for span in [(0, 3), (5, 9), (5, 9), (5, 9)]]
    assert merged(spans) == sorted((1, n, *span) for n in range(500) for span in [(0, 3), (5, 9)])


def test_drawn_spans() -> None:
    draw = random.Random(7)
    spans = []
    for n in range(400):
        for _ in range(draw.randint(1, 6)):
            first = draw.randint(0, 30)
            spans.append((n % 3, n, first, first + draw.randint(1, 8)))
    assert merged(spans) == by_hand(spans)
