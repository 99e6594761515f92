"""What holds for any company: METRICS.md section 7's identities, and what must change nothing.

The identities are the project's own singular tests, run over companies that hypothesis draws. `make soak` draws new
ones at each run, and shrinks one that fails to a few invoices.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dbt import straight
from tests.dbt.companies import FIRST, LAST, Company, Event, Story, companies, few, raw_of, until
from tests.dbt.raw_home import Raw

pytestmark = pytest.mark.slow

AS_OF = date(2026, 5, 31)
PROVENANCE = ("source_file_id", "source_row", "sources_count")


def shuffled_and_repeated(raw: Raw, seed: int) -> Raw:
    """The same rows in another order, and every register row once more from a second file of that day."""
    rng, again = Random(seed), Raw()
    for table, rows in raw.rows.items():
        found = list(rows)
        if table.startswith("register__"):
            found += [row | {"source_file_id": f"{row['source_file_id']}-again", "row_number": row["row_number"] + 500}
                      for row in rows]  # fmt: skip
        rng.shuffle(found)
        again.rows[table] = found
    return again


def assert_same(
    got: dict[str, list[Any]], expected: dict[str, list[Any]], marts: tuple[str, ...] = ()
) -> None:
    for mart in marts or tuple(expected):
        if got[mart] != expected[mart]:
            lost = [row for row in expected[mart] if row not in got[mart]][:3]
            new = [row for row in got[mart] if row not in expected[mart]][:3]
            pytest.fail(f"{mart}: {len(expected[mart])} -> {len(got[mart])} rows\n- {lost}\n+ {new}")


RECORDED = ("aging_by_customer", "balance_intervals")


def as_recorded(found: dict[str, list[Any]]) -> list[Any]:
    """What was known at each date: the rows of the basis `as_recorded`."""
    return [row for mart in RECORDED for row in found[mart] if "as_recorded" in row]


@few
@given(company=companies(), seed=st.integers(0, 1000), back=st.integers(0, 90))
def test_identities_order_repetition_and_hindsight(company: Company, seed: int, back: int) -> None:
    raw = raw_of(company)
    with straight.run(raw, AS_OF) as marts:
        assert straight.broken(marts, AS_OF) == {}
        expected = straight.contents(marts, without=PROVENANCE)
    with straight.run(shuffled_and_repeated(raw, seed), AS_OF) as marts:
        assert_same(straight.contents(marts, without=PROVENANCE), expected)
    earlier = LAST - timedelta(days=back)
    with straight.run(raw, earlier) as marts:
        assert straight.broken(marts, earlier) == {}
        with_hindsight = straight.contents(marts, without=PROVENANCE)
    with straight.run(until(raw, earlier), earlier) as marts:
        assert_same(straight.contents(marts, without=PROVENANCE), with_hindsight)
    with straight.run(until(raw, earlier, recorded=True), earlier, RECORDED) as marts:
        assert as_recorded(straight.contents(marts)) == as_recorded(with_hindsight)


BALANCES = (
    "aging_by_customer", "aging_by_cut", "aging_open_items", "morosidad", "roll_forward", "roll_rates", "cure_rates",
    "concentration", "credit_use", "provision", "collection_speed", "vintage", "weekly_bridge", "survival_curve",
    "cash_forecast",
)  # fmt: skip


@few
@given(company=companies(usd=False))
def test_a_payment_split_in_two_changes_no_balance(company: Company) -> None:
    only = ("fct_payments", *BALANCES)
    with straight.run(raw_of(company), AS_OF, only) as marts:
        expected = straight.contents(marts)
        payments = len(expected["fct_payments"])
    with straight.run(raw_of(company, split=True), AS_OF, only) as marts:
        got = straight.contents(marts)
    assert_same(got, expected, BALANCES)
    assert not any(map(is_split, company.stories)) or len(got["fct_payments"]) > payments


# pesos of money in favour: a document in dollars is rounded on its own, so its halves may differ by a cent; their
# dollars are compared instead
IN_FAVOUR = (
    "unapplied_mxn",
    "net_mxn",
    "dso_ledger_3m",
    "exposure_mxn",
    "utilisation_pct",
    "utilisation_num",
)
UNAPPLIED = """
    select r.as_of, u.basis, u.customer_key, u.currency, sum(u.unapplied_ccy)
    from (select distinct as_of from morosidad) as r
    inner join unapplied_intervals as u on u.valid_from <= r.as_of and r.as_of < u.valid_to
    group by all order by all
