"""Closing months of the books, one after the other: a control total and a hash chained to the previous close."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, text

from orders.ledger import periods, sealing
from orders.ledger.models import Period
from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _


class PeriodNotNext(Conflict):
    """Months close in order: this one is closed already, or one before it is open."""

    code = "period-not-next"


class PeriodNotOver(Conflict):
    """The month has not ended yet."""

    code = "period-not-over"


#: Everything posted on the days of a period up to a seal, one line a posting, in the order of the seals.
DIGEST = """
    SELECT coalesce(sum(amount_fen) FILTER (WHERE measure = 'counted'), 0) AS control_total_fen,
           encode(sha256(convert_to(:previous || E'\\n' || coalesce(string_agg(line, E'\\n' ORDER BY seq, id), ''), 'UTF8')),
                  'hex') AS sha256
    FROM (SELECT s.seq, p.id, p.measure, p.amount_fen,
                 concat_ws('|', s.seq, p.id, p.book, p.measure, p.debit_id, p.credit_id, p.amount_fen, p.dimension_id,
                           p.business_on, p.origin_on) AS line
          FROM postings p JOIN ledger_seals s ON s.entry_id = p.entry_id
          WHERE p.business_on BETWEEN :starts_on AND :ends_on AND s.seq <= :seq) x"""


def close_period(month: date, actor: Actor | None, *, at: datetime) -> Period:
    """Close the month in which ``month`` lies; afterwards what happened in it is counted on the first open day.

    Waits for transactions that are posting to it and keeps new ones waiting, then seals what they wrote.

    :raises PeriodNotOver: before the month's last day has passed.
    :raises PeriodNotNext: if it is closed, or something earlier is not.
    """
    starts_on, ends_on = _bounds(month)
    periods.hold_closed(starts_on)
    closed_to = periods.read_closed_to()
    _require_next(starts_on, ends_on, closed_to, at)
    while sealing.seal(at).more:
        pass
    seq = sealing.last_seq()
    last = db.session.scalars(select(Period).order_by(Period.ends_on.desc()).limit(1)).one_or_none()
    previous = last.sha256 if last is not None else None
    digest = db.session.execute(
        text(DIGEST), {"previous": previous or "", "starts_on": starts_on, "ends_on": ends_on, "seq": seq}
    ).one()
    period = Period(
        starts_on=starts_on, ends_on=ends_on, closed_at=at, closed_seq=seq, sha256=digest.sha256,
        control_total_fen=int(digest.control_total_fen), previous_sha256=previous,
    )  # fmt: skip
    db.session.add(period)
    db.session.flush()  # obtains the key for the trail
    audit.record(actor, "ledger.period_closed", "period", period.id, sha256=[None, digest.sha256])
    return period


def _bounds(day: date) -> tuple[date, date]:
    starts_on = day.replace(day=1)
    following = (starts_on + timedelta(days=32)).replace(day=1)
    return starts_on, following - timedelta(days=1)


def _require_next(starts_on: date, ends_on: date, closed_to: date | None, at: datetime) -> None:
    if not periods.is_over(ends_on, at):
        raise PeriodNotOver(_("这个月还没有结束。"))
    if closed_to is not None:
        if starts_on != closed_to + timedelta(days=1):
            raise PeriodNotNext(_("请按月依次结账，已结至 %(day)s。", day=closed_to.isoformat()))
        return
    earlier = text("SELECT EXISTS (SELECT FROM postings WHERE business_on < :day)")
    if db.session.execute(earlier, {"day": starts_on}).scalar_one():
        raise PeriodNotNext(_("更早的月份还没有结账。"))
