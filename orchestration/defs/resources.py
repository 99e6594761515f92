"""The run as a Dagster resource: one home, one lock, one context shared by the steps of a run.

`cartera run` passes its own context; a run launched from the web UI or the schedule opens one here.
"""

from collections.abc import Iterator

import dagster as dg

from cartera import settings
from cartera.calendar import today_mx
from cartera.home import existing_home
from cartera.progress import Silent
from orchestration.context import Request, RunContext, open_run


@dg.resource(description="La corrida: la carpeta de CARTERA_HOME, su candado y lo que se va encontrando.")
def home_run(_init: dg.InitResourceContext) -> Iterator[RunContext]:
    """Open the run of CARTERA_HOME as of today; the lock is held until the run ends."""
    paths = existing_home(None)
    request = Request(as_of=today_mx(), scheduled=True)
    with open_run(paths, settings.load(paths.settings_file), request, Silent()) as run:
        yield run


@dg.definitions
def resources() -> dg.Definitions:
    """`run`, and everything in one process: DuckDB has one writer."""
    return dg.Definitions(resources={"run": home_run}, executor=dg.in_process_executor)
