"""Deciding on filings: another person of the county confirms or refuses, and a confirmed one is undone by two."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text

from orders.ledger import books
from orders.ledger.filings import eligibility, numbers, queries
from orders.ledger.filings.models import Filing, FilingLine
from orders.ledger.filings.services import dimensions_of, lines_of, move
from orders.ledger.models import CountingRule
from shop import audit, clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid
from shop.geo.queries import match_partner
from shop.i18n import _
from shop.identity.models import Unit
from shop.identity.queries import placement_on
from shop.outbox.services import publish

#: What a confirmed filing proves at once: goods ordered, accepted and paid for; counted too, if its buyer's identity is sure.
MEASURES = ("ordered", "accepted", "paid", "counted")


class SecondPersonNeeded(Forbidden):
    """Who recorded it, or asked for it, does not decide it."""

    code = "second-person-needed"


class NoRuleInForce(Conflict):
    """No counting rule was in force on the day of the sale."""

    code = "no-rule-in-force"


class ReasonMissing(Invalid):
    """The act needs a reason in words."""

    code = "reason-missing"


def confirm_filing(public_id: UUID, actor: Actor, *, at: datetime) -> Filing:
    """Count a submitted filing: each line in full, on the last day of the sale.

    As with an order, a sale to a registered buyer that is not verified is kept in every measure but ``counted``.

    :raises SecondPersonNeeded: if the actor entered it.
    :raises Forbidden: if the county is not the actor's to decide about.
    :raises WrongFilingState: if it is not submitted.
    :raises AlreadyFiled: if one of its numbers is of an order here since.
    :raises BadFiling: if a line's registered basis was found not to have been in force since.
    """
    filing = _to_decide(public_id, actor, clock.business_day(at))
    move(filing, "confirm", actor, at=at)
    numbers.take(filing, actor, clock.business_day(at))
    filing.decided_by, filing.decided_at = actor.user_id, at
    lines = lines_of(filing)
    eligibility.require_standing(filing, lines)
    counts = queries.buyer_counts(filing, at)
    ids = books.add_dimensions(_facts(filing, lines, counts=counts))
    dimensions = dict(zip((line.id for line in lines), ids, strict=True))
    _post(filing, dimensions, "confirmed", counts=counts, sign=1, at=at, actor=actor)
    counted_fen = filing.amount_fen if counts else 0
    audit.record(actor, "filings.filing_confirmed", "filing", filing.id, amount_fen=[0, counted_fen])
    _tell("orders.filing_confirmed", filing, actor)
    return filing


def refuse_filing(public_id: UUID, actor: Actor, *, reason: str, at: datetime) -> Filing:
    """Send a submitted filing back, its numbers free; its organisation may change it and submit it again.

    :raises ReasonMissing: without a reason.
    """
    filing = _to_decide(public_id, actor, clock.business_day(at))
    move(filing, "refuse", actor, at=at, why=reason.strip())
    filing.decided_by, filing.decided_at, filing.reason = actor.user_id, at, _words(reason)
    numbers.release(filing)
    audit.record(actor, "filings.filing_refused", "filing", filing.id)
    _tell("orders.filing_refused", filing, actor)
    return filing


def ask_withdrawal(public_id: UUID, actor: Actor, *, reason: str, at: datetime) -> Filing:
    """Ask that a confirmed filing be taken back: the first of two persons.

    :raises Conflict: if somebody has asked already.
    """
    filing = queries.find_filing(public_id, actor, clock.business_day(at), lock=True)
    if filing.organisation_id != actor.organisation_id and not queries.covers(actor, filing.county_code):
        raise Forbidden(_("只有申报单位或本县可以申请撤销。"))
    if filing.withdrawal_by is not None:
        raise Conflict(_("已有人申请撤销，请等待另一人复核。"))
    move(filing, "ask_withdrawal", actor, at=at, why=reason.strip())
    filing.withdrawal_by, filing.withdrawal_at, filing.reason = actor.user_id, at, _words(reason)
    audit.record(actor, "filings.withdrawal_asked", "filing", filing.id)
    _tell(
        "orders.filing_withdrawal_asked",
        filing,
        actor,
        also=queries.deciders_of(filing.county_code, clock.business_day(at)),
    )
    return filing


def decide_withdrawal(public_id: UUID, actor: Actor, *, is_granted: bool, at: datetime) -> Filing:
    """Grant or deny a withdrawal: the second person. Granting posts the opposite of what was counted.

    The correction counts on the sale's own day, or on the first open day if that is closed.

    :raises SecondPersonNeeded: if the actor asked for it.
    """
    filing = queries.find_filing(public_id, actor, clock.business_day(at), lock=True)
    if not queries.covers(actor, filing.county_code):
        raise Forbidden(_("这个县不在您的确认范围内。"))
    if filing.status == "confirmed" and filing.withdrawal_by is None:
        raise Conflict(_("没有人申请撤销。"))
    if filing.withdrawal_by == actor.user_id:
        raise SecondPersonNeeded(_("申请人不能自己复核。"))
    move(filing, "grant_withdrawal" if is_granted else "deny_withdrawal", actor, at=at)
    if not is_granted:
        filing.withdrawal_by = filing.withdrawal_at = None
        filing.reason = ""
        audit.record(actor, "filings.withdrawal_denied", "filing", filing.id)
        _tell("orders.filing_withdrawal_denied", filing, actor)
        return filing
    counts = queries.does_count(filing, at)
    _post(filing, dimensions_of(filing), "withdrawn", counts=counts, sign=-1, at=at, actor=actor)
    numbers.release(filing)
    counted_fen = filing.amount_fen if counts else 0
    audit.record(actor, "filings.withdrawal_granted", "filing", filing.id, amount_fen=[counted_fen, 0])
    _tell("orders.filing_withdrawn", filing, actor)
    return filing


def _tell(topic: str, filing: Filing, actor: Actor, also: Iterable[int] = ()) -> None:
    """Tell who entered a filing, and the producer it is about, what became of it; not who did it."""
    concerned = {filing.organisation_id, *also} | ({filing.producer_id} if filing.producer_id else set())
    publish(
        topic,
        organisations=sorted(concerned),
        filing_id=str(filing.public_id),
        number=filing.number,
        seller=filing.seller_name,
        total=money.as_json(filing.amount_fen),
        why=filing.reason,
        by=str(actor.user_public_id),
    )


def _to_decide(public_id: UUID, actor: Actor, on: date) -> Filing:
    filing = queries.find_filing(public_id, actor, on, lock=True)
    if not queries.covers(actor, filing.county_code):
        raise Forbidden(_("这个县不在您的确认范围内。"), county=filing.county_code)
    if queries.took_part(filing, actor):
        raise SecondPersonNeeded(_("录入人不能自己确认，请由本县另一人确认。"))
    return filing


def _words(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing(_("请写明原因。"))
    return reason.strip()


def _facts(filing: Filing, lines: list[FilingLine], *, counts: bool) -> list[books.DimensionFacts]:
    match = match_partner(
        filing.buyer_division_code, filing.county_code, filing.sold_from, organisation_id=filing.buyer_id
    )
    unit_id, finance_division = _finance(filing)
    rule = _rule_on(filing.sold_to)
    return [
        books.DimensionFacts(
            filing_line_id=line.id, filing_id=filing.id, county_code=filing.county_code,
            category_code=line.category_code, producer_id=filing.producer_id, seller_name=filing.seller_name,
            buyer_id=filing.buyer_id, buyer_name=filing.buyer_name, buyer_division_code=filing.buyer_division_code,
            finance_division_code=finance_division, unit_id=unit_id, mode=filing.mode, helper_name=filing.helper_name,
            channel="filing", partner_level=match.level, pairing_id=match.pairing_id, rule_version=rule, counts=counts,
            not_counted_reason="" if counts else "buyer_not_verified", eligibility_id=line.eligibility_id,
            eligibility_scheme=line.eligibility_scheme,
        )
        for line in lines
    ]  # fmt: skip


def _finance(filing: Filing) -> tuple[int | None, str]:
    """Return the unit and the finance division of a registered buyer that day, else the division it stands in."""
    if filing.buyer_id is None:
        return None, filing.buyer_division_code
    unit = db.session.scalar(select(Unit.id).where(Unit.organisation_id == filing.buyer_id, Unit.is_root))
    placed = placement_on(unit, filing.sold_to) if unit is not None else None
    return unit, placed.finance_division_code if placed is not None else filing.buyer_division_code


def _rule_on(day: date) -> int:
    version = db.session.scalar(
        select(CountingRule.version).where(
            CountingRule.valid_from <= day, text("coalesce(valid_to, :day) >= :day").bindparams(day=day)
        )
    )
    if version is None:
        raise NoRuleInForce(_("销售当日没有生效的认定规则。"))
    return version


def _post(
    filing: Filing, dimensions: dict[int, int], what: str, *, counts: bool, sign: int, at: datetime, actor: Actor
) -> None:
    owner = books.org_owner(filing.buyer_id) if filing.buyer_id is not None else books.name_owner(filing.buyer_name)
    stats = [
        books.StatsPosting(
            measure, dimensions[line.id], filing.county_code, owner, sign * line.amount_fen, filing.sold_to
        )
        for line in lines_of(filing)
        for measure in MEASURES
        if counts or measure != "counted"
    ]
    books.record_entry(
        f"filing:{filing.id}:{what}", f"filing_{what}", occurred_at=at, stats=stats, filing_id=filing.id, actor=actor
    )
