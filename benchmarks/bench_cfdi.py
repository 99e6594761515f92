"""How fast CFDI bytes become Arrow tables, beside the bare parse of the same bytes and satcfdi's reader.

Makes its own synthetic CFDIs in memory (mean about 6.7 KB, 18 % type P, some with hundreds of conceptos),
then times, taking turns and best of several rounds, in one process:
  1. lxml parsing alone, each tree freed;
  2. ingestion.cfdi.reader.read_cfdis: every field of the raw tables, as Arrow;
  3. satcfdi's CFDI.from_string, on the first batch;
  4. the seal of each of the first 300 (`cartera run --verify-seals`), which the reader leaves out.

Run: python benchmarks/bench_cfdi.py [--files N] [--rounds R]
"""

from __future__ import annotations

import argparse
import base64
import gc
import random
import re
import sys
import time
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from lxml import etree

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ingestion.cfdi.reader import read_cfdis
from ingestion.cfdi.seals import verify
from ingestion.cfdi.xml import safe_parser

BATCH = 1000
Work = Callable[[list[bytes]], None]


def _blob(rng: random.Random, size: int) -> str:
    return base64.b64encode(rng.randbytes(size)).decode()


def _stamp(rng: random.Random, sello: str, when: datetime) -> str:
    return (
        '<tfd:TimbreFiscalDigital xmlns:tfd="http://www.sat.gob.mx/TimbreFiscalDigital" '
        'xsi:schemaLocation="http://www.sat.gob.mx/TimbreFiscalDigital '
        'http://www.sat.gob.mx/sitio_internet/cfd/TimbreFiscalDigital/TimbreFiscalDigitalv11.xsd" Version="1.1" '
        f'UUID="{uuid.UUID(bytes=rng.randbytes(16), version=4)}" FechaTimbrado="{when:%Y-%m-%dT%H:%M:%S}" '
        f'RfcProvCertif="SPR190613I52" SelloCFD="{sello}" NoCertificadoSAT="30001000000500003456" '
        f'SelloSAT="{_blob(rng, 256)}"/>'
    )


def _concept(rng: random.Random) -> tuple[str, int]:
    """One Concepto with its taxes, and its Importe in cents."""
    quantity, price = rng.randint(1, 40), rng.randint(1_000, 900_000)
    amount = quantity * price
    text = (
        f'<cfdi:Concepto ClaveProdServ="{rng.randint(10101500, 95141900)}" '
        f'NoIdentificacion="SKU-{rng.randint(1, 99999):05d}" '
        f'Cantidad="{quantity}.00" ClaveUnidad="H87" Unidad="Pieza" '
        f'Descripcion="Refacción para línea de producción {rng.randint(1, 9999)} &amp; accesorios" '
        f'ValorUnitario="{price / 100:.2f}" Importe="{amount / 100:.2f}" ObjetoImp="02"><cfdi:Impuestos>'
        "<cfdi:Traslados>"
        f'<cfdi:Traslado Base="{amount / 100:.2f}" Impuesto="002" TipoFactor="Tasa" TasaOCuota="0.160000" '
        f'Importe="{amount * 16 / 10000:.2f}"/></cfdi:Traslados></cfdi:Impuestos></cfdi:Concepto>'
    )
    return text, amount


