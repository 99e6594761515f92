"""A stand-in for dbt's `adapter`, so that sqlfluff can render models without a connection."""

from __future__ import annotations

from collections.abc import Callable

QUERIES = ("date_spine", "customer_tags")


def dispatch(macro_name: str, macro_namespace: str = "") -> Callable[..., str]:
    """A dispatched macro renders as a query where it is one, else as a name valid as column or table."""
    del macro_namespace
    rendered = "select 1 as one" if macro_name in QUERIES else macro_name
    return lambda *_args, **_kwargs: rendered
