"""The terms of a contract: all that is printed, frozen, and its hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

import rfc8785
from sqlalchemy import text

from orders.contracts.accounts import NoSupervisedAccount, account_of
from orders.purchase import due, numbers
from orders.purchase.models import Order, OrderLine
from shop import money
from shop.db import db
from shop.i18n import _

_PARTIES = text("""
    SELECT b.name AS buyer_name, b.credit_code AS buyer_code, b.address AS buyer_address,
           s.name AS seller_name, s.credit_code AS seller_code, s.address AS seller_address,
           u.name AS unit_name, p.number AS procurement_number, p.delivery_address, p.consignee, p.consignee_phone
    FROM orders o
    JOIN organisations b ON b.id = o.buyer_id
    JOIN organisations s ON s.id = o.producer_id
    JOIN procurements p ON p.id = o.procurement_id
    LEFT JOIN units u ON u.id = o.unit_id
    WHERE o.id = :order""")
_LINE_FACTS = text("""
    SELECT l.id, c.name AS county, e.scheme, e.number
    FROM order_lines l JOIN assisted_counties c ON c.code = l.county_code
    LEFT JOIN eligibility_bases e ON e.id = l.eligibility_id
    WHERE l.order_id = :order""")
_CODE_LETTERS = 11


def write_terms(
    order: Order,
    lines: Sequence[OrderLine],
    *,
    number: str,
    on: date,
    payment_days: int,
    accept_within_days: int = due.ACCEPT_WITHIN_DAYS,
) -> dict[str, Any]:
    """Return the terms of an order as it was just confirmed: JSON values only, money in yuan.

    :param payment_days: days to pay goods-first after acceptance, at most 60.
    :param accept_within_days: days from leaving within which goods are to be accepted or rejected.
    :raises NoSupervisedAccount: if the buyer is to pay to a supervised account and there is none.
    """
    facts = db.session.execute(_PARTIES, {"order": order.id}).one()
    by_line = {row.id: row for row in db.session.execute(_LINE_FACTS, {"order": order.id})}
    return {
        "contract": number,
        "made_on": on.isoformat(),
        "order": order.number,
        "procurement": facts.procurement_number,
        "reference_code": order.reference_code,
        "buyer": {"name": facts.buyer_name, "credit_code": facts.buyer_code, "address": facts.buyer_address},
        "producer": {"name": facts.seller_name, "credit_code": facts.seller_code, "address": facts.seller_address},
        "unit": facts.unit_name,
        "fund_source": order.fund_source,
        "lines": [_line(line, by_line[line.id]) for line in lines],
        "goods": _yuan(order.goods_fen),
        "freight": _yuan(order.freight_fen),
        "total": _yuan(order.total_fen),
        "promised_on": order.promised_on.isoformat() if order.promised_on else None,
        "delivery": {
            "address": facts.delivery_address, "consignee": facts.consignee, "phone": facts.consignee_phone,
        },
        "payment": _payment(order, payment_days, on),
        "acceptance": {"within_days": accept_within_days},
    }  # fmt: skip


def _line(line: OrderLine, facts: Any) -> dict[str, Any]:
    return {
        "position": line.position,
        "title": line.title,
        "spec": line.pack_spec,
        "quantity": f"{line.quantity:.3f}",
        "unit": line.unit,
        "price": _yuan(line.unit_price_fen),
        "amount": _yuan(line.amount_fen),
        "tax_rate": line.tax_rate,
        "county": facts.county,
        "county_code": line.county_code,
        "eligibility": {"scheme": facts.scheme, "number": facts.number} if facts.scheme else None,
    }


def _payment(order: Order, payment_days: int, on: date) -> dict[str, Any]:
    goods_first = order.payment_mode == "goods_first"
    account = account_of(order.clearing, order.producer_id, on)
    if account is None and order.clearing == "supervised":
        raise NoSupervisedAccount(_("平台现在没有有效的监管账户，请联系平台后再确认订单。"))
    return {
        "mode": order.payment_mode,
        "clearing": order.clearing,
        "days": payment_days if goods_first else due.PAY_FIRST_DAYS,
        "from": "acceptance" if goods_first else "signing",
        "extension_days": 0 if goods_first else due.EXTENSION_DAYS,
        "late_interest_per_day": str(due.INTEREST_PER_DAY),
        "payee": {"holder": account.holder, "bank": account.bank, "number": account.number} if account else None,
    }


def _yuan(fen: int) -> dict[str, str]:
    return {"amount": money.format_yuan(fen), "currency": "CNY"}


def hash_terms(terms: dict[str, Any]) -> str:
    """Return the SHA-256 of the terms in RFC 8785 form, in hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(terms)).hexdigest()


def make_verification_code() -> str:
    """Return a code nobody can guess, with a check letter, that is printed and looked up by anyone."""
    body = "".join(secrets.choice(numbers.ALPHABET) for _ in range(_CODE_LETTERS))
    return body + numbers.check_letter(body)


def accept_within_days_of(terms: dict[str, Any]) -> int:
    """Return the days to accept or reject what was shipped; contracts from before they were agreed have the usual ones."""
    return int(terms.get("acceptance", {}).get("within_days", due.ACCEPT_WITHIN_DAYS))


def payment_days_of(terms: dict[str, Any]) -> int:
    """Return the days to pay that the terms agree on."""
    return int(terms["payment"]["days"])
