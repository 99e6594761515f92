"""Gate 2: may the marts just built be published? The candidate on its own, and against the last snapshot.

A critical failure (`failed`) refuses the whole candidate: the last good figures stay. Critical is what makes
a figure wrong (totals that do not add up, rows that vanished, a past that moved by itself); what is only
surprising warns. dbt tests ask much of this too: the gate asks it again of the file that people will read.
Adding a check here is adding one Spec; marts that no screen reads by themselves stand in `grains`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data_quality.comparison import comparison_specs
from data_quality.engine import CheckResult, Severity, Spec, run_suite
from data_quality.grains import grain_specs, sum_specs

BUCKETS = ("current_mxn", "d1_30_mxn", "d31_60_mxn", "d61_90_mxn", "d91_120_mxn", "d120_plus_mxn")
LAST = "last"

# mart -> its key: unique, and never blank
KEYS: dict[str, tuple[str, ...]] = {
    "fct_invoices": ("invoice_id",),
    "fct_movements": ("invoice_id", "instalment", "movement_number"),
    "fct_payments": ("payment_id",),
    "fct_payment_applications": ("application_id",),
    "fct_credit_notes": ("cn_id",),
    "dim_customers": ("customer_id",),
    "worklist": ("customer_id",),
    "disputes": ("dispute_id",),
    "aging_by_customer": ("as_of", "basis", "customer_id"),
    "aging_open_items": ("as_of", "basis", "invoice_id", "instalment"),
    "morosidad": ("as_of", "dimension", "value"),
    "collection_speed": ("month", "dimension", "value"),
    "billed_vs_collected": ("month", "dimension", "value"),
    "exceptions": ("rule", "entity_id"),
    "kpis": ("kpi", "period", "dimension", "dimension_value"),
}

# mart -> columns that must hold something besides the key
FILLED: dict[str, tuple[str, ...]] = {
    "fct_invoices": ("currency", "issue_date", "status", "open_ccy"),
    "fct_movements": ("invoice_id", "effective_date", "amount_ccy", "currency", "kind"),
    "fct_payments": ("payment_date", "currency", "amount_ccy"),
}

PERCENTAGES: dict[str, tuple[str, ...]] = {
    "morosidad": (
        "by_amount_pct",
        "by_invoice_pct",
        "by_customer_pct",
        "over_30_pct",
        "over_90_pct",
        "by_amount_excl_disputed_pct",
    ),
    "dispute_board": ("accepted_pct",),
}


def check_candidate(candidate_file: Path, last_file: Path | None) -> list[CheckResult]:
    """Judge the candidate's marts. `last_file`: the last snapshot of an earlier or equal as_of, if any.

    Results keep their status even where a person accepts them: the caller decides by the reason given.
    """
    attach = {} if last_file is None else {LAST: last_file}
    return run_suite(candidate_file, candidate_specs(compared=last_file is not None), attach)


def candidate_specs(*, compared: bool) -> list[Spec]:
    """Every expectation of a candidate; `compared`: those against the last snapshot too."""
    own = [*_key_specs(), *_identity_specs(), *_range_specs(), *grain_specs(), *sum_specs()]
    return [*own, *comparison_specs(LAST)] if compared else own


def _mart(check_name: str, mart: str, problem: str, sql: str, severity: Severity = "critical") -> Spec:
    return Spec(check_name, f"marts.{mart}", "no_rows", problem, severity=severity, subject=mart, sql=sql)


def _key_specs() -> Iterator[Spec]:
    for mart, key in KEYS.items():
        for column in (*key, *FILLED.get(mart, ())):
            yield Spec(
                f"not_null_{column}",
                f"marts.{mart}",
                "not_null",
                "{n} [renglón|renglones] de {mart} no [tiene|tienen] {column}. Las cifras quedarían incompletas.",
                subject=mart,
                column=column,
                words={"mart": mart, "column": column},
            )
        names = ", ".join(key)
        yield _mart(
            "unique_key",
            mart,
            f"{{n}} [clave|claves] de {mart} [aparece|aparecen] más de una vez, por ejemplo "
            f"{{examples}}. Se [contaría|contarían] doble.",
            f"select concat_ws(' / ', {names}) as what from {{batch}} group by {names} having count(*) > 1",
        )


def _identity_specs() -> Iterator[Spec]:
    """METRICS.md section 7: what must add up to the cent."""
    total = " + ".join(BUCKETS)
    overdue = " + ".join(BUCKETS[1:])
    where = "customer_id || ' al ' || strftime(as_of, '%d/%m/%Y') as what"
    for mart in ("aging_by_customer", "aging_by_cut"):
        yield _mart(
            "buckets_add_up",
            mart,
            "En {n} [renglón|renglones] de antigüedad los rangos no suman la cartera bruta o la vencida: {examples}.",
            f"select {where} from {{batch}} where {total} <> gross_mxn or {overdue} <> overdue_mxn",
        )
        yield _mart(
            "net_is_gross_less_unapplied",
            mart,
            "En {n} [renglón|renglones] de antigüedad el neto no es la cartera menos los saldos a favor: {examples}.",
            f"select {where} from {{batch}} where net_mxn <> gross_mxn - unapplied_mxn",
        )
    yield _mart(
        "movements_make_the_balance",
        "fct_movements",
        "En {n} [factura|facturas] el saldo no es la suma de sus movimientos: {examples}.",
        """select coalesce(i.folio_label, i.invoice_id, m.invoice_id) as what
           from (select invoice_id, sum(amount_ccy) as balance from {batch} group by invoice_id) m
           full join marts.fct_invoices i on i.invoice_id = m.invoice_id
           where coalesce(m.balance, 0) <> coalesce(i.open_ccy, 0)""",
    )
    yield _mart(
        "latest_aging_is_the_invoices",
        "aging_by_customer",
        "La antigüedad al corte no coincide con el saldo de las facturas en {n} [cliente|clientes]: {examples}.",
        """select coalesce(a.customer_id, i.customer_id) || ' (' || coalesce(a.gross, 0) || ' contra '
                  || coalesce(i.gross, 0) || ')' as what
           from (select customer_id, sum(gross_mxn) as gross from {batch}
                 where basis = 'effective'
                   and as_of = (select max(as_of) from marts.dim_report_dates where is_run_as_of)
                 group by customer_id) a
           full join (select customer_id, sum(open_mxn_closing) as gross from marts.fct_invoices
                      group by customer_id) i on i.customer_id = a.customer_id
           where coalesce(a.gross, 0) <> coalesce(i.gross, 0)""",
    )
    yield _mart(
        "payments_are_applied_or_not",
        "fct_payments",
        "En {n} [pago|pagos] lo aplicado más lo pendiente de aplicar no es el importe recibido: {examples}.",
        """select payment_id as what from {batch}
           where reversed_date is null and amount_ccy <> applied_ccy + unapplied_ccy""",
    )
    yield _mart(
        "bridge_closes",
        "weekly_bridge",
        "El movimiento de cartera no cierra en {n} [semana|semanas], por ejemplo la del {examples}.",
        """select strftime(week_end, '%d/%m/%Y') as what from {batch} group by week_end
           having coalesce(sum(value_mxn) filter (where line = 'residual'), 0) <> 0
              or sum(case line when 'end' then -value_mxn when 'residual' then 0 else value_mxn end) <> 0""",
    )


def _range_specs() -> Iterator[Spec]:
    yield _mart(
        "no_negative_balance",
        "fct_invoices",
        "{n} [factura tiene|facturas tienen] saldo negativo: {examples}. Lo pagado de más debe "
        "quedar como saldo a favor.",
        "select coalesce(folio_label, invoice_id) as what from {batch} where open_ccy < 0",
    )
    yield _mart(
        "no_negative_item",
        "aging_open_items",
        "{n} [partida|partidas] de antigüedad [tiene|tienen] saldo negativo: {examples}.",
        "select invoice_id as what from {batch} where open_ccy < 0",
    )
    yield _mart(
        "nothing_after_the_cut",
        "fct_movements",
        "{n} [movimiento tiene|movimientos tienen] fecha posterior al corte: {examples}. El corte no "
        "debe saber del futuro.",
        """select invoice_id as what from {batch}
           where effective_date > (select max(as_of) from marts.dim_report_dates where is_run_as_of)""",
    )
    for mart, columns in PERCENTAGES.items():
        for column in columns:
            yield Spec(
                f"range_{column}",
                f"marts.{mart}",
                "between",
                "{n} [valor|valores] de {column} en {mart} [está|están] fuera de 0 a 100 %: {examples}.",
                subject=mart,
                column=column,
                low=0,
                high=100,
                words={"mart": mart, "column": column},
            )
    yield _mart(
        "plausible_dso",
        "collection_speed",
        "{n} [mes|meses] del último año [trae|traen] días cartera negativos o de más de cinco años: "
        "{examples}. Revisa la "
        "venta de [ese mes|esos meses].",
        """select strftime(month, '%m/%Y') as what from {batch}
           where dimension = 'total' and month > (select max(month) from {batch}) - interval 1 year
             and (least(dso_simple, dso_rolling_3m, dso_countback) < 0 or dso_countback > 1830)""",
        severity="warning",
    )
    yield _mart(
        "some_invoices",
        "fct_invoices",
        "No hay ninguna factura en el resultado. Revisa que la bandeja tenga CFDI o un registro de facturas.",
        "select 0 as what from {batch} having count(*) = 0",
        severity="warning",
    )
    yield _mart(
        "everything_valued",
        "fct_invoices",
        "{n} [factura abierta no se puede|facturas abiertas no se pueden] valuar en pesos por falta "
        "de tipo de cambio ({examples}). No "
        "[suma|suman] en los totales: carga los tipos de cambio.",
        """select currency as what from {batch} where open_ccy > 0 and open_mxn_closing is null""",
        severity="warning",
    )
