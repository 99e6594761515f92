"""How headers and file names are compared: case, accents, blanks, underscores and signs do not matter."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=65536)
def normalise(text: str) -> str:
    """`Fecha de Emisión`, `FECHA_DE_EMISION` and `fecha-de-emision` are one."""
    plain = unicodedata.normalize("NFKD", text.replace("°", "o")).casefold()
    return "".join(c for c in plain if c.isalnum())


def file_stem(name: str) -> str:
    """The normalised name of a file, without its folder or ending; a ZIP member's own name."""
    return normalise(name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or name)
