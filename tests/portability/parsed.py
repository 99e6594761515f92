"""What parsers of Spark's SQL say of the compiled project: sqlglot's always, Spark's own where it is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType

from tests.portability.compiled import Compiled
from tests.portability.words import Offence


def _line_of(node: Compiled, text: str) -> int:
    """Where the source says this piece of compiled SQL; 1 where a macro wrote it."""
    lines = node.path.read_text(encoding="utf-8").splitlines()
    return next((n for n, line in enumerate(lines, 1) if text and text.strip() in line), 1)


def glot_offences(compiled: Sequence[Compiled]) -> list[Offence]:
    """What sqlglot's Spark dialect refuses, and names in double quotes (text, for Spark)."""
    return [offence for node in compiled for offence in _of_one(node)]


def _of_one(node: Compiled) -> Iterator[Offence]:
    lines = node.sql.splitlines()
    try:
        sqlglot.parse_one(node.sql, dialect="spark")
        tokens = sqlglot.tokenize(node.sql, read="spark")
    except SqlglotError as error:
        line = next((e["line"] for e in getattr(error, "errors", []) if e.get("line")), 1)
        text = lines[min(line, len(lines)) - 1].strip()
        yield Offence(
            node.path, _line_of(node, text), text[:60], f"sqlglot cannot read it as Spark ({node.name})"
        )
        return
    for token, following in pairwise(tokens):
        if token.token_type == TokenType.STRING and node.sql[token.start] == '"':
            word, instead = f'"{token.text}"', "a name without quotes: Spark takes it for text"
        elif token.token_type == TokenType.VARCHAR and following.token_type != TokenType.L_PAREN:
            word, instead = token.text, "write `string`: Spark's varchar needs a length"
        else:
            continue
        yield Offence(node.path, _line_of(node, lines[token.line - 1]), word, instead)


def spark_offences(compiled: Sequence[Compiled]) -> tuple[str, list[Offence]]:
    """Spark's version, and what its own parser refuses or which functions it does not have."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SystemExit("--spark needs pyspark and a JDK 17: pip install 'pyspark>=4,<5'") from error
    builder: Any = SparkSession.builder
    session = builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    parser = session._jsparkSession.sessionState().sqlParser()
    known = {row[0] for row in session.sql("show functions").collect()}
    refused = []
    for node in compiled:
        try:
            parser.parsePlan(node.sql)
        except Exception as error:  # py4j wraps whatever Spark throws
            said = " ".join(str(error).split("JVM")[0].split())[:160]
            refused.append(Offence(node.path, 1, node.name, said))
        for name in sorted(_functions(node) - known):
            refused.append(Offence(node.path, 1, f"{name}()", "Spark has no such function"))
    version = str(session.version)
    session.stop()
    return version, refused


def _functions(node: Compiled) -> set[str]:
    """The names before a bracket, words of the grammar aside."""
    grammar = {"in", "over", "as", "and", "or", "not", "exists", "when", "then", "else", "on", "from", "join", "by",
               "union", "all", "decimal", "varchar", "where", "select", "cast", "extract", "values", "distinct",
               "between", "case", "with", "having", "using", "partition"}  # fmt: skip
    tokens = sqlglot.tokenize(node.sql, read="spark")
    names = {
        a.text.lower()
        for a, b in pairwise(tokens)
        if b.token_type == TokenType.L_PAREN and a.text.isidentifier()
    }
    ctes = {c.alias.lower() for c in sqlglot.parse_one(node.sql, dialect="spark").find_all(exp.CTE)}
    return names - grammar - ctes
