"""How a CFDI is refused: one exception, and the sentences that people read.

Every reason has three parts: what happened, where, and what to do. Codes are stable.
"""

from __future__ import annotations

ASK_AGAIN = (
    "Se guardó en cuarentena: descarga de nuevo el XML del SAT o pídelo al emisor, y vuelve a dejarlo."
)
NOT_SAFE = "Se guardó en cuarentena: no lo abras; pide al emisor el XML que timbró su proveedor."
NOT_LOADED = "Se guardó en cuarentena: revisa con el emisor el XML original, tal como se timbró."


class Refused(Exception):  # noqa: N818 - an outcome, not a fault of the program
    """A document that is set aside. `kind` tells those that are not errors (drafts, retenciones)."""

    def __init__(self, code: str, location: str, what: str, action: str = NOT_LOADED, kind: str = "cfdi"):
        super().__init__(code)
        self.code = code
        self.location = location
        self.kind = kind
        where = "" if location == "archivo" else f" en {location}"
        self.reason = f"{what}{where}. {action}"


def shown(text: str) -> str:
    """A value as a reason can show it: short, in quotes, without control characters."""
    cut = text if len(text) <= 60 else text[:57] + "…"
    return "«" + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cut) + "»"


def repeated(name: str, location: str = "/cfdi:Comprobante") -> Refused:
    """The refusal of a second node where the SAT allows one."""
    return Refused(
        "repeated_node", f"{location}/{name}", "El nodo aparece más de una vez y no se sabe cuál vale"
    )


def note(flags: list[str], flag: str) -> None:
    """Add a flag once; a document with a great many oddities does not get a great many flags."""
    if len(flags) < 20 and flag not in flags:
        flags.append(flag)