def _payments(rng: random.Random) -> str:
    """A Pagos 2.0 complement with one or two Pago and one to six documents each."""
    pagos, total = [], 0
    for _ in range(rng.choice((1, 1, 1, 2))):
        paid = [rng.randint(10_000, 9_000_000) for _ in range(rng.choice((1, 1, 2, 3, 6)))]
        total += sum(paid)
        docs = "".join(
            f'<pago20:DoctoRelacionado IdDocumento="{uuid.UUID(bytes=rng.randbytes(16), version=4)}" Serie="A" '
            f'Folio="{rng.randint(1, 99999)}" MonedaDR="MXN" EquivalenciaDR="1" NumParcialidad="1" '
            f'ImpSaldoAnt="{cents / 100:.2f}" ImpPagado="{cents / 100:.2f}" ImpSaldoInsoluto="0.00" ObjetoImpDR="02">'
            f'<pago20:ImpuestosDR><pago20:TrasladosDR><pago20:TrasladoDR BaseDR="{cents / 116:.2f}" ImpuestoDR="002" '
            f'TipoFactorDR="Tasa" TasaOCuotaDR="0.160000" ImporteDR="{cents * 16 / 11600:.2f}"/></pago20:TrasladosDR>'
            "</pago20:ImpuestosDR></pago20:DoctoRelacionado>"
            for cents in paid
        )
        amount = sum(paid) / 100
        pagos.append(
            f'<pago20:Pago FechaPago="2026-03-{rng.randint(1, 28):02d}T12:00:00" FormaDePagoP="03" MonedaP="MXN" '
            f'TipoCambioP="1" Monto="{amount:.2f}" NumOperacion="{rng.randint(10**6, 10**7)}" '
            f'RfcEmisorCtaOrd="BSM970519DU8" CtaOrdenante="014320000000000001">{docs}<pago20:ImpuestosP>'
            f'<pago20:TrasladosP><pago20:TrasladoP BaseP="{amount / 1.16:.2f}" ImpuestoP="002" TipoFactorP="Tasa" '
            f'TasaOCuotaP="0.160000" ImporteP="{amount - amount / 1.16:.2f}"/></pago20:TrasladosP>'
            "</pago20:ImpuestosP></pago20:Pago>"
        )
    return (
        f'<pago20:Pagos xmlns:pago20="http://www.sat.gob.mx/Pagos20" Version="2.0">'
        f'<pago20:Totales TotalTrasladosBaseIVA16="{total / 116:.2f}" '
        f'TotalTrasladosImpuestoIVA16="{total * 16 / 11600:.2f}" '
        f'MontoTotalPagos="{total / 100:.2f}"/>{"".join(pagos)}</pago20:Pagos>'
    )


def make_cfdi(rng: random.Random, number: int, certificate: str) -> bytes:
    """One stamped CFDI 4.0: 18 % P, 3 % E with its relation, the rest I; 6 in 1,000 have 200 to 600 conceptos."""
    draw = rng.random()
    kind = "P" if draw < 0.18 else "E" if draw < 0.21 else "I"
    sello = _blob(rng, 256)
    when = datetime(2026, 1, 1, 9) + timedelta(minutes=rng.randint(0, 200_000))  # noqa: DTZ001
    many = rng.random() < 0.006
    size = rng.randint(200, 600) if many else rng.choice((1, 2, 3, 3, 4, 5, 7))
    related = complement = taxes = ""
    if kind == "P":
        items = (
            '<cfdi:Concepto ClaveProdServ="84111506" Cantidad="1" ClaveUnidad="ACT" Descripcion="Pago" '
            'ValorUnitario="0" Importe="0" ObjetoImp="01"/>'
        )
        money = 'SubTotal="0" Moneda="XXX" Total="0"'
        complement = _payments(rng)
        use = "CP01"
    else:
        made = [_concept(rng) for _ in range(size)]
        items, net = "".join(text for text, _ in made), sum(cents for _, cents in made)
        vat = net * 16 // 100
        money = (
            f'FormaPago="99" CondicionesDePago="CREDITO 30 DIAS" SubTotal="{net / 100:.2f}" Moneda="MXN" '
            f'TipoCambio="1" Total="{(net + vat) / 100:.2f}" MetodoPago="PPD"'
        )
        taxes = (
            f'<cfdi:Impuestos TotalImpuestosTrasladados="{vat / 100:.2f}"><cfdi:Traslados><cfdi:Traslado '
            f'Base="{net / 100:.2f}" Impuesto="002" TipoFactor="Tasa" TasaOCuota="0.160000" '
            f'Importe="{vat / 100:.2f}"/></cfdi:Traslados></cfdi:Impuestos>'
        )
        use = "G03"
    if kind == "E":
        related = (
            '<cfdi:CfdiRelacionados TipoRelacion="01"><cfdi:CfdiRelacionado '
            f'UUID="{uuid.UUID(bytes=rng.randbytes(16), version=4)}"/></cfdi:CfdiRelacionados>'
        )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<cfdi:Comprobante xmlns:cfdi="http://www.sat.gob.mx/cfd/4" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://www.sat.gob.mx/cfd/4 http://www.sat.gob.mx/sitio_internet/cfd/4/cfdv40.xsd" '
        f'Version="4.0" Serie="A" Folio="{number}" Fecha="{when:%Y-%m-%dT%H:%M:%S}" Sello="{sello}" '
        f'NoCertificado="30001000000500003416" Certificado="{certificate}" {money} TipoDeComprobante="{kind}" '
        f'Exportacion="01" LugarExpedicion="64000">{related}'
        '<cfdi:Emisor Rfc="EKU9003173C9" Nombre="ESCUELA KEMPER URGATE" RegimenFiscal="601"/>'
        f'<cfdi:Receptor Rfc="CLI{rng.randint(100, 999)}101AA1" Nombre="CLIENTE {rng.randint(1, 400)} DE MÉXICO" '
        f'DomicilioFiscalReceptor="64000" RegimenFiscalReceptor="601" UsoCFDI="{use}"/>'
        f"<cfdi:Conceptos>{items}</cfdi:Conceptos>{taxes}"
        f"<cfdi:Complemento>{complement}{_stamp(rng, sello, when)}</cfdi:Complemento></cfdi:Comprobante>"
    )
    return text.encode()


