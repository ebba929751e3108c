"""Fees, days until money is due and clearing modes: entered by one person, a rule once another has agreed; past orders keep theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from orders.banking import accounts
from orders.banking.models import SupervisedAccount
from orders.contracts.accounts import NoSupervisedAccount
from orders.purchase import machine
from orders.purchase.models import CLEARING_MODES, ClearingRule, FeeRule
from orders.purchase.parties import Parties
from orders.settlement.models import RuleProposal, SettlementRule
from orders.settlement.waiting_models import WAITING_KINDS, WaitingRule
from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid, NotFound
from shop.i18n import _
from shop.identity.models import Organisation

_TABLES: Mapping[str, type[FeeRule | SettlementRule | ClearingRule | WaitingRule]] = MappingProxyType(
    {"fee": FeeRule, "days": SettlementRule, "clearing": ClearingRule, **dict.fromkeys(WAITING_KINDS, WaitingRule)}
)
_MOST: Mapping[str, int] = MappingProxyType({"fee": 10_000, "clearing": 1})
_MOST_DAYS = 365
_COLUMNS: Mapping[str, str] = MappingProxyType({"fee": "basis_points", "clearing": "mode"})
_SUPERVISED = CLEARING_MODES.index("supervised")


class RuleInThePast(Invalid):
    """A rule begins today at the earliest: what was sold before keeps what held then."""

    code = "rule-in-the-past"


class RuleOverlaps(Conflict):
    """Another rule for the same producer begins later than this one and would hold on the same days."""

    code = "rule-overlaps"


class ProposalDecided(Conflict):
    """The proposal was decided before."""

    code = "proposal-decided"


class BadRuleValue(Invalid):
    """A fee is at most 10,000 hundredths of a percent, days at most 365, a clearing mode 0 or 1; how long money waits is no producer's own."""

    code = "bad-rule-value"


class OwnProposal(Conflict):
    """Who entered a rule does not agree to it."""

    code = "own-proposal"


@dataclass(frozen=True, kw_only=True)
class RuleFacts:
    """A rule as it is entered; without a producer it holds for all that have none of their own."""

    kind: str
    value: int
    valid_from: date
    valid_to: date | None = None
    producer: UUID | None = None
    note: str = ""


