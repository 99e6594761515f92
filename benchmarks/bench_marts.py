"""How long the models take, from raw to marts, at several sizes: through dbt and beside it the same SQL on DuckDB.

Prints seconds, CPU, memory, growth, what dbt itself costs, the slowest models, the size of the snapshot and how long
publishing it and `marts.aging_as_of` take. Asked on two cores: 100,000 invoices in 15 s; 1,000,000 in 75 s and 4 GiB.

Run: python -m benchmarks.bench_marts [--sizes 10000 100000] [--million] [--memory 2GB] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import datetime as dt
import graphlib
import itertools
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.marts_data import A_TILE, empty_home, make_base, make_raw
from cartera import snapshot
from cartera.home import HomePaths
from cartera.progress import Silent
from cartera.settings import Settings
from cartera.warehouse import writable
from orchestration import transform

AS_OF = dt.date(2026, 6, 30)
ROUNDS = 30
TOP = 20
STRIDE_DAYS = 97  # between two days asked of aging_as_of


def usage() -> dict[str, float]:
    """CPU seconds and peak memory of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu": used.ru_utime + used.ru_stime, "gib": used.ru_maxrss / 2**20}


def build(paths: HomePaths) -> dict[str, Any]:
    """`dbt build` without tests, as a run does it."""
    transform.parsed_project(paths)
    before, start = usage(), time.perf_counter()
    results = transform.build_models(paths, Settings(), AS_OF, Silent(), transform.parsed_project(paths))
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "cpu": usage()["cpu"] - before["cpu"],
        "gib": usage()["gib"],
        "nodes": len(results),
        "models": {r.node.name: r.execution_time for r in results},
        "marts_mb": paths.marts_file.stat().st_size / 1e6,
    }


def test(paths: HomePaths) -> dict[str, Any]:
    """`dbt test` on what was built."""
    start = time.perf_counter()
    outcome = transform.invoke(
        paths,
        ["test", *transform.WITHOUT_UNIT_TESTS, *transform.variables(Settings(), AS_OF)],
        manifest=transform.parsed_project(paths),
    )
    times = {r.node.name: r.execution_time for r in outcome.result}
    return {"seconds": time.perf_counter() - start, "cpu": usage()["cpu"], "models": times}


def direct(paths: HomePaths) -> dict[str, Any]:
    """The same SQL, compiled by dbt, one statement after the other on one connection."""
    nodes = compiled(paths)
    paths.marts_file.unlink(missing_ok=True)
    models, cpu = {}, {}
    with writable(paths.warehouse_file) as c:
        c.execute(f"set threads = 2; attach '{paths.marts_file}' as marts_db")
        for schema in sorted({f'"{node.database}"."{node.schema}"' for node in nodes}):
            c.execute(f"create schema if not exists {schema}")
        start = time.perf_counter()
        for node in nodes:
            kind = "view" if node.config.materialized == "view" else "table"
            c.execute(f"drop {kind} if exists {node.relation_name}")
            began, used = time.perf_counter(), time.process_time()
            c.execute(f"create {kind} {node.relation_name} as {node.compiled_code}")
            models[node.name], cpu[node.name] = time.perf_counter() - began, time.process_time() - used
        seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "cpu": sum(cpu.values()),
        "gib": usage()["gib"],
        "models": models,
        "models_cpu": cpu,
    }


def compiled(paths: HomePaths) -> list[Any]:
    """The models with their SQL, each after those it reads."""
    arguments = ["compile", "--select", "resource_type:model", *transform.variables(Settings(), AS_OF)]
    outcome = transform.invoke(paths, arguments, manifest=transform.parsed_project(paths))
    nodes = {r.node.unique_id: r.node for r in outcome.result if r.node.resource_type == "model"}
    order = {key: [n for n in node.depends_on.nodes if n in nodes] for key, node in nodes.items()}
    return [nodes[key] for key in graphlib.TopologicalSorter(order).static_order()]


def publish(paths: HomePaths) -> dict[str, Any]:
    """Copy, macros, whole read, hash and fsync: what publishing the built marts takes; then aging at any day."""
    candidate = paths.snapshots / ".bench.candidate"
    start = time.perf_counter()
    snapshot.copy_file(paths.marts_file, candidate)
    with writable(candidate) as c:
        c.execute(f"create schema meta; attach '{paths.warehouse_file}' as w (read_only)")
        c.execute("create table meta.buckets as from w.seeds.buckets; detach w")
        c.execute((transform.PROJECT / "macros_snapshot.sql").read_text(encoding="utf-8"))
        c.execute("checkpoint")
    (paths.snapshots / "bench.duckdb").unlink(missing_ok=True)
    path = snapshot.publish_file(paths, candidate, "bench", move_pointer=False)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "mb": path.stat().st_size / 1e6, **aging(path)}


