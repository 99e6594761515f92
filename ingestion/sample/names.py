"""Invented names, RFCs with right check digits, UUIDs and working days.

Nothing here is anybody's: names are made of a trade, an invented word and a legal form.
"""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import date, timedelta
from random import Random

RFC_ALPHABET = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
TRADES = (
    "Distribuidora", "Ferretería", "Abarrotes", "Constructora", "Transportes", "Muebles", "Refacciones",
    "Papelería", "Empaques", "Alimentos", "Textiles", "Aceros", "Plásticos", "Farmacias", "Autopartes",
    "Calzado", "Herrajes", "Suministros", "Químicos", "Servicios Médicos", "Agroinsumos", "Maquinados",
)  # fmt: skip
WORDS = (
    "Ñandú Azul", "Peña Blanca", "Lumbre", "Xoconostle", "Tres Sabinos", "Cañada Honda", "Muñoz & Ibáñez",
    "Cóndor", "Río Turbio", "Azahar", "Núcleo", "Sierra Gorda", "Ocelote", "Pirámide", "Güemes", "Niñerías",
    "Álamo", "Tecolote", "Mañana", "Ébano", "Horizonte 21", "Quetzal", "Obsidiana", "Íntegra", "Zarco & Hijos",
    "Manantial", "Copal", "Yerbabuena", "Úrsulo Galván", "Cenzontle", "Mezquite", "Barrañón", "Solferino",
    "Tepozán", "La Alcancía", "Piñón", "D'Artañán", "Jacaranda", "Ahuehuete", "Castañeda & Söhne",
)  # fmt: skip
FORMS = (
    "S.A. de C.V.", "S.A. de C.V.", "S.A. de C.V.", "S. de R.L. de C.V.", "S.A.P.I. de C.V.", "S.A.S. de C.V."
)  # fmt: skip
GIVEN = (
    "María Fernanda", "José Ángel", "Iñaki", "Lucía", "Raúl", "Ximena", "Óscar", "Begoña", "Tomás", "Itzel",
    "Germán", "Noemí", "Julián", "Aránzazu", "Héctor",
)  # fmt: skip
FAMILY = (
    "Núñez", "Peña", "Ibarra", "Ordóñez", "Cárdenas", "Zúñiga", "Villaseñor", "Güereca", "Avilés", "Montaño",
    "Solís", "Quiñones", "Bañuelos", "Trejo", "Acuña",
)  # fmt: skip
FIXED_HOLIDAYS = {(1, 1), (5, 1), (9, 16), (12, 25)}
MOVED_HOLIDAYS = {(2, 1), (3, 3), (11, 3)}  # (month, which Monday)


def check_digit(rfc_without_digit: str) -> str:
    """The SAT's check digit, mod 11; a company's 11 characters get a leading blank."""
    padded = rfc_without_digit.rjust(12)
    total = sum(RFC_ALPHABET.index(char) * (13 - at) for at, char in enumerate(padded))
    digit = 11 - total % 11
    return {11: "0", 10: "A"}.get(digit, str(digit))


def plain(text: str) -> str:
    """Letters without accents; Ñ stays, because an RFC keeps it."""
    marked = text.upper().replace("Ñ", "\0")
    bare = "".join(c for c in unicodedata.normalize("NFD", marked) if not unicodedata.combining(c))
    return bare.replace("\0", "Ñ")


def make_rfc(name: str, rng: Random, *, person: bool) -> str:
    """An RFC for a name: its letters, a date, a homoclave and the right check digit."""
    letters = [c for c in plain(name) if (c.isascii() and c.isalpha()) or c in "&Ñ"]
    initials = [w[0] for w in plain(name).split() if w[0].isalpha() or w[0] in "&Ñ"]
    wanted = 4 if person else 3
    head = "".join((initials + [c for c in letters if c not in initials] + ["X"] * wanted)[:wanted])
    born = date(1960 if person else 1985, 1, 1) + timedelta(days=rng.randrange(11000))
    code = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ123456789") for _ in range(2))
    body = f"{head}{born:%y%m%d}{code}"
    return body + check_digit(body)


def company_name(index: int, rng: Random) -> tuple[str, str]:
    """(full name, fiscal name without its legal form, upper case as in CFDI 4.0); distinct by index."""
    word = WORDS[index % len(WORDS)]
    trade = TRADES[(index * 7 + index // len(WORDS)) % len(TRADES)]
    again = index // (len(WORDS) * len(TRADES))
    stem = f"{trade} {word}" + (f" {again + 2}" if again else "")
    return f"{stem}, {rng.choice(FORMS)}", stem.upper()


def person_name(rng: Random) -> str:
    """An invented person."""
    return f"{rng.choice(GIVEN)} {rng.choice(FAMILY)} {rng.choice(FAMILY)}"


def slug(text: str) -> str:
    """Lower-case ASCII with points, for invented e-mail addresses."""
    bare = unicodedata.normalize("NFD", text.lower()).encode("ascii", "ignore").decode()
    return ".".join("".join(c if c.isalnum() else " " for c in bare).split()[:3])


def make_uuid(*parts: object) -> str:
    """A version-4-looking UUID that depends on its parts only; upper case for two in three."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()
    uuid = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
    return uuid if int(digest[40:42], 16) % 3 == 0 else uuid.upper()


def is_business_day(day: date) -> bool:
    """Monday to Friday without the statutory holidays."""
    if day.weekday() >= 5 or (day.month, day.day) in FIXED_HOLIDAYS:
        return False
    return not (day.weekday() == 0 and (day.month, (day.day + 6) // 7) in MOVED_HOLIDAYS)


def business_day(day: date) -> date:
    """The day itself or the next business day."""
    while not is_business_day(day):
        day += timedelta(days=1)
    return day


def on_weekday(day: date, weekday: int) -> date:
    """The day itself or the next one that falls on a weekday (Monday = 0)."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)
