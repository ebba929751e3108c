"""Claims of transfers: an institution or the payee's finance says which orders one is for, the payee's side confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from orders.banking import acts, aliases, claim_lines
from orders.banking.claim_lines import Wanted
from orders.banking.models import BankStatement, BankStatementLine, StatementAccount, TransferClaim, TransferClaimOrder
from orders.payments import access, receipts
from orders.payments.receipts import OtherParties, SamePerson, Share, TooMuchAllocated
from orders.purchase import machine, party
from orders.purchase.models import Order
from orders.purchase.parties import producers_of
from shop import audit, clock, money
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.i18n import _
from shop.identity.models import Organisation
from shop.outbox.services import publish


class ClaimDecided(Conflict):
    """The claim was confirmed or refused already."""

    code = "claim-decided"


class LineUnknown(Conflict):
    """No line of the payee's account is known for the claim yet; choose one, or wait for the next statement."""

    code = "line-unknown"


class LineClaimed(Conflict):
    """The line is claimed already."""

    code = "line-claimed"


@dataclass(frozen=True, kw_only=True)
class ClaimFacts:
    """What is said of a transfer; the payee's people name its line, others its amount and day."""

    shares: Sequence[Share]
    amount_fen: int
    paid_on: date
    payer_name: str
    bank_serial: str = ""
    note: str = ""
    file: UUID | None = None
    line: UUID | None = None


def claim(facts: ClaimFacts, actor: Actor, at: datetime) -> TransferClaim:
    """Say that a transfer is for orders of one buyer, of one producer or, on the supervised account, of several.

    :raises NotFound: for an order, file or line that is not the actor's.
    :raises OtherParties: if the orders are of several buyers.
    :raises TooMuchAllocated: if they get more than the transfer, or those of several producers less.
    :raises LineClaimed: if the line is claimed already; LineNotOpen: if it is not open.
    """
    on = clock.business_day(at)
    named = acts.orders_of(facts.shares, actor, on)
    buyer_id, payee_id = _parties(named)
    left = facts.amount_fen - sum(fen for _order, fen in named)
    if left < 0:
        raise TooMuchAllocated(_("各订单金额之和超过了转账金额。"), left=money.as_json(left))
    if left and payee_id is None:
        raise TooMuchAllocated(_("付给几个供应商时，各订单金额之和须等于转账金额。"), left=money.as_json(left))
    line = _named_line(facts.line, facts.amount_fen, actor, on) if facts.line else _fitting(facts, payee_id)
    made = TransferClaim(
        payee_id=payee_id, buyer_id=buyer_id, line_id=line.id if line else None, amount_fen=facts.amount_fen,
        paid_on=facts.paid_on, payer_name=facts.payer_name.strip(), bank_serial="".join(facts.bank_serial.split()),
        note=facts.note, file_id=access.file_key(facts.file, actor), status="claimed", claimed_by=actor.user_id,
        claimant_id=actor.organisation_id, claimed_at=at,
    )  # fmt: skip
    with refusing(uq_transfer_claims_line=LineClaimed(_("这笔到账已经有人认领。"))):
        db.session.add(made)
    for order_id, fen in _by_order(named).items():
        db.session.add(TransferClaimOrder(claim_id=made.id, order_id=order_id, amount_fen=fen))
    machine.record_start("transfer_claim", made, "claim", actor=actor, at=at)
    if line:
        acts.settle(line, "claimed")
    audit.record(actor, "banking.transfer_claimed", "transfer_claim", made.id, amount_fen=[None, facts.amount_fen])
    _publish("orders.transfer_claimed", made, actor)
    return made


