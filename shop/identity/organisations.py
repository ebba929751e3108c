"""Organisations: registered, edited, verified and suspended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.etag import check_version
from shop.i18n import _
from shop.identity import codes, units
from shop.identity.models import INSTITUTION_TYPES, KINDS, Organisation
from shop.identity.places import Place, require_division

_MAX_TEXT = 200


class BadOrganisation(Invalid):
    """Kind, type or address of an organisation make no sense together."""

    code = "bad-organisation"


class CreditCodeTaken(Conflict):
    """Another organisation is registered with this credit code."""

    code = "credit-code-taken"


class CreditCodeFixed(Conflict):
    """A verified organisation's credit code and name are changed by verifying anew, not by itself."""

    code = "credit-code-fixed"


class WrongOrganisationState(Conflict):
    """It is already so, or its own papers are missing."""

    code = "wrong-organisation-state"


@dataclass(frozen=True)
class NewOrganisation:
    """What an organisation is registered with; ``place`` is where an institution's root unit stands."""

    kind: str
    name: str
    division_code: str
    credit_code: str | None = None
    institution_type: str | None = None
    address: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    place: Place | None = None


def create_organisation(
    new: NewOrganisation, *, at: datetime, is_verified: bool = False, is_demo: bool = False, actor: Actor | None = None
) -> Organisation:
    """Register an organisation; an institution gets its root unit, placed from the day of ``at``.

    :raises BadOrganisation: if kind and type make no sense together.
    :raises BadName: if the name is empty or too long.
    :raises BadCreditCode: if the check character is wrong.
    :raises CreditCodeTaken: if another organisation has the code.
    :raises UnknownDivision: if no division has the code.
    """
    if new.kind not in KINDS or (new.kind == "institution") != (new.institution_type in INSTITUTION_TYPES):
        raise BadOrganisation(_("单位类型不正确。"))
    require_division(new.division_code)
    organisation = Organisation(
        kind=new.kind,
        name=codes.read_name(new.name),
        division_code=new.division_code,
        credit_code=codes.read_credit_code(new.credit_code) if new.credit_code else None,
        institution_type=new.institution_type,
        address=new.address,
        contact_name=new.contact_name,
        contact_phone=new.contact_phone,
        verified_at=at if is_verified else None,
        is_demo=is_demo,
        created_at=at,
    )
    with refusing(uq_organisations_credit_code=CreditCodeTaken(_("此统一社会信用代码已登记。"))):
        db.session.add(organisation)
    if new.kind == "institution":
        units.create_root_unit(organisation, new.place or Place(new.division_code), since=clock.business_day(at))
    audit.record(actor, "identity.organisation_created", "organisation", organisation.id, kind=[None, new.kind])
    return organisation


