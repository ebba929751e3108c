"""Saying that a paper does not hold from a day on, even a past one: one person proposes, another confirms."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from uuid6 import uuid7

from catalog.papers.models import Certificate, EligibilityBasis, PaperRevocation
from catalog.papers.queries import PaperRow, get_paper
from catalog.papers.services import BadPaper, lock_paper, require_other_person
from catalog.rules import TABLE
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden
from shop.i18n import _
from shop.moves.table import by
from shop.outbox.services import publish

_MAX_REASON = 500


class NotInForce(Conflict):
    """The paper never came into force, so there is nothing to revoke."""

    code = "paper-not-in-force"


class RevocationProposed(Conflict):
    """A revocation of this paper waits for a decision."""

    code = "revocation-proposed"


class NoRevocation(Conflict):
    """Nobody has proposed to revoke the paper."""

    code = "no-revocation"


def propose_revocation(
    kind: str, public_id: UUID, actor: Actor, *, from_on: date, reason: str, at: datetime
) -> PaperRow:
    """Propose that a paper does not hold from ``from_on`` on; until another person confirms, it holds.

    :raises Forbidden: without ``papers:review`` or ``papers:decide``.
    :raises NoSuchPaper: if it is outside the actor's scope.
    :raises NotInForce: if it never came into force.
    :raises BadPaper: without a reason, or for a day after its end.
    :raises RevocationProposed: if one waits already.
    """
    if not (actor.may("papers:review") or actor.may("papers:decide")):
        raise Forbidden(_("需要权限：%(name)s", name="papers:review"), permission="papers:review")
    row = lock_paper(kind, public_id, actor, at)
    if row.paper.status not in ("in_force", "revoked"):
        raise NotInForce(_("这份材料没有生效，无须撤销。"))
    if not 0 < len(reason.strip()) <= _MAX_REASON:
        raise _bad("reason", _("请说明撤销原因，最多500个字。"))
    if row.paper.valid_to is not None and from_on > row.paper.valid_to:
        raise _bad("from_on", _("撤销日在有效期之后。"))
    proposed = PaperRevocation(
        public_id=uuid7(), from_on=max(from_on, row.paper.valid_from), reason=reason.strip(), status="proposed",
        proposed_by=actor.user_id, proposed_at=at, **{f"{kind}_id": row.paper.id},
    )  # fmt: skip
    waiting = RevocationProposed(_("已有撤销申请在等待复核。"))
    with refusing(uq_paper_revocations_eligibility=waiting, uq_paper_revocations_certificate=waiting):
        db.session.add(proposed)
    TABLE.record_start("revocation", proposed, "propose", by(actor, "reviewer", at=at))
    audit.record(actor, f"catalog.{kind}_revocation_proposed", kind, row.paper.id, from_on=[None, from_on.isoformat()])
    return get_paper(kind, public_id, actor, business_day(at))


def decide_revocation(
    kind: str, public_id: UUID, actor: Actor, *, is_confirmed: bool, reason: str, at: datetime
) -> PaperRow:
    """Confirm a proposed revocation, or refuse it.

    Confirmed, the paper holds up to the day before; one that never held becomes ``annulled``. What orders froze
    before stays as it was.

    :raises NoSuchPaper: if it is outside the actor's scope.
    :raises NoRevocation: if none is proposed.
    :raises SamePerson: if the actor proposed it.
    """
    row = lock_paper(kind, public_id, actor, at)
    if row.revocation is None:
        raise NoRevocation(_("没有等待复核的撤销申请。"))
    require_other_person(row.revocation.proposed_by, actor)
    event = "confirm" if is_confirmed else "refuse"
    TABLE.move("revocation", row.revocation, event, by(actor, "reviewer", at=at), why=reason.strip()[:_MAX_REASON])
    row.revocation.decided_by, row.revocation.decided_at = actor.user_id, at
    row.revocation.decision_reason = reason.strip()[:_MAX_REASON]
    if is_confirmed:
        _revoke(row, row.revocation, actor, at)
    else:
        audit.record(actor, f"catalog.{kind}_revocation_refused", kind, row.paper.id)
    return row


def list_revocations(paper: EligibilityBasis | Certificate) -> list[PaperRevocation]:
    """Return what was proposed against a paper, oldest first."""
    column: Any = (
        PaperRevocation.eligibility_id if isinstance(paper, EligibilityBasis) else PaperRevocation.certificate_id
    )
    return list(db.session.scalars(select(PaperRevocation).where(column == paper.id).order_by(PaperRevocation.id)))


def _revoke(row: PaperRow, revocation: PaperRevocation, actor: Actor, at: datetime) -> None:
    paper, before = row.paper, row.paper.status
    if revocation.from_on <= paper.valid_from:
        TABLE.move(row.kind, paper, "annul", by(actor, "reviewer", at=at), why=revocation.reason)
    else:
        TABLE.move(row.kind, paper, "revoke", by(actor, "reviewer", at=at), why=revocation.reason)
        paper.valid_to = revocation.from_on - timedelta(days=1)
    paper.reason = revocation.reason
    audit.record(
        actor, f"catalog.{row.kind}_revoked", row.kind, paper.id, status=[before, paper.status],
        from_on=[None, revocation.from_on.isoformat()],
    )  # fmt: skip
    publish(
        "catalog.paper_revoked", organisations=[row.producer_key], kind=row.kind, paper=str(paper.public_id),
        from_on=revocation.from_on.isoformat(), reason=revocation.reason,
    )  # fmt: skip


def _bad(field: str, detail: str) -> BadPaper:
    return BadPaper(detail, errors=[{"pointer": f"#/{field}", "detail": detail}])