"""


@few
@given(company=companies())
def test_a_payment_in_dollars_split_in_two_changes_no_balance(company: Company) -> None:
    found = []
    for split in (False, True):
        with straight.run(raw_of(company, split=split), AS_OF, ("unapplied_intervals", *BALANCES)) as marts:
            rows = straight.contents(marts, without=IN_FAVOUR)
            found.append(
                {mart: rows[mart] for mart in BALANCES} | {"unapplied": marts.execute(UNAPPLIED).fetchall()}
            )
    assert_same(found[1], found[0])


def is_split(story: Story) -> bool:
    """Whether some payment of the story is of two cents or more, known by AS_OF, and no REP."""
    kinds = ("pay", "bounce") if story.fate == "cfdi" else ("pay", "apply", "bounce")
    return any(
        event.kind in kinds
        and FIRST + timedelta(days=story.day + event.after) <= AS_OF
        and story.cents * event.share >= 200
        for event in story.events
    )


RATIOS = {
    "morosidad": "as_of, dimension, by_amount_pct, by_invoice_pct, by_customer_pct, over_30_pct, over_90_pct, "
                 "by_amount_excl_disputed_pct",
    "concentration": "as_of, top_customer_id, top1_share_pct, top3_share_pct, hhi",
    "collection_speed": "month, dimension, dso_simple, dso_rolling_3m, dso_rolling_12m, dso_countback, "
                        "countback_complete, bpdso_1m, bpdso_3m, add_1m, add_3m, dso_ledger_3m, cei_pct, "
                        "cei_excl_write_offs_pct",
    "cei_quarters": "quarter, dimension, cei_pct, cei_excl_write_offs_pct",
    "roll_rates": "cadence, from_date, to_date, from_bucket, worse_pct, paid_pct",
    "collection_time": "as_of, dimension, closed_invoices, mean_days, median_days, weighted_days, "
                       "payment_weighted_days, km_median_days, mean_days_late",
    "vintage": "issue_month, dimension, invoices, collected_30d_pct, collected_60d_pct, collected_90d_pct",
    "cure_rates": "cadence, from_date, to_date, by_amount_pct, by_cash_pct, by_invoice_pct",
    "payment_behaviour": "as_of, customer_id, weighted_delay_cash_days, weighted_delay_incl_open_days, band",
    "collected_on_time": "due_month, dimension, count_pct, amount_pct",
}  # fmt: skip


@few
@given(company=companies(usd=False))
def test_the_same_company_in_another_currency_has_the_same_ratios(company: Company) -> None:
    """Everything in dollars at one rate without decimals, so that no cent is rounded. An old invoice gives the twelve
    months that the longest ratio needs."""
    old = Story("register", 0, -330, 30, 500_000, False, (Event("pay", 40, 60, 0),), 0)
    company = Company((old, *company.stories), Decimal(20), moving_rate=False)
    found = []
    for currency in ("MXN", "USD"):
        with straight.run(raw_of(company, relabelled=currency), AS_OF, tuple(RATIOS)) as marts:
            found.append({
                mart: marts.execute(
                    f"select {columns} from {mart}" + (" where value = 'total'" if "dimension" in columns else "")
                    + " order by all"
                ).fetchall()
                for mart, columns in RATIOS.items()
            })  # fmt: skip
    assert any(row[4] is not None for row in found[0]["collection_speed"])  # dso_rolling_12m
    assert_same(found[1], found[0])
