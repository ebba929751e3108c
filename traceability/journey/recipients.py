"""Where a lot went: every order that got some of it, and of what was made from it; what a recall needs, in one answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from catalog.lots import recalls
from catalog.lots.models import Lot, LotRecall
from catalog.lots.shipping import NoSuchLot
from catalog.producers.queries import producers_of
from catalog.products.models import Product, Sku
from catalog.shopfront.labels import UNITS
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.geo.models import Division
from shop.i18n import _
from shop.identity.models import Organisation
from shop.identity.queries import within
from shop.sheets import Cell
from traceability.journey.contacts import Delivery, deliveries_of
from traceability.journey.goods import LotOfGoods, lots_of
from traceability.journey.made_of import made_of
from traceability.journey.models import TraceConsignment, TraceReceipt, TraceReturn
from traceability.journey.sums import as_words


@dataclass(frozen=True, slots=True)
class Recipient:
    """A quantity of a lot that went to somebody for an order."""

    movement_id: int
    lot_id: UUID
    lot_code: str
    order_id: UUID
    order_number: str
    shipment_number: str
    shipped_at: datetime
    consignee_id: UUID
    consignee: str
    division: str
    address: str
    contact: str
    phone: str
    quantity: Decimal
    unit: str
    accepted: Decimal
    rejected: Decimal
    #: What of the accepted came back later.
    returned: Decimal

    @property
    def out(self) -> Decimal:
        """What is still with the consignee, or on its way."""
        return self.quantity - self.rejected - self.returned


@dataclass(frozen=True, slots=True)
class Sum:
    """Quantities in one unit."""

    unit: str
    quantity: Decimal
    accepted: Decimal
    rejected: Decimal
    returned: Decimal

    @property
    def out(self) -> Decimal:
        """What is still with consignees, or on its way."""
        return self.quantity - self.rejected - self.returned


@dataclass(frozen=True, slots=True)
class Totals:
    """How many got lots, and how much."""

    orders: int
    consignees: int
    sums: list[Sum]


@dataclass(frozen=True, slots=True)
class Made:
    """A lot and what was made of it."""

    #: The lot itself first, then those of which the actor may know where they went.
    lots: list[LotOfGoods]
    #: Those of others: neither are their orders shown to the actor, nor are they the actor's to call back.
    others: list[LotOfGoods]


def get_lot(public_id: UUID, actor: Actor, at: datetime) -> LotOfGoods:
    """Return a lot of which the actor may know where it went: the producer's side, its county's officials, the operator.

    :raises NoSuchLot: if there is none.
    """
    found = _find_lot(public_id, actor, at)
    if found is None:
        raise NoSuchLot(_("没有找到。"))
    return lots_of([found])[found]


def find_lot(public_id: UUID) -> LotOfGoods:
    """Return a lot, whoever asks: the caller decides what of it they may see.

    :raises NoSuchLot: if there is none.
    """
    found = db.session.scalars(select(Lot.id).where(Lot.public_id == public_id)).one_or_none()
    if found is None:
        raise NoSuchLot(_("没有找到。"))
    return lots_of([found])[found]


def is_known(public_id: UUID, actor: Actor, at: datetime) -> bool:
    """Say whether the actor may know where a lot went."""
    return actor.may("trace:read") and _find_lot(public_id, actor, at) is not None


def _find_lot(public_id: UUID, actor: Actor, at: datetime) -> int | None:
    return db.session.scalars(_known_to(actor, at).where(Lot.public_id == public_id)).one_or_none()


def _known_to(actor: Actor, at: datetime) -> Select[int]:
    """Return the lots of which the actor may know where they went."""
    query = select(Lot.id).join(Sku, Sku.id == Lot.sku_id).join(Product, Product.id == Sku.product_id)
    if actor.scope.kind == "division":
        return query.where(within(Product.county_code, actor.scope.divisions))
    if actor.scope.kind == "all":
        return query
    return query.where(Product.producer_id.in_(producers_of(actor, business_day(at))))


def lots_made_of(lot: LotOfGoods, actor: Actor, at: datetime) -> Made:
    """Return a lot and every lot that was made of it, as acts or events say, those of others apart.

    :raises TraceTooLarge: past the bounds of a walk.
    """
    found = lots_of(made_of([lot.id]))
    others = [each for key, each in sorted(found.items()) if key != lot.id]
    known = set(db.session.scalars(_known_to(actor, at).where(Lot.id.in_([each.id for each in others]))))
    return Made(
        lots=[lot, *(each for each in others if each.id in known)],
        others=[each for each in others if each.id not in known],
    )


def apart(lots: Iterable[LotOfGoods], actor: Actor, at: datetime) -> Made:
    """Return lots in the order of their keys, those of which the actor may not know where they went apart."""
    every = sorted(lots, key=lambda each: each.id)
    known = set(db.session.scalars(_known_to(actor, at).where(Lot.id.in_([each.id for each in every]))))
    return Made([each for each in every if each.id in known], [each for each in every if each.id not in known])


def list_recipients(
    lots: Sequence[LotOfGoods], *, after: int | None = None, limit: int | None = None
) -> list[Recipient]:
    """Return who got lots, in the order in which they left; with a limit, one more than that if there is more."""
    consignee, receipt = aliased(Organisation), TraceReceipt
    query = (
        select(
            TraceConsignment.movement_id, Lot.public_id, Lot.code, TraceConsignment.order_ref,
            TraceConsignment.order_number, TraceConsignment.shipment_number, TraceConsignment.shipped_at,
            consignee.public_id, consignee.name, Division.name, consignee.address, consignee.contact_name,
            consignee.contact_phone, TraceConsignment.quantity, TraceConsignment.unit,
            func.coalesce(func.sum(receipt.accepted), 0), func.coalesce(func.sum(receipt.rejected), 0),
            came_back(TraceConsignment.movement_id),
        )
        .join(Lot, Lot.id == TraceConsignment.lot_id)
        .join(consignee, consignee.id == TraceConsignment.consignee_id)
        .join(Division, Division.code == consignee.division_code)
        .outerjoin(receipt, receipt.movement_id == TraceConsignment.movement_id)
        .where(TraceConsignment.lot_id.in_([lot.id for lot in lots]))
        .group_by(TraceConsignment.movement_id, Lot.id, consignee.id, Division.name)
        .order_by(TraceConsignment.movement_id)
    )  # fmt: skip
    if after is not None:
        query = query.where(TraceConsignment.movement_id > after)
    if limit is not None:
        query = query.limit(limit + 1)
    found = [Recipient(*tuple(row)) for row in db.session.execute(query)]
    known = deliveries_of({one.order_id for one in found})
    return [_at(known[one.order_id], one) if one.order_id in known else one for one in found]


def came_back(movement_id: InstrumentedAttribute[int]) -> ScalarSelect[Decimal]:
    """Return, as an expression, what of a consignment came back after it was accepted."""
    return (
        select(func.coalesce(func.sum(TraceReturn.quantity), 0))
        .where(TraceReturn.movement_id == movement_id)
        .correlate(TraceConsignment)
        .scalar_subquery()
    )


def _at(delivery: Delivery, one: Recipient) -> Recipient:
    """Return a recipient who is reached where the order was delivered, not where the organisation has its seat."""
    return replace(
        one, contact=delivery.name or one.contact, phone=delivery.phone or one.phone,
        address=delivery.address or one.address,
    )  # fmt: skip


def totals_of(lots: Sequence[LotOfGoods]) -> Totals:
    """Return how many orders and consignees got lots, and how much in each unit."""
    ours = TraceConsignment.lot_id.in_([lot.id for lot in lots])
    counts = select(
        func.count(TraceConsignment.order_ref.distinct()), func.count(TraceConsignment.consignee_id.distinct())
    )
    decided = (
        select(
            TraceReceipt.movement_id, func.sum(TraceReceipt.accepted).label("accepted"),
            func.sum(TraceReceipt.rejected).label("rejected"),
        )
        .group_by(TraceReceipt.movement_id)
        .subquery()
    )  # fmt: skip
    sums = (
        select(
            TraceConsignment.unit, func.sum(TraceConsignment.quantity), func.coalesce(func.sum(decided.c.accepted), 0),
            func.coalesce(func.sum(decided.c.rejected), 0), func.sum(came_back(TraceConsignment.movement_id)),
        )
        .outerjoin(decided, decided.c.movement_id == TraceConsignment.movement_id)
        .where(ours)
        .group_by(TraceConsignment.unit)
        .order_by(TraceConsignment.unit)
    )  # fmt: skip
    orders, consignees = db.session.execute(counts.where(ours)).one()
    return Totals(orders, consignees, [Sum(*row) for row in db.session.execute(sums)])


def recalls_of(lots: Sequence[LotOfGoods]) -> dict[int, LotRecall]:
    """Return which of the lots were called back, and why."""
    return recalls.in_force([lot.id for lot in lots])


def table(recipients: Sequence[Recipient]) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, rows and a total row for a workbook."""
    titles = [
        _("批号"), _("订单"), _("发货单"), _("发货时间"), _("收货单位"), _("所在地"), _("地址"), _("联系人"), _("电话"),
        _("发货数量"), _("单位"), _("验收"), _("验收时退回"), _("收后退回"), _("在收货方"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            one.lot_code, one.order_number, one.shipment_number, business_day(one.shipped_at), one.consignee, one.division,
            one.address, one.contact, one.phone, _plain(one.quantity), str(UNITS[one.unit]), _plain(one.accepted),
            _plain(one.rejected), _plain(one.returned), _plain(one.out),
        ]
        for one in recipients
    ]  # fmt: skip
    sums = [as_words(recipients, name) for name in ("quantity", "accepted", "rejected", "returned", "out")]
    total: list[Cell] = [
        _("合计"), str(len({one.order_id for one in recipients})), "", None, str(len({one.consignee_id for one in recipients})),
        "", "", "", "", sums[0], "", *sums[1:],
    ]  # fmt: skip
    return titles, rows, total


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


__all__ = [
    "Made",
    "NoSuchLot",
    "Recipient",
    "apart",
    "get_lot",
    "list_recipients",
    "lots_made_of",
    "recalls_of",
    "table",
    "totals_of",
]
