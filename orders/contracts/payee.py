"""The account that an order is paid to: the one its contract names, whatever the producer has registered since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select

from orders.contracts.accounts import account_of
from orders.contracts.models import Contract, ContractAmendment
from orders.contracts.services import find_contract
from orders.purchase.models import Order
from shop import clock
from shop.db import db

_SHOWN_DIGITS = 4


@dataclass(frozen=True)
class Payee:
    """The account that a transfer goes to, and which paper says so."""

    holder: str
    bank: str
    number: str
    #: ``direct``: the producer's own account; ``supervised``: the platform's.
    clearing: str = "direct"
    #: The contract that names it; empty before there is one: then it is only what the producer has registered.
    contract: str = ""
    #: The amendment by which both sides have changed the account since; 0 for none.
    amendment: int = 0
    agreed_on: date | None = None
    #: The last digits of the account that was registered since, where that is another one.
    registered_tail: str = ""


def payee_of(order: Order, on: date) -> Payee | None:
    """Return the account that a transfer for an order goes to on a day.

    The contract's is never replaced by what is registered later: that is only told, by its last digits.
    """
    registered = account_of(order.clearing, order.producer_id, on)
    contract = find_contract(order.id)
    if contract is None:
        return Payee(registered.holder, registered.bank, registered.number, order.clearing) if registered else None
    agreed = agreed_payee(contract)
    if agreed is None or registered is None or registered.number == agreed.number:
        return agreed
    return replace(agreed, registered_tail=registered.number[-_SHOWN_DIGITS:])


def agreed_payee(contract: Contract) -> Payee | None:
    """Return the account that a contract names, as amended last; none if it names none."""
    last = db.session.scalars(
        select(ContractAmendment)
        .where(ContractAmendment.contract_id == contract.id, ContractAmendment.status == "agreed")
        .order_by(ContractAmendment.position.desc())
        .limit(1)
    ).one_or_none()
    clearing = contract.terms["payment"].get("clearing", "direct")
    if last is not None:
        day = clock.business_day(last.decided_at or last.offered_at)
        return Payee(
            **last.terms["payee"], clearing=clearing, contract=contract.number, amendment=last.position, agreed_on=day
        )
    named: dict[str, Any] | None = contract.terms["payment"]["payee"]
    made_on = date.fromisoformat(contract.terms["made_on"])
    return None if named is None else Payee(**named, clearing=clearing, contract=contract.number, agreed_on=made_on)
