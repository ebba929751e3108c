"""Who of an organisation may do something on a day: told to whoever waits for a second person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import text

from shop.db import db

_HOLDERS = text("""
    SELECT DISTINCT u.name, u.id
      FROM memberships m
      JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL
      JOIN membership_roles r ON r.membership_id = m.id AND r.valid_from <= :on AND coalesce(r.valid_to, :on) >= :on
      JOIN role_permissions p ON p.role = r.role AND p.permission = :permission
     WHERE m.organisation_id = :organisation AND m.waits_since IS NULL AND m.valid_from <= :on AND coalesce(m.valid_to, :on) >= :on
       AND u.id <> ALL(cast(:but AS bigint[]))
     ORDER BY u.name, u.id""")


def list_holders(organisation_id: int, permission: str, on: date, *, but: Collection[int | None] = ()) -> Sequence[str]:
    """Return the names of an organisation's members who hold ``permission`` on a day, by name.

    :param but: keys of persons who may not be the second one.
    """
    left_out = [key for key in but if key is not None]
    return [name for _key, name in _holders(organisation_id, permission, on, left_out)]


def list_holder_keys(organisation_id: int, permission: str, on: date) -> Sequence[int]:
    """Return the keys of the same persons."""
    return [key for key, _name in _holders(organisation_id, permission, on, [])]


def _holders(organisation_id: int, permission: str, on: date, but: list[int]) -> list[tuple[int, str]]:
    asked = {"organisation": organisation_id, "permission": permission, "on": on, "but": but}
    return [(row.id, row.name) for row in db.session.execute(_HOLDERS, asked)]