def confirm(claim_id: UUID, actor: Actor, at: datetime, line_id: UUID | None = None) -> TransferClaim:
    """Confirm a claim for the payee: its receipt is recorded in the claimant's name and confirmed in the actor's.

    Who paid is remembered as a name of the buyer; a treasury's only as one that many are paid from.

    :raises NotFound: if the claim is not the actor's side's, or the line not its.
    :raises ClaimDecided: if it was decided; SamePerson: if the actor made it, or imported the line's statement.
    :raises LineUnknown: if there is no line for it.
    :raises AmountsDiffer: if the line chosen has another amount.
    """
    on = clock.business_day(at)
    key = _of_payee(claim_id, actor, on).id
    named = _named_orders(key)
    party.lock_orders([order.id for order, _fen in named])
    found = _lock(key, actor)
    line, clearing = _line_of(found, line_id, actor, on)
    if db.session.get_one(BankStatement, line.statement_id).imported_by == actor.user_id:
        raise SamePerson(_("导入对账单的人不能确认其中的到账，请由另一位同事办理。"))
    claimant = replace(actor, user_id=found.claimed_by, organisation_id=found.claimant_id)
    for payment in acts.record(line, clearing, named, claimant, at):
        if found.file_id is not None:
            payment.evidence_file_id = found.file_id
        db.session.flush()  # obtains the receipt as the confirmation reads it
        receipts.confirm(payment.public_id, actor, at)
    found.line_id, found.decided_by, found.decided_at = line.id, actor.user_id, at
    machine.move("transfer_claim", found, "confirm", actor=actor, at=at)
    acts.settle(line, "matched", rule="claim")
    aliases.learn(
        line.counterparty_name, line.counterparty_account, found.buyer_id, actor.user_id, at, payee_id=found.payee_id
    )
    audit.record(actor, "banking.claim_confirmed", "transfer_claim", found.id, status=["claimed", "confirmed"])
    _publish("orders.transfer_claim_decided", found, actor)
    return found


def refuse(claim_id: UUID, reason: str, actor: Actor, at: datetime) -> TransferClaim:
    """Refuse a claim with a reason; its line is open again.

    :raises NotFound, ClaimDecided, SamePerson: as :func:`confirm`.
    """
    found = _lock(_of_payee(claim_id, actor, clock.business_day(at)).id, actor)
    machine.move("transfer_claim", found, "refuse", actor=actor, at=at, why=reason)
    found.decided_by, found.decided_at, found.reason = actor.user_id, at, reason
    _let_go(found)
    audit.record(actor, "banking.claim_refused", "transfer_claim", found.id, status=["claimed", "refused"])
    _publish("orders.transfer_claim_decided", found, actor)
    return found


def withdraw(claim_id: UUID, actor: Actor, at: datetime) -> TransferClaim:
    """Take a claim back, by whose side made it, as long as nobody decided it; its line is open again.

    :raises NotFound: if it is not the actor's side's.
    :raises ClaimDecided: if it was decided or withdrawn.
    """
    key = _of_claimant(claim_id, actor, clock.business_day(at)).id
    found = _lock_claimed(key)
    machine.move("transfer_claim", found, "withdraw", actor=actor, at=at)
    found.decided_at = at
    _let_go(found, "claim_withdrawn")
    audit.record(actor, "banking.claim_withdrawn", "transfer_claim", found.id, status=["claimed", "withdrawn"])
    _publish("orders.transfer_claim_decided", found, actor)
    return found


def open_claims(actor: Actor, on: date) -> int:
    """Return how many claims wait for the actor's side."""
    query = _visible(actor, on).where(TransferClaim.status == "claimed").with_only_columns(func.count())
    return db.session.scalar(query) or 0


