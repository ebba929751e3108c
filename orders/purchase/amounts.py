"""Amounts in forms, and rows of "order, amount" that people type or paste."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from wtforms import StringField

from orders.purchase.models import Order
from orders.purchase.party import is_party
from shop import money
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _

_CELLS = re.compile(r"[\s,\uff0c;\uff1b]+")
_AROUND = re.compile(r"[\s,\uff0c\u00a5\uffe5元]")


class BadRows(Invalid):
    """A row names no order of the actor's, or no amount; member ``row`` says which."""

    code = "bad-rows"


@dataclass(frozen=True)
class Row:
    """An order and the amount beside it."""

    order: Order
    amount_fen: int


class YuanField(StringField):
    """An amount in yuan; its data is fen, above zero unless ``signed``."""

    def __init__(self, *args: Any, signed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.signed = signed

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; thousands' separators are dropped.

        :raises ValueError: for anything but an amount.
        """
        self.data = None
        typed = _AROUND.sub("", valuelist[0] if valuelist else "")
        if not typed:
            return
        try:
            fen = money.parse_yuan(typed)
        except ValueError as error:
            raise ValueError(_("请填写金额，如 1234.50，至多两位小数。")) from error
        if abs(fen) > money.MAX_FEN or (fen <= 0 and not self.signed):
            raise ValueError(_("金额须大于零。"))
        self.data = fen

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else money.format_yuan(self.data)


def read_rows(text: str, actor: Actor, on: date, *, default: Callable[[Order, int], int]) -> list[Row]:
    """Read rows of "number or reference code, amount".

    :param default: gives the amount of a row that has none, from its order and the sum of the rows before it.
    :raises BadRows: naming the row that cannot be read.
    """
    cells = [_CELLS.split(row.strip(), maxsplit=1) for row in text.splitlines() if row.strip()]
    orders = _find([each[0] for each in cells], actor, on)
    rows: list[Row] = []
    for number, (code, *rest) in enumerate(cells, 1):
        order = orders.get(code.upper())
        if order is None:
            raise BadRows(_("第 %(row)s 行：没有订单 %(code)s。", row=number, code=code), row=number)
        fen = _read(rest[0], number) if rest else default(order, sum(row.amount_fen for row in rows))
        if fen <= 0:
            raise BadRows(_("第 %(row)s 行：请填写金额。", row=number), row=number)
        rows.append(Row(order, fen))
    return rows


def _read(text: str, row: int) -> int:
    try:
        return money.parse_yuan(_AROUND.sub("", text))
    except ValueError as error:
        raise BadRows(_("第 %(row)s 行：金额 %(text)s 无法识别。", row=row, text=text), row=row) from error


def _find(codes: list[str], actor: Actor, on: date) -> dict[str, Order]:
    """Return the actor's orders by number and by reference code."""
    wanted = [code.upper() for code in codes]
    found = db.session.scalars(
        select(Order).where(
            or_(Order.number.in_(wanted), Order.reference_code.in_(wanted)),
            is_party(actor, Order.buyer_id, Order.producer_id, on),
        )
    ).all()
    return {order.number: order for order in found} | {order.reference_code: order for order in found}
