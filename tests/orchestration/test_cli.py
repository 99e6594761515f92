"""The last door of the command line: no person meets a traceback."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys

import pytest
from typer.main import get_command

from cartera.errors import GateRefused
from orchestration import cli
from orchestration.run import _cause


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disco está lleno"),
        (errno.EACCES, "no hay permiso"),
        (errno.EROFS, "no hay permiso"),
        (errno.EIO, "cartera doctor"),
    ],
)
def test_what_the_system_says_is_one_sentence(number, words):
    said = cli._of_the_system(OSError(number, os.strerror(number), "/x/warehouse.duckdb"))
    assert words in said
    assert said.startswith("/x/warehouse.duckdb: ")
    assert "\n" not in said


def test_the_error_behind_the_schedulers_own_is_found_even_in_a_circle():
    inner, outer = GateRefused("no se publicó"), RuntimeError("step failed")
    outer.__cause__ = inner
    assert _cause(outer) is inner
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first
    assert _cause(first) is None
    full = RuntimeError("event log")
    full.__cause__ = sqlite3.OperationalError("database or disk is full")
    assert _cause(full).errno == errno.ENOSPC


def test_every_command_has_help_with_an_example():
    def walk(name, command):
        if hasattr(command, "commands") and command.commands:
            for child, found in command.commands.items():
                yield from walk(f"{name} {child}", found)
            if not command.invoke_without_command:
                return
        yield name, command

    for name, command in walk("cartera", get_command(cli.app)):
        assert "Ejemplo:" in (command.help or ""), name


def test_help_imports_nothing_heavy():
    heavy = ("duckdb", "polars", "pandas", "dagster", "dbt", "great_expectations", "streamlit", "pyarrow")
    code = f"import sys; import orchestration.cli; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
