"""Who may say whose budget a unit is: of a verified organisation the operator, and never for days that were counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select

from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.identity.models import Organisation, UnitPlacement
from shop.identity.places import BadDates, Place


class PlacementChecked(Conflict):
    """Where a unit of a verified organisation stands, and whose budget it is, is changed by the operator alone."""

    code = "placement-checked"


def placements_from(unit_id: int, since: date) -> Sequence[UnitPlacement]:
    """Return a unit's placements in force on a day and planned for later ones."""
    return db.session.scalars(
        select(UnitPlacement).where(
            UnitPlacement.unit_id == unit_id, or_(UnitPlacement.valid_to.is_(None), UnitPlacement.valid_to >= since)
        )
    ).all()


def require_right(
    actor: Actor, organisation_id: int, before: Sequence[UnitPlacement], place: Place, *, since: date, today: date
) -> None:
    """Refuse to move a verified organisation's unit to another division, finance division, level or superior.

    The operator may, from tomorrow on: what was placed today may have been reported already.

    :param before: what the unit's place, or that of the unit above a new one, is and will be.
    :raises PlacementChecked: if the actor is not the operator.
    :raises BadDates: if it would begin today.
    """
    wanted = (
        place.division_code,
        place.finance_division_code or place.division_code,
        place.budget_level,
        place.superior_id,
    )
    if all(
        wanted == (row.division_code, row.finance_division_code, row.budget_level, row.superior_id) for row in before
    ):
        return
    verified = select(Organisation.verified_at).where(Organisation.id == organisation_id)
    if db.session.scalar(verified) is None:
        return
    if not actor.may("organisations:verify"):
        raise PlacementChecked(
            _("已核验单位的所在地、财政归属、预算级次和主管预算单位由平台运营核实后变更，请联系平台运营。")
        )
    if since <= today:
        raise BadDates(_("已核验单位的归属最早自明天起变更：今天的统计可能已经上报。"))
