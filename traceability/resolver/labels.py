"""Labels: what stands on one, and its QR code as a drawing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import segno
from markupsafe import Markup

from catalog.products import numbers
from traceability.standard.links import escape

#: Modules of quiet around a code, as ISO/IEC 18004 asks.
_QUIET = 4
#: Most labels of one print.
MAX_LABELS = 1000


@dataclass(frozen=True)
class Label:
    """What is printed for each pack of a lot."""

    #: 14 digits: the GTIN, or our own number.
    number: str
    lot_number: str
    product_name: str
    pack_spec: str
    producer_name: str
    county_name: str
    produced_on: date
    expires_on: date | None
    #: Of one pack; empty: the same label goes on each.
    serial: str = ""

    @property
    def path(self) -> str:
        """The Digital Link of the lot or of the pack, from our domain on."""
        lot = f"/01/{self.number}/10/{escape(self.lot_number)}"
        return f"{lot}/21/{escape(self.serial)}" if self.serial else lot

    @property
    def is_own_number(self) -> bool:
        """Whether the number means something on this platform only."""
        return numbers.is_own(self.number)


@dataclass(frozen=True)
class Drawing:
    """A QR code as one path of dark runs, in modules."""

    path: Markup
    #: The view box, with the quiet zone.
    box: str

    @property
    def svg(self) -> str:
        """The code as a file for a printing house: 30 mm wide, black on white."""
        corner, _corner, side, _side = self.box.split()
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="30mm" height="30mm" viewBox="{self.box}"'
            f' shape-rendering="crispEdges"><rect x="{corner}" y="{corner}" width="{side}" height="{side}" fill="#fff"/>'
            f"{self.path}</svg>"
        )


def draw(address: str) -> Drawing:
    """Draw the QR code of an address; a seventh of it may be dirty (level M)."""
    code = segno.make_qr(address, error="m")
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for y, x, length in _runs(code.matrix))
    side = code.symbol_size(border=_QUIET)[0]
    return Drawing(Markup(f'<path d="{path}"/>'), f"-{_QUIET} -{_QUIET} {side} {side}")  # noqa: S704  digits only


def _runs(matrix: Iterable[bytearray]) -> Iterator[tuple[int, int, int]]:
    """Yield row, first column and length of every run of dark modules."""
    for y, row in enumerate(matrix):
        for run in re.finditer(rb"\x01+", row):
            yield y, run.start(), run.end() - run.start()
