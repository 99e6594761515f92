"""Gate 2 for the marts that other marts are made into: their grain, their percentages, and what must add up.

One query a mart, not one a column: there are many of them, and each expectation costs milliseconds. `candidate`
holds the marts that every screen reads; a new mart is one line of `GRAINS`.
"""

from __future__ import annotations

from collections.abc import Iterator

from data_quality.engine import Severity, Spec

# mart -> its key, and the percentages that lie between 0 and 100
GRAINS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "roll_forward": (("month",), ()),
    "roll_rates": (("from_date", "to_date", "from_bucket"), ("worse_pct",)),
    "cure_rates": (("from_date", "to_date"), ("by_invoice_pct",)),
    "concentration": (("as_of",), ("top1_share_pct", "top3_share_pct")),
    "credit_use": (("as_of", "customer_id"), ()),
    "provision": (("as_of", "bucket"), ()),
    "provision_by_segment": (("as_of", "segment", "bucket"), ()),
    "unapplied_credit": (("as_of", "kind"), ()),
    "morosidad_reduction": (("as_of", "dimension", "value"), ("start_pct", "now_pct")),
    "cei_quarters": (("quarter", "dimension", "value"), ()),
    "collection_time": (("as_of", "dimension", "value"), ()),
    "survival_curve": (("as_of", "day"), ()),
    "payment_behaviour": (("as_of", "customer_id"), ()),
    "vintage": (("issue_month", "dimension", "value"), ()),
    "collected_on_time": (("due_month", "dimension", "value"), ("count_pct", "amount_pct")),
    "cash_forecast": (("as_of", "week_start"), ()),
    "cash_forecast_lines": (("as_of", "invoice_id", "reason"), ()),
    "forecast_accuracy": (("as_of", "week_start"), ()),
    "issuance": (
        ("issue_month", "dimension", "value"),
        ("on_time_pct", "strict_on_time_pct", "sent_on_time_pct"),
    ),
    "dispute_rates": (("issue_month",), ("disputed_pct", "live_disputed_pct", "disputed_amount_pct")),
    "reminder_response": (("month", "stage", "channel"), ("response_pct", "customer_response_pct")),
    "punctual_retention": (("quarter",), ("retention_pct",)),
    "debt_conversion": (("invoice_id",), ()),
    "promises": (("as_of", "promise_id"), ()),
    "incidents": (("incident_id",), ()),
    "incident_board": (("as_of", "dimension", "value"), ()),
    "reported_payments": (("report_id",), ()),
    "collection_calendar": (("invoice_id", "step_days"), ()),
    "weekly_movements": (("week_end", "metric"), ()),
    "plan_vs_actual": (("month", "customer_id"), ("tie_out_pct",)),
}


def grain_specs() -> Iterator[Spec]:
    """A blank or repeated key counts double or not at all: it refuses. A strange percentage warns."""
    for mart, (key, percentages) in GRAINS.items():
        names = ", ".join(key)
        blank = " or ".join(f"{column} is null" for column in key)
        yield _query(
            "sound_key",
            mart,
            "{n} [clave|claves] de {mart} [está vacía o aparece|están vacías o aparecen] más de una "
            "vez, por ejemplo {examples}.",
            f"select concat_ws(' / ', {names}) as what from {{batch}} group by {names} having count(*) > 1 or {blank}",
        )
        if percentages:
            outside = " or ".join(f"not ({column} between 0 and 100)" for column in percentages)
            yield _query(
                "sound_percentages",
                mart,
                "{n} [renglón|renglones] de {mart} [trae|traen] por cientos fuera de 0 a 100: "
                "{examples}. Revisa sus documentos.",
                f"select concat_ws(' / ', {names}) as what from {{batch}} where {outside}",
                refuses=False,
            )


def sum_specs() -> Iterator[Spec]:
    """METRICS.md section 7: what balances become adds up to the cent."""
    yield _query(
        "roll_forward_closes",
        "roll_forward",
        "El movimiento mensual no cierra en {n} [mes|meses], por ejemplo {examples}.",
        """select strftime(month, '%m/%Y') as what from {batch}
           where beginning + billed - cancelled - payments_applied + payments_reversed - credit_notes_applied
                 - write_offs <> ending and unvalued_items = 0""",
    )
    for mart, column, problem in (
        (
            "cash_forecast",
            "expected_mxn",
            "El flujo esperado no suma la cartera en {n} [corte|cortes]: {examples}.",
        ),
        (
            "provision",
            "gross_mxn",
            "Los rangos de la estimación no suman la cartera en {n} [corte|cortes]: {examples}.",
        ),
    ):
        yield _query(
            "is_the_receivables",
            mart,
            problem,
            f"""select strftime(m.as_of, '%d/%m/%Y') as what
                from (select as_of, sum({column}) as total from {{batch}} group by as_of) m
                left join (select as_of, sum(gross_mxn) as gross from marts.aging_by_customer
                           where basis = 'effective' group by as_of) a on m.as_of = a.as_of
                where coalesce(m.total, 0) <> coalesce(a.gross, 0)""",
        )
    yield _query(
        "segments_add_up",
        "provision_by_segment",
        "La estimación por segmento no suma la del rango en {n} [caso|casos]: {examples}.",
        """select strftime(p.as_of, '%d/%m/%Y') || ' ' || p.bucket as what from marts.provision p
           left join (select as_of, bucket, sum(gross_mxn) as gross, sum(expected_loss_mxn) as loss from {batch}
                      group by all) s on p.as_of = s.as_of and p.bucket = s.bucket
           where coalesce(s.gross, 0) <> coalesce(p.gross_mxn, 0)
              or coalesce(s.loss, 0) <> coalesce(p.expected_loss_mxn, 0)""",
    )


def _query(check_name: str, mart: str, problem: str, sql: str, *, refuses: bool = True) -> Spec:
    severity: Severity = "critical" if refuses else "warning"
    return Spec(check_name, f"marts.{mart}", "no_rows", problem, severity=severity, subject=mart, sql=sql,
                words={"mart": mart})  # fmt: skip
