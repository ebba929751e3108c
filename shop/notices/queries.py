"""A person's notices, the latest first, and how many are unread."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, text

from shop.auth import Actor
from shop.db import db
from shop.identity.models import Organisation
from shop.notices.models import Notice
from shop.paging import Page, decode_cursor, make_page

#: Above this a count is shown as "99+": counting further tells nobody anything.
MOST_COUNTED = 100


def find_elsewhere(notice_id: UUID, actor: Actor) -> str | None:
    """Return the name of the organisation that a notice of the person's is for, if they act for another one now."""
    return db.session.scalar(
        select(Organisation.name)
        .join(Notice, Notice.organisation_id == Organisation.id)
        .where(Notice.public_id == notice_id, Notice.user_id == actor.user_id, Organisation.id != actor.organisation_id)
    )


def within_reach(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on notices that they are the person's and, for a token, of the organisation it was made in.

    Whoever holds a token need not be the person; a browser's session is the person's in all their organisations.
    """
    mine = Notice.user_id == actor.user_id
    return and_(mine, Notice.organisation_id == actor.organisation_id) if actor.is_program else mine


def list_notices(actor: Actor, limit: int, cursor: str | None, *, unread: bool = False) -> Page[Notice]:
    """Return a person's notices: all of them in a browser, those of its own organisation to a token.

    :raises BadCursor: if ``cursor`` is not one of this list.
    """
    query = select(Notice).where(within_reach(actor))
    if unread:
        query = query.where(Notice.read_at.is_(None))
    before = decode_cursor(cursor, UUID)
    if before:
        query = query.where(Notice.public_id < before[0])
    rows = db.session.scalars(query.order_by(Notice.public_id.desc()).limit(limit + 1)).all()
    return make_page(rows, limit, lambda row: (row.public_id,))


def count_unread(user_id: int) -> int:
    """Return how many notices a person has not read, counted up to 100."""
    return int(
        db.session.execute(
            text(
                """SELECT count(*) FROM (SELECT 1 FROM notices WHERE user_id = :user AND read_at IS NULL LIMIT :most) n"""
            ),
            {"user": user_id, "most": MOST_COUNTED},
        ).scalar_one()
    )
