"""Paying to another account than a signed contract names: offered by the producer, agreed to by the buyer, dated and kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from orders.contracts.accounts import Account, account_of
from orders.contracts.models import Contract, ContractAmendment
from orders.contracts.payee import Payee, agreed_payee
from orders.contracts.services import get_contract, lock_contract
from orders.contracts.terms import hash_terms
from orders.purchase import changes, machine
from orders.purchase.models import Order
from orders.purchase.parties import Parties, side_of
from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden
from shop.i18n import _
from shop.identity.account_change_models import BankAccountChange
from shop.outbox.services import publish

#: States in which an order's buyer may still pay.
_OPEN = ("awaiting_confirmation", "confirmed", "part_shipped", "shipped", "closed_short")


class NothingToAmend(Conflict):
    """The contract is not signed by both, or names the account that the producer has registered."""

    code = "nothing-to-amend"


class AmendmentWaits(Conflict):
    """An amendment of the contract waits for the buyer."""

    code = "amendment-waits"


class NoAmendment(Conflict):
    """No amendment of the contract waits for the buyer."""

    code = "no-amendment"


def offer(contract_id: UUID, actor: Actor, at: datetime) -> ContractAmendment:
    """Ask the buyer, for the producer, to pay to the account that is registered and in use now.

    :raises NoSuchContract: if it is not the actor's; Forbidden: for the buyer.
    :raises NothingToAmend: unless both have signed and the accounts differ.
    :raises AmendmentWaits: if one waits.
    """
    contract, order = lock_contract(contract_id, actor, at)
    _require_side("producer", order, actor, at)
    account, before = _to_offer(contract, order, at), agreed_payee(contract)
    if account is None:
        raise NothingToAmend(_("合同尚未由双方签署，或载明的就是现用的收款账户。"))
    position = 1 + (
        db.session.scalar(
            select(func.max(ContractAmendment.position)).where(ContractAmendment.contract_id == contract.id)
        )
        or 0
    )
    terms = {
        "contract": contract.number, "contract_sha256": contract.terms_sha256, "amendment": position,
        "made_on": clock.business_day(at).isoformat(), "before": _named(before) if before else None,
        "payee": _named(account),
    }  # fmt: skip
    made = ContractAmendment(
        contract_id=contract.id, position=position, status="offered", terms=terms, terms_sha256=hash_terms(terms),
        offered_by=actor.user_id, offered_at=at,
    )  # fmt: skip
    with refusing(uq_contract_amendments_offered=AmendmentWaits(_("已有一项变更待采购单位答复。"))):
        db.session.add(made)
    machine.record_start("amendment", made, "offer", actor=actor, at=at)
    audit.record(actor, "contracts.amendment_offered", "contract", contract.id, status=[None, "offered"])
    _tell("orders.account_amendment_offered", made, contract, order)
    return made


def decide(contract_id: UUID, answer: str, actor: Actor, at: datetime) -> ContractAmendment:
    """Agree, for the buyer, to pay to the account that is offered, or decline.

    :param answer: ``agree`` or ``decline``.
    :raises NoSuchContract: if it is not the actor's; Forbidden: for the producer.
    :raises NoAmendment: if none waits.
    """
    contract, order = lock_contract(contract_id, actor, at)
    _require_side("buyer", order, actor, at)
    found = db.session.scalars(
        select(ContractAmendment)
        .where(ContractAmendment.contract_id == contract.id, ContractAmendment.status == "offered")
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NoAmendment(_("没有待答复的账户变更。"))
    machine.move("amendment", found, answer, actor=actor, at=at, parties=Parties.of(order))
    found.decided_by, found.decided_at = actor.user_id, at
    audit.record(
        actor, f"contracts.amendment_{found.status}", "contract", contract.id, status=["offered", found.status]
    )
    _tell("orders.account_amendment_decided", found, contract, order, answer=found.status)
    return found


def offerable_tail(contract_id: UUID, actor: Actor, at: datetime) -> str:
    """Return the last digits of the account that the actor could offer for a contract now; empty if there is none."""
    contract = get_contract(contract_id, actor, at)
    order = db.session.get_one(Order, contract.order_id)
    if not actor.may("contracts:sign") or side_of(actor, Parties.of(order), at) != "producer":
        return ""
    waits = select(ContractAmendment.id).where(
        ContractAmendment.contract_id == contract.id, ContractAmendment.status == "offered"
    )
    account = None if db.session.scalar(waits) else _to_offer(contract, order, at)
    return account.number[-4:] if account else ""


def tell_buyers(change_id: UUID, *, name: str, tail: str, used_from: str) -> None:
    """Tell every buyer with open orders at an organisation that it will have another account."""
    seller = db.session.scalars(
        select(BankAccountChange.organisation_id).where(BankAccountChange.public_id == change_id)
    ).one()
    buyers = db.session.scalars(
        select(Order.buyer_id).where(Order.producer_id == seller, Order.status.in_(_OPEN)).distinct()
    ).all()
    if buyers:
        publish("orders.payee_account_changed", organisations=buyers, name=name, tail=tail, used_from=used_from)


def _to_offer(contract: Contract, order: Order, at: datetime) -> Account | None:
    if contract.status != "signed":
        return None
    account = account_of(order.clearing, order.producer_id, clock.business_day(at))
    agreed = agreed_payee(contract)
    return None if account is None or (agreed is not None and agreed.number == account.number) else account


def _named(account: Account | Payee) -> dict[str, Any]:
    return {"holder": account.holder, "bank": account.bank, "number": account.number}


def _require_side(side: str, order: Order, actor: Actor, at: datetime) -> None:
    if side_of(actor, Parties.of(order), at) != side:
        raise Forbidden(_("这一步由对方办理。"))


def _tell(topic: str, made: ContractAmendment, contract: Contract, order: Order, **values: str) -> None:
    changes.tell(
        topic, order, contract_id=str(contract.public_id), contract_number=contract.number,
        tail=made.terms["payee"]["number"][-4:], **values,
    )  # fmt: skip
