"""Shipping lots for an order: part by part, never more than is ordered and held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots import services as lots
from catalog.lots.batches import places
from catalog.lots.batches.models import Place
from catalog.lots.models import Lot
from catalog.lots.services import OutOfStock, ShippedLot
from orders.contracts.services import find_contract
from orders.fulfilment import dues
from orders.fulfilment.models import Shipment, ShipmentItem
from orders.purchase import changes, machine, numbers
from orders.purchase.access import lines_of, lock_order
from orders.purchase.models import Order, OrderLine
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _


class BadShipment(Invalid):
    """A shipped quantity or lot does not belong to the order, or is more than is open; ``errors`` points at it."""

    code = "bad-shipment"


@dataclass(frozen=True, slots=True)
class ItemToShip:
    """A quantity of a line, from the lots named or, without any, first expired first out."""

    line_id: UUID
    quantity: Decimal
    unit: str = ""
    lot_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ShipmentDraft:
    """What leaves together."""

    items: Sequence[ItemToShip]
    carrier: str = ""
    tracking_ref: str = ""
    note: str = ""
    #: Where it leaves, if that is told: a place that the producer can use.
    place: UUID | None = None


def ship_order(public_id: UUID, draft: ShipmentDraft, *, actor: Actor, at: datetime) -> Shipment:
    """Ship goods of an order; consumes lots and reservation together.

    :raises NoSuchOrder: if it is not the actor's.
    :raises WrongState: before both have signed, before a pay-first order is paid, or after everything has left.
    :raises BadShipment: pointing at a line or lot of another order, or at more than is open.
    :raises NoSuchPlace: if the producer cannot use the place.
    :raises OutOfStock: if the lots, without expired ones, do not hold it; ``errors`` points at the line.
    """
    order = lock_order(public_id, actor, at)
    lines = {line.public_id: line for line in lines_of(order)}
    contract = find_contract(order.id)
    context = {"contract": contract.status if contract else None}
    machine.check("order", order, "ship_part", actor=actor, at=at, context=context)
    chosen = _check_items(draft.items, lines)
    place = places.find_usable(draft.place, order.producer_id, clock.business_day(at)) if draft.place else None
    for item in draft.items:
        lines[item.line_id].shipped += item.quantity
    is_all = all(line.shipped + line.cancelled == line.quantity for line in lines.values())
    machine.move("order", order, "ship_all" if is_all else "ship_part", actor=actor, at=at, context=context)
    order.first_shipped_at = order.first_shipped_at or at
    shipment = _add_shipment(order, draft, actor=actor, at=at)
    left = _take_lots(shipment, draft.items, lines, chosen=chosen)
    dues.follow_goods(order, list(lines.values()), contract)
    _tell(order, shipment, left, place, at=at)
    return shipment


def _check_items(items: Sequence[ItemToShip], lines: Mapping[UUID, OrderLine]) -> dict[UUID, int]:
    """Refuse what cannot leave, pointing at it; return the keys of the chosen lots."""
    chosen = _find_lots({lot_id for item in items for lot_id in item.lot_ids})
    errors = [] if items else [{"pointer": "#/items", "detail": _("请填写发货数量。")}]
    seen: set[UUID] = set()
    for n, item in enumerate(items):
        line = lines.get(item.line_id)
        if line is None or item.line_id in seen:
            errors.append({"pointer": f"#/items/{n}/line_id", "detail": _("订单里没有这一行，或重复填写。")})
            continue
        seen.add(item.line_id)
        left = line.quantity - line.cancelled - line.shipped
        if item.unit and item.unit != line.unit:
            errors.append({"pointer": f"#/items/{n}/quantity", "detail": _("计量单位应为 %(unit)s。", unit=line.unit)})
        if not 0 < item.quantity <= left:
            detail = _("未发数量为 %(left)s。", left=f"{left.normalize():f}")
            errors.append({"pointer": f"#/items/{n}/quantity", "detail": detail})
        errors += [
            {"pointer": f"#/items/{n}/lot_ids/{k}", "detail": _("没有这个批次。")}
            for k, lot_id in enumerate(item.lot_ids)
            if lot_id not in chosen or chosen[lot_id].sku_id != line.sku_id
        ]
    if errors:
        raise BadShipment(errors[0]["detail"], errors=errors)
    return {public_id: lot.id for public_id, lot in chosen.items()}


def _find_lots(public_ids: set[UUID]) -> dict[UUID, Any]:
    if not public_ids:
        return {}
    rows = db.session.execute(select(Lot.public_id, Lot.id, Lot.sku_id).where(Lot.public_id.in_(public_ids)))
    return {row.public_id: row for row in rows}


def _add_shipment(order: Order, draft: ShipmentDraft, *, actor: Actor, at: datetime) -> Shipment:
    key = int(db.session.scalar(text("SELECT nextval('shipments_id_seq')")) or 0)
    shipment = Shipment(
        id=key,
        order_id=order.id,
        number=numbers.make_number("FH", clock.business_day(at), key),
        carrier=draft.carrier,
        tracking_ref=draft.tracking_ref,
        note=draft.note,
        shipped_at=at,
        shipped_by=actor.user_id,
    )
    db.session.add(shipment)
    db.session.flush()  # its items refer to its row, and the lines come before the stock in the lock order
    return shipment


def _take_lots(
    shipment: Shipment,
    items: Sequence[ItemToShip],
    lines: Mapping[UUID, OrderLine],
    *,
    chosen: Mapping[UUID, int],
) -> list[tuple[OrderLine, ShippedLot]]:
    """Take the goods out of their lots, in SKU order, and note each lot's part."""
    taken: list[tuple[OrderLine, ShippedLot]] = []
    for n, item in sorted(enumerate(items), key=lambda each: lines[each[1].line_id].sku_id):
        line = lines[item.line_id]
        try:
            left = lots.ship(
                line.sku_id,
                item.quantity,
                ref=f"shipment:{shipment.id}:line:{line.id}",
                at=shipment.shipped_at,
                user_id=shipment.shipped_by,
                lot_ids=[chosen[lot_id] for lot_id in item.lot_ids] or None,
            )
        except OutOfStock as error:
            errors = [{"pointer": f"#/items/{n}/quantity", "detail": error.detail}]
            raise OutOfStock(error.detail, errors=errors) from error
        taken += [(line, lot) for lot in left]
    db.session.add_all(
        ShipmentItem(
            shipment_id=shipment.id,
            line_id=line.id,
            lot_id=lot.lot_id,
            movement_id=lot.movement_id,
            quantity=lot.quantity,
        )
        for line, lot in taken
    )
    return taken


def _tell(
    order: Order, shipment: Shipment, left: Sequence[tuple[OrderLine, ShippedLot]], place: Place | None, *, at: datetime
) -> None:
    changes.tell(
        "orders.order_shipped",
        order,
        shipment_id=str(shipment.public_id),
        shipment_number=shipment.number,
        shipped_at=at.isoformat(),
        **changes.parties_of(order),
        carrier=shipment.carrier,
        tracking_ref=shipment.tracking_ref,
        place={"id": str(place.public_id), "gln": place.gln} if place else None,
        items=[
            {
                "line_id": str(line.public_id), "lot_id": lot.lot_id, "lot": lot.lot_code, "quantity": f"{lot.quantity:.3f}",
                "unit": line.unit, "movement": lot.movement_id,
            }
            for line, lot in left
        ],
    )  # fmt: skip
