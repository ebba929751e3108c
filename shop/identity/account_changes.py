"""Changing the account that an organisation is paid to: two persons, everybody is told, and some days before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden, NotFound
from shop.i18n import _
from shop.identity.account_change_models import BankAccountChange
from shop.identity.change_rules import TABLE
from shop.identity.models import BankAccount, Membership, Organisation
from shop.moves.table import Asked, by
from shop.outbox.services import publish

#: Days between a change that is agreed to and its first use, unless the settings say otherwise.
COOLING_DAYS = 3


class AlreadyDefault(Conflict):
    """The account is the one that the organisation is paid to."""

    code = "already-default"


class ChangeWaits(Conflict):
    """Another change of the organisation's account waits for its second person."""

    code = "change-waits"


class ChangeDecided(Conflict):
    """The change was agreed to, refused or withdrawn before; member ``state`` says which."""

    code = "change-decided"


class OwnChange(Conflict):
    """Who asked for another account does not agree to it."""

    code = "own-change"


class TooNewToDecide(Conflict):
    """Who has joined the organisation only just now does not agree to another account; the operator may."""

    code = "too-new-to-decide"


def ask(account: BankAccount, actor: Actor, at: datetime) -> BankAccountChange:
    """Ask, as the first person, that an account takes the place of the one the organisation is paid to.

    :raises AlreadyDefault: if it is that.
    :raises ChangeWaits: if another change waits.
    """
    if account.is_default:
        raise AlreadyDefault(_("这已经是收款账户。"))
    previous = db.session.scalars(
        select(BankAccount.id).where(
            BankAccount.organisation_id == account.organisation_id, BankAccount.is_default,
            BankAccount.closed_at.is_(None),
        )
    ).one_or_none()  # fmt: skip
    made = BankAccountChange(
        organisation_id=account.organisation_id, account_id=account.id, previous_id=previous, status="asked",
        asked_by=actor.user_id, asked_at=at,
    )  # fmt: skip
    waits = ChangeWaits(_("已有一项收款账户变更待确认，请先办结。"))
    with refusing(uq_bank_account_changes_asked=waits):
        db.session.add(made)
    TABLE.record_start("account_change", made, "ask", by(actor, "member", at=at))
    audit.record(actor, "identity.account_change_asked", "bank_account", account.id, status=[None, "asked"])
    _tell("identity.account_change_asked", made, account, also=_operators())
    return made


def confirm(public_id: UUID, actor: Actor, at: datetime, *, cooling_days: int = COOLING_DAYS) -> BankAccountChange:
    """Agree, as the second person, to another account; it is used once the cooling days are over.

    :raises NotFound: if it is not the actor's organisation's, and the actor is not the operator's.
    :raises Forbidden: without the right to manage the organisation, or to verify organisations.
    :raises ChangeDecided: if it was decided.
    :raises OwnChange: for who asked for it; TooNewToDecide: for who joined a moment ago.
    """
    change = _lock(public_id, actor)
    if change.asked_by == actor.user_id:
        raise OwnChange(_("提出变更的人不能确认，请由另一位同事或平台办理。"))
    on = clock.business_day(at)
    if actor.organisation_id == change.organisation_id and _is_new(actor, on, cooling_days):
        raise TooNewToDecide(
            _("加入本单位不足 %(n)s 天的成员不能确认收款账户变更，请由其他同事或平台办理。", n=cooling_days)
        )
    account = db.session.get_one(BankAccount, change.account_id, with_for_update=True, populate_existing=True)
    if account.closed_at is not None:
        raise ChangeDecided(_("这个账户已停用。"), state="closed")
    TABLE.move("account_change", change, "confirm", _asked(change, actor, at))
    change.decided_by, change.decided_at = actor.user_id, at
    change.used_from = on + timedelta(days=cooling_days)
    db.session.flush()  # the trigger looks for it
    _make_default(account)
    audit.record(actor, "identity.account_change_confirmed", "bank_account", account.id, status=["asked", "confirmed"])
    _tell("identity.account_changed", change, account, used_from=change.used_from.isoformat())
    return change


def refuse(public_id: UUID, reason: str, actor: Actor, at: datetime) -> BankAccountChange:
    """Refuse another account, or take back one's own wish; everybody who was told hears of it.

    Raises as :func:`confirm`.
    """
    change = _lock(public_id, actor)
    event = "withdraw" if change.asked_by == actor.user_id else "refuse"
    TABLE.move("account_change", change, event, _asked(change, actor, at), why=reason.strip())
    change.decided_by, change.decided_at, change.reason = actor.user_id, at, reason.strip()
    audit.record(
        actor, f"identity.account_change_{change.status}", "bank_account", change.account_id,
        status=["asked", change.status],
    )  # fmt: skip
    _tell("identity.account_change_refused", change, db.session.get_one(BankAccount, change.account_id))
    return change


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on changes that the actor may see them: its organisation's, or all for the operator."""
    if actor.organisation_kind == "operator" and actor.may("organisations:verify"):
        return BankAccountChange.id.is_not(None)
    return BankAccountChange.organisation_id == actor.organisation_id


def _asked(change: BankAccountChange, actor: Actor, at: datetime) -> Asked:
    return by(actor, "member" if actor.organisation_id == change.organisation_id else "operator", at=at)


def _lock(public_id: UUID, actor: Actor) -> BankAccountChange:
    change = db.session.scalars(
        select(BankAccountChange)
        .where(BankAccountChange.public_id == public_id, visible(actor))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if change is None:
        raise NotFound(_("没有这项账户变更。"))
    own = actor.organisation_id == change.organisation_id and actor.may("organisation:manage")
    if not own and not (actor.organisation_kind == "operator" and actor.may("organisations:verify")):
        raise Forbidden(_("这一步由其他岗位办理。"))
    if change.status != "asked":
        raise ChangeDecided(_("这项账户变更已经办结。"), state=change.status)
    return change


def _is_new(actor: Actor, on: date, days: int) -> bool:
    """Say whether a person became a member so lately that the first person may have made it one for this."""
    settled = exists().where(
        Membership.user_id == actor.user_id, Membership.organisation_id == actor.organisation_id,
        Membership.valid_from <= on - timedelta(days=days),
    )  # fmt: skip
    return not db.session.scalar(select(settled))


def _make_default(account: BankAccount) -> None:
    before = aliased(BankAccount)
    for each in db.session.scalars(
        select(before).where(before.organisation_id == account.organisation_id, before.is_default)
    ):
        each.is_default = False
    db.session.flush()  # the place is free before it is taken
    account.is_default = True
    db.session.flush()  # lets the database refuse now


def _operators() -> Sequence[int]:
    return db.session.scalars(select(Organisation.id).where(Organisation.kind == "operator")).all()


def _tell(
    topic: str, change: BankAccountChange, account: BankAccount, *, also: Sequence[int] = (), **more: str
) -> None:
    name = db.session.get_one(Organisation, change.organisation_id).name
    publish(
        topic, organisations=[change.organisation_id, *also], change_id=str(change.public_id), name=name,
        tail=account.number[-4:], **more,
    )  # fmt: skip
