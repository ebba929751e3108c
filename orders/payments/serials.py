"""What the supervised accounts' statements say of a serial number: receipts of it never exceed its lines."""

from __future__ import annotations

from sqlalchemy import text

from shop import money
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _

_LEFT = text("SELECT supervised_serial_left(:serial, :besides)")


class SerialTaken(Conflict):
    """The bank's line with this serial number is booked for others, goes back, or is less. Member ``left`` is what is free."""

    code = "serial-taken"


def require_left(serial: str, amount_fen: int, *, besides: int = 0) -> None:
    """Ask that so much of a serial's lines is nobody else's, and lock these; without a line nothing is known yet.

    :param besides: the key of the receipt that asks.
    :raises SerialTaken: if less is left.
    """
    left = db.session.scalar(_LEFT, {"serial": serial, "besides": besides})
    if left is not None and left < amount_fen:
        free = max(left, 0)
        detail = _(
            "监管账户流水 %(serial)s 可登记的金额只剩 %(left)s 元：其余已登记给其他到账，或已退回。请核对流水号。",
            serial=serial,
            left=money.show_yuan(free),
        )
        raise SerialTaken(detail, bank_serial=serial, left=money.as_json(free))
