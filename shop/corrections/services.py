"""Proposing that an organisation is corrected, agreeing to it, refusing and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.corrections.models import OrganisationCorrection
from shop.corrections.rules import TABLE
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.etag import check_version
from shop.files import services as files
from shop.i18n import _
from shop.identity import organisations
from shop.identity.models import Organisation
from shop.moves.table import by
from shop.outbox.services import publish

MAX_REASON = 500
_MACHINE = "organisation_correction"


class CorrectionWaits(Conflict):
    """Another correction of the organisation waits for its second person."""

    code = "correction-waits"


class CorrectionStale(Conflict):
    """The organisation is not any more what the correction says that it was; propose it anew."""

    code = "correction-stale"


class NoSuchCorrection(NotFound):
    """There is no such correction."""

    code = "no-such-correction"


class BadCorrection(Invalid):
    """A correction has a reason and a file that shows it."""

    code = "bad-correction"


def propose(
    organisation_id: UUID, changes: Mapping[str, str], actor: Actor, *, version: int, reason: str, file: UUID | None,
    at: datetime,
) -> OrganisationCorrection:  # fmt: skip
    """Propose, as the first of two of the operator's people, what an organisation is to be; nothing changes yet.

    :param changes: some of :data:`organisations.VERIFIED`.
    :raises VersionChanged: if it was edited since ``version``.
    :raises BadOrganisation: if nothing would change, or kind and type make no sense together.
    :raises BadName, BadCreditCode, UnknownDivision: for what is none.
    :raises BadCorrection: without a reason or a file.
    :raises CorrectionWaits: if another waits.
    """
    organisation = organisations.lock_organisation(organisation_id)
    check_version(version, organisation.version)
    changed = organisations.what_corrects(organisation, changes)
    made = OrganisationCorrection(
        organisation_id=organisation.id, changes={name: [getattr(organisation, name), value] for name, value in changed.items()},
        reason=_words(reason), file_id=_file_key(file, actor), status="proposed", proposed_by=actor.user_id, proposed_at=at,
    )  # fmt: skip
    waits = CorrectionWaits(_("这个单位已有一项更正待复核，请先办结。"))
    with refusing(uq_organisation_corrections_proposed=waits):
        db.session.add(made)
    TABLE.record_start(_MACHINE, made, "propose", by(actor, "operator", at=at))
    audit.record(actor, "identity.correction_proposed", "organisation", organisation.id, **changes_of(made))
    _tell("identity.correction_proposed", made, organisation, actor)
    return made


def confirm(public_id: UUID, actor: Actor, *, at: datetime) -> OrganisationCorrection:
    """Agree, as the second person: the organisation is so from now on, an institution's root unit stands there from tomorrow on.

    What was ordered, signed or counted before keeps what it was frozen with.

    :raises NoSuchCorrection: if there is none.
    :raises WrongState: if it was decided, or the actor proposed it.
    :raises CorrectionStale: if the organisation was changed since.
    :raises CreditCodeTaken: if another organisation has the code by now.
    """
    made, organisation = _lock(public_id)
    TABLE.check(_MACHINE, made, "confirm", by(actor, "operator", at=at))
    if any(getattr(organisation, name) != before for name, (before, _after) in made.changes.items()):
        raise CorrectionStale(_("提出后单位信息已有变化，请退回后重新提出。"))
    made.since = clock.business_day(at)
    _decide(made, "confirm", actor, at=at)
    organisations.correct(
        organisation, {name: after for name, (_before, after) in made.changes.items()}, today=made.since
    )
    act = "identity.organisation_corrected"
    audit.record(actor, act, "organisation", organisation.id, **changes_of(made), why=[None, made.reason])
    publish(act, organisations=[organisation.id], why=made.reason, fields=sorted(made.changes))
    return made


def refuse(public_id: UUID, actor: Actor, *, reason: str, at: datetime) -> OrganisationCorrection:
    """Refuse a correction with a reason, or take one's own back.

    :raises NoSuchCorrection: if there is none.
    :raises BadCorrection: without a reason.
    :raises WrongState: if it was decided.
    """
    made, organisation = _lock(public_id)
    made.decision_reason = _words(reason)
    _decide(made, "withdraw" if made.proposed_by == actor.user_id else "refuse", actor, at=at, why=made.decision_reason)
    audit.record(actor, f"identity.correction_{made.status}", "organisation", organisation.id)
    _tell("identity.correction_refused", made, organisation, actor)
    return made


def changes_of(made: OrganisationCorrection) -> dict[str, list[str | None]]:
    """Return what changes: field to before and after."""
    return {name: list(pair) for name, pair in made.changes.items()}


def _decide(made: OrganisationCorrection, event: str, actor: Actor, *, at: datetime, why: str = "") -> None:
    TABLE.move(_MACHINE, made, event, by(actor, "operator", at=at), why=why)
    made.decided_by, made.decided_at = actor.user_id, at


def _lock(public_id: UUID) -> tuple[OrganisationCorrection, Organisation]:
    """Lock the organisation, then its correction, in the order in which it is proposed."""
    owner = db.session.scalars(
        select(Organisation.public_id)
        .join(OrganisationCorrection, OrganisationCorrection.organisation_id == Organisation.id)
        .where(OrganisationCorrection.public_id == public_id)
    ).one_or_none()
    if owner is None:
        raise NoSuchCorrection(_("没有这项更正。"))
    organisation = organisations.lock_organisation(owner)
    query = select(OrganisationCorrection).where(OrganisationCorrection.public_id == public_id)
    return db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one(), organisation


def _words(reason: str) -> str:
    words = reason.strip()
    if not 0 < len(words) <= MAX_REASON:
        raise _bad("reason", _("请说明原因，最多500个字。"))
    return words


def _file_key(file: UUID | None, actor: Actor) -> int:
    if file is None:
        raise _bad("file", _("请上传证明文件。"))
    return files.get_own(file, actor).id


def _bad(field: str, detail: str) -> BadCorrection:
    return BadCorrection(detail, errors=[{"pointer": f"#/{field}", "detail": detail}])


def _tell(topic: str, made: OrganisationCorrection, organisation: Organisation, actor: Actor) -> None:
    """Tell the operator's people; the organisation hears of it once it is so."""
    operators = db.session.scalars(select(Organisation.id).where(Organisation.kind == "operator")).all()
    publish(
        topic, organisations=operators, correction_id=str(made.public_id), name=organisation.name,
        why=made.decision_reason or made.reason, by=str(actor.user_public_id),
    )  # fmt: skip
