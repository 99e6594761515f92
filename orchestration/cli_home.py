"""`cartera init` and `cartera sample`: making a home and filling it with the sample company."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from cartera.errors import HomeError
from cartera.home import FOLDERS, HomePaths, existing_home, resolve_home
from orchestration.console import OUT, ConsoleReporter

SAMPLE_END = dt.date(2026, 6, 30)  # the day that shows the sample best
TEMPLATE = Path(__file__).resolve().parents[1] / "cartera" / "default_settings.toml"


def make_home(paths: HomePaths) -> bool:
    """Create what is missing, overwrite nothing. Returns whether anything was made. Raises HomeError."""
    made = False
    try:
        for folder in (paths.home, *(paths.home / name for name in FOLDERS)):
            made = made or not folder.is_dir()
            folder.mkdir(parents=True, exist_ok=True)
        if not paths.settings_file.exists():
            shutil.copyfile(TEMPLATE, paths.settings_file)
            made = True
    except OSError as error:
        raise HomeError(
            f"no se pudo crear ({error.strerror})",
            str(paths.home),
            "Elige otra carpeta o revisa permisos y espacio",
        ) from error
    return made


def init(home: Path) -> None:
    """`cartera init HOME`."""
    paths = resolve_home(home)
    made = make_home(paths)
    OUT.print(f"{'Lista' if made else 'Ya estaba lista'}: {paths.home}", markup=False)
    OUT.print(f"  1. Copia tus CFDI (XML o ZIP) y tablas (CSV, XLSX) en {paths.inbox}", markup=False)
    OUT.print(f"  2. cartera run --home {home}", markup=False)
    OUT.print(f"  3. cartera app --home {home}", markup=False)


def sample(home: Path | None, invoices: int, seed: int) -> None:
    """`cartera sample`."""
    paths = resolve_home(home)
    make_home(paths)
    with ConsoleReporter() as reporter:
        summary = write_sample(existing_home(paths.home), invoices, seed, reporter)
    OUT.print(summary, markup=False)
    OUT.print(f"Ahora: cartera run --home {paths.home} --as-of {SAMPLE_END}", markup=False)


def write_sample(paths: HomePaths, invoices: int, seed: int, reporter: ConsoleReporter) -> str:
    """Generate and write the sample company; returns one sentence."""
    from ingestion.sample.company import generate
    from ingestion.sample.write import write

    reporter.step("Inventando la empresa de muestra")
    company = generate(invoices=invoices, seed=seed, end=SAMPLE_END)
    reporter.step("Escribiendo sus documentos")
    write(company, paths.inbox, paths.home / "sample_truth")
    files = sum(1 for path in paths.inbox.rglob("*") if path.is_file())
    return f"Empresa de muestra: {invoices:,} facturas en {files:,} archivos, en {paths.inbox}"
