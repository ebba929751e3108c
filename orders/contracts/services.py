"""Offering, signing and declining the contract of an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text

from orders.contracts.differences import find_differences
from orders.contracts.models import UNSIGNED, Contract
from orders.contracts.signers import find_dearer
from orders.contracts.terms import hash_terms, make_verification_code, write_terms
from orders.purchase import changes, counting, due, dues, machine, numbers
from orders.purchase.access import lines_of, lock_order, visible_orders
from orders.purchase.changes import BadConfirmation, Confirmation
from orders.purchase.completion import complete_if_done
from orders.purchase.models import Order
from orders.purchase.parties import Parties
from shop import clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _

#: How long each side has to sign once it is its turn.
SIGN_WITHIN = timedelta(days=15)


class NoSuchContract(NotFound):
    """There is no contract with that identifier or code that the caller may see."""

    code = "no-such-contract"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a producer confirms and offers as a contract."""

    confirmation: Confirmation
    #: Days to pay goods-first after acceptance: 30, at most 60.
    payment_days: int = due.GOODS_FIRST_DAYS
    #: Sign for the producer in the same step.
    sign: bool = False
    #: How long each side has to sign.
    sign_within: timedelta = SIGN_WITHIN
    #: Days from leaving within which the buyer accepts or rejects.
    accept_within_days: int = due.ACCEPT_WITHIN_DAYS


def confirm_order(public_id: UUID, offer: Offer, *, actor: Actor, at: datetime) -> Order:
    """Confirm an order's price, freight and date; the contract on these terms is offered with it.

    :raises NoSuchOrder, WrongState, BadConfirmation: and nothing has changed.
    """
    if not 1 <= offer.payment_days <= due.GOODS_FIRST_MOST_DAYS:
        detail = _("付款期限应为 1 至 60 天。")
        raise BadConfirmation(detail, errors=[{"pointer": "#/payment_days", "detail": detail}])
    order = lock_order(public_id, actor, at)
    lines = changes.confirm(order, offer.confirmation, actor=actor, at=at)
    db.session.flush()  # the terms are read from what was just confirmed
    on = clock.business_day(at)
    key = int(db.session.scalar(text("SELECT nextval('contracts_id_seq')")) or 0)
    number = numbers.make_number("HT", on, key)
    terms = write_terms(
        order, lines, number=number, on=on, payment_days=offer.payment_days,
        accept_within_days=offer.accept_within_days,
    )  # fmt: skip
    contract = Contract(
        id=key, order_id=order.id, number=number, status="offered", terms=terms, terms_sha256=hash_terms(terms),
        verification_code=make_verification_code(), offered_at=at, sign_by=at + offer.sign_within,
    )  # fmt: skip
    db.session.add(contract)
    db.session.flush()  # its move names its key
    machine.record_start("contract", contract, "offer", actor=actor, at=at)
    if offer.sign:
        _sign(contract, order, actor=actor, at=at, sign_within=offer.sign_within)
    changes.tell(
        "orders.order_confirmed", order, contract_id=str(contract.public_id), contract_number=number,
        promised_on=offer.confirmation.promised_on.isoformat(), at=at.isoformat(),
        to_sign=None if offer.sign else number,
    )  # fmt: skip
    return order


def sign_contract(public_id: UUID, *, actor: Actor, at: datetime, sign_within: timedelta = SIGN_WITHIN) -> Contract:
    """Sign for the side the actor stands on: the producer first, then the buyer, with whom it is contracted.

    :param sign_within: how long the buyer then has.
    :raises NoSuchContract: if it is not the actor's.
    :raises WrongState: if it is signed, declined or lapsed, or the time to sign is over.
    :raises Forbidden: if it is the other side's turn.
    :raises DearerThanApproved: if the producer has confirmed more than was approved, and the actor asked for it.
    """
    contract, order = lock_contract(public_id, actor, at)
    if order.buyer_id == actor.organisation_id and (dearer := find_dearer(order, actor)):
        raise dearer
    _sign(contract, order, actor=actor, at=at, sign_within=sign_within)
    return contract


def _sign(contract: Contract, order: Order, *, actor: Actor, at: datetime, sign_within: timedelta) -> None:
    parties = Parties.of(order)
    machine.move(
        "contract", contract, "sign", actor=actor, at=at, parties=parties, facts={"sha256": contract.terms_sha256}
    )
    if contract.status == "signed_by_producer":
        contract.producer_signed_by, contract.producer_signed_at = actor.user_id, at
        contract.sign_by = at + sign_within
        changed = find_differences(order)
        changes.tell(
            "orders.contract_offered", order, contract_id=str(contract.public_id), contract_number=contract.number,
            sign_by=clock.business_day(contract.sign_by).isoformat(),
            ordered=money.as_json(changed.ordered_fen) if changed else None,
        )  # fmt: skip
        return
    contract.buyer_signed_by, contract.buyer_signed_at = actor.user_id, at
    on = clock.business_day(at)
    if order.payment_mode == "pay_first":
        dues.set_parts(order, {due.pay_first_due_on(on): order.due_fen}, [])
    counting.post_contracted(
        order, fact="contract_signed", key=f"contract:{contract.id}:signed", at=at, on=on, actor=actor
    )
    changes.tell(
        "orders.contract_signed", order, contract_id=str(contract.public_id), contract_number=contract.number,
        terms_sha256=contract.terms_sha256, at=at.isoformat(),
    )  # fmt: skip


