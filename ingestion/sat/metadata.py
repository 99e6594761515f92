"""The SAT's bulk-download metadata: `~`-separated text, one CFDI a row, with its status and cancellation date.

There is no quoting, and names hold line feeds, quotes and `~`: a CSV reader would shift or swallow rows. Here a
row is told by its line end and its columns by the dates in them. An Estatus that is not 0 or 1 refuses its row:
unknown is never cancelled. The package's second file, of third parties, is read here too; it joins on the UUID.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from ingestion.amounts import AmountError, parse_amount
from ingestion.contracts import SAT_TABLES
from ingestion.reading import Reading, refuse_file
from ingestion.sat.rows import RowError, Rows, clean_name
from ingestion.tables.delimited import decode_guessed
from ingestion.tables.grid import FileRefused

KIND, THIRD_PARTIES = "sat_metadata", "sat_third_parties"
HEADER = (
    "Uuid", "RfcEmisor", "NombreEmisor", "RfcReceptor", "NombreReceptor", "RfcPac", "FechaEmision",
    "FechaCertificacionSat", "Monto", "EfectoComprobante", "Estatus", "FechaCancelacion",
)  # fmt: skip
_WIDTH = len(HEADER)
_NEEDED = _WIDTH - 1  # a row of a valid CFDI may lack the last column
_DATED, _STATED = HEADER.index("FechaEmision"), HEADER.index("Estatus")
_MOST_SHIFT = 40  # more `~` than this in two names is no name
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_RFC = re.compile(r"[A-ZÑ&]{3,4}[0-9]{6}[A-Z0-9]{3}")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?")
_ESTATUS = {"1": 1, "0": 0, "vigente": 1, "cancelado": 0}
_EFECTOS = {"ingreso": "I", "egreso": "E", "pago": "P", "traslado": "T", "nomina": "N", "nómina": "N"}


def read_metadata(name: str, data: bytes, source_file_id: str, delivery_date: date) -> Reading:
    """Read one metadata file. `name` stands in the reasons."""
    file = name.replace("\\", "/").rpartition("/")[2]
    try:
        lines = _lines(decode_guessed(data))
    except FileRefused as refused:
        return refuse_file(KIND, refused.code, f"{file}: {refused.reason}")
    header = [cell.strip() for cell in lines[0].split("~")]
    missing = [n for n, cell in zip(HEADER[:_NEEDED], [*header, *[""] * _WIDTH], strict=False)
               if n.casefold() != cell.casefold()]  # fmt: skip
    if missing:
        reason = (
            f"{file}: a los metadatos del SAT les falta la columna «{missing[0]}» en su lugar. Se guardó en "
            "cuarentena: descárgalo de nuevo, sin abrirlo ni editarlo."
        )
        return refuse_file(KIND, "missing_column", reason, lines[0])
    rows = Rows(SAT_TABLES[KIND], file)
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip("~ \t\r\0"):
            continue
        try:
            _read_row(rows, number, line.split("~"), header)
        except RowError as error:
            rows.refuse(number, error, line)
    return rows.reading(KIND, source_file_id, delivery_date)


def read_third_parties(name: str, data: bytes, source_file_id: str, delivery_date: date) -> Reading:
    """Read the package's second file: one row a CFDI and third party. A CFDI may have several."""
    file = name.replace("\\", "/").rpartition("/")[2]
    try:
        lines = _lines(decode_guessed(data))
    except FileRefused as refused:
        return refuse_file(THIRD_PARTIES, refused.code, f"{file}: {refused.reason}")
    rows = Rows(SAT_TABLES[THIRD_PARTIES], file)
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip("~ \t\r\0"):
            continue
        uuid, rfc, third = [*line.split("~", 2), "", ""][:3]  # a name may hold `~`: it comes last
        try:
            if not _UUID.fullmatch(uuid.strip().lower()):
                raise RowError("bad_uuid", f"«{_shown(uuid)}» no es un UUID")
            row = {"uuid": uuid.strip().lower(), "rfc_a_cuenta_terceros": _rfc(rfc, "RfcACuentaTerceros"),
                   "nombre_a_cuenta_terceros": clean_name(third)}  # fmt: skip
            rows.add(number, row, {})
        except RowError as error:
            rows.refuse(number, error, line)
    return rows.reading(THIRD_PARTIES, source_file_id, delivery_date)