def make_files(count: int, seed: int = 7) -> list[bytes]:
    """`count` distinct CFDIs, the same ones for the same seed."""
    rng = random.Random(seed)
    certificates = [_blob(rng, 1100) for _ in range(4)]
    return [make_cfdi(rng, number, rng.choice(certificates)) for number in range(1, count + 1)]


def parse_only(files: list[bytes]) -> None:
    """The same library's bare parse: the parser that the reader uses, each tree freed at once."""
    parser = safe_parser()
    for data in files:
        etree.fromstring(data, parser)


def read_all(files: list[bytes]) -> None:
    """The whole reader, to Arrow tables."""
    items = [(f"{i:016x}", data) for i, data in enumerate(files)]
    batch = read_cfdis(items, [date(2026, 6, 30)] * len(files))
    assert batch.tables["cfdi__documents"].num_rows == len(files)


def read_satcfdi(files: list[bytes]) -> None:
    """The reader of satcfdi, to a CFDI object each (no tables made of it)."""
    from satcfdi.cfdi import CFDI

    for data in files:
        CFDI.from_string(data)


def verify_all(files: list[bytes]) -> None:
    """The seal of each document against one certificate; they are not signed, so each ends as altered."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "PRUEBA")])
    when = datetime(2026, 1, 1)  # noqa: DTZ001
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, when, when + timedelta(days=1))
    der = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    text = b'Certificado="' + base64.b64encode(der) + b'"'
    given = [re.sub(rb'Certificado="[^"]{99,}"', lambda _: text, data) for data in files]
    assert verify(given[0]).outcome == "altered"
    start = time.process_time()
    for data in given:
        verify(data)
    spent = (time.process_time() - start) / len(given) * 1e6
    print(f"sello de cada uno           {spent:8.1f} µs por archivo (los primeros {len(given)})")


def best_times(works: dict[str, Work], batches: list[list[bytes]], rounds: int) -> dict[str, float]:
    """Microseconds of processor time a file: the best round of each batch, the works taking turns."""
    best = {name: [float("inf")] * len(batches) for name in works}
    for _ in range(rounds):
        for index, batch in enumerate(batches):
            for name, work in works.items():
                gc.collect()
                start = time.process_time()
                work(batch)
                best[name][index] = min(best[name][index], time.process_time() - start)
    return {name: sum(times) / sum(map(len, batches)) * 1e6 for name, times in best.items()}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--files", type=int, default=4000)
    options.add_argument("--rounds", type=int, default=9)
    chosen = options.parse_args()
    files = make_files(chosen.files)
    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    mean = sum(map(len, files)) / len(files)
    print(f"{len(files)} CFDI 4.0 de {mean / 1000:.1f} KB en promedio; tiempo de procesador, un proceso,")
    print(f"el mejor de {chosen.rounds} turnos de cada lote de {BATCH}")
    best = best_times({"parse": parse_only, "cartera": read_all}, batches, chosen.rounds)
    read_satcfdi(files[:5])
    some = best_times({"satcfdi": read_satcfdi, "cartera": read_all}, batches[:1], 3)
    print(f"lxml, solo analizar         {best['parse']:8.1f} µs por archivo {mean / best['parse']:8.0f} MB/s")
    print(
        f"cartera, bytes a Arrow      {best['cartera']:8.1f} µs por archivo {mean / best['cartera']:8.0f} MB/s"
    )
    print(f"satcfdi, CFDI.from_string   {some['satcfdi']:8.1f} µs por archivo (el primer lote)")
    verify_all(files[:300])
    print(f"cartera / analizar          {best['cartera'] / best['parse']:8.2f} veces")
    print(f"satcfdi / cartera           {some['satcfdi'] / some['cartera']:8.2f} veces (el mismo lote)")


if __name__ == "__main__":
    main()
