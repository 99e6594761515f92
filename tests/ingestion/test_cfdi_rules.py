"""The checks of whole columns say yes only to what the strict pattern of one value takes."""

from __future__ import annotations

import pickle
import re
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.bench_cfdi import make_files
from ingestion.amounts import MONEY_TEXT, RATE_TEXT
from ingestion.cfdi.reader import read_cfdis
from ingestion.cfdi.rules import plain_numbers, plain_text
from ingestion.contracts import ARROW_TYPES

NUMBERISH = st.text(alphabet="0123456789.-+e, ", max_size=24)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**12).map(
    str
)


@settings(deadline=None)
@given(st.lists(st.one_of(NUMBERISH, DECIMALS, st.none()), max_size=8), st.sampled_from(["money", "rate"]))
def test_plain_numbers_never_takes_what_the_pattern_refuses(values: list[str | None], kind: str) -> None:
    pattern = MONEY_TEXT if kind == "money" else RATE_TEXT
    texts = pa.array(values, pa.string())
    if plain_numbers(texts, kind):
        assert all(value is None or pattern.fullmatch(value) for value in values)
        texts.cast(ARROW_TYPES[kind])


@pytest.mark.parametrize(
    "values",
    [["1"], ["1.50", None, "0.000001"], [None, None], ["123456789012345.12"], ["7", "8.1", None, "9"]],
)
def test_plain_numbers_takes_what_documents_write(values: list[str | None]) -> None:
    assert plain_numbers(pa.array(values, pa.string()), "money")


@pytest.mark.parametrize(
    "odd", ["", "1.", ".5", "1.2.3", "1.0000000", "-1", "1e3", " 1", "1234567890123456789"]
)
def test_one_odd_number_is_told(odd: str) -> None:
    assert not plain_numbers(pa.array(["1.50", odd, "2"], pa.string()), "money")


@settings(deadline=None)
@given(st.lists(st.one_of(st.text(max_size=6), st.none()), max_size=6))
def test_plain_text_never_takes_blanks_at_ends_nor_control_characters(values: list[str | None]) -> None:
    if plain_text(pa.array(values, pa.string())):
        assert all(
            value is None
            or (value and value.strip(" ") == value and not re.search("[\x00-\x1f\x7f-\x9f]", value))
            for value in values
        )


def test_accents_and_signs_above_latin_1_control_are_plain() -> None:
    assert plain_text(pa.array(["Ñandú", "½ pulgada", "10 °C", "José ®"], pa.string()))


def test_a_batch_comes_back_whole_from_another_process_and_no_larger() -> None:
    """Columns are slices of shared arrays: a pickle of them must not hold each array once a column."""
    files = make_files(60)
    batch = read_cfdis(
        [(f"{i:016x}", data) for i, data in enumerate(files)], [date(2026, 6, 30)] * len(files)
    )
    pickled = pickle.dumps(batch)
    again = pickle.loads(pickled)
    assert again.outcomes == batch.outcomes
    assert again.tables.keys() == batch.tables.keys()
    for name, table in batch.tables.items():
        assert again.tables[name].equals(table)
    assert len(pickled) < sum(map(len, files))
