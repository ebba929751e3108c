"""The table of roles and permissions, edited by the operator."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.etag import check_version
from shop.i18n import _
from shop.identity.models import Role, RolePermission

#: Held by the operator's roles only, whatever the table says elsewhere.
OPERATOR_ONLY = frozenset(
    {
        "banking:manage",
        "permissions:edit",
        "organisations:verify",
        "outbox:manage",
        "audit:read",
        "exceptions:read",
        "exceptions:propose",
        "exceptions:agree",
        "payouts:prepare",
        "payouts:release",
        "fees:edit",
        "fees:confirm",
        "taxes:read",
        "taxes:report",
    }
)


class UnknownPermission(Invalid):
    """No part of the application asks for this permission."""

    code = "unknown-permission"


class OperatorsOnly(Invalid):
    """The permission would open other organisations to one of them."""

    code = "operators-only"


class NobodyCouldEdit(Conflict):
    """No role would be left that may edit this table."""

    code = "nobody-could-edit"


@dataclass(frozen=True)
class RoleRow:
    """A role with what it may do."""

    code: str
    kind: str
    name_zh: str
    name_en: str
    permissions: list[str]

    @property
    def version(self) -> int:
        """A number that stands for what the role may do: an edit names the one that it was made from."""
        return int.from_bytes(hashlib.sha256("\n".join(sorted(self.permissions)).encode()).digest()[:6])


def list_roles(kind: str | None = None) -> Sequence[RoleRow]:
    """Return roles with their permissions, by kind of organisation."""
    held = func.array_remove(func.array_agg(RolePermission.permission.distinct()), None)
    wanted = (
        select(Role.code, Role.kind, Role.name_zh, Role.name_en, held)
        .outerjoin(RolePermission, RolePermission.role == Role.code)
        .group_by(Role.code)
        .order_by(Role.kind, Role.code)
    )
    if kind is not None:
        wanted = wanted.where(Role.kind == kind)
    return [RoleRow(*row) for row in db.session.execute(wanted)]


def set_permissions(
    actor: Actor, role: str, version: int, wanted: Collection[str], *, known: Collection[str]
) -> RoleRow:
    """Give a role exactly these permissions; takes effect with the next request of each member.

    One edit of the table runs at a time: two of two roles could leave nobody who may edit it.

    :param version: of the row that the edit was made from.
    :param known: every permission that a part of the application has declared.
    :raises NotFound: if there is no such role.
    :raises VersionChanged: if somebody has changed what the role may do since then.
    :raises UnknownPermission: if one is not known.
    :raises OperatorsOnly: if another role than the operator's would get one of the operator's.
    :raises NobodyCouldEdit: if no role would be left that may edit this table.
    """
    roles = {one.code: one for one in db.session.scalars(select(Role).order_by(Role.code).with_for_update())}
    found = roles.get(role)
    if found is None:
        raise NotFound(_("没有这个角色。"))
    old = set(db.session.scalars(select(RolePermission.permission).where(RolePermission.role == role)))
    check_version(version, RoleRow(found.code, found.kind, found.name_zh, found.name_en, sorted(old)).version)
    new = set(wanted)
    if unknown := sorted(new - set(known)):
        raise UnknownPermission(_("没有这种权限：%(names)s", names="、".join(unknown)[:200]), permissions=unknown)
    if found.kind != "operator" and (forbidden := sorted(new & OPERATOR_ONLY)):
        raise OperatorsOnly(_("只有平台运营的角色可以有：%(names)s", names="、".join(forbidden)), permissions=forbidden)
    if gone := old - new:
        db.session.execute(
            delete(RolePermission).where(RolePermission.role == role, RolePermission.permission.in_(gone))
        )
    if added := new - old:
        db.session.execute(insert(RolePermission), [{"role": role, "permission": p} for p in sorted(added)])
    editors = select(RolePermission.role).where(RolePermission.permission == "permissions:edit")
    if db.session.scalar(editors.limit(1)) is None:
        raise NobodyCouldEdit(_("至少须有一个角色能编辑权限。"))
    if old != new:
        changes = {name: [name in old, name in new] for name in sorted(old ^ new)}
        audit.record(actor, "identity.role_permissions_set", "role", None, role=role, changes=changes)
    return RoleRow(found.code, found.kind, found.name_zh, found.name_en, sorted(new))
