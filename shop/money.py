"""Money in integer fen and quantities in thousandths: reading, rounding, splitting and showing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from shop.errors import Invalid
from shop.i18n import _

#: The largest amount a column may hold with room for sums: 10 trillion yuan.
MAX_FEN = 10**15
_AMOUNT = re.compile(r"-?\d{1,13}(\.\d{1,2})?\Z", re.ASCII)
_QUANTITY = re.compile(r"\d{1,11}(\.\d{1,3})?\Z", re.ASCII)


class WrongUnit(Invalid):
    """A quantity came in another unit than the thing is counted in."""

    code = "wrong-unit"


@dataclass(frozen=True)
class Measure:
    """A quantity with three decimals and its unit; ``""`` if the caller named none."""

    value: Decimal
    unit: str = ""

    def in_unit(self, unit: str, pointer: str = "") -> Decimal:
        """Return the value, which must be in ``unit`` or say no unit.

        :param pointer: where in the request it stands, told with the refusal.
        :raises WrongUnit: if it says another one.
        """
        if self.unit and self.unit != unit:
            detail = _("单位须是 %(unit)s。", unit=unit)
            raise WrongUnit(
                detail, unit=unit, **({"errors": [{"pointer": pointer, "detail": detail}]} if pointer else {})
            )
        return self.value


def parse_yuan(text: object) -> int:
    """Return the fen of an amount written as a decimal string of yuan.

    :raises ValueError: for floats, exponents, NaN, blanks or more than two decimals.
    """
    if not isinstance(text, str) or not _AMOUNT.match(text):
        message = "An amount is a string of yuan with at most two decimals."
        raise ValueError(message)
    return int(Decimal(text) * 100)


def format_yuan(fen: int) -> str:
    """Return fen as a plain decimal string of yuan with two decimals: ``1230`` is ``12.30``."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(fen), 100)
    return f"{sign}{yuan}.{rest:02d}"


def as_json(fen: int) -> dict[str, str]:
    """Return fen as it is sent: ``{"amount": "12.30", "currency": "CNY"}``."""
    return {"amount": format_yuan(fen), "currency": "CNY"}


def show_yuan(fen: int) -> str:
    """Return fen for people: ``1,234,567.89``."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(fen), 100)
    return f"{sign}{yuan:,}.{rest:02d}"


def show_wan(fen: int) -> str:
    """Return fen in 万元 with two decimals, rounded half-up."""
    wan = (Decimal(fen) / 1_000_000).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return f"{wan:,}"


def parse_quantity(text: object) -> Decimal:
    """Return a quantity written as a decimal string with at most three decimals.

    :raises ValueError: for anything else, signs and exponents included.
    """
    if not isinstance(text, str) or not _QUANTITY.match(text):
        message = "A quantity is a string with at most three decimals."
        raise ValueError(message)
    return Decimal(text).quantize(Decimal("0.001"))


def line_fen(unit_price_fen: int, quantity: Decimal) -> int:
    """Return price times quantity in fen, rounded half-up once."""
    return int((unit_price_fen * quantity).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Share ``amount`` fen over ``weights`` by largest remainder; the parts add up exactly.

    Ties go to the lower index, so pass the parts in ascending id. A negative amount
    is shared as its opposite. Weights are not negative; if all are zero the first part takes all.
    """
    if amount < 0:
        return [-part for part in split(-amount, weights)]
    if not weights:
        if amount:
            message = "An amount cannot be split over nothing."
            raise ValueError(message)
        return []
    total = sum(weights)
    if total == 0:
        return [amount] + [0] * (len(weights) - 1)
    parts = [amount * weight // total for weight in weights]
    remainders = [amount * weight % total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in order[: amount - sum(parts)]:
        parts[i] += 1
    return parts