def propose(facts: RuleFacts, actor: Actor, at: datetime) -> RuleProposal:
    """Enter a rule; it holds once another person has agreed.

    :raises NotFound: for anybody but the operator, or if there is no such producer.
    :raises RuleInThePast: if it would begin before today.
    :raises BadRuleValue: if the number cannot be.
    """
    _require_operator(actor)
    _check_dates(facts.valid_from, facts.valid_to, at)
    most = _MOST.get(facts.kind, _MOST_DAYS)
    if not 0 <= facts.value <= most:
        raise BadRuleValue(_("数值最大为 %(most)s。", most=most))
    if facts.kind in WAITING_KINDS and facts.producer is not None:
        raise BadRuleValue(_("这项天数适用于全部供应商，不能只为一家设定。"))
    made = RuleProposal(
        kind=facts.kind, producer_id=_producer_key(facts.producer), value=facts.value, valid_from=facts.valid_from,
        valid_to=facts.valid_to, note=facts.note.strip(), status="proposed", proposed_by=actor.user_id, proposed_at=at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()  # the trail names it
    machine.record_start("rule_proposal", made, "propose", actor=actor, at=at)
    audit.record(
        actor, "settlement.rule_proposed", "rule_proposal", made.id, kind=["", facts.kind], value=[None, facts.value]
    )
    return made


def confirm(public_id: UUID, actor: Actor, at: datetime) -> RuleProposal:
    """Agree to a rule: it holds from its day on, and the one before ends the day before.

    :raises NotFound: if there is none, or for anybody but the operator.
    :raises ProposalDecided: if it was decided.
    :raises OwnProposal: for who entered it.
    :raises RuleInThePast: if its day has gone by meanwhile.
    :raises RuleOverlaps: if a later rule stands in its way.
    :raises NoSupervisedAccount: if money is to go to a supervised account and there is none on the rule's first day.
    """
    found = _lock(public_id, actor)
    _check_dates(found.valid_from, found.valid_to, at)
    table = _TABLES[found.kind]
    before = db.session.scalars(
        select(table)
        .where(
            table.producer_id.is_not_distinct_from(found.producer_id), table.valid_from < found.valid_from,
            (table.valid_to.is_(None)) | (table.valid_to >= found.valid_from), *_of_kind(table, found.kind),
        )
        .with_for_update()
    ).one_or_none()  # fmt: skip
    if before is not None:
        before.valid_to = found.valid_from - timedelta(days=1)  # type: ignore[attr-defined]
        db.session.flush()  # the days are free before they are taken
    if found.kind == "clearing" and found.value == _SUPERVISED:
        _require_account(found)
    values = {
        _COLUMNS.get(found.kind, "days"): CLEARING_MODES[found.value] if found.kind == "clearing" else found.value
    }
    values |= {"kind": found.kind} if table is WaitingRule else {}
    overlaps = RuleOverlaps(_("已有一条更晚开始的规则与之重叠，请先确定其日期。"))
    names = (f"ex_{each.__tablename__}_dates" for each in set(_TABLES.values()))
    with refusing(**dict.fromkeys(names, overlaps)):
        db.session.add(
            table(
                producer_id=found.producer_id, valid_from=found.valid_from, valid_to=found.valid_to, note=found.note,
                created_by=found.proposed_by, created_at=at, **values,
            )
        )  # fmt: skip
        db.session.flush()  # the constraint speaks now
    return _decide(found, "confirm", "", actor, at)


def refuse(public_id: UUID, reason: str, actor: Actor, at: datetime) -> RuleProposal:
    """Refuse a rule with a reason.

    Raises as :func:`confirm`.
    """
    return _decide(_lock(public_id, actor), "refuse", reason, actor, at)


def _of_kind(table: type[Any], kind: str) -> tuple[ColumnElement[bool], ...]:
    """Return the condition of a rule's own kind where a table holds several."""
    return (table.kind == kind,) if table is WaitingRule else ()


def _require_account(found: RuleProposal) -> None:
    query = select(SupervisedAccount.id).where(
        accounts.in_force(found.valid_from),
        or_(SupervisedAccount.producer_id.is_(None), SupervisedAccount.producer_id == found.producer_id),
    )
    if db.session.scalar(query.limit(1)) is None:
        raise NoSupervisedAccount(_("生效日没有已由两人确认的监管账户，请先登记并确认。"))


def _decide(found: RuleProposal, event: str, reason: str, actor: Actor, at: datetime) -> RuleProposal:
    machine.move("rule_proposal", found, event, actor=actor, at=at, why=reason, parties=Parties())
    found.decided_by, found.decided_at, found.reason = actor.user_id, at, reason
    audit.record(actor, f"settlement.rule_{found.status}", "rule_proposal", found.id, status=["proposed", found.status])
    return found


def _lock(public_id: UUID, actor: Actor) -> RuleProposal:
    _require_operator(actor)
    query = select(RuleProposal).where(RuleProposal.public_id == public_id)
    found = db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(_("没有这条规则。"))
    if not actor.may("fees:confirm"):
        raise Forbidden(_("这一步由其他岗位办理。"))
    if found.status != "proposed":
        raise ProposalDecided(_("这条规则已经处理。"), state=found.status)
    if found.proposed_by == actor.user_id:
        raise OwnProposal(_("录入人不能复核自己录入的规则，请由另一位同事办理。"))
    return found


def _require_operator(actor: Actor) -> None:
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这条规则。"))


def _check_dates(valid_from: date, valid_to: date | None, at: datetime) -> None:
    if valid_from < clock.business_day(at) or (valid_to is not None and valid_to < valid_from):
        raise RuleInThePast(_("规则最早从今天起生效，结束日不能早于开始日。"))


def _producer_key(public_id: UUID | None) -> int | None:
    if public_id is None:
        return None
    key = db.session.scalar(
        select(Organisation.id).where(Organisation.public_id == public_id, Organisation.kind == "producer")
    )
    if key is None:
        raise NotFound(_("没有这个供应商。"))
    return key
