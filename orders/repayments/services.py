"""A producer pays back what it owes: recorded by one person and confirmed by another, or confirmed by the statement's line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from orders.banking.models import BankStatementLine
from orders.ledger import books
from orders.ledger.books import PLATFORM, Account, MoneyPosting, org_owner
from orders.payments import access
from orders.payments.clearing import whose
from orders.payments.models import Payment
from orders.payments.receipts import ValueDayAhead
from orders.purchase import machine
from orders.purchase.parties import Parties
from orders.repayments import debts
from orders.repayments.models import ProducerRepayment, RepaymentItem
from orders.settlement.standing import Standing, lock_standings, orders_with_open
from shop import audit, clock, money
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.i18n import _
from shop.outbox.services import publish


class MoreThanOwed(Invalid):
    """The producer owes less than that; member ``owed`` says how much."""

    code = "repayment-too-high"


class RepaymentSerialTaken(Conflict):
    """A receipt or another repayment came by the transfer with this serial number."""

    code = "repayment-serial-taken"


@dataclass(frozen=True, kw_only=True)
class RepaymentFacts:
    """What the bank's slip of a repayment says."""

    producer: UUID
    amount_fen: int
    bank_serial: str
    value_on: date
    payer_name: str = ""


def record(facts: RepaymentFacts, actor: Actor, at: datetime) -> ProducerRepayment:
    """Record that a producer has paid back; another person confirms it, or the statement's line does.

    :raises NotFound: for anybody but the operator, or if there is no such producer.
    :raises ValueDayAhead: for a day in the future; MoreThanOwed: if it owes less.
    :raises RepaymentSerialTaken: if something else has the serial.
    """
    _require_operator(actor)
    producer_id = access.payee_key(facts.producer, actor, clock.business_day(at))
    if facts.value_on > clock.business_day(at):
        raise ValueDayAhead(_("起息日不能晚于今天。"), value_on=facts.value_on.isoformat())
    _require_owed(lock_standings(orders_with_open(producer_id)), facts.amount_fen)
    made = ProducerRepayment(
        producer_id=producer_id, amount_fen=facts.amount_fen, bank_serial="".join(facts.bank_serial.split()),
        value_on=facts.value_on, payer_name=facts.payer_name.strip(), status="recorded", recorded_by=actor.user_id,
        recorded_at=at,
    )  # fmt: skip
    add(made, actor, at)
    _tell("recorded", made)
    return made


def add(made: ProducerRepayment, actor: Actor | None, at: datetime) -> None:
    """Write a new repayment down.

    :raises RepaymentSerialTaken: if a receipt of the supervised account or another repayment has its serial.
    """
    taken = RepaymentSerialTaken(_("该银行流水号已经登记过。"), bank_serial=made.bank_serial)
    there = select(Payment.id).where(
        Payment.bank_serial == made.bank_serial, Payment.clearing == "supervised", Payment.status != "refused"
    )
    if db.session.scalar(there.limit(1)) is not None:
        raise taken
    with refusing(uq_producer_repayments_bank_serial=taken):
        db.session.add(made)
    machine.record_start("repayment", made, "record", actor=actor, at=at)
    audit.record(actor, "repayments.recorded", "repayment", made.id, amount_fen=[None, made.amount_fen])


def confirm(repayment_id: UUID, actor: Actor, at: datetime) -> ProducerRepayment:
    """Confirm what another person recorded: the debt is settled by it.

    :raises NotFound: if there is none, or for anybody but the operator.
    :raises WrongState: if it was decided, or the same person recorded it.
    :raises MoreThanOwed: if the debt has been netted from a payout meanwhile.
    """
    standings = lock_standings(orders_with_open(get(repayment_id, actor).producer_id))
    found = lock_repayment(repayment_id)
    enter(found, standings, actor=actor, at=at)
    return found


def refuse(repayment_id: UUID, reason: str, actor: Actor, at: datetime) -> ProducerRepayment:
    """Refuse what another person recorded, with a reason.

    :raises NotFound, WrongState: as :func:`confirm`.
    """
    get(repayment_id, actor)
    found = lock_repayment(repayment_id)
    machine.move("repayment", found, "refuse", actor=actor, at=at, why=reason, parties=Parties())
    found.decided_by, found.decided_at, found.refusal = actor.user_id, at, reason
    audit.record(actor, "repayments.refused", "repayment", found.id, status=["recorded", "refused"])
    return found


