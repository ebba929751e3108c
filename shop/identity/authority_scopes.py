"""What an authority's officials see, from a day to a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _
from shop.identity.models import BUDGET_LEVELS, AuthorityScope
from shop.identity.organisations import lock_organisation
from shop.identity.places import require_division, superior_key


class BadScope(Invalid):
    """A scope is by division or by budget, not both, and needs what its kind is decided by."""

    code = "bad-scope"


@dataclass(frozen=True)
class ScopeRow:
    """One line of what an authority's officials see."""

    kind: str
    division_code: str | None = None
    budget_level: str | None = None
    superior_id: int | None = None


def read_scope(values: Mapping[str, Any]) -> ScopeRow:
    """Return a line of a scope from a request's values; ``superior_id`` is public there.

    :raises BadPlace: if no such superior exists.
    """
    return ScopeRow(
        values["kind"], values["division_code"], values["budget_level"], superior_key(values["superior_id"])
    )


def set_scope(actor: Actor | None, public_id: UUID, rows: Sequence[ScopeRow], since: date) -> None:
    """Decide what an authority's officials see from ``since`` on; what they saw before stays as it was.

    :raises BadScope: for another kind of organisation, or rows that do not fit together.
    :raises UnknownDivision: if no division has a code.
    """
    organisation = lock_organisation(public_id)
    rows = [replace(row, division_code=row.division_code or None) for row in rows]
    kinds = {row.kind for row in rows}
    budget = [row for row in rows if row.kind == "budget"]
    if organisation.kind != "authority" or len(kinds) != 1 or not kinds <= {"division", "budget"} or len(budget) > 1:
        raise BadScope(_("权限范围按行政区划（可多个），或按预算级次与主管单位（一条）。"))
    for row in rows:
        _check_scope(row)
    current = select(AuthorityScope).where(
        AuthorityScope.organisation_id == organisation.id,
        or_(AuthorityScope.valid_to.is_(None), AuthorityScope.valid_to >= since),
    )
    for old in db.session.scalars(current):
        if old.valid_from >= since:
            db.session.delete(old)
        else:
            old.valid_to = since - timedelta(days=1)
    db.session.flush()  # the old rows end before the new begin
    for row in rows:
        db.session.add(
            AuthorityScope(
                organisation_id=organisation.id,
                kind=row.kind,
                division_code=row.division_code,
                budget_level=row.budget_level if row.kind == "budget" else None,
                superior_id=row.superior_id if row.kind == "budget" else None,
                valid_from=since,
                valid_to=None,
            )
        )
    audit.record(actor, "identity.scope_set", "organisation", organisation.id, rows=len(rows))


def _check_scope(row: ScopeRow) -> None:
    if row.division_code:
        require_division(row.division_code)
    if row.kind == "division" and not row.division_code:
        raise BadScope(_("请填写行政区划代码。"))
    if row.kind == "budget" and row.budget_level not in BUDGET_LEVELS and row.superior_id is None:
        raise BadScope(_("请选择预算级次，或填写主管预算单位。"))
