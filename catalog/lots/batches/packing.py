"""Packing: a batch becomes packs of a SKU, never more than was taken from it; and packs that become a batch again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from catalog.lots import lineage
from catalog.lots.batches.acts import ZERO, Deed, lock_batches, move, require_open, start, tell, too_small
from catalog.lots.batches.models import Batch, BatchAct
from catalog.lots.batches.places import find_usable
from catalog.lots.batches.queries import get_batch
from catalog.lots.batches.rules import bad, check_order, check_quantity, check_time
from catalog.lots.batches.services import add_batch
from catalog.lots.models import Lot
from catalog.lots.moves import Movement, lock_stock
from catalog.lots.moves import move as move_lot
from catalog.lots.services import LotNotOpen, NewLot, add_lot, check_lot, get_own_lot
from catalog.products.models import Product, Sku
from catalog.products.services import NoSuchProduct, get_own_sku
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _

_GRAMS = 1000
_MAX_NET_G = 1_000_000


class NetWeightMissing(Conflict):
    """The pack's net weight is not known, so nobody can say what mass is packed."""

    code = "net-weight-missing"


class PacksNumbered(Conflict):
    """The packs have serial numbers: opened, they would be packed and numbered anew."""

    code = "packs-numbered"


@dataclass(frozen=True)
class Packing:
    """Packs made out of a batch."""

    batch: UUID
    sku: UUID
    code: str
    #: In the SKU's unit; whole packs, unless it is sold by the kilogram.
    quantity: Decimal
    occurred_at: datetime
    expires_on: date | None = None
    #: Spilt, sorted out, sampled while packing.
    loss_kg: Decimal = ZERO
    place: UUID | None = None
    #: Of a pack whose net weight is not known yet; kept for good.
    net_weight_g: int | None = None
    #: The day that stands on packs that were there before; else that of packing.
    produced_on: date | None = None


def pack(new: Packing, actor: Actor, *, at: datetime) -> Lot:
    """Pack a batch into a lot of a SKU of the same product.

    :raises NoSuchBatch, NoSuchProduct, NoSuchPlace: if something is not the actor's.
    :raises NetWeightMissing: if the pack's net weight is neither known nor given.
    :raises BadBatch, BadLot: pointing at what makes no sense.
    :raises BatchNotOpen: if the batch is recalled or undone.
    :raises BatchTooSmall: if it does not hold packs × net weight and the loss.
    :raises LotCodeTaken: if the SKU has a lot of that code.
    """
    view, sku = get_batch(new.batch, actor, business_day(at)), get_own_sku(new.sku, actor, at=at)
    if sku.product_id != view.batch.product_id:
        raise bad("sku", _("规格与批次不是同一产品。"))
    check_time(new.occurred_at, at)
    if new.loss_kg < 0 or new.loss_kg != round(new.loss_kg, 3):
        raise bad("loss", _("损耗不能小于零，最多三位小数。"))
    place = find_usable(new.place, view.batch.producer_id, business_day(new.occurred_at)) if new.place else None
    unit_mass_g = _net_weight(sku, new.net_weight_g, actor)
    mass = _mass(sku, new.quantity, unit_mass_g)
    made_on = new.produced_on or business_day(new.occurred_at)
    lot_values = NewLot(sku.id, new.code, new.quantity, made_on, new.expires_on)
    check_lot(lot_values, business_day(at))
    lineage.hold(view.batch.producer_id)
    lock_stock(sku.id)
    batch = lock_batches([view.batch.id])[view.batch.id]
    require_open(batch)
    if batch.on_hand_kg < mass + new.loss_kg:
        raise too_small(batch.on_hand_kg)
    deed = Deed("pack", batch.producer_id, new.occurred_at, place, packed_kg=mass, loss_kg=new.loss_kg)
    act = start(deed, actor, taken=mass + new.loss_kg, given=ZERO, at=at)
    lot = add_lot(lot_values, at, batch_id=batch.id, act_id=act.id, unit_mass_g=unit_mass_g)
    born = Movement(lot.id, "born", new.quantity, f"lot:{lot.public_id}", at, actor.user_id, act_id=act.id)
    move_lot(born)
    move(act, {batch.id: -mass - new.loss_kg})
    db.session.refresh(lot)
    audit.record(actor, "catalog.lot_packed", "lot", lot.id, quantity=[None, f"{new.quantity:f}"])
    tell(act, place, lots=[lot_values_of(lot, sku, new.quantity, mass)])
    return lot


