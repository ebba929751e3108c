"""Telling a payer's bank what speaks for a charge."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from orders.online import calls, dispute_money, gateway_stripe, snapshots
from orders.online.calls import Call, Handler, handles
from orders.online.errors import ProviderRefused
from orders.online.models import Dispute
from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden, NotFound
from shop.i18n import _


class DisputeClosed(Conflict):
    """The dispute has been decided, or its evidence was handed in; there is nothing more to say."""

    code = "dispute-closed"


def get_dispute(public_id: UUID, actor: Actor) -> Dispute:
    """Return a dispute; only the operator sees them.

    :raises NotFound: if there is none that the actor may see.
    """
    query = select(Dispute).where(Dispute.public_id == public_id)
    found = db.session.scalars(query).one_or_none() if actor.organisation_kind == "operator" else None
    if found is None:
        raise NotFound(_("没有这项付款争议。"))
    return found


def submit(public_id: UUID, words: str, actor: Actor, at: datetime) -> Dispute:
    """Hand evidence in, once: the bank looks at what it gets first.

    :raises NotFound: if there is none that the actor may see.
    :raises DisputeClosed: if it was decided or answered.
    """
    dispute = get_dispute(public_id, actor)
    if not actor.may("disputes:answer"):
        raise Forbidden(_("需要权限：%(name)s。", name="disputes:answer"))
    query = select(Dispute).where(Dispute.id == dispute.id).with_for_update()
    dispute = db.session.scalars(query.execution_options(populate_existing=True)).one()
    if dispute.status != "open" or dispute.submitted_at is not None:
        raise DisputeClosed(_("这项争议已结案或已提交过证据。"))
    dispute.evidence, dispute.submitted_by, dispute.submitted_at = words, actor.user_id, at
    earlier = calls.last_attempt("submit_evidence", dispute.id)
    calls.enqueue("submit_evidence", dispute, {"ref": dispute.dispute_ref, "words": words}, attempt=earlier + 1)
    audit.record(actor, "online.evidence_submitted", "dispute", dispute.id)
    return dispute


def _submit(call: Call) -> snapshots.Dispute:
    return gateway_stripe.submit_evidence(call.params["ref"], call.params["words"], call.key)


def _store(_call: Call, told: snapshots.Dispute, at: datetime) -> str:
    dispute_money.apply_dispute(told, at)
    return told.ref


def _refuse(call: Call, _refusal: ProviderRefused, _at: datetime) -> None:
    """Let it be handed in again, unless the dispute was decided meanwhile."""
    query = select(Dispute).where(Dispute.id == call.subject_id).with_for_update()
    dispute = db.session.scalars(query.execution_options(populate_existing=True)).one()
    dispute.submitted_by = dispute.submitted_at = None


handles("submit_evidence", Handler(make=_submit, store=_store, refuse=_refuse))
