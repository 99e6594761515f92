from pathlib import Path

from cartera.warehouse import first_row, writable


def test_a_sum_after_a_join_without_matches_compares_right(tmp_path: Path):
    """DuckDB 2.0.0 says false here with its default optimizers: 50 > 0."""
    with writable(tmp_path / "w.duckdb") as c:
        c.execute("create table e as select i as k, case when i % 3 = 2 then 'w' else 'a' end as t, "
                  "10.00::decimal(18,2) as n from range(30) r(i)")  # fmt: skip
        c.execute("create table x as select i as k, 'b' as kind from range(5) r(i)")
        row = first_row(
            c,
            "select s, s > 0 from (select e.k % 2 as g, sum(case when t = 'w' then n else 0 end) as s from e "
            "left join x on e.k = x.k and x.kind = 'a' group by 1) order by g",
        )
    assert row is not None
    assert row[0] == 50
    assert row[1] is True


def test_an_open_file_is_explained(tmp_path: Path):
    from cartera.warehouse import explain

    text = str(explain(OSError(28, "No space left on device"), tmp_path / "w.duckdb"))
    assert "disco está lleno" in text
    assert "Libera espacio" in text
