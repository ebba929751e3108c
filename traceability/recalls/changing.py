"""What a recall's deadline and level are: changed by who called back, or by the operator."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from catalog.lots import recall_terms
from catalog.lots.lifting import RecallLifted
from catalog.lots.recall_terms import Terms
from shop.auth import Actor
from shop.clock import business_day
from shop.errors import Forbidden
from shop.i18n import _
from traceability.recalls import queries
from traceability.recalls.queries import RecallHead


def may_change(actor: Actor, head: RecallHead) -> bool:
    """Say whether the actor's side made a recall that is in force, or is the operator."""
    is_side = actor.organisation_kind == "operator" or head.by_id == actor.organisation_id
    return head.lifted_at is None and actor.may("lots:recall") and is_side


def change_terms(recall_id: UUID, terms: Terms, version: int, *, actor: Actor, at: datetime) -> None:
    """Say anew how grave a recall is and by when its goods must be back; nobody is reminded of the old deadline any more.

    :raises NoSuchRecall: if none concerns the actor.
    :raises Forbidden: for others than who called back, and the operator.
    :raises RecallLifted: if it was lifted.
    :raises VersionChanged: if somebody else changed it since it was read.
    :raises BadRecallTerms: pointing at what makes no sense.
    """
    head = queries.get_recall(recall_id, actor, business_day(at))
    if head.lifted_at is not None:
        raise RecallLifted(_("这次召回已经撤回。"))
    if not may_change(actor, head):
        raise Forbidden(_("由发起召回的单位或平台运营方更改。"))
    recall_terms.change(recall_id, terms, version, actor, at=at)
