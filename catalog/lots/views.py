"""Lots over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from catalog.lots import queries, services
from catalog.lots.models import LotMovement
from catalog.lots.schemas import (
    AdjustLotSchema,
    LotListSchema,
    LotQuery,
    LotSchema,
    MovementListSchema,
    NewLotSchema,
    WriteOffSchema,
)
from catalog.products.services import get_own_sku
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page, decode_cursor, make_page

bp = Blueprint("lots", __name__, url_prefix="/api/v1/lots", description="Batches: what is really there")


@bp.route("")
@requires("lots:edit")
@bp.arguments(LotQuery, location="query")
@bp.response(200, LotListSchema)
def list_lots(query: dict[str, Any], actor: Actor) -> Page[queries.LotView]:
    """List lots, newest first."""
    after = decode_cursor(query.pop("cursor"), int)
    rows = queries.list_lots(actor, clock.today(), after=after[0] if after else None, **query)
    return make_page(rows, query["limit"], lambda row: (row.lot.id,))


@bp.route("", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(NewLotSchema)
@bp.response(201, LotSchema)
def create_lot(body: dict[str, Any], actor: Actor) -> queries.LotView:
    """Put a batch in stock."""
    at = clock.now()
    with transaction():
        sku = get_own_sku(body.pop("sku"), actor, at=at)
        new = services.NewLot(
            sku_id=sku.id, lot_code=body.pop("code"), quantity=body.pop("quantity").in_unit(sku.unit), **body
        )
        lot = services.create_lot(new, actor, at=at)
        return queries.get_lot(lot.public_id, actor, clock.business_day(at))


@bp.route("/<uuid:lot_id>")
@requires("lots:edit")
@bp.response(200, LotSchema)
def show_lot(actor: Actor, lot_id: UUID) -> queries.LotView:
    """Show a lot."""
    return queries.get_lot(lot_id, actor, clock.today())


@bp.route("/<uuid:lot_id>/movements")
@requires("lots:edit")
@bp.response(200, MovementListSchema)
def list_movements(actor: Actor, lot_id: UUID) -> Page[LotMovement]:
    """List what moved a lot, newest first."""
    return Page(list(queries.list_movements(queries.get_lot(lot_id, actor, clock.today()).lot.id)), None)


@bp.route("/<uuid:lot_id>/adjust", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(AdjustLotSchema)
@bp.response(200, LotSchema)
def adjust_lot(body: dict[str, Any], actor: Actor, lot_id: UUID) -> queries.LotView:
    """Correct a lot after a count; what orders have reserved stays."""
    at = clock.now()
    with transaction():
        view = queries.get_lot(lot_id, actor, clock.business_day(at))
        quantity = body["quantity"].in_unit(view.unit)
        change = quantity if body["direction"] == "up" else -quantity
        services.adjust_lot(view.lot, change, reason=body["reason"], actor=actor, at=at)
        return queries.get_lot(lot_id, actor, clock.business_day(at))


@bp.route("/<uuid:lot_id>/write-off", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(WriteOffSchema)
@bp.response(200, LotSchema)
def write_off_lot(body: dict[str, Any], actor: Actor, lot_id: UUID) -> queries.LotView:
    """Destroy what is left of a lot."""
    at = clock.now()
    with transaction():
        view = queries.get_lot(lot_id, actor, clock.business_day(at))
        services.write_off_lot(view.lot, reason=body["reason"], actor=actor, at=at)
        return queries.get_lot(lot_id, actor, clock.business_day(at))
