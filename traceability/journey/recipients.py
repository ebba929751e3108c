"""Where a lot went: every order that got some of it, and of what was made from it; what a recall needs, in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import aliased

from catalog.lots.models import Lot, LotRecall
from catalog.lots.shipping import NoSuchLot
from catalog.producers.queries import producers_of
from catalog.products.models import Product, Sku
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.geo.models import Division
from shop.i18n import _
from shop.identity.models import Organisation
from shop.identity.queries import within
from shop.sheets import Cell
from traceability.journey.goods import LotOfGoods, find_by_uri, lots_of
from traceability.journey.models import TraceConsignment, TraceReceipt


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

    @property
    def out(self) -> Decimal:
        """What is still with the consignee, or on its way."""
        return self.quantity - self.rejected


@dataclass(frozen=True, slots=True)
class Made:
    """A lot and what was made of it."""

    #: The lot itself first, then those of which the actor may know where they went.
    lots: list[LotOfGoods]
    #: Those of others: neither are their orders shown to the actor, nor are they the actor's to call back.
    others: list[LotOfGoods]


#: What was made of a thing, at any depth; a set, so that what goes round in a circle ends. Only whoever had what went
#: in, and whose goods came out, is believed.
_MADE_OF = text("""
    WITH RECURSIVE down (epc_id) AS (
        SELECT id FROM trace_epcs WHERE uri = :uri
        UNION
        SELECT o.epc_id
        FROM down JOIN trace_transforms i ON i.epc_id = down.epc_id AND NOT i.is_output AND i.withdrawn_by IS NULL
        JOIN trace_events v ON v.id = i.event_id
        JOIN trace_transforms o ON o.event_id = i.event_id AND o.is_output AND o.withdrawn_by IS NULL
        WHERE v.is_market OR (trace_may_tell(v.organisation_id, i.epc_id) IS NOT FALSE
                              AND trace_is_maker(v.organisation_id, o.epc_id) IS NOT FALSE)
    )
    SELECT e.uri FROM down JOIN trace_epcs e ON e.id = down.epc_id WHERE e.uri <> :uri ORDER BY e.uri""")


def get_lot(public_id: UUID, actor: Actor, at: datetime) -> LotOfGoods:
    """Return a lot of which the actor may know where it went: the producer's side, its county's officials, the operator.

    :raises NoSuchLot: if there is none.
    """
    found = _find_lot(public_id, actor, at)
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
    """Return a lot and every lot that was made of it, by repacking for instance, those of others apart."""
    uris = db.session.scalars(_MADE_OF, {"uri": lot.uri}).all()
    found = [each for uri in uris if (each := find_by_uri(uri)) is not None and each.id != lot.id]
    known = set(db.session.scalars(_known_to(actor, at).where(Lot.id.in_([each.id for each in found]))))
    return Made(
        lots=[lot, *(each for each in found if each.id in known)],
        others=[each for each in found if each.id not in known],
    )


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
    return [Recipient(*tuple(row)) for row in db.session.execute(query)]


def recalls_of(lots: Sequence[LotOfGoods]) -> dict[int, LotRecall]:
    """Return which of the lots were called back, and why."""
    query = select(LotRecall).where(LotRecall.lot_id.in_([lot.id for lot in lots]))
    return {each.lot_id: each for each in db.session.scalars(query)}


def table(recipients: Sequence[Recipient]) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, rows and a total row for a workbook."""
    titles = [
        _("批号"), _("订单"), _("发货单"), _("发货时间"), _("收货单位"), _("所在地"), _("地址"), _("联系人"), _("电话"),
        _("发货数量"), _("单位"), _("验收"), _("退回"), _("在收货方"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            one.lot_code, one.order_number, one.shipment_number, one.shipped_at.date(), one.consignee, one.division,
            one.address, one.contact, one.phone, _plain(one.quantity), one.unit, _plain(one.accepted),
            _plain(one.rejected), _plain(one.out),
        ]
        for one in recipients
    ]  # fmt: skip
    sums = [
        sum((getattr(one, name) for one in recipients), Decimal(0))
        for name in ("quantity", "accepted", "rejected", "out")
    ]
    total: list[Cell] = [
        _("合计"), str(len({one.order_id for one in recipients})), "", None, str(len({one.consignee_id for one in recipients})),
        "", "", "", "", _plain(sums[0]), "", *(_plain(each) for each in sums[1:]),
    ]  # fmt: skip
    return titles, rows, total


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


__all__ = ["Made", "NoSuchLot", "Recipient", "get_lot", "list_recipients", "lots_made_of", "recalls_of", "table"]
