"""The job, the daily schedule and the inbox sensor. A run with nothing to do is skipped before it starts."""

import dagster as dg

from cartera import settings
from cartera.calendar import today_mx
from cartera.errors import CarteraError
from cartera.home import resolve_home
from ingestion import inbox
from orchestration.fingerprint import nothing_to_do

JOB = dg.define_asset_job("cartera_run", selection=dg.AssetSelection.all(), description="La corrida completa")


def _cron() -> str:
    hour, minute = settings.load(resolve_home(None).settings_file).schedule.daily_time.split(":")
    return f"{int(minute)} {int(hour)} * * *"


@dg.schedule(
    job=JOB,
    cron_schedule=_cron(),
    execution_timezone="America/Mexico_City",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily(_context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Every day at `[schedule] daily_time`."""
    paths = resolve_home(None)
    if nothing_to_do(paths, settings.load(paths.settings_file), today_mx()):
        return dg.SkipReason("Nada nuevo y el corte de hoy ya está publicado")
    return dg.RunRequest()


@dg.sensor(job=JOB, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Run when the inbox changes."""
    try:
        state = inbox.state(resolve_home(None).inbox)
    except CarteraError as error:
        return dg.SkipReason(str(error))
    if context.cursor == state:
        return dg.SkipReason("La bandeja no ha cambiado")
    context.update_cursor(state)
    return dg.RunRequest(run_key=state)
