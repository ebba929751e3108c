"""What an official asks for, read from the address so that a link can be sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from werkzeug.datastructures import MultiDict

from orders.ledger import questions
from orders.ledger.asking import BadQuestion, conditions_of, read_place
from orders.ledger.models import MEASURES
from orders.ledger.questions import DIMENSIONS, Question
from shop.auth import Actor
from shop.filters import several
from shop.i18n import _

#: The first day any figure can lie on, and the last.
_FIRST, _LAST = date(2000, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True)
class Asked:
    """Measure, days (both inclusive), filters by public value, and the place of the seals to count up to.

    Several values of one filter stand with commas, so that every link carries them all.
    """

    measure: str
    from_on: date
    to_on: date
    filters: tuple[tuple[str, str], ...] = ()
    as_of: int | datetime | None = None
    #: In which amounts are shown: ``wan`` (万元) or ``yuan``.
    unit: str = "wan"

    def question(self, actor: Actor, by: tuple[str, ...] = ()) -> Question:
        """Return the ledger's question, with what the actor may see; call inside ``snapshot()``."""
        return Question(
            measure=self.measure,
            from_on=self.from_on,
            to_on=self.to_on,
            by=by,
            filters=conditions_of(dict(self.filters)),
            visible=questions.visible_to(actor),
            as_of=questions.resolve_as_of(self.as_of),
        )

    def year_before(self) -> Asked:
        """Return the same question about the same days of the year before."""
        return replace(self, from_on=_back(self.from_on), to_on=_back(self.to_on))

    def pinned(self, as_of: int) -> Asked:
        """Return the question as of the seal it was answered at, so that what is linked shows the same."""
        return replace(self, as_of=as_of)

    def params(self, **changes: str | None) -> dict[str, str]:
        """Return the address's parameters with changes; ``None`` takes one away."""
        values: dict[str, str | None] = {
            "measure": self.measure,
            "from": self.from_on.isoformat(),
            "to": self.to_on.isoformat(),
            **dict(self.filters),
            "as_of": None if self.as_of is None else str(self.as_of),
            "show": None if self.unit == "wan" else self.unit,
            **changes,
        }
        return {name: value for name, value in values.items() if value}


def _back(day: date) -> date:
    """Return the day a year earlier; 29 February becomes the 28th, a month's last day stays the last."""
    if (day + timedelta(days=1)).day == 1:
        following = day + timedelta(days=1)
        return following.replace(year=following.year - 1) - timedelta(days=1)
    return day.replace(year=day.year - 1)


def _day(text: str | None, default: date) -> date:
    if not text:
        return default
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadQuestion(_("日期须写作 2026-07-03。"), parameter=text[:20]) from error
    if not _FIRST <= day <= _LAST:
        raise BadQuestion(_("日期须在2000年至2100年之间。"), parameter=text[:20])
    return day


def read_asked(args: MultiDict[str, str], today: date) -> Asked:
    """Read a question from an address; without days it is this year up to today.

    :raises BadQuestion: naming what cannot be read.
    """
    measure = args.get("measure") or "counted"
    if measure not in MEASURES:
        raise BadQuestion(_("没有这项指标。"), parameter=measure[:20])
    to_on = _day(args.get("to"), today)
    from_on = _day(args.get("from"), to_on.replace(month=1, day=1))
    if from_on > to_on:
        raise BadQuestion(_("开始日期不能晚于结束日期。"))
    unit = "yuan" if args.get("show") == "yuan" else "wan"
    filters = tuple((name, values) for name in DIMENSIONS if (values := ",".join(several(args.getlist(name)))))
    return Asked(measure, from_on, to_on, filters, read_place(args.get("as_of")), unit)
