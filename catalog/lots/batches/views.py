"""Places, batches and acts over the API."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from catalog.lots import queries as lot_queries
from catalog.lots.batches import balance, packing, places, queries, services
from catalog.lots.batches.models import Place
from catalog.lots.batches.rules import bad
from catalog.lots.batches.schemas import (
    ActListSchema,
    ActSchema,
    BalanceSchema,
    BatchListSchema,
    BatchQuery,
    BatchSchema,
    DiscardSchema,
    MixSchema,
    NewBatchSchema,
    NewPlaceSchema,
    PackingSchema,
    PlaceListSchema,
    PlaceSchema,
    ProcessingSchema,
    SplitSchema,
    UnpackingSchema,
)
from catalog.lots.records import undoing
from catalog.lots.schemas import LotSchema
from catalog.producers.queries import producers_of, resolve_producer
from catalog.products.models import Sku
from catalog.products.services import get_own_sku
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import Page, PageQuery, decode_cursor, make_page

bp = Blueprint("batches", __name__, url_prefix="/api/v1", description="Batches: what was grown, before it is packed")


@bp.route("/places")
@requires("lots:edit")
@bp.arguments(PageQuery, location="query")
@bp.response(200, PlaceListSchema)
def list_places(query: dict[str, Any], actor: Actor) -> Page[Place]:
    """List the places that the caller's producers can use today, newest first."""
    after = decode_cursor(query["cursor"], int)
    rows = places.list_places(actor, clock.today(), after=after[0] if after else None, limit=query["limit"])
    return make_page(rows, query["limit"], lambda place: (place.id,))


