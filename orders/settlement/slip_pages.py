"""Electronic receipts on the page of a payout."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from orders.banking import slip_pages
from orders.banking.forms import SlipsForm
from orders.settlement import slips
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.files import services as files
from shop.idempotency import idempotent

bp = Blueprint("payout_slip_pages", __name__, url_prefix="/operator/payouts/<uuid:payout_id>/slips")


@bp.post("")
@requires("payouts:prepare")
@idempotent
def attach(actor: Actor, payout_id: UUID) -> Response:
    """Put electronic receipts to a payout."""
    given = slip_pages.chosen_files(SlipsForm())
    with transaction():
        for name, data in given:
            slips.attach(payout_id, files.store(data, name, actor).public_id, actor, clock.now())
    slip_pages.tell(len(given))
    return redirect(url_for("payout_pages.show", desk="operator", payout_id=payout_id))
