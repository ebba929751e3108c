"""Writing notices to the people concerned, and marking them read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.notices.models import Notice
from shop.notices.queries import within_reach
from shop.notices.rules import NoticeRule, fill_link, flatten

_MEMBERS = text("""
    SELECT DISTINCT m.user_id, m.organisation_id
      FROM memberships m
      JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL
      JOIN organisations o ON o.id = m.organisation_id AND o.kind = ANY(:kinds)
      JOIN membership_roles r ON r.membership_id = m.id AND r.valid_from <= :on AND coalesce(r.valid_to, :on) >= :on
      JOIN role_permissions p ON p.role = r.role AND p.permission = :permission
     WHERE m.organisation_id = ANY(:organisations) AND u.public_id <> ALL(cast(:but AS uuid[])) AND m.valid_from <= :on AND coalesce(m.valid_to, :on) >= :on
       AND m.waits_since IS NULL
     ORDER BY m.user_id, m.organisation_id""")


def tell_members(
    rule: NoticeRule,
    event_id: UUID,
    organisations: Sequence[int],
    payload: Mapping[str, Any],
    *,
    on: date,
    at: datetime,
) -> int:
    """Write one notice for each member whom ``rule`` means; the same event, or thing of which it is, tells nobody twice.

    Returns how many were written.
    """
    values = flatten(payload)
    if (rule.needs and rule.needs not in values) or rule.unless in values:
        return 0
    wanted = {
        "kinds": list(rule.audience), "permission": rule.permission, "organisations": list(organisations), "on": on,
        "but": [values[rule.but]] if rule.but in values else [],
    }  # fmt: skip
    members = db.session.execute(_MEMBERS, wanted)
    about = values[rule.once_per] if rule.once_per else event_id
    link = fill_link(rule.link, values)
    rows = [
        {"public_id": uuid7(), "user_id": member.user_id, "organisation_id": member.organisation_id, "kind": rule.kind,
         "values": values, "link": link, "created_at": at, "dedupe": f"{about}:{rule.kind}:{member.user_id}"}
        for member in members
    ]  # fmt: skip
    if not rows:
        return 0
    result: Any = db.session.execute(insert(Notice).values(rows).on_conflict_do_nothing())
    return int(result.rowcount)


def mark_read(notice_id: UUID, actor: Actor, at: datetime) -> Notice:
    """Mark a notice of the actor's read; a second time changes nothing.

    :raises NotFound: if it is somebody else's, or another organisation's than the token's.
    """
    notice = db.session.scalars(select(Notice).where(Notice.public_id == notice_id, within_reach(actor))).one_or_none()
    if notice is None:
        raise NotFound(_("没有这条通知。"))
    notice.read_at = notice.read_at or at
    return notice


def mark_all_read(actor: Actor, at: datetime) -> int:
    """Mark all the actor's notices read, those of its organisation for a token; returns how many were not."""
    done: Any = db.session.execute(
        update(Notice).where(within_reach(actor), Notice.read_at.is_(None)).values(read_at=at)
    )
    return int(done.rowcount)
