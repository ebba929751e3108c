"""How grave a recall is, and by when its goods must be back: three levels, each with its hours and days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from catalog.lots.models import RecallTerms
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.errors import Invalid
from shop.etag import check_version
from shop.i18n import _

#: The longest that a recall may give its goods to be back.
MOST_DAYS = 60


class BadRecallTerms(Invalid):
    """Level, day of knowledge or deadline of a recall make no sense; see ``errors``."""

    code = "bad-recall-terms"


@dataclass(frozen=True)
class Level:
    """Within how many hours of knowing a recall has to begin, and in how many days it is to be done."""

    begin_hours: int
    days: int


#: By the rules for food recalls (食品召回管理办法): harm to health that is grave, or not, and wrong labels. Hours as they
#: say; they give 10, 20 and 30 working days, here two, four and six weeks.
LEVELS = MappingProxyType({"one": Level(24, 14), "two": Level(48, 28), "three": Level(72, 42)})


@dataclass(frozen=True)
class Terms:
    """What whoever calls back says of the recall."""

    level: str
    #: When it was known that the goods must come back; ``None``: when the recall was made.
    known_at: datetime | None = None
    #: The last day on which they may come back; ``None``: as the level says.
    due_on: date | None = None


def begin_by(level: str, known_at: datetime) -> datetime:
    """Return until when a recall of a level had to begin."""
    return known_at + timedelta(hours=LEVELS[level].begin_hours)


def note(recall_id: UUID, terms: Terms, actor: Actor, *, at: datetime) -> None:
    """Say how grave a recall is and by when its goods must be back; what was said of the same recall before is replaced.

    :raises BadRecallTerms: pointing at what makes no sense.
    """
    values = _checked(terms, at)
    said = {**values, "set_by": actor.user_id, "set_at": at}
    db.session.execute(
        insert(RecallTerms)
        .values(public_id=recall_id, **said)
        .on_conflict_do_update(index_elements=["public_id"], set_={**said, "version": RecallTerms.version + 1})
    )
    audit.record(
        actor, "catalog.recall_terms_set", "recall", None, recall=[None, str(recall_id)],
        level=[None, terms.level], due_on=[None, values["due_on"].isoformat()],
    )  # fmt: skip


def change(recall_id: UUID, terms: Terms, version: int, actor: Actor, *, at: datetime) -> None:
    """Change them, if they are still of the version that was read; 0 stands for a recall that had none.

    :raises VersionChanged: if somebody else changed them since.
    :raises BadRecallTerms: pointing at what makes no sense.
    """
    query = select(RecallTerms).where(RecallTerms.public_id == recall_id).with_for_update()
    row = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    check_version(version, row.version if row else 0)
    known = terms.known_at or (row.known_at if row else None)
    note(recall_id, Terms(terms.level, known, terms.due_on), actor, at=at)


def _checked(terms: Terms, at: datetime) -> dict[str, Any]:
    if terms.level not in LEVELS:
        raise _bad("level", _("请选择召回级别。"))
    if terms.known_at is not None and terms.known_at > at:
        raise _bad("known_at", _("获知时间不能晚于现在。"))
    today = business_day(at)
    due_on = terms.due_on or today + timedelta(days=LEVELS[terms.level].days)
    if not today <= due_on <= today + timedelta(days=MOST_DAYS):
        raise _bad("due_on", _("召回完成期限须在今天之后、%(days)s 天之内。", days=MOST_DAYS))
    return {"level": terms.level, "known_at": terms.known_at or at, "due_on": due_on}


def _bad(field: str, detail: str) -> BadRecallTerms:
    return BadRecallTerms(detail, errors=[{"pointer": f"#/{field}", "detail": detail}])