def get_organisation(public_id: UUID) -> Organisation:
    """Return an organisation, for those who may know of all.

    :raises NotFound: if there is none.
    """
    found = db.session.scalars(select(Organisation).where(Organisation.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound(_("没有这个单位。"))
    return found


#: What an organisation may edit of itself.
PROFILE = ("name", "credit_code", "division_code", "address", "contact_name", "contact_phone")


def edit_profile(actor: Actor, version: int, changes: dict[str, str]) -> Organisation:
    """Change the actor's own organisation; name and credit code only until it is verified.

    :param changes: some of :data:`PROFILE`.
    :raises VersionChanged: if it was edited since ``version``.
    :raises CreditCodeFixed: if a verified organisation's name, code or division would change.
    :raises CreditCodeTaken: if another organisation has the code.
    """
    organisation = db.session.get_one(Organisation, actor.organisation_id, with_for_update=True, populate_existing=True)
    check_version(version, organisation.version)
    changed = _what_changes(organisation, PROFILE, changes)
    if organisation.verified_at is not None and changed.keys() & {"name", "credit_code", "division_code"}:
        raise CreditCodeFixed(_("已核验单位的名称、信用代码和所在地由平台运营更改。"))
    _put(organisation, changed)
    if changed:
        # Names and numbers of persons stay out of the trail: it cannot forget.
        audit.record(actor, "identity.organisation_edited", "organisation", organisation.id, fields=sorted(changed))
    return organisation


#: What of a verified organisation the operator alone corrects, by two persons.
VERIFIED = ("name", "credit_code", "division_code", "institution_type")


def what_corrects(organisation: Organisation, changes: Mapping[str, str]) -> dict[str, str | None]:
    """Return what of the changes is otherwise than the organisation is, as it would be stored.

    :param changes: some of :data:`VERIFIED`.
    :raises BadOrganisation: if nothing is, a verified organisation would lose its code, or another than an institution has a type.
    :raises BadName, BadCreditCode, UnknownDivision: for what is none.
    """
    changed = _what_changes(organisation, VERIFIED, changes)
    if not changed:
        raise BadOrganisation(_("没有要更正的内容。"))
    if organisation.verified_at is not None and "credit_code" in changed and changed["credit_code"] is None:
        raise BadOrganisation(_("已核验单位须有统一社会信用代码。"))
    if "institution_type" in changed and organisation.kind != "institution":
        raise BadOrganisation(_("单位类型不正确。"))
    return changed


def correct(organisation: Organisation, changed: dict[str, str | None], *, today: date) -> None:
    """Let an organisation, which the caller has locked, be what was agreed to.

    What was ordered, signed or counted before keeps what it was frozen with; an institution's root unit stands in
    the new division from tomorrow on.

    :raises CreditCodeTaken: if another organisation has the code.
    """
    _put(organisation, changed)
    if "division_code" in changed:
        # Orders of today may have been reported where the unit stood when they were placed.
        units.move_root_unit(organisation, since=today + timedelta(days=1))


def _what_changes(
    organisation: Organisation, names: Sequence[str], changes: Mapping[str, str]
) -> dict[str, str | None]:
    wanted = {name: _read_profile(name, changes[name]) for name in names if name in changes}
    return {name: value for name, value in wanted.items() if value != getattr(organisation, name)}


def _put(organisation: Organisation, changed: dict[str, str | None]) -> None:
    with refusing(uq_organisations_credit_code=CreditCodeTaken(_("此统一社会信用代码已登记。"))):
        for name, value in changed.items():
            setattr(organisation, name, value)
    if "name" in changed:
        units.rename_root_unit(organisation)


def _read_profile(name: str, text: str) -> str | None:
    if name == "name":
        return codes.read_name(text)
    if name == "credit_code":
        return codes.read_credit_code(text) if text.strip() else None
    if name == "division_code":
        require_division(text)
    if name == "institution_type" and text not in INSTITUTION_TYPES:
        raise BadOrganisation(_("单位类型不正确。"))
    clean = " ".join(text.split())
    if len(clean) > _MAX_TEXT:
        raise BadOrganisation(_("最多200个字。"))
    return clean


def verify(actor: Actor, public_id: UUID, at: datetime) -> Organisation:
    """Note that the operator has checked who the organisation is; sales of verified buyers count from then on.

    :raises WrongOrganisationState: if it is verified, or has no credit code to be checked.
    """
    organisation = lock_organisation(public_id)
    if organisation.verified_at is not None:
        raise WrongOrganisationState(_("该单位已核验。"))
    if organisation.credit_code is None:
        raise WrongOrganisationState(_("该单位还没有填写统一社会信用代码，不能核验。"))
    organisation.verified_at = at
    audit.record(actor, "identity.organisation_verified", "organisation", organisation.id)
    return organisation


def suspend(actor: Actor, public_id: UUID, at: datetime, why: str) -> Organisation:
    """Leave an organisation only the right to look, until :func:`resume`.

    :raises WrongOrganisationState: if it is suspended, or the actor's own.
    :raises BadOrganisation: without a reason.
    """
    organisation = lock_organisation(public_id)
    if organisation.suspended_at is not None:
        raise WrongOrganisationState(_("该单位已暂停。"))
    if organisation.id == actor.organisation_id:
        raise WrongOrganisationState(_("不能暂停自己的单位。"))
    if not why.strip():
        raise BadOrganisation(_("请说明暂停的原因。"))
    organisation.suspended_at = at
    audit.record(actor, "identity.organisation_suspended", "organisation", organisation.id, why=[None, why[:500]])
    return organisation


def resume(actor: Actor, public_id: UUID) -> Organisation:
    """End a suspension.

    :raises WrongOrganisationState: if it is not suspended.
    """
    organisation = lock_organisation(public_id)
    if organisation.suspended_at is None:
        raise WrongOrganisationState(_("该单位没有被暂停。"))
    organisation.suspended_at = None
    audit.record(actor, "identity.organisation_resumed", "organisation", organisation.id)
    return organisation


def lock_organisation(public_id: UUID) -> Organisation:
    """Return an organisation, locked until the transaction ends.

    :raises NotFound: if there is none.
    """
    found = db.session.scalars(
        select(Organisation)
        .where(Organisation.public_id == public_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这个单位。"))
    return found
