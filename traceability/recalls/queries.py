"""Recalls as each desk sees them: the list, one with who got its goods, and what became of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from catalog.lots import recall_terms
from catalog.lots.lifting import NoSuchRecall
from catalog.lots.models import Lot, LotMovement, LotRecall, RecallTerms
from catalog.producers.queries import producers_of
from catalog.products.models import Product, Sku
from shop.auth import Actor
from shop.db import db
from shop.geo.models import Division
from shop.i18n import _
from shop.identity.models import Organisation
from shop.identity.queries import within
from shop.paging import Page, decode_cursor, make_page
from traceability.journey.models import TraceConsignment, TraceReceipt
from traceability.journey.recipients import came_back
from traceability.recalls.models import RecallReply, RecallTelling

_Row, _Named = aliased(LotRecall), aliased(LotRecall)
_Consignee = aliased(Organisation)


@dataclass(frozen=True)
class Sums:
    """How far a recall has come, over the consignments that the reader sees."""

    consignees: int = 0
    orders: int = 0
    told: int = 0
    answered: int = 0


@dataclass(frozen=True)
class RecallHead:
    """A recall: the lot that was named, why, by whom, and whether it was lifted."""

    key: int
    id: UUID
    reason: str
    recalled_at: datetime
    by: str | None
    by_id: int | None
    recalled_by: int | None
    lifted_at: datetime | None
    lift_reason: str | None
    lot_id: UUID
    code: str
    product: str
    producer: str
    #: Lots that it reaches.
    lots: int
    #: Of recalls of before there is none of these.
    level: str | None
    known_at: datetime | None
    due_on: date | None
    #: Of level and deadline; 0 where nobody said any.
    version: int
    sums: Sums

    @property
    def begin_by(self) -> datetime | None:
        """Until when it had to begin."""
        return recall_terms.begin_by(self.level, self.known_at) if self.level and self.known_at else None


@dataclass(frozen=True)
class Reached:
    """A quantity that left for an order, whether its consignee was told, and what it says of it."""

    key: int
    id: UUID
    lot_id: UUID
    lot_code: str
    product: str
    producer_id: int
    unit: str
    order_id: UUID
    order_number: str
    shipped_at: datetime
    consignee_id: int
    consignee: str
    division: str
    quantity: Decimal
    rejected: Decimal
    recall_id: UUID | None
    told_at: datetime | None
    set_aside: Decimal | None
    used: Decimal | None
    returned: Decimal | None
    destroyed: Decimal | None
    note: str | None
    replied_at: datetime | None
    #: What of it came back to the producer after it was accepted, as the producer received it.
    came_back: Decimal

    @property
    def out(self) -> Decimal:
        """What the consignee did not send back when it accepted."""
        return self.quantity - self.rejected

    @property
    def open(self) -> Decimal:
        """What nobody has accounted for: it is not said what became of it, and it has not come back either."""
        told = (self.set_aside, self.used, self.returned, self.destroyed)
        said = sum((each or Decimal(0) for each in told), Decimal(0))
        gone = (self.used or Decimal(0)) + (self.destroyed or Decimal(0))
        return self.out - max(said, gone + self.came_back)


def list_recalls(actor: Actor, on: date, *, limit: int, cursor: str | None = None) -> Page[RecallHead]:
    """Return a page of the recalls that concern the actor, the newest first."""
    after = decode_cursor(cursor, int)
    query = _heads(actor, on).order_by(_Named.id.desc()).limit(limit + 1)
    if after:
        query = query.where(_Named.id < after[0])
    return make_page(_with_sums(query, actor, on), limit, lambda row: (row.key,))


def get_recall(recall_id: UUID, actor: Actor, on: date) -> RecallHead:
    """Return a recall.

    :raises NoSuchRecall: if there is none that concerns the actor.
    """
    found = _with_sums(_heads(actor, on).where(_Named.recall_id == recall_id), actor, on)
    if not found:
        raise NoSuchRecall(_("没有找到。"))
    return found[0]


def list_reached(
    recall_id: UUID, actor: Actor, on: date, *, after: int | None = None, limit: int | None = None
) -> list[Reached]:
    """Return who got goods of a recall, of those the actor may see, in the order in which they left; one more than the limit."""
    query = _reached(actor, on).where(_Row.recall_id == recall_id).order_by(TraceConsignment.movement_id)
    if after is not None:
        query = query.where(TraceConsignment.movement_id > after)
    if limit is not None:
        query = query.limit(limit + 1)
    return [Reached(*row) for row in db.session.execute(query)]


def list_lots(recall_id: UUID, actor: Actor, on: date) -> Sequence[Any]:
    """Return the lots of a recall that the actor may see: all of its own, or those it got."""
    got = exists().where(TraceConsignment.lot_id == Lot.id, TraceConsignment.consignee_id == _Consignee.id, _got(actor))
    return db.session.execute(
        select(Lot.public_id, Lot.code, Product.name, Organisation.name.label("producer"))
        .join(Sku, Sku.id == Lot.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Organisation, Organisation.id == Product.producer_id)
        .join(_Row, _Row.lot_id == Lot.id)
        .where(_Row.recall_id == recall_id, or_(_owns(actor, on), got))
        .order_by(_Row.is_root.desc(), Lot.id)
    ).all()


def _owns(actor: Actor, on: date) -> ColumnElement[bool]:
    """Return which goods are the actor's to watch over, as a condition on :class:`Product`."""
    if actor.scope.kind == "all":
        return true()
    if actor.scope.kind == "division":
        return within(Product.county_code, actor.scope.divisions)
    return Product.producer_id.in_(producers_of(actor, on))