def take_line(line: BankStatementLine, producer_id: int, imported_by: int, at: datetime) -> ProducerRepayment | None:
    """Take a statement's line for a repayment, confirmed by it; ``None`` if the producer owes less by now.

    :param imported_by: who imported the statement.
    """
    standings = lock_standings(orders_with_open(producer_id))
    if line.amount_fen > debts.owed_fen(standings.values()):
        return None
    made = ProducerRepayment(
        producer_id=producer_id, amount_fen=line.amount_fen, bank_serial=line.serial, value_on=line.value_on,
        payer_name=line.counterparty_name, payer_account=line.counterparty_account, line_id=line.id,
        status="recorded", recorded_by=imported_by, recorded_at=at,
    )  # fmt: skip
    add(made, None, at)
    enter(made, standings, actor=None, at=at)
    return made


def enter(found: ProducerRepayment, standings: dict[int, Standing], *, actor: Actor | None, at: datetime) -> None:
    """Let a locked repayment settle what its producer's locked orders owe, the oldest first, and post it.

    :raises MoreThanOwed: if they owe less; then nothing is settled.
    """
    machine.check("repayment", found, "confirm", actor=actor, at=at, parties=Parties())
    _require_owed(standings, found.amount_fen)
    found.decided_by, found.decided_at = actor.user_id if actor else None, at
    machine.move("repayment", found, "confirm", actor=actor, at=at, parties=Parties())
    card_fen = 0
    for part in debts.split(standings.values(), found.amount_fen):
        row = standings[part.order_id].settlement
        row.bank_settled_fen -= part.amount_fen
        row.card_settled_fen -= part.card_fen
        card_fen += part.card_fen
        db.session.add(
            RepaymentItem(
                repayment_id=found.id, order_id=part.order_id, amount_fen=part.amount_fen, card_fen=part.card_fen
            )
        )
    _post(found, card_fen, actor, at)
    audit.record(actor, "repayments.confirmed", "repayment", found.id, status=["recorded", "confirmed"])
    _tell("confirmed", found)


def get(repayment_id: UUID, actor: Actor) -> ProducerRepayment:
    """Return a repayment, for the operator.

    :raises NotFound: if there is none, or for anybody else.
    """
    query = select(ProducerRepayment).where(ProducerRepayment.public_id == repayment_id)
    found = db.session.scalars(query).one_or_none() if actor.organisation_kind == "operator" else None
    if found is None:
        raise NotFound(_("没有这笔还款。"))
    return found


def lock_repayment(repayment_id: UUID) -> ProducerRepayment:
    """Lock a repayment, after its producer's orders, and return it as it is now."""
    query = select(ProducerRepayment).where(ProducerRepayment.public_id == repayment_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _require_owed(standings: dict[int, Standing], amount_fen: int) -> None:
    owed = debts.owed_fen(standings.values())
    if amount_fen > owed:
        raise MoreThanOwed(_("还款不能超过欠款 %(owed)s 元。", owed=money.format_yuan(owed)), owed=money.as_json(owed))


def _post(found: ProducerRepayment, card_fen: int, actor: Actor | None, at: datetime) -> None:
    """Post that the money is on the supervised account again, and no debt any more.

    What had been paid of card money is the platform's there, for it had come from the provider; so as much of the
    platform's at the provider is the producer's again.
    """
    owner, payable = org_owner(found.producer_id), Account("producer_payable", org_owner(found.producer_id))
    shares = ((owner, found.amount_fen - card_fen), (PLATFORM, card_fen))
    postings = [
        MoneyPosting(Account("bank_supervised", who), payable, fen, found.value_on) for who, fen in shares if fen
    ]
    books.record_entry(f"repayment:{found.id}:confirmed", "debt_repaid", occurred_at=at, money=postings, actor=actor)
    if card_fen:
        moved = MoneyPosting(Account("stripe_cash", owner), Account("stripe_cash", PLATFORM), card_fen, found.value_on)
        books.record_entry(f"repayment:{found.id}:card", "debt_card_moved", occurred_at=at, money=[moved], actor=actor)


def _tell(event: str, found: ProducerRepayment) -> None:
    operators, by = whose("supervised")
    publish(
        f"orders.repayment_{event}", organisations=[found.producer_id, *operators],
        repayment_id=str(found.public_id), amount=money.as_json(found.amount_fen), bank_serial=found.bank_serial,
        value_on=found.value_on.isoformat(), **by,
    )  # fmt: skip


def _require_operator(actor: Actor) -> None:
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))