def aging(path: Path) -> dict[str, float]:
    """First call in a fresh connection, and p95 of calls at many days, in milliseconds."""
    times = []
    connection = snapshot.open_readonly(path)
    for number in range(ROUNDS + 1):
        day = AS_OF - dt.timedelta(days=(number * STRIDE_DAYS) % 600)
        start = time.perf_counter()
        connection.execute(f"select sum(gross_mxn), count(*) from marts.aging_as_of(date '{day}')").fetchall()
        times.append((time.perf_counter() - start) * 1000)
    connection.close()
    warm = sorted(times[1:])
    return {"first_ms": times[0], "p95_ms": warm[math.ceil(len(warm) * 0.95) - 1]}


STEPS = {"build": build, "test": test, "direct": direct, "publish": publish}


def in_own_process(step: str, paths: HomePaths, environment: dict[str, str]) -> dict[str, Any]:
    """Run one step in a process of its own, so that memory and CPU are that step's alone."""
    command = [sys.executable, "-m", "benchmarks.bench_marts", "--step", step, "--home", str(paths.home)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )
    if done.returncode:
        raise SystemExit(f"{step}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(invoices: int, base: HomePaths, folder: Path, memory: str, steps: list[str]) -> dict[str, Any]:
    """Everything about one size; prints as it goes."""
    paths = empty_home(folder / f"h{invoices}")
    if not paths.warehouse_file.exists():
        start = time.perf_counter()
        make_raw(base, paths, max(invoices // A_TILE, 1))
        print(f"\n{invoices:>9,} facturas: raw en {time.perf_counter() - start:.0f} s", flush=True)
    environment = {"CARTERA_DBT_MEMORY": memory} if memory else {}
    found = {}
    for step in steps:
        found[step] = done = in_own_process(step, paths, environment)
        figures = ", ".join(f"{k} {v:,.1f}" for k, v in done.items() if isinstance(v, int | float))
        print(f"{invoices:>9,} {step:8} {figures}", flush=True)
    return found


def report(results: dict[int, dict[str, Any]]) -> None:
    """Growth, dbt's own cost and the slowest models."""
    sizes = sorted(size for size in results if "build" in results[size])
    for small, large in itertools.pairwise(sizes):
        ratio = results[large]["build"]["seconds"] / results[small]["build"]["seconds"]
        exponent = math.log(ratio) / math.log(large / small)
        print(f"crecimiento de {small:,} a {large:,}: exponente {exponent:.2f}")
    for size in sizes:
        if "direct" in results[size]:
            built, plain = results[size]["build"], results[size]["direct"]
            extra = built["seconds"] - plain["seconds"]
            print(f"{size:,}: dbt cuesta {extra:.1f} s ({1000 * extra / built['nodes']:.0f} ms por nodo)")
    if sizes:
        slowest(results[sizes[-1]])


def slowest(found: dict[str, Any]) -> None:
    """The models that take most."""
    times = found["direct"]["models_cpu"] if "direct" in found else found["build"]["models"]
    what = "CPU" if "direct" in found else "reloj"
    print(f"los {TOP} modelos más lentos (s de {what}):")
    for name, seconds in sorted(times.items(), key=lambda item: -item[1])[:TOP]:
        print(f"  {name:34}{seconds:7.2f}")


def main() -> None:
    """Measure every size asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--million", action="store_true", help="also 1,000,000 invoices")
    parser.add_argument("--memory", default="", help="DuckDB's memory_limit, as 2GB")
    parser.add_argument("--steps", nargs="*", default=["build", "publish", "direct"], choices=STEPS)
    parser.add_argument("--keep", type=Path, help="a folder where the homes stay for the next time")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(STEPS[arguments.step](HomePaths(arguments.home))))
        return
    with tempfile.TemporaryDirectory(prefix="cartera-marts-") as temporary:
        folder = arguments.keep or Path(temporary)
        base = HomePaths(folder / "base")
        if not base.warehouse_file.exists():
            base = make_base(base.home)
        results = {}
        for size in [*arguments.sizes, *([1_000_000] if arguments.million else [])]:
            results[size] = measure(size, base, folder, arguments.memory, arguments.steps)
        report(results)


if __name__ == "__main__":
    main()