@bp.route("/places", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(NewPlaceSchema)
@bp.response(201, PlaceSchema)
def add_place(body: dict[str, Any], actor: Actor) -> Place:
    """Add a place."""
    at = clock.now()
    with transaction():
        producer = resolve_producer(body.pop("producer"), actor, clock.business_day(at))
        return places.add_place(producer, places.NewPlace(**body), actor, at=at)


@bp.route("/places/<uuid:place_id>/end", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.response(200, PlaceSchema)
def end_place(actor: Actor, place_id: UUID) -> Place:
    """End a place: no form offers it from tomorrow on."""
    with transaction():
        return places.end_place(place_id, actor, at=clock.now())


@bp.route("/batches")
@requires("lots:edit")
@bp.arguments(BatchQuery, location="query")
@bp.response(200, BatchListSchema)
def list_batches(query: dict[str, Any], actor: Actor) -> Page[queries.BatchView]:
    """List batches, newest first."""
    after = decode_cursor(query.pop("cursor"), int)
    rows = queries.list_batches(actor, clock.today(), after=after[0] if after else None, **query)
    return make_page(rows, query["limit"], lambda row: (row.batch.id,))


@bp.route("/batches", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(NewBatchSchema)
@bp.response(201, BatchSchema)
def record_birth(body: dict[str, Any], actor: Actor) -> queries.BatchView:
    """Record a harvest, a slaughter or a purchase."""
    at = clock.now()
    when = body.pop("occurred_at") or at
    new = services.NewBatch(quantity_kg=body.pop("quantity").in_unit("kg"), occurred_at=when, **body)
    with transaction():
        return _shown(services.record_birth(new, actor, at=at).public_id, actor)


@bp.route("/batches/process", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(ProcessingSchema)
@bp.response(201, BatchSchema)
def process(body: dict[str, Any], actor: Actor) -> queries.BatchView:
    """Make a batch of a product out of batches, within the declared yield."""
    at = clock.now()
    new = services.Processing(
        inputs=_inputs(body.pop("inputs")), quantity_kg=body.pop("quantity").in_unit("kg"),
        added_kg=body.pop("added_quantity").in_unit("kg"), occurred_at=body.pop("occurred_at") or at, **body,
    )  # fmt: skip
    with transaction():
        return _shown(services.process(new, actor, at=at).public_id, actor)


@bp.route("/batches/mix", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(MixSchema)
@bp.response(201, BatchSchema)
def mix(body: dict[str, Any], actor: Actor) -> queries.BatchView:
    """Mix batches of one product into a new one."""
    at = clock.now()
    inputs, when = _inputs(body["inputs"]), body["occurred_at"] or at
    with transaction():
        made = services.mix(inputs, actor, code=body["code"], occurred_at=when, at=at, place=body["place"])
        return _shown(made.public_id, actor)


@bp.route("/batches/<uuid:batch_id>")
@requires("lots:edit")
@bp.response(200, BatchSchema)
def show_batch(actor: Actor, batch_id: UUID) -> queries.BatchView:
    """Show a batch."""
    return _shown(batch_id, actor)


@bp.route("/batches/<uuid:batch_id>/acts")
@requires("lots:edit")
@bp.arguments(PageQuery, location="query")
@bp.response(200, ActListSchema)
def list_acts_of_batch(query: dict[str, Any], actor: Actor, batch_id: UUID) -> Page[queries.ActView]:
    """List what was done with a batch, the last first."""
    return _acts(query, actor, queries.get_batch(batch_id, actor, clock.today()).batch.id)


@bp.route("/batches/<uuid:batch_id>/balance")
@requires("lots:edit")
@bp.response(200, BalanceSchema)
def show_balance_of_batch(actor: Actor, batch_id: UUID) -> balance.Balance:
    """Show where a batch's mass is."""
    return balance.of_batch(queries.get_batch(batch_id, actor, clock.today()).batch.id)


@bp.route("/batches/<uuid:batch_id>/split", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(SplitSchema)
@bp.response(201, BatchListSchema)
def split(body: dict[str, Any], actor: Actor, batch_id: UUID) -> Page[queries.BatchView]:
    """Part batches off a batch."""
    at = clock.now()
    parts = [(part["code"], part["quantity"].in_unit("kg")) for part in body["parts"]]
    with transaction():
        when = body["occurred_at"] or at
        made = services.split(batch_id, parts, actor, occurred_at=when, at=at, place=body["place"])
        return Page([_shown(batch.public_id, actor) for batch in made], None)


@bp.route("/batches/<uuid:batch_id>/pack", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(PackingSchema)
@bp.response(201, LotSchema)
def pack(body: dict[str, Any], actor: Actor, batch_id: UUID) -> lot_queries.LotView:
    """Pack a batch into a lot of a SKU; packs times net weight and the loss are taken from it."""
    at = clock.now()
    with transaction():
        sku = get_own_sku(body["sku"], actor, at=at)
        new = packing.Packing(
            batch=batch_id, quantity=body.pop("quantity").in_unit(sku.unit), loss_kg=body.pop("loss").in_unit("kg"),
            occurred_at=body.pop("occurred_at") or at, **body,
        )  # fmt: skip
        lot = packing.pack(new, actor, at=at)
        return lot_queries.get_lot(lot.public_id, actor, clock.business_day(at))


@bp.route("/batches/<uuid:batch_id>/discard", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(DiscardSchema)
@bp.response(200, BatchSchema)
def discard(body: dict[str, Any], actor: Actor, batch_id: UUID) -> queries.BatchView:
    """Take out of a batch what was lost."""
    at = clock.now()
    quantity, when = body["quantity"].in_unit("kg"), body["occurred_at"] or at
    with transaction():
        services.discard(batch_id, quantity, body["reason"], actor, occurred_at=when, at=at, place=body["place"])
        return _shown(batch_id, actor)


@bp.route("/lots/<uuid:lot_id>/unpack", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(UnpackingSchema)
@bp.response(201, BatchSchema)
def unpack(body: dict[str, Any], actor: Actor, lot_id: UUID) -> queries.BatchView:
    """Open packs of a lot: their content is a batch again."""
    at = clock.now()
    with transaction():
        lot = lot_queries.get_lot(lot_id, actor, clock.business_day(at)).lot
        quantity = body["quantity"].in_unit(db.session.get_one(Sku, lot.sku_id).unit)
        loss, when = body["loss"].in_unit("kg"), body["occurred_at"] or at
        made = packing.unpack(
            lot_id, quantity, actor, code=body["code"], loss_kg=loss, occurred_at=when, at=at, place=body["place"]
        )
        return _shown(made.public_id, actor)


@bp.route("/lots/<uuid:lot_id>/balance")
@requires("lots:edit")
@bp.response(200, BalanceSchema)
@bp.alt_response(422, response=HTTPStatus(422).name)
def show_balance_of_lot(actor: Actor, lot_id: UUID) -> balance.Balance:
    """Show where a lot's mass is; 422 for one whose origin was not recorded."""
    lot = lot_queries.get_lot(lot_id, actor, clock.today()).lot
    if lot.batch_id is None:
        raise bad("lot", _("该批次没有来源记录。"))
    return balance.of_lot(lot.id)


@bp.route("/batch-acts")
@requires("lots:edit")
@bp.arguments(PageQuery, location="query")
@bp.response(200, ActListSchema)
def list_acts(query: dict[str, Any], actor: Actor) -> Page[queries.ActView]:
    """List what was done, the last first."""
    return _acts(query, actor, None)


@bp.route("/batch-acts/<uuid:act_id>/undo", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.response(201, ActSchema)
def undo(actor: Actor, act_id: UUID) -> queries.ActView:
    """Undo what was recorded by mistake, while nothing depends on it."""
    with transaction():
        return queries.act_views([undoing.undo(act_id, actor, at=clock.now()).id])[0]


@bp.route("/mass-balance")
@requires("lots:edit")
@bp.response(200, BalanceSchema)
def show_balance(actor: Actor) -> balance.Balance:
    """Show where everything is that the caller's producers harvested, slaughtered or bought."""
    return balance.over_all(producers_of(actor, clock.today()))


def _shown(public_id: UUID, actor: Actor) -> queries.BatchView:
    return queries.get_batch(public_id, actor, clock.today())


def _acts(query: dict[str, Any], actor: Actor, batch_id: int | None) -> Page[queries.ActView]:
    after = decode_cursor(query["cursor"], int)
    rows = queries.list_acts(
        actor, clock.today(), batch_id=batch_id, after=after[0] if after else None, limit=query["limit"]
    )
    return make_page(rows, query["limit"], lambda row: (row.act.id,))


def _inputs(given: Iterable[dict[str, Any]]) -> dict[UUID, Any]:
    """Return batch to kilograms; a batch named twice is refused."""
    found: dict[UUID, Any] = {}
    for place, one in enumerate(given):
        if one["batch"] in found:
            raise bad(f"inputs/{place}/batch", _("同一批次填写了两次。"))
        found[one["batch"]] = one["quantity"].in_unit("kg")
    return found
