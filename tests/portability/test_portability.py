"""The check of portable SQL finds what is planted, and finds nothing in the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.portability.compiled import Compiled
from tests.portability.parsed import glot_offences
from tests.portability.words import scan

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("select total::varchar from {{ ref('a') }}", "::varchar"),
        ("select cast(a as varchar) as b", "as varchar"),
        ("select a, sum(b) from t group by all", "group by all"),
        ("select sum(a) filter (where a > 0)", "filter (where"),
        ("select * exclude (a) from t", "* exclude"),
        ("select unnest(x) from t", "unnest("),
        ("select * from a semi join b on a.k = b.k", "semi join"),
        ("select * from a asof join b on a.d >= b.d", "asof"),
        ("select due_date + 30 as d from t", "due_date + 3"),
        ("select {{ money('as_of - i.due_date') }} as d from t", "as_of - i.due_date"),
        ("select sum(a) over w - a as b", "over w -"),
        ("select last_value(a ignore nulls) over w", "ignore nulls"),
        ("select arg_max(a, b) from t", "arg_max"),
        ("select {{ money('median(a)') }} from t", "median("),
        ("select issue_date - interval 1 month from t", "interval 1"),
        ("select a from t qualify row_number() over w = 1", "qualify"),
        ("select log(a) from t", "log()"),
        ("select list_sort(list(a)) from t", "list_sort("),
        ("select current_date as d", "current_date"),
    ],
)
def test_a_planted_word_is_found_where_it_stands(line: str, word: str, tmp_path: Path) -> None:
    model = tmp_path / "planted.sql"
    model.write_text(
        f"-- unnest(a) in a comment is nothing\n{{# nor arg_max(a, b) #}}\n{line}\n", encoding="utf-8"
    )
    found = [(offence.line, offence.word) for offence in scan(model)]
    assert (3, word) in found
    assert {number for number, _ in found} == {3}


@pytest.mark.parametrize(
    "line",
    [
        "select coalesce(sum(a), 0) as a, {{ days_between('issue_date', 'due_date') }} as days from {{ ref('t') }}",
        "{% for k in range(3) %} select {{ k }} as k {% if not loop.last %}union all{% endif %} {% endfor %}",
        "select {{ last_by('a', 'b') }} as a, (sum(a) over w) - a as earlier, cast(a as varchar(4)) as c from t",
        "select 'REP -> factura' as words, 'interval overlaps' as identity from t",
    ],
)
def test_what_both_engines_understand_is_let_by(line: str, tmp_path: Path) -> None:
    model = tmp_path / "fine.sql"
    model.write_text(line + "\n", encoding="utf-8")
    assert [str(offence) for offence in scan(model)] == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select a from t where (b = 1", "sqlglot cannot read it"),
        ('select "Importe total" from t', "without quotes"),
        ("select cast(a as varchar) as b from t", "needs a length"),
    ],
)
def test_what_the_parser_refuses_points_at_the_source(sql: str, words: str, tmp_path: Path) -> None:
    model = tmp_path / "broken.sql"
    model.write_text(f"-- heading\n{sql}\n", encoding="utf-8")
    found = glot_offences([Compiled("broken", "model", model, sql)])
    assert [words in offence.instead for offence in found] == [True]
    assert found[0].path == model


def test_the_project_has_no_offence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.portability"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "0 offences" in done.stdout