def _visible(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    return select(TransferClaim).where(party.is_party(actor, TransferClaim.buyer_id, TransferClaim.payee_id, on))


def get_claim(claim_id: UUID, actor: Actor, on: date) -> TransferClaim:
    """Return a claim that the actor's side made or is asked about.

    :raises NotFound: if there is none, or it is others'.
    """
    found: TransferClaim | None = db.session.scalars(
        _visible(actor, on).where(TransferClaim.public_id == claim_id)
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这份认领。"))
    return found


def _of_payee(claim_id: UUID, actor: Actor, on: date) -> TransferClaim:
    found = get_claim(claim_id, actor, on)
    if actor.organisation_kind != "operator" and found.payee_id not in producers_of(actor, on):
        raise NotFound(_("没有这份认领。"))
    return found


def _of_claimant(claim_id: UUID, actor: Actor, on: date) -> TransferClaim:
    found = get_claim(claim_id, actor, on)
    if found.claimant_id != actor.organisation_id:
        raise NotFound(_("没有这份认领。"))
    return found


def _lock(key: int, actor: Actor) -> TransferClaim:
    found = _lock_claimed(key)
    if found.claimed_by == actor.user_id:
        raise SamePerson(_("认领的人不能自己确认，请由另一位同事办理。"))
    return found


def _lock_claimed(key: int) -> TransferClaim:
    found = db.session.scalars(
        select(TransferClaim).where(TransferClaim.id == key).with_for_update().execution_options(populate_existing=True)
    ).one()
    if found.status != "claimed":
        raise ClaimDecided(_("这份认领已经办结。"), state=found.status)
    return found


def _line_of(found: TransferClaim, line_id: UUID | None, actor: Actor, on: date) -> tuple[BankStatementLine, str]:
    """Return the claim's line, locked, with its clearing."""
    if line_id is not None:
        chosen, account = acts.get_line(line_id, actor, on)
        if chosen.amount_fen != found.amount_fen:
            raise acts.AmountsDiffer(_("认领的金额与流水金额不同。"))
        if chosen.id == found.line_id:
            return acts.lock_open(chosen.id, "in", ("claimed",)), account.clearing
        _let_go(found)
        return acts.lock_open(chosen.id, "in"), account.clearing
    if found.line_id is None:
        raise LineUnknown(_("还没有找到这笔到账，请选择一笔流水，或等下一份对账单。"))
    line = acts.lock_open(found.line_id, "in", ("claimed",))
    return line, db.session.get_one(StatementAccount, line.account_id).clearing


def _let_go(found: TransferClaim, reason: str = "claim_refused") -> None:
    """Open the line that was taken for the claim's."""
    if found.line_id is not None:
        acts.settle(acts.lock_open(found.line_id, "in", ("claimed",)), "unmatched", reason=reason)


def _parties(named: Sequence[tuple[Order, int]]) -> tuple[int, int | None]:
    """Return buyer and producer; no producer if there are several."""
    buyers = {order.buyer_id for order, _fen in named}
    if len(buyers) != 1:
        raise OtherParties(_("一份认领只能是同一采购单位的订单。"))
    payees = {order.producer_id for order, _fen in named}
    return buyers.pop(), payees.pop() if len(payees) == 1 else None


def _by_order(named: Sequence[tuple[Order, int]]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for order, fen in named:
        sums[order.id] = sums.get(order.id, 0) + fen
    return sums


def _named_orders(claim_id: int) -> list[tuple[Order, int]]:
    rows = db.session.execute(
        select(Order, TransferClaimOrder.amount_fen)
        .join(TransferClaimOrder, TransferClaimOrder.order_id == Order.id)
        .where(TransferClaimOrder.claim_id == claim_id)
        .order_by(Order.id)
    )
    return [(row[0], row[1]) for row in rows]


def _named_line(line_id: UUID, amount_fen: int, actor: Actor, on: date) -> BankStatementLine:
    found, _account = acts.get_line(line_id, actor, on)
    if found.amount_fen != amount_fen:
        raise acts.AmountsDiffer(_("认领的金额与流水金额不同。"))
    return acts.lock_open(found.id, "in")


def _fitting(facts: ClaimFacts, payee_id: int | None) -> BankStatementLine | None:
    """Return the one open line that the facts tell of, locked."""
    key = claim_lines.find_one(Wanted(payee_id, facts.amount_fen, facts.paid_on, facts.bank_serial))
    return acts.lock_open(key, "in") if key else None


def _publish(topic: str, found: TransferClaim, actor: Actor) -> None:
    operators = select(Organisation.id).where(Organisation.kind == "operator").order_by(Organisation.id)
    payees = [found.payee_id] if found.payee_id is not None else db.session.scalars(operators).all()
    publish(
        topic, organisations=[found.buyer_id, *payees], claim_id=str(found.public_id), status=found.status,
        amount=money.as_json(found.amount_fen), paid_on=found.paid_on.isoformat(), by=str(actor.user_public_id),
    )  # fmt: skip