def _lines(text: str) -> list[str]:
    """The records. Where lines end in CRLF, a lone LF is part of a name."""
    text = text.removeprefix("\ufeff").lstrip("\r\n")
    first = text.find("\n")
    if first > 0 and text[first - 1] == "\r":
        return [line.replace("\n", "") for line in text.split("\r\n")]
    return text.split("\n")


def _read_row(rows: Rows, number: int, cells: list[str], header: list[str]) -> None:
    cells = [*cells, *[""] * (_WIDTH - len(cells))]
    names, rest = _aligned(cells)
    extra = {
        (header[_WIDTH + i] if _WIDTH + i < len(header) else f"columna_{_WIDTH + i + 1}"): cell.strip()
        for i, cell in enumerate(rest[_WIDTH - 5 :])
        if cell.strip()
    }
    if extra:
        rows.flags["extra_columns"] = None
    uuid = cells[0].strip().lower()
    if not _UUID.fullmatch(uuid):
        raise RowError("bad_uuid", f"«{_shown(cells[0])}» no es un UUID")
    estatus = _ESTATUS.get(rest[5].strip().casefold())
    if estatus is None:
        raise RowError("bad_status", f"Estatus «{_shown(rest[5])}» no es 1 (vigente) ni 0 (cancelado)")
    efecto = rest[4].strip()
    row: dict[str, Any] = {
        "uuid": uuid,
        "rfc_emisor": _rfc(cells[1], "RfcEmisor"),
        "nombre_emisor": clean_name(names[0]),
        "rfc_receptor": _rfc(names[2], "RfcReceptor"),
        "nombre_receptor": clean_name(names[1]),
        "rfc_pac": clean_name(rest[0].upper()),
        "fecha_emision": _moment(rest[1], "FechaEmision", required=True),
        "fecha_certificacion_sat": _moment(rest[2], "FechaCertificacionSat"),
        "monto": _amount(rest[3]),
        "efecto_comprobante": _EFECTOS.get(efecto.casefold(), clean_name(efecto.upper())),
        "estatus": estatus,
        "fecha_cancelacion": _moment(rest[6], "FechaCancelacion"),
    }
    if estatus == 0 and row["fecha_cancelacion"] is None:
        rows.flags["cancelled_without_date"] = None
    rows.add(number, row, extra)


def _aligned(cells: list[str]) -> tuple[tuple[str, str, str], list[str]]:
    """(NombreEmisor, NombreReceptor, RfcReceptor) and the cells from RfcPac on, whatever `~` the names hold.

    The dates and the status tell by how many cells the names push them; the receiver's RFC tells which name.
    """
    shift = next(
        (
            s
            for s in range(min(len(cells) - _NEEDED, _MOST_SHIFT) + 1)
            if _MOMENT.fullmatch(cells[_DATED + s].strip())
            and cells[_STATED + s].strip().casefold() in _ESTATUS
        ),
        0,
    )
    places = [a for a in range(shift + 1) if _RFC.fullmatch(cells[3 + a].strip().upper())] if shift else [0]
    if len(places) != 1:
        raise RowError("ambiguous_columns", "los nombres llevan «~» y no se sabe dónde termina cada uno")
    at = 3 + places[0]
    end = 5 + shift
    return ("~".join(cells[2:at]), "~".join(cells[at + 1 : end]), cells[at]), cells[end:]


def _rfc(text: str, column: str) -> str:
    """An RFC of an odd form is kept: it only names somebody. A blank one says that the row is broken."""
    cleaned = clean_name(text.upper())
    if cleaned is None:
        raise RowError("missing_value", f"falta {column}")
    return cleaned


def _moment(text: str, column: str, *, required: bool = False) -> datetime | None:
    cleaned = text.strip()
    if not cleaned and not required:
        return None
    match = _MOMENT.fullmatch(cleaned)
    try:
        if match is None:
            raise ValueError
        return datetime.fromisoformat(f"{match[1]} {match[2]}")
    except ValueError:
        wanted = "se espera AAAA-MM-DD hh:mm:ss"
        raise RowError("bad_date", f"{column} «{_shown(cleaned)}» no es una fecha: {wanted}") from None


def _amount(text: str) -> Any:
    cleaned = text.strip()
    if not cleaned:
        return None
    try:
        return parse_amount(cleaned, ".", ",")
    except AmountError as error:
        raise RowError("bad_amount", f"Monto: {str(error).rstrip('.')}") from error


def _shown(text: str) -> str:
    return clean_name(text[:60]) or "vacío"
