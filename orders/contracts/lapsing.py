"""What ends by itself because somebody did not act in time: orders not confirmed, contracts not signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from orders.contracts.models import UNSIGNED, Contract
from orders.contracts.services import find_contract
from orders.purchase import changes, machine
from orders.purchase.completion import complete_if_done
from orders.purchase.models import Order
from orders.purchase.parties import Parties
from shop.db import db
from shop.i18n import _


def is_overdue(order: Order, at: datetime) -> bool:
    """Say whether an order's time to be confirmed, or its contract's to be signed, is over; needs no lock."""
    if order.status == "awaiting_confirmation":
        return at >= order.confirm_by
    return order.status == "confirmed" and _unsigned(order, at) is not None


def lapse_if_due(order: Order, *, at: datetime) -> bool:
    """Let a locked order end that nobody has confirmed, or whose contract a side has not signed, in time."""
    return changes.lapse_if_due(order, at=at) or lapse_contract_if_due(order, at=at)


def lapse_contract_if_due(order: Order, *, at: datetime) -> bool:
    """Let the contract of a locked order lapse that a side has not signed in time; the order is cancelled with it.

    Its stock is free again, and what was paid for it is asked back, as after any cancellation.
    """
    contract = _unsigned(order, at) if order.status == "confirmed" else None
    if contract is None:
        return False
    why = _("供应商逾期未签署合同") if contract.status == "offered" else _("采购单位逾期未签署合同")
    machine.move("contract", contract, "lapse", actor=None, at=at, why=why, parties=Parties.of(order))
    changes.end(order, "cancel", actor=None, at=at, why=why)
    complete_if_done(order.procurement_id, at=at)
    return True


def _unsigned(order: Order, at: datetime) -> Contract | None:
    contract = find_contract(order.id)
    return contract if contract and contract.status in UNSIGNED and at >= contract.sign_by else None


def overdue_contracts(at: datetime, limit: int = 500) -> Sequence[int]:
    """Return the keys of orders whose contract's time to be signed is over, the longest first."""
    return db.session.scalars(
        select(Contract.order_id)
        .where(Contract.status.in_(UNSIGNED), Contract.sign_by <= at)
        .order_by(Contract.sign_by)
        .limit(limit)
    ).all()
