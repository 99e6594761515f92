"""`python -m tests.portability [--spark]`: list what would not run on Spark; exit 1 if anything does not.

With `--spark`, and pyspark and a JDK at hand, Spark's own parser reads every compiled model and test as well.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.portability.compiled import Compiled, compile_for_spark
from tests.portability.parsed import glot_offences, spark_offences
from tests.portability.words import scan_project


def main(arguments: list[str]) -> int:
    """Print every offence, then a line of sums."""
    if set(arguments) - {"--spark"}:
        print(__doc__)
        return 2
    offences = scan_project()
    with tempfile.TemporaryDirectory() as folder:
        compiled: list[Compiled] = compile_for_spark(Path(folder))
    offences += glot_offences(compiled)
    if "--spark" in arguments:
        version, refused = spark_offences(compiled)
        print(f"Spark {version}: {len(compiled) - len(refused)} of {len(compiled)} models and tests parse")
        offences += refused
    for offence in offences:
        print(offence)
    print(f"Portable SQL: {len(compiled)} models and tests compiled for Spark, {len(offences)} offences")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
