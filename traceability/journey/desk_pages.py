"""Where a lot went, on the desks of the producer, the officials of its county and the operator."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from flask import Blueprint, Response, render_template

from catalog.shopfront.labels import UNITS
from shop import clock
from shop.auth import Actor, requires
from shop.db import snapshot
from traceability.journey import recipients
from traceability.journey.sheets import workbook

bp = Blueprint("recipient_pages", __name__, template_folder="templates")


@bp.get("/<any(producer, official, operator):desk>/lots/<uuid:lot_id>/recipients")
@requires("trace:read")
def show(actor: Actor, desk: str, lot_id: UUID) -> str:
    """Show every order that got some of a lot, or of a lot made of it."""
    with snapshot():
        lot = recipients.get_lot(lot_id, actor, clock.now())
        lots = recipients.lots_made_of(lot)
        rows = recipients.list_recipients(lots)
    sums = {
        name: sum((getattr(row, name) for row in rows), Decimal(0))
        for name in ("quantity", "accepted", "rejected", "out")
    }
    return render_template(
        "journey/recipients.html", desk=desk, lot=lot, lots=lots, rows=rows, sums=sums, units=UNITS,
        orders=len({row.order_id for row in rows}), consignees=len({row.consignee_id for row in rows}),
    )  # fmt: skip


@bp.get("/<any(producer, official, operator):desk>/lots/<uuid:lot_id>/recipients.xlsx")
@requires("trace:read")
def download(actor: Actor, desk: str, lot_id: UUID) -> Response:  # noqa: ARG001  the desk is the address's
    """Download the same list with totals."""
    return workbook(lot_id, actor)
