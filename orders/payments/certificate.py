"""The payment-request certificate (订单请款证明): what it states, and the code by which anyone can tell that it is ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import date

from orders.payments.queries import OrderMoney, money_of
from orders.purchase.models import Order, OrderLine
from orders.purchase.party import lines_of
from shop.db import db
from shop.identity.models import Organisation
from shop.money import line_fen

_LENGTH = 16


@dataclass(frozen=True)
class Certificate:
    """What a finance office needs before it pays an order."""

    order: Order
    #: Each line with what of it is to be paid: neither rejected nor cancelled, less what was given back for it.
    lines: list[tuple[OrderLine, int]]
    buyer: Organisation
    seller: Organisation
    money: OrderMoney
    issued_on: date
    code: str


def issue(order: Order, on: date, secret: str) -> Certificate:
    """State what is to be paid of an order as of a day; the caller has checked that it may be seen."""
    money = money_of(order, on)
    return Certificate(
        order=order,
        lines=[
            (line, line_fen(line.unit_price_fen, line.quantity - line.rejected - line.cancelled) - line.allowed_fen)
            for line in lines_of(order.id)
        ],
        buyer=db.session.get_one(Organisation, order.buyer_id),
        seller=db.session.get_one(Organisation, order.producer_id),
        money=money,
        issued_on=on,
        code=code_of(order.number, money.unpaid_fen, on, account=account_of(money), secret=secret),
    )


def account_of(money: OrderMoney) -> str:
    """Return the number of the account that is to be paid to; empty if there is none."""
    return money.payee.number if money.payee else ""


def code_of(number: str, unpaid_fen: int, on: date, *, account: str, secret: str) -> str:
    """Return the verification code of a statement that so much of an order is to be paid to an account, as of a day."""
    said = f"payment-request:{number}:{unpaid_fen}:{on.isoformat()}:{account}"
    digest = hmac.new(secret.encode(), said.encode(), hashlib.sha256).digest()
    letters = base64.b32encode(digest).decode()[:_LENGTH]
    return "-".join(letters[i : i + 4] for i in range(0, _LENGTH, 4))


def is_genuine(code: str, number: str, unpaid_fen: int, *, on: date, account: str, secret: str) -> bool:
    """Say whether the platform issued this statement, with this account."""
    given = code.strip().upper().encode()
    known = code_of(
        number.strip().upper(), unpaid_fen, on, account="".join(account.split()).replace("-", ""), secret=secret
    )
    return hmac.compare_digest(given, known.encode())