def _got(actor: Actor) -> ColumnElement[bool]:
    """Return which consignments are the actor's own, or went to places it watches over."""
    if actor.scope.kind == "division":
        return within(_Consignee.division_code, actor.scope.divisions)
    if actor.organisation_kind == "institution":
        return TraceConsignment.consignee_id == actor.organisation_id
    return TraceConsignment.consignee_id.is_(None)  # none: a plain "false" would take the joins around it away


def _heads(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    owned = exists().where(
        _Row.recall_id == _Named.recall_id, Lot.id == _Row.lot_id, Sku.id == Lot.sku_id, Product.id == Sku.product_id,
        _owns(actor, on),
    )  # fmt: skip
    got = exists().where(
        _Row.recall_id == _Named.recall_id, TraceConsignment.lot_id == _Row.lot_id,
        TraceConsignment.consignee_id == _Consignee.id, _got(actor),
    )  # fmt: skip
    # A recall that begins at a batch may have no lot that it begins at: its first one stands for it.
    first = select(func.min(_Row.id)).where(_Row.recall_id == _Named.recall_id).correlate(_Named).scalar_subquery()
    rooted = exists().where(_Row.recall_id == _Named.recall_id, _Row.is_root)
    named, sku, product, producer, by = (
        aliased(Lot),
        aliased(Sku),
        aliased(Product),
        aliased(Organisation),
        aliased(Organisation),
    )
    lots = select(func.count()).where(_Row.recall_id == _Named.recall_id).correlate(_Named).scalar_subquery()
    return (
        select(
            _Named.id, _Named.recall_id, _Named.reason, _Named.recalled_at, by.name, _Named.organisation_id,
            _Named.recalled_by, _Named.lifted_at, _Named.lift_reason, named.public_id, named.code, product.name,
            producer.name, lots, RecallTerms.level, RecallTerms.known_at, RecallTerms.due_on,
            func.coalesce(RecallTerms.version, 0),
        )
        .join(named, named.id == _Named.lot_id)
        .join(sku, sku.id == named.sku_id)
        .join(product, product.id == sku.product_id)
        .join(producer, producer.id == product.producer_id)
        .outerjoin(by, by.id == _Named.organisation_id)
        .outerjoin(RecallTerms, RecallTerms.public_id == _Named.recall_id)
        .where(or_(_Named.is_root, and_(~rooted, _Named.id == first)), or_(owned, got))
    )  # fmt: skip


def _with_sums(query: Select[*tuple[Any, ...]], actor: Actor, on: date) -> list[RecallHead]:
    rows = db.session.execute(query).all()
    each = (
        _reached(actor, on).where(_Row.recall_id.in_([row[1] for row in rows])).add_columns(_Row.recall_id).subquery().c
    )
    columns = list(each)
    by_name = dict(zip((*Reached.__dataclass_fields__, "act"), columns, strict=True))
    counted = select(
        by_name["act"], func.count(by_name["consignee_id"].distinct()), func.count(by_name["order_id"].distinct()),
        func.count(by_name["consignee_id"].distinct()).filter(by_name["told_at"].is_not(None)),
        func.count(by_name["consignee_id"].distinct()).filter(by_name["replied_at"].is_not(None)),
    ).group_by(by_name["act"])  # fmt: skip
    sums = {act: Sums(*numbers) for act, *numbers in db.session.execute(counted)} if rows else {}
    return [RecallHead(*(*row, sums.get(row[1], Sums()))) for row in rows]


def _reached(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    """Return the columns of :class:`Reached`: what left of the lots of recalls, with the telling in force and the last reply."""
    told = _told()
    reply = _reply(told)
    rejected = select(func.coalesce(func.sum(TraceReceipt.rejected), 0)).where(
        TraceReceipt.movement_id == TraceConsignment.movement_id
    )
    return (
        select(
            TraceConsignment.movement_id, LotMovement.public_id, Lot.public_id.label("lot"), Lot.code, Product.name,
            Product.producer_id, TraceConsignment.unit, TraceConsignment.order_ref, TraceConsignment.order_number,
            TraceConsignment.shipped_at, TraceConsignment.consignee_id, _Consignee.name.label("consignee"),
            Division.name.label("division"), TraceConsignment.quantity, rejected.scalar_subquery().label("rejected"),
            told.c.recall_id.label("told_by"), told.c.told_at, reply.c.set_aside, reply.c.used, reply.c.returned,
            reply.c.destroyed, reply.c.note, reply.c.replied_at,
            came_back(TraceConsignment.movement_id).label("came_back"),
        )
        .select_from(_Row)
        .join(TraceConsignment, TraceConsignment.lot_id == _Row.lot_id)
        .join(LotMovement, LotMovement.id == TraceConsignment.movement_id)
        .join(Lot, Lot.id == _Row.lot_id)
        .join(Sku, Sku.id == Lot.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(_Consignee, _Consignee.id == TraceConsignment.consignee_id)
        .join(Division, Division.code == _Consignee.division_code)
        .outerjoin(told, true())
        .outerjoin(reply, true())
        .where(or_(_owns(actor, on), _got(actor)))
    )  # fmt: skip


def _told() -> LateralFromClause:
    """Return the telling of a consignment by the recall, or by another that is in force."""
    other = aliased(LotRecall)
    in_force = (
        exists()
        .where(other.recall_id == RecallTelling.recall_id, other.lot_id == _Row.lot_id, other.lifted_at.is_(None))
        .correlate(RecallTelling, _Row)
    )
    return (
        select(RecallTelling.recall_id, RecallTelling.told_at)
        .where(
            RecallTelling.movement_id == TraceConsignment.movement_id,
            or_(RecallTelling.recall_id == _Row.recall_id, and_(_Row.lifted_at.is_(None), in_force)),
        )
        .order_by(RecallTelling.told_at.desc())
        .limit(1)
        .lateral()
    )


def _reply(told: LateralFromClause) -> LateralFromClause:
    """Return the last reply to a telling."""
    return (
        select(RecallReply)
        .where(RecallReply.recall_id == told.c.recall_id, RecallReply.movement_id == TraceConsignment.movement_id)
        .order_by(RecallReply.id.desc())
        .limit(1)
        .lateral()
    )
