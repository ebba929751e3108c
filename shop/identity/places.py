"""Where a unit stands and whose budget it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from shop.db import db
from shop.errors import Invalid
from shop.geo.models import Division
from shop.i18n import _
from shop.identity.codes import read_credit_code
from shop.identity.models import BUDGET_LEVELS, Organisation, UnitPlacement


class UnknownDivision(Invalid):
    """No division has this code."""

    code = "unknown-division"


class BadPlace(Invalid):
    """A budget level or a superior that does not exist."""

    code = "bad-place"


class BadDates(Invalid):
    """An end lies before its start."""

    code = "bad-dates"


@dataclass(frozen=True)
class Place:
    """Where a unit stands and whose budget it is; an empty finance division is the unit's own."""

    division_code: str
    finance_division_code: str = ""
    budget_level: str = "none"
    #: Key of the organisation that is its 主管预算单位.
    superior_id: int | None = None


def require_division(code: str) -> None:
    """Refuse a code that no division has.

    :raises UnknownDivision: if so.
    """
    if db.session.get(Division, code) is None:
        raise UnknownDivision(_("没有代码为 %(code)s 的行政区划。", code=code[:12]), division_code=code[:12])


def make_placement(unit_id: int, parent_id: int | None, place: Place, *, since: date) -> UnitPlacement:
    """Build the row that places a unit from ``since`` on.

    :raises UnknownDivision: if a division does not exist.
    :raises BadPlace: if the budget level is none of the known, or there is no such superior.
    """
    finance = place.finance_division_code or place.division_code
    for code in {place.division_code, finance}:
        require_division(code)
    if place.budget_level not in BUDGET_LEVELS:
        raise BadPlace(_("预算级次不正确。"))
    if place.superior_id is not None and db.session.get(Organisation, place.superior_id) is None:
        raise BadPlace(_("没有这个主管预算单位。"))
    return UnitPlacement(
        unit_id=unit_id,
        parent_unit_id=parent_id,
        division_code=place.division_code,
        finance_division_code=finance,
        budget_level=place.budget_level,
        superior_id=place.superior_id,
        valid_from=since,
        valid_to=None,
    )


def superior_key(public_id: UUID | None) -> int | None:
    """Return the key of the organisation with this public id.

    :raises BadPlace: if there is none.
    """
    if public_id is None:
        return None
    found = db.session.scalar(select(Organisation.id).where(Organisation.public_id == public_id))
    if found is None:
        raise BadPlace(_("没有这个主管预算单位。"))
    return found


def read_place(values: Mapping[str, Any]) -> Place:
    """Return the place in a request's values; ``superior_id`` is public there.

    :raises BadPlace: if no such superior exists.
    """
    return Place(
        values["division_code"],
        values["finance_division_code"] or "",
        values["budget_level"],
        superior_key(values["superior_id"]),
    )


def credit_code_of(organisation: UUID) -> str:
    """Return the credit code of an organisation; ``""`` if it has none."""
    return db.session.scalar(select(Organisation.credit_code).where(Organisation.public_id == organisation)) or ""


def superior_by_code(credit_code: str) -> int:
    """Return the key of the organisation with this credit code.

    :raises BadCreditCode: if it is none.
    :raises BadPlace: if no organisation has it.
    """
    code = read_credit_code(credit_code)
    found = db.session.scalar(select(Organisation.id).where(Organisation.credit_code == code))
    if found is None:
        raise BadPlace(_("没有这个主管预算单位。"))
    return found
