"""What is told about a contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from orders.contracts.differences import Differences, find_differences
from orders.contracts.models import UNSIGNED, Contract, ContractAmendment
from orders.purchase.models import Order
from shop.auth import Actor
from shop.db import db
from shop.identity import codes
from shop.identity.models import User


@dataclass(frozen=True, slots=True)
class AmendmentAnswer:
    """Another account that the producer offered, and what the buyer said."""

    id: UUID
    position: int
    status: str
    terms: dict[str, Any]
    terms_sha256: str
    offered_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class ContractAnswer:
    """A contract with its order and who signed."""

    id: UUID
    number: str
    order_id: UUID
    order_number: str
    status: str
    terms: dict[str, Any]
    terms_sha256: str
    verification_code: str
    offered_at: datetime
    #: While it waits for a signature: the side whose turn it is signs before this.
    sign_by: datetime | None
    producer_signed_at: datetime | None
    buyer_signed_at: datetime | None
    producer_signed_by: str
    buyer_signed_by: str
    amendments: list[AmendmentAnswer]
    #: What the confirmation changed against the order as placed; ``None`` if nothing.
    differences: Differences | None


def contract_answer(contract: Contract, actor: Actor) -> ContractAnswer:
    """Return what is told about a contract to an actor who may see its order.

    Who only looks on, an authority, is told the last digits of a bank account: the hash is that of the whole terms.
    """
    db.session.flush()  # its state may just have changed
    order = db.session.get_one(Order, contract.order_id)
    signers = {contract.producer_signed_by, contract.buyer_signed_by} - {None}
    names = {row.id: row.name for row in db.session.execute(select(User.id, User.name).where(User.id.in_(signers)))}
    return ContractAnswer(
        id=contract.public_id,
        number=contract.number,
        order_id=order.public_id,
        order_number=order.number,
        status=contract.status,
        terms=_told(contract.terms, actor),
        terms_sha256=contract.terms_sha256,
        verification_code=contract.verification_code,
        offered_at=contract.offered_at,
        sign_by=contract.sign_by if contract.status in UNSIGNED else None,
        producer_signed_at=contract.producer_signed_at,
        buyer_signed_at=contract.buyer_signed_at,
        producer_signed_by=names.get(contract.producer_signed_by, ""),
        buyer_signed_by=names.get(contract.buyer_signed_by, ""),
        amendments=_amendments(contract.id, actor),
        differences=find_differences(order),
    )


def _amendments(contract_id: int, actor: Actor) -> list[AmendmentAnswer]:
    query = select(ContractAmendment).where(ContractAmendment.contract_id == contract_id)
    return [
        AmendmentAnswer(
            each.public_id,
            each.position,
            each.status,
            _told(each.terms, actor),
            each.terms_sha256,
            each.offered_at,
            each.decided_at,
        )
        for each in db.session.scalars(query.order_by(ContractAmendment.position))
    ]


def _told(terms: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Return terms as the actor may read them."""
    return _masked(terms) if actor.organisation_kind == "authority" else terms


def _masked(value: Any) -> Any:
    """Return a part of the terms with the numbers of its bank accounts masked."""
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if not isinstance(value, dict):
        return value
    is_account = {"holder", "bank", "number"} <= set(value)
    return {
        name: codes.mask_account(each) if is_account and name == "number" else _masked(each)
        for name, each in value.items()
    }
