"""Whose statements an actor imports and whose lines it sees; supervised accounts, entered by one and confirmed by another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from orders.banking.models import StatementAccount, SupervisedAccount
from orders.banking.reading.cells import compared_account
from orders.purchase import machine
from orders.purchase.parties import Parties, producers_of
from shop import audit
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.i18n import _
from shop.identity.models import BankAccount, Organisation
from shop.paging import Page, decode_cursor, make_page


class AccountOverlaps(Conflict):
    """The number is entered for some of these days already."""

    code = "account-overlaps"


class SameEnterer(Conflict):
    """Who entered it does not confirm it."""

    code = "same-enterer"


class AlreadyDecided(Conflict):
    """Another person has confirmed or refused it."""

    code = "already-decided"


class DaysReversed(Invalid):
    """The last day lies before the first."""

    code = "days-reversed"


@dataclass(frozen=True)
class ImportAccount:
    """An account of which the actor may import statements."""

    id: UUID
    clearing: str
    organisation_id: int | None
    number: str
    holder: str
    bank: str
    organisation: str


@dataclass(frozen=True, kw_only=True)
class SupervisedFacts:
    """What is entered of a supervised account; without a producer it is the main one."""

    number: str
    holder: str
    bank: str
    valid_from: date
    valid_to: date | None = None
    producer: UUID | None = None


def own_lines(actor: Actor, on: date) -> ColumnElement[bool]:
    """Return the condition on statement accounts that they are the actor's: the operator's are the supervised ones only."""
    if actor.organisation_kind == "operator":
        return StatementAccount.clearing == "supervised"
    return StatementAccount.organisation_id.in_(producers_of(actor, on))


def list_import_accounts(actor: Actor, on: date) -> list[ImportAccount]:
    """Return the accounts whose statements the actor imports: registered and open, or supervised and confirmed."""
    if actor.organisation_kind == "operator":
        rows = db.session.execute(
            select(SupervisedAccount, Organisation.name)
            .outerjoin(Organisation, Organisation.id == SupervisedAccount.producer_id)
            .where(SupervisedAccount.status == "confirmed", SupervisedAccount.valid_from <= on)
            .order_by(
                SupervisedAccount.producer_id.is_not(None),
                SupervisedAccount.number,
                SupervisedAccount.valid_from.desc(),
            )
        )
        return [
            ImportAccount(one.public_id, "supervised", None, one.number, one.holder, one.bank, name or "")
            for one, name in rows
        ]
    registered = db.session.execute(
        select(BankAccount, Organisation.name)
        .join(Organisation, Organisation.id == BankAccount.organisation_id)
        .where(BankAccount.organisation_id.in_(producers_of(actor, on)), BankAccount.closed_at.is_(None))
        .order_by(BankAccount.organisation_id, BankAccount.is_default.desc(), BankAccount.id)
    )
    return [
        ImportAccount(own.public_id, "direct", own.organisation_id, compared_account(own.number), own.holder, own.bank, name)
        for own, name in registered
    ]  # fmt: skip


def get_import_account(public_id: UUID, actor: Actor, on: date) -> ImportAccount:
    """Return one of them.

    :raises NotFound: if there is none, or it is not the actor's.
    """
    found = next((one for one in list_import_accounts(actor, on) if one.id == public_id), None)
    if found is None:
        raise NotFound(_("没有这个账户。"))
    return found


def lock_account(account: ImportAccount) -> StatementAccount:
    """Lock the account's row, made if this is its first statement: imports of one account come one after another."""
    key = {"clearing": account.clearing, "organisation_id": account.organisation_id, "number": account.number}
    db.session.execute(insert(StatementAccount).values(**key, public_id=uuid7()).on_conflict_do_nothing())
    return db.session.scalars(
        select(StatementAccount).filter_by(**key).with_for_update().execution_options(populate_existing=True)
    ).one()


def find_saved(account: ImportAccount) -> StatementAccount | None:
    """Return the account's row with the mapping saved for it, if statements were imported before."""
    return db.session.scalars(
        select(StatementAccount).filter_by(
            clearing=account.clearing, organisation_id=account.organisation_id, number=account.number
        )
    ).one_or_none()


def in_force(on: date) -> ColumnElement[bool]:
    """Return the condition on supervised accounts that two persons have confirmed them and they are in force on a day."""
    return and_(
        SupervisedAccount.status == "confirmed", SupervisedAccount.valid_from <= on,
        or_(SupervisedAccount.valid_to.is_(None), SupervisedAccount.valid_to >= on),
    )  # fmt: skip


def payees_of(number: str, days: tuple[date, date]) -> list[tuple[date, date | None, int | None]]:
    """Return whose a supervised account is from when to when, within days."""
    rows = db.session.execute(
        select(SupervisedAccount.valid_from, SupervisedAccount.valid_to, SupervisedAccount.producer_id)
        .where(
            SupervisedAccount.number == number, SupervisedAccount.status == "confirmed",
            SupervisedAccount.valid_from <= days[1],
            or_(SupervisedAccount.valid_to.is_(None), SupervisedAccount.valid_to >= days[0]),
        )
        .order_by(SupervisedAccount.valid_from)
    )  # fmt: skip
    return [(row.valid_from, row.valid_to, row.producer_id) for row in rows]


