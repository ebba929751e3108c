"""Refunds that somebody made by hand at the provider: said by one person to be which orders', posted once another agrees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from orders.payments import charges, refund_paths, refunds
from orders.payments.models import Charge, MoneyException, Refund, RefundLine
from orders.payments.refund_paths import Allowance
from orders.payments.refunds import RefundTooHigh
from orders.purchase import counting, machine, party
from orders.purchase.amounts import BadRows
from orders.purchase.models import Order, OrderLine
from orders.purchase.parties import Parties
from shop import audit, clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _

KIND = "unknown_refund"
#: Around the cells of a row, which blanks part; commas within an amount are thousands' separators.
_AROUND = ",;\uff0c\uff1b"
_ROW = 3


class NotAttributable(Invalid):
    """The parts are not orders of the refund's charge, or do not add up to it, or it is not known yet of which charge it is."""

    code = "not-attributable"


@dataclass(frozen=True, kw_only=True)
class Part:
    """How much of a refund was an order's, and of that for which accepted lines, which are then no longer owed."""

    order: UUID
    amount_fen: int
    lines: Sequence[Allowance] = ()


@dataclass(frozen=True)
class Choice:
    """An order, or an accepted line of it, that a refund by hand can have been for, and how much at most."""

    order: UUID
    number: str
    line: UUID | None
    position: int | None
    title: str
    left_fen: int


def check(row: MoneyException, parts: Sequence[Part]) -> None:
    """Ask that parts are of the refund's charge and add up to it.

    :raises NotAttributable: if not.
    :raises RefundTooHigh: if an order has less of the charge.
    :raises AllowanceSum, AllowanceTooHigh: if lines do not add up, or get more than their goods cost.
    """
    charge = _charge(row)
    if sum(part.amount_fen for part in parts) != -row.amount_fen or len({part.order for part in parts}) != len(parts):
        raise NotAttributable(
            _("各订单金额之和须等于退款金额 %(sum)s 元，每个订单只写一次。", sum=money.show_yuan(-row.amount_fen))
        )
    orders = _orders(part.order for part in parts)
    shares = charges.shares_of_charge(charge.id)
    for part in parts:
        order = orders.get(part.order)
        if order is None or order.id not in shares:
            raise NotAttributable(_("订单不是由这笔在线支付付款的。"))
        left = min(shares[order.id], order.received_fen - order.refunded_fen - order.refunding_fen - order.held_fen)
        if part.amount_fen > left:
            raise RefundTooHigh(_("退款不能超过已收未退的金额。"), left=money.as_json(max(left, 0)))
        refund_paths.read_allowances(order, part.lines, part.amount_fen)


def lock(row: MoneyException) -> None:
    """Lock the orders and the charge that a proposal names, before the exception itself."""
    parts = read(row)
    if not parts:
        return
    party.lock_orders([order.id for order in _orders(part.order for part in parts).values()])
    charges.lock_charges([_charge(row).id])


def post(row: MoneyException, actor: Actor, at: datetime) -> list[Refund]:
    """Make refunds of the agreed parts of a locked exception, confirmed on the day of the refund; raises as :func:`check`."""
    parts = read(row)
    check(row, parts)
    orders = party.lock_orders([order.id for order in _orders(part.order for part in parts).values()])
    charge = charges.lock_charges([_charge(row).id])[_charge(row).id]
    by_name = {order.public_id: order for order in orders.values()}
    return [_refund(row, part, by_name[part.order], charge, actor=actor, at=at) for part in parts]


def _refund(
    row: MoneyException, part: Part, order: Order, charge: Charge, *, actor: Actor, at: datetime
) -> Refund:  # fmt: skip
    refund = Refund(
        order_id=order.id, amount_fen=part.amount_fen, reason=row.note, cause="agreed", status="requested",
        clearing="stripe", charge_id=charge.id, requested_by=row.proposed_by, requested_at=at, attempts=1,
        recorded_by=row.proposed_by, recorded_at=row.proposed_at,
    )  # fmt: skip
    db.session.add(refund)
    db.session.flush()  # obtains the refund's key, which names the fact in the books
    machine.record_start("refund", refund, "request", actor=actor, at=at)
    for line_id, fen in refund_paths.read_allowances(order, part.lines, part.amount_fen).items():
        db.session.add(RefundLine(refund_id=refund.id, line_id=line_id, amount_fen=fen))
    charge.refunded_fen += part.amount_fen
    order.refunding_fen += part.amount_fen
    counting.recount(
        order, fact="refund_requested", key=f"order:{order.id}:refund:{refund.id}:requested", at=at,
        on=clock.business_day(at), actor=actor,
    )  # fmt: skip
    refund.bank_serial, refund.value_on = row.subject, row.occurred_on
    refund.decided_by, refund.decided_at = actor.user_id, at
    parties = Parties(buyer_id=order.buyer_id, producer_id=order.producer_id)
    machine.move("refund", refund, "attribute", actor=actor, at=at, why=row.note, parties=parties)
    refunds.enter(refund, order, actor=actor, at=at)
    audit.record(actor, "payments.refund_attributed", "refund", refund.id, amount_fen=[None, refund.amount_fen])
    return refund