def decline_contract(public_id: UUID, *, actor: Actor, at: datetime, why: str) -> Contract:
    """Decline to sign; the order is cancelled with it and its stock is free again.

    :raises WrongState: once both have signed.
    :raises ReasonMissing: without a reason.
    """
    contract, order = lock_contract(public_id, actor, at)
    machine.move("contract", contract, "decline", actor=actor, at=at, why=why.strip(), parties=Parties.of(order))
    if not why.strip():
        raise changes.ReasonMissing(_("请填写原因。"), errors=[{"pointer": "#/why", "detail": _("请填写原因。")}])
    changes.end(order, "cancel", actor=None, at=at, why=why)
    complete_if_done(order.procurement_id, at=at)
    return contract


def end_order(public_id: UUID, event: str, *, actor: Actor, at: datetime, why: str) -> Order:
    """Decline, cancel or close short an order; its contract lapses, or what is contracted shrinks to what is left.

    :param event: ``decline``, ``cancel`` or ``close_short``.
    :raises NoSuchOrder, WrongState, ReasonMissing: and nothing has changed.
    """
    order = lock_order(public_id, actor, at)
    end_locked(order, event, actor=actor, at=at, why=why)
    return order


def end_locked(order: Order, event: str, *, actor: Actor | None, at: datetime, why: str) -> None:
    """End a locked order as :func:`end_order` does; without an actor it is the system that ends it."""
    changes.end(order, event, actor=actor, at=at, why=why)
    contract = find_contract(order.id)
    if contract is not None and contract.status in UNSIGNED:
        machine.move("contract", contract, "lapse", actor=None, at=at, parties=Parties.of(order))
    elif contract is not None and contract.status == "signed":
        counting.post_contracted(
            order, fact="contract_ended", key=f"contract:{contract.id}:{order.status}", at=at,
            on=clock.business_day(at), actor=actor,
        )  # fmt: skip
    changes.settle_acceptance(order, lines_of(order))
    complete_if_done(order.procurement_id, at=at)


def find_contract(order_id: int) -> Contract | None:
    """Return the contract of an order, if one was offered."""
    return db.session.scalars(
        select(Contract).where(Contract.order_id == order_id).execution_options(populate_existing=True)
    ).one_or_none()


def get_contract(public_id: UUID, actor: Actor, at: datetime) -> Contract:
    """Return a contract of an order that the actor may see.

    :raises NoSuchContract: if there is none.
    """
    found = db.session.scalars(
        select(Contract)
        .join(Order, Order.id == Contract.order_id)
        .where(Contract.public_id == public_id, visible_orders(actor, at))
    ).one_or_none()
    if found is None:
        raise NoSuchContract(_("没有这份合同。"))
    return found


def lock_contract(public_id: UUID, actor: Actor, at: datetime) -> tuple[Contract, Order]:
    """Lock the order of a contract of the actor's, and return both; the order's lock covers the contract.

    :raises NoSuchContract: if it is not the actor's.
    """
    row = db.session.execute(
        select(Contract.id, Order.public_id)
        .join(Order, Order.id == Contract.order_id)
        .where(Contract.public_id == public_id)
    ).first()
    if row is None:
        raise NoSuchContract(_("没有这份合同。"))
    order = lock_order(row.public_id, actor, at)
    contract = db.session.get_one(Contract, row.id, populate_existing=True)
    return contract, order


@dataclass(frozen=True, slots=True)
class PublicContract:
    """What anyone with the code may know of a contract: no personal data."""

    number: str
    status: str
    buyer_name: str
    buyer_credit_code: str | None
    producer_name: str
    producer_credit_code: str | None
    total: dict[str, str]
    made_on: date
    promised_on: date | None
    producer_signed_at: datetime | None
    buyer_signed_at: datetime | None
    terms_sha256: str
    #: The stored terms still have that hash.
    is_intact: bool


def verify_contract(code: str) -> PublicContract:
    """Look a contract up by the code printed on it; spaces, dashes and case do not matter.

    :raises NoSuchContract: if there is none.
    """
    found = find_by_code(code)
    if found is None:
        raise NoSuchContract(_("没有这个验证码对应的合同，请核对后再试。"))
    return found


def find_by_code(code: str) -> PublicContract | None:
    """Return what anyone with the code may know of a contract, if it is one's."""
    tidy = code.strip().upper().replace("-", "").replace(" ", "")
    contract = db.session.scalars(select(Contract).where(Contract.verification_code == tidy)).one_or_none()
    if contract is None:
        return None
    terms = contract.terms
    return PublicContract(
        number=contract.number,
        status=contract.status,
        buyer_name=terms["buyer"]["name"],
        buyer_credit_code=terms["buyer"]["credit_code"],
        producer_name=terms["producer"]["name"],
        producer_credit_code=terms["producer"]["credit_code"],
        total=terms["total"],
        made_on=date.fromisoformat(terms["made_on"]),
        promised_on=date.fromisoformat(terms["promised_on"]) if terms["promised_on"] else None,
        producer_signed_at=contract.producer_signed_at,
        buyer_signed_at=contract.buyer_signed_at,
        terms_sha256=contract.terms_sha256,
        is_intact=hash_terms(terms) == contract.terms_sha256,
    )