def enter(facts: SupervisedFacts, actor: Actor, at: datetime) -> SupervisedAccount:
    """Enter a supervised account or sub-account; it is used once another person confirms it.

    :raises NotFound: if there is no such producer.
    :raises DaysReversed: if the last day lies before the first.
    :raises AccountOverlaps: if the number is entered for some of the days already.
    """
    if facts.valid_to is not None and facts.valid_to < facts.valid_from:
        raise DaysReversed(_("截止日不能早于起始日。"))
    account = SupervisedAccount(
        number=compared_account(facts.number), holder=facts.holder.strip(), bank=facts.bank.strip(),
        producer_id=_producer_key(facts.producer), valid_from=facts.valid_from, valid_to=facts.valid_to,
        status="entered", entered_by=actor.user_id, entered_at=at,
    )  # fmt: skip
    overlaps = AccountOverlaps(_("该账号在这段日期内已经登记过。"))
    with refusing(ex_supervised_accounts_dates=overlaps):
        db.session.add(account)
    machine.record_start("supervised_account", account, "enter", actor=actor, at=at)
    audit.record(actor, "banking.account_entered", "supervised_account", account.id, status=[None, "entered"])
    return account


def decide(public_id: UUID, status: str, actor: Actor, at: datetime) -> SupervisedAccount:
    """Confirm or refuse an account that another person entered.

    :raises NotFound: if there is none.
    :raises AlreadyDecided: if it was decided.
    :raises SameEnterer: if the same person entered it.
    """
    account = _lock(public_id)
    if account.status != "entered":
        raise AlreadyDecided(_("该账户已经办结。"), state=account.status)
    if account.entered_by == actor.user_id:
        raise SameEnterer(_("登记账户的人不能确认，请由另一位同事办理。"))
    event = "confirm" if status == "confirmed" else "refuse"
    machine.move("supervised_account", account, event, actor=actor, at=at, parties=Parties())
    account.decided_by, account.decided_at = actor.user_id, at
    audit.record(actor, f"banking.account_{status}", "supervised_account", account.id, status=["entered", status])
    return account


def end(public_id: UUID, last_on: date, actor: Actor) -> SupervisedAccount:
    """Let a confirmed account end on a day; what came in on it stays as it is.

    :raises NotFound: if there is none.
    :raises AlreadyDecided: if it is not confirmed.
    :raises DaysReversed: if the day lies before its first.
    """
    account = _lock(public_id)
    if account.status != "confirmed":
        raise AlreadyDecided(_("只有已确认的账户可以停用。"), state=account.status)
    if last_on < account.valid_from:
        raise DaysReversed(_("截止日不能早于起始日。"))
    before, account.valid_to = account.valid_to, last_on
    audit.record(
        actor, "banking.account_ended", "supervised_account", account.id,
        valid_to=[before.isoformat() if before else None, last_on.isoformat()],
    )  # fmt: skip
    return account


@dataclass(frozen=True)
class SupervisedRow:
    """A supervised account with the producer whose sub-account it is."""

    account: SupervisedAccount
    producer: str | None
    producer_id: UUID | None


def list_supervised(
    *, limit: int, cursor: str | None = None, status: str | None = None, q: str = ""
) -> tuple[Page[SupervisedRow], int]:
    """Return a page of supervised accounts with their producers, the main ones first, and how many there are in all.

    :param q: a part of the number, the holder's or the producer's name.
    """
    wanted = [SupervisedAccount.status == status] if status else []
    if q:
        number = SupervisedAccount.number.contains(compared_account(q), autoescape=True)
        named = [each.contains(q, autoescape=True) for each in (SupervisedAccount.holder, Organisation.name)]
        wanted.append(or_(number, *named) if compared_account(q) else or_(*named))
    query = (
        select(SupervisedAccount, Organisation.name, Organisation.public_id)
        .outerjoin(Organisation, Organisation.id == SupervisedAccount.producer_id)
        .where(*wanted)
    )
    total = db.session.scalar(query.with_only_columns(func.count()).order_by(None)) or 0
    order = (func.coalesce(SupervisedAccount.producer_id, 0) > 0, SupervisedAccount.number, SupervisedAccount.id)
    if key := decode_cursor(cursor, lambda part: part == "True", str, int):
        query = query.where(tuple_(*order) > tuple_(*(literal(part) for part in key)))
    rows = [SupervisedRow(*row) for row in db.session.execute(query.order_by(*order).limit(limit + 1))]
    page = make_page(rows, limit, lambda r: (r.producer_id is not None, r.account.number, r.account.id))
    return page, total


def count_entered() -> int:
    """Return how many accounts wait for a second person."""
    query = select(func.count()).select_from(SupervisedAccount).where(SupervisedAccount.status == "entered")
    return db.session.scalar(query) or 0


def _lock(public_id: UUID) -> SupervisedAccount:
    found = db.session.scalars(
        select(SupervisedAccount)
        .where(SupervisedAccount.public_id == public_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这个账户。"))
    return found


def _producer_key(public_id: UUID | None) -> int | None:
    if public_id is None:
        return None
    key = db.session.scalar(
        select(Organisation.id).where(Organisation.public_id == public_id, Organisation.kind.in_(("producer", "agent")))
    )
    if key is None:
        raise NotFound(_("没有这个供应商。"))
    return key
