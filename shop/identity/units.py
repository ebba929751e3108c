"""The dated tree of an institution's units: editing ends a row and begins another, the past stays."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select, text, update

from shop import audit
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.etag import check_version
from shop.i18n import _
from shop.identity import codes, placing
from shop.identity.models import Organisation, Unit, UnitPlacement
from shop.identity.places import BadDates, Place, make_placement
from shop.identity.queries import placement_on

_MAX_CODE = 40


class UnitNameTaken(Conflict):
    """Another unit of the organisation has this name."""

    code = "unit-name-taken"


class UnitCycle(Invalid):
    """The unit would stand below itself."""

    code = "unit-cycle"


class UnitPlacedThen(Conflict):
    """The unit stands somewhere on these days already."""

    code = "unit-placed-then"


class UnitInUse(Conflict):
    """The root, or a unit with units below it, cannot be closed or moved so."""

    code = "unit-in-use"


#: Climbs from the new parent; ``span`` is the part of the time in which the path exists.
_CYCLE = text("""
    WITH RECURSIVE above (unit_id, span) AS (
        SELECT cast(:parent AS bigint), daterange(cast(:since AS date), NULL, '[]')
        UNION
        SELECT p.parent_unit_id, a.span * daterange(p.valid_from, p.valid_to, '[]')
          FROM above a JOIN unit_placements p ON p.unit_id = a.unit_id
         WHERE p.parent_unit_id IS NOT NULL AND a.span && daterange(p.valid_from, p.valid_to, '[]'))
    SELECT 1 FROM above WHERE unit_id = :unit LIMIT 1""")


def create_root_unit(organisation: Organisation, place: Place, *, since: date) -> Unit:
    """Create the unit that stands for the whole institution.

    :raises UnknownDivision: if a division of the place does not exist.
    """
    unit = Unit(organisation_id=organisation.id, name=organisation.name, is_root=True)
    db.session.add(unit)
    db.session.flush()  # obtains the unit's key
    db.session.add(make_placement(unit.id, None, place, since=since))
    db.session.flush()  # so that queries in this transaction see the placement
    return unit


def rename_root_unit(organisation: Organisation) -> None:
    """Give the unit that stands for the whole institution its new name, unless a department has it."""
    names = set(db.session.scalars(select(Unit.name).filter_by(organisation_id=organisation.id)))
    root = db.session.scalars(select(Unit).filter_by(organisation_id=organisation.id, is_root=True)).one_or_none()
    if root is not None and organisation.name not in names:
        root.name = organisation.name


def move_root_unit(organisation: Organisation, *, since: date) -> None:
    """Let the unit that stands for the whole institution stand where the institution now is, from a day on.

    Whose budget it is stays, unless that was the division it stood in.
    """
    root = db.session.scalars(select(Unit).filter_by(organisation_id=organisation.id, is_root=True)).one_or_none()
    now = placement_on(root.id, since) if root is not None else None
    if root is None or now is None:
        return
    is_own = now.finance_division_code == now.division_code
    finance = organisation.division_code if is_own else now.finance_division_code
    place = Place(organisation.division_code, finance, now.budget_level, now.superior_id)
    row = make_placement(root.id, None, place, since=since)
    _end_placements(root.id, since - timedelta(days=1))
    db.session.add(row)
    db.session.flush()  # so that queries in this transaction see the placement


def get_unit(actor: Actor, public_id: UUID) -> Unit:
    """Return a unit of the actor's organisation.

    :raises NotFound: if there is none there.
    """
    return _get(actor.organisation_id, public_id)


def _get(organisation_id: int, public_id: UUID) -> Unit:
    unit = db.session.scalars(select(Unit).where(Unit.public_id == public_id)).one_or_none()
    if unit is None or unit.organisation_id != organisation_id:
        raise NotFound(_("没有这个部门或预算单位。"))
    return unit


def _lock_tree(organisation_id: int) -> None:
    """Let one edit of the tree run at a time: two moves together could close a circle."""
    db.session.execute(select(Organisation.id).where(Organisation.id == organisation_id).with_for_update())


def add_unit(
    actor: Actor, name: str, place: Place, *, since: date, parent: UUID | None = None, code: str | None = None
) -> Unit:
    """Add a unit below ``parent`` or, without one, below the root, from ``since`` on.

    :raises UnitNameTaken: if the organisation has one of that name.
    :raises NotFound: if the parent is not the organisation's.
    :raises UnitInUse: if the parent is closed.
    :raises UnknownDivision: if a division does not exist.
    :raises PlacementChecked: if a verified organisation's unit would be elsewhere than the one above it.
    """
    _lock_tree(actor.organisation_id)
    above = get_unit(actor, parent) if parent else _root(actor.organisation_id)
    if above is not None and above.closed_at is not None:
        raise UnitInUse(_("上级部门已停用。"))
    if above is not None:
        there = placing.placements_from(above.id, since)
        placing.require_right(actor, actor.organisation_id, there, place, since=since, today=since)
    unit = Unit(
        organisation_id=actor.organisation_id,
        name=codes.read_name(name),
        code=(code or "").strip()[:_MAX_CODE] or None,
        is_root=above is None,
    )
    with refusing(uq_units_organisation_id_name=UnitNameTaken(_("已有同名的部门。"))):
        db.session.add(unit)
    db.session.add(make_placement(unit.id, above.id if above else None, place, since=since))
    db.session.flush()  # so that queries in this transaction see the placement
    audit.record(actor, "identity.unit_added", "unit", unit.id, parent=[None, above.id if above else None])
    return unit


def _root(organisation_id: int) -> Unit | None:
    return db.session.scalars(select(Unit).filter_by(organisation_id=organisation_id, is_root=True)).one_or_none()


def rename_unit(actor: Actor, public_id: UUID, version: int, *, name: str, code: str | None) -> Unit:
    """Change what a unit is called.

    :raises VersionChanged: if it was edited since ``version``.
    :raises UnitNameTaken: if the organisation has another of that name.
    """
    unit = get_unit(actor, public_id)
    check_version(version, unit.version)
    with refusing(uq_units_organisation_id_name=UnitNameTaken(_("已有同名的部门。"))):
        unit.name = codes.read_name(name)
        unit.code = (code or "").strip()[:_MAX_CODE] or None
    audit.record(actor, "identity.unit_renamed", "unit", unit.id)
    return unit


def place_unit(
    actor: Actor,
    public_id: UUID,
    place: Place,
    *,
    since: date,
    today: date,
    parent: UUID | None = None,
    organisation_id: int | None = None,
) -> UnitPlacement:
    """Let a unit stand elsewhere from ``since`` on; until the day before it stays where it was.

    What was planned for later days is replaced.

    :param parent: the unit above; ``None`` keeps the root at the top and puts others below it.
    :param organisation_id: whose unit it is, for the operator; the actor's if left out.
    :raises BadDates: if ``since`` lies in the past, or is today where whose budget it is changes for a verified one.
    :raises PlacementChecked: if that changes and the actor is not the operator.
    :raises UnitCycle: if the unit would stand below itself on some day.
    :raises UnitInUse: if the unit is closed, or the root would get a parent.
    :raises NotFound: if unit or parent are not the organisation's.
    """
    if since < today:
        raise BadDates(_("只能从今天或以后起变更，过去的归属不变。"))
    where = organisation_id or actor.organisation_id
    _lock_tree(where)
    unit = _get(where, public_id)
    above = _get(where, parent) if parent else None if unit.is_root else _root(where)
    if unit.closed_at is not None or (unit.is_root and above is not None):
        raise UnitInUse(_("已停用的部门不能变更；单位本身没有上级部门。"))
    if above is not None and db.session.execute(_CYCLE, {"unit": unit.id, "parent": above.id, "since": since}).first():
        raise UnitCycle(_("一个部门不能归属于它自己或它的下级。"))
    before = placing.placements_from(unit.id, since)
    placing.require_right(actor, where, before, place, since=since, today=today)
    row = make_placement(unit.id, above.id if above else None, place, since=since)
    _end_placements(unit.id, since - timedelta(days=1))
    with refusing(ex_unit_placements_dates=UnitPlacedThen(_("该部门在这些日子已有归属。"))):
        db.session.add(row)
    audit.record(actor, "identity.unit_placed", "unit", unit.id, since=[None, since.isoformat()])
    return row


def _end_placements(unit_id: int, last: date) -> None:
    """Let a unit's placements end on ``last``; those that begin later are taken away."""
    db.session.flush()  # pending rows must not escape the statements below
    db.session.execute(delete(UnitPlacement).where(UnitPlacement.unit_id == unit_id, UnitPlacement.valid_from > last))
    db.session.execute(
        update(UnitPlacement)
        .where(UnitPlacement.unit_id == unit_id, or_(UnitPlacement.valid_to.is_(None), UnitPlacement.valid_to > last))
        .values(valid_to=last)
    )


def close_unit(actor: Actor, public_id: UUID, *, at: datetime, today: date) -> Unit:
    """Close a unit: it stands where it is until today, and takes no more orders.

    :raises UnitInUse: for the root, a closed unit, or one with units below it from tomorrow on.
    """
    _lock_tree(actor.organisation_id)
    unit = get_unit(actor, public_id)
    below = select(UnitPlacement.id).where(
        UnitPlacement.parent_unit_id == unit.id,
        or_(UnitPlacement.valid_to.is_(None), UnitPlacement.valid_to > today),
    )
    if unit.is_root or unit.closed_at is not None or db.session.scalar(below.limit(1)) is not None:
        raise UnitInUse(_("单位本身、已停用的部门，或仍有下级的部门，不能停用。"))
    unit.closed_at = at
    _end_placements(unit.id, today)
    audit.record(actor, "identity.unit_closed", "unit", unit.id)
    return unit
