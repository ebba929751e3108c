"""Electronic receipts on the pages of refunds."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from orders.banking import slip_pages
from orders.banking.forms import SlipsForm
from orders.refunding import slips
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.files import services as files
from shop.idempotency import idempotent

bp = Blueprint("refund_slip_pages", __name__, url_prefix="/<any(producer, operator):desk>")


@bp.post("/refunds/<uuid:refund_id>/slips")
@requires("refunds:record")
@idempotent
def attach(actor: Actor, desk: str, refund_id: UUID) -> Response:
    """Put electronic receipts to a refund."""
    _attach("refund", refund_id, actor)
    return redirect(url_for("refund_pages.show", desk=desk, refund_id=refund_id))


@bp.post("/credit-refunds/<uuid:credit_refund_id>/slips")
@requires("refunds:record")
@idempotent
def attach_credit(actor: Actor, desk: str, credit_refund_id: UUID) -> Response:
    """Put electronic receipts to a refund of credit."""
    _attach("credit_refund", credit_refund_id, actor)
    return redirect(url_for("credit_refund_pages.show", desk=desk, credit_refund_id=credit_refund_id))


def _attach(kind: str, refund_id: UUID, actor: Actor) -> None:
    given = slip_pages.chosen_files(SlipsForm())
    with transaction():
        for name, data in given:
            slips.attach(kind, refund_id, files.store(data, name, actor).public_id, actor, clock.now())
    slip_pages.tell(len(given))
