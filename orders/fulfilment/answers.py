"""What is told about shipments and acceptances, in a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from orders.fulfilment.models import Shipment
from orders.purchase.access import visible_orders
from orders.purchase.models import Order
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _


class NoSuchShipment(NotFound):
    """There is no shipment with that identifier that the actor may see."""

    code = "no-such-shipment"


@dataclass(frozen=True, slots=True)
class ShipmentItemAnswer:
    """A quantity of a lot for a line, and what was decided of it."""

    id: UUID
    line_id: UUID
    position: int
    title: str
    pack_spec: str
    unit: str
    lot_id: UUID
    lot_code: str
    produced_on: date
    expires_on: date | None
    quantity: Decimal
    accepted: Decimal
    #: Not kept; of that ``returned`` was accepted first and came back later.
    rejected: Decimal
    returned: Decimal
    #: Why the lot is called back; ``None``: it is not.
    recall_reason: str | None

    @property
    def undecided(self) -> Decimal:
        """What is still to be accepted or rejected."""
        return self.quantity - self.accepted - self.rejected


@dataclass(frozen=True, slots=True)
class ShipmentAnswer:
    """A shipment with its items."""

    id: UUID
    number: str
    order_id: UUID
    order_number: str
    carrier: str
    tracking_ref: str
    note: str
    shipped_at: datetime
    shipped_by: str
    items: tuple[ShipmentItemAnswer, ...]


@dataclass(frozen=True, slots=True)
class AcceptedItemAnswer:
    """What was accepted and rejected of a shipped item."""

    shipment_item_id: UUID
    title: str
    unit: str
    lot_code: str
    accepted: Decimal
    rejected: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class PaperAnswer:
    """A paper of a delivery."""

    kind: str
    file_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class AcceptanceAnswer:
    """An acceptance with its items and papers."""

    id: UUID
    number: str
    accepted_at: datetime
    accepted_by: str
    witness_name: str
    witness_is_member: bool
    #: When the second person confirmed it by its own sign-in.
    witnessed_at: datetime | None
    #: It waits for this actor to do so.
    is_mine_to_witness: bool
    also_present: str
    note: str
    items: tuple[AcceptedItemAnswer, ...]
    files: tuple[PaperAnswer, ...]


_SHIPMENTS = text("""
    SELECT s.id AS key, s.public_id, s.number, o.public_id, o.number, s.carrier, s.tracking_ref, s.note, s.shipped_at, u.name
    FROM shipments s JOIN orders o ON o.id = s.order_id JOIN users u ON u.id = s.shipped_by
    WHERE s.order_id = :order ORDER BY s.id""")
_SHIPPED = text("""
    SELECT i.shipment_id AS key, i.public_id, l.public_id, l.position, l.title, l.pack_spec, l.unit, t.public_id, t.code,
           t.produced_on, t.expires_on, i.quantity, i.accepted, i.rejected, i.returned,
           (SELECT r.reason FROM lot_recalls r WHERE r.lot_id = t.id AND r.lifted_at IS NULL ORDER BY r.id LIMIT 1)
    FROM shipment_items i JOIN shipments s ON s.id = i.shipment_id
    JOIN order_lines l ON l.id = i.line_id JOIN lots t ON t.id = i.lot_id
    WHERE s.order_id = :order ORDER BY i.shipment_id, l.position, i.id""")
_ACCEPTANCES = text("""
    SELECT a.id AS key, a.public_id, a.number, a.accepted_at, u.name, a.witness_name, a.witness_id IS NOT NULL,
           a.witnessed_at, a.witnessed_at IS NULL AND a.witness_id = :me AS is_mine, a.also_present, a.note
    FROM acceptances a JOIN users u ON u.id = a.accepted_by WHERE a.order_id = :order ORDER BY a.id""")
_ACCEPTED = text("""
    SELECT x.acceptance_id AS key, i.public_id, l.title, l.unit, t.code, x.accepted, x.rejected, x.reason
    FROM acceptance_items x JOIN acceptances a ON a.id = x.acceptance_id
    JOIN shipment_items i ON i.id = x.shipment_item_id
    JOIN order_lines l ON l.id = i.line_id JOIN lots t ON t.id = i.lot_id
    WHERE a.order_id = :order ORDER BY x.id""")
_PAPERS = text("""
    SELECT f.acceptance_id AS key, f.kind, s.public_id, s.name
    FROM acceptance_files f JOIN acceptances a ON a.id = f.acceptance_id JOIN stored_files s ON s.id = f.file_id
    WHERE a.order_id = :order ORDER BY s.id""")


def shipments_of(order_id: int, actor: Actor) -> list[ShipmentAnswer]:
    """Return the shipments of an order that the actor may see, first first; who shipped is named to the seller's side."""
    db.session.flush()  # the statements below read what this transaction has changed
    items = _grouped(_SHIPPED, order_id, ShipmentItemAnswer)
    rows = db.session.execute(_SHIPMENTS, {"order": order_id})
    made: list[ShipmentAnswer] = [_make(ShipmentAnswer, *row[1:], tuple(items[row.key])) for row in rows]
    is_own = actor.organisation_kind in ("producer", "agent")
    return made if is_own else [replace(one, shipped_by="") for one in made]


def acceptances_of(order_id: int, actor: Actor) -> list[AcceptanceAnswer]:
    """Return the acceptances of an order that the actor may see, first first; persons are named to the buyer only."""
    db.session.flush()  # the statements below read what this transaction has changed
    items = _grouped(_ACCEPTED, order_id, AcceptedItemAnswer)
    files = _grouped(_PAPERS, order_id, PaperAnswer)
    rows = db.session.execute(_ACCEPTANCES, {"order": order_id, "me": actor.user_id})
    made: list[AcceptanceAnswer] = [
        _make(AcceptanceAnswer, *row[1:], tuple(items[row.key]), tuple(files[row.key])) for row in rows
    ]
    if actor.organisation_kind == "institution":
        return made
    hidden: dict[str, Any] = {"accepted_by": "", "witness_name": "", "also_present": "", "is_mine_to_witness": False}
    return [replace(one, **hidden) for one in made]


def get_shipment(public_id: UUID, actor: Actor, at: datetime) -> ShipmentAnswer:
    """Return a shipment of an order that the actor may see.

    :raises NoSuchShipment: if there is none.
    """
    order_id = db.session.scalar(
        select(Shipment.order_id)
        .join(Order, Order.id == Shipment.order_id)
        .where(Shipment.public_id == public_id, visible_orders(actor, at))
    )
    if order_id is None:
        raise NoSuchShipment(_("没有这次发货。"))
    return next(shipment for shipment in shipments_of(order_id, actor) if shipment.id == public_id)


def _grouped(statement: Any, order_id: int, kind: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in db.session.execute(statement, {"order": order_id}):
        found[row.key].append(kind(*row[1:]))
    return found


def _make(kind: Any, *values: Any) -> Any:
    return kind(*values)