def unpack(
    public_id: UUID,
    quantity: Decimal,
    actor: Actor,
    *,
    code: str = "",
    loss_kg: Decimal = ZERO,
    occurred_at: datetime,
    at: datetime,
    place: UUID | None = None,
) -> Batch:
    """Open packs of a lot that came from a batch: their content is a new batch, to be packed anew.

    :raises NoSuchLot: if it is not the actor's.
    :raises LotNotOpen: if it is closed or recalled.
    :raises BadBatch: for a lot whose origin was not recorded, a time before it was packed, or a quantity that is none.
    :raises StockReserved: if orders have reserved the packs, or the lot does not hold them.
    :raises PacksNumbered: if fewer packs than serial numbers would be left.
    """
    lot = get_own_lot(public_id, actor, business_day(at))
    if lot.unit_mass_g is None:
        raise bad("lot", _("该批次没有来源记录，不能拆包。"))
    check_time(occurred_at, at)
    sku = db.session.get_one(Sku, lot.sku_id)
    mass = _mass(sku, quantity, lot.unit_mass_g)
    if not 0 <= loss_kg < mass or loss_kg != round(loss_kg, 3):
        raise bad("loss", _("损耗须小于拆出的重量。"))
    product = db.session.get_one(Product, sku.product_id)
    lineage.hold(product.producer_id)
    lock_stock(lot.sku_id)
    db.session.refresh(lot, with_for_update=True)
    if lot.status != "open":
        raise LotNotOpen(_("批次“%(code)s”已关闭。", code=lot.code))
    where = find_usable(place, product.producer_id, business_day(occurred_at)) if place else None
    check_order(occurred_at, [(lot.code, born_at(lot))])
    deed = Deed("unpack", product.producer_id, occurred_at, where, packed_kg=-mass, loss_kg=loss_kg)
    act = start(deed, actor, taken=ZERO, given=mass - loss_kg, at=at)
    _take_out(Movement(lot.id, "unpacked", -quantity, f"act:{act.public_id}", at, actor.user_id, act_id=act.id))
    batch = add_batch(product, act, code)
    move(act, {batch.id: mass - loss_kg})
    db.session.refresh(lot)
    tell(act, where, lots=[lot_values_of(lot, sku, -quantity, -mass)])
    return batch


def _take_out(movement: Movement) -> None:
    """Move packs that are opened out of their lot, unless they have numbers."""
    detail = _("已编号的包装不能拆开。")
    with refusing(lot_pieces=PacksNumbered(detail, errors=[{"pointer": "#/quantity", "detail": detail}])):
        move_lot(movement)


def lot_values_of(lot: Lot, sku: Sku, quantity: Decimal, mass: Decimal) -> dict[str, Any]:
    """Return what events tell of a lot and what moved."""
    return {
        "lot_id": str(lot.public_id), "code": lot.code, "sku_id": str(sku.public_id), "gtin": sku.gtin,
        "pack_spec": sku.pack_spec, "unit": sku.unit, "quantity": f"{quantity:.3f}", "mass_kg": f"{mass:.3f}",
        "produced_on": lot.produced_on.isoformat(), "expires_on": lot.expires_on.isoformat() if lot.expires_on else None,
    }  # fmt: skip


def _net_weight(sku: Sku, given: int | None, actor: Actor) -> int:
    """Return the grams of a unit; of a pack without, keep what was given."""
    if sku.unit == "kg":
        return _GRAMS
    if sku.net_weight_g is None:
        if given is None:
            detail = _("这个规格没有净重，请填写一件多少克。")
            raise NetWeightMissing(detail, errors=[{"pointer": "#/net_weight_g", "detail": detail}])
        if not 0 < given <= _MAX_NET_G:
            raise bad("net_weight_g", _("净重须大于零。"))
        sku.net_weight_g = given
        audit.record(actor, "catalog.sku_weighed", "sku", sku.id, net_weight_g=[None, given])
    elif given is not None and given != sku.net_weight_g:
        raise bad("net_weight_g", _("这个规格的净重是 %(grams)s 克。", grams=sku.net_weight_g))
    return sku.net_weight_g


def _mass(sku: Sku, quantity: Decimal, unit_mass_g: int) -> Decimal:
    """Return the kilograms of packs."""
    check_quantity(quantity)
    if sku.unit != "kg" and quantity != quantity.to_integral_value():
        raise bad("quantity", _("包装数量须是整数。"))
    mass = quantity * unit_mass_g / _GRAMS
    check_quantity(mass)
    return mass.quantize(Decimal("0.001"))


def born_at(lot: Lot) -> datetime:
    """Return when a lot of a batch was packed."""
    return db.session.scalars(select(BatchAct.occurred_at).where(BatchAct.id == lot.act_id)).one()


def packs_of(batch: Batch) -> list[Lot]:
    """Return the lots that were packed from a batch, newest first."""
    wanted = select(Lot).where(Lot.batch_id == batch.id, Lot.status != "undone").order_by(Lot.id.desc())
    return list(db.session.scalars(wanted))


def skus_of(product_id: int) -> list[Sku]:
    """Return the packs of a product."""
    return list(db.session.scalars(select(Sku).where(Sku.product_id == product_id).order_by(Sku.id)))


def free_packs(batch: Batch, unit_mass_g: int) -> Decimal:
    """Return how many packs of a net weight the batch still holds."""
    return batch.on_hand_kg * _GRAMS // unit_mass_g


__all__ = [
    "NetWeightMissing",
    "NoSuchProduct",
    "Packing",
    "PacksNumbered",
    "born_at",
    "free_packs",
    "lot_values_of",
    "pack",
    "packs_of",
    "skus_of",
    "unpack",
]