def choices(row: MoneyException) -> list[Choice]:
    """Return what a refund by hand can have been for; nothing while its charge is not known."""
    charge = charges.get_charge(row.detail) if row.kind == KIND else None
    if charge is None:
        return []
    shares = charges.shares_of_charge(charge.id)
    found = []
    for order in db.session.scalars(select(Order).where(Order.id.in_(shares)).order_by(Order.id)).all():
        found.append(Choice(order.public_id, order.number, None, None, "", shares[order.id]))
        places = dict(
            db.session.execute(
                select(OrderLine.public_id, OrderLine.position).where(OrderLine.order_id == order.id)
            ).all()
        )
        found += [
            Choice(order.public_id, order.number, one.line, places[one.line], one.title, one.left_fen)
            for one in refund_paths.list_allowable(order)
        ]
    return found


def describe(row: MoneyException) -> list[Choice]:
    """Return what was proposed, an entry for each order and line."""
    parts = read(row)
    orders = _orders(part.order for part in parts)
    titles = {
        line.public_id: line
        for line in db.session.scalars(
            select(OrderLine).where(OrderLine.public_id.in_([one.line for part in parts for one in part.lines]))
        )
    }
    found = []
    for part in parts:
        number = orders[part.order].number
        for one in part.lines:
            line = titles[one.line]
            found.append(Choice(part.order, number, one.line, line.position, line.title, one.amount_fen))
        if not part.lines:
            found.append(Choice(part.order, number, None, None, "", part.amount_fen))
    return found


def read_rows(text: str, row: MoneyException) -> list[Part]:
    """Read rows of "order's number, line's position (may be left out), amount".

    :raises BadRows: naming the row that cannot be read.
    """
    known = {(one.number, one.position): one for one in choices(row)}
    found: dict[UUID, list[tuple[UUID | None, int]]] = {}
    rows = ([cell.strip(_AROUND) for cell in each.split()] for each in text.splitlines() if each.strip())
    for n, cells in enumerate(rows, 1):
        position = int(cells[1]) if len(cells) == _ROW and cells[1].isdecimal() and len(cells[1]) < _ROW * 2 else None
        one = known.get((cells[0].upper(), position))
        if one is None or len(cells) not in (_ROW - 1, _ROW) or (len(cells) == _ROW and position is None):
            raise BadRows(_("第 %(row)s 行须是本表中的订单编号、行号（可不填）和金额。", row=n), row=n)
        try:
            fen = money.parse_yuan(cells[-1].replace(",", ""))
        except ValueError as error:
            raise BadRows(_("第 %(row)s 行：金额 %(text)s 无法识别。", row=n, text=cells[-1]), row=n) from error
        if not 0 < fen <= money.MAX_FEN:
            raise BadRows(_("第 %(row)s 行：请填写金额。", row=n), row=n)
        found.setdefault(one.order, []).append((one.line, fen))
    return [_part(order, shares) for order, shares in found.items()]


def _part(order: UUID, shares: Sequence[tuple[UUID | None, int]]) -> Part:
    total = sum(fen for _line, fen in shares)
    lines = [Allowance(line=line, amount_fen=fen) for line, fen in shares if line is not None]
    return Part(order=order, amount_fen=total, lines=lines)


def written(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Return parts as an exception keeps them."""
    return [
        {
            "order": str(part.order), "amount_fen": part.amount_fen,
            "lines": [{"line": str(one.line), "amount_fen": one.amount_fen} for one in part.lines],
        }
        for part in parts
    ]  # fmt: skip


def read(row: MoneyException) -> list[Part]:
    """Return the parts that an exception keeps."""
    return [
        Part(
            order=UUID(part["order"]), amount_fen=part["amount_fen"],
            lines=[Allowance(line=UUID(one["line"]), amount_fen=one["amount_fen"]) for one in part["lines"]],
        )
        for part in row.parts
    ]  # fmt: skip


def _charge(row: MoneyException) -> Charge:
    charge = charges.get_charge(row.detail) if row.kind == KIND else None
    if charge is None:
        raise NotAttributable(_("还没有查到这笔退款属于哪笔在线支付，请稍后再试。"))
    return charge


def _orders(names: Iterable[UUID]) -> Mapping[UUID, Order]:
    found = db.session.scalars(select(Order).where(Order.public_id.in_(list(names))))
    return {order.public_id: order for order in found}
