"""Reads of batches and acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots.batches.models import Batch, BatchAct, Place
from catalog.producers.queries import producers_of
from catalog.products.models import Product
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _


class NoSuchBatch(NotFound):
    """There is no such batch, or it is another producer's."""

    code = "no-such-batch"


class NoSuchAct(NotFound):
    """There is no such record, or it is another producer's."""

    code = "no-such-act"


@dataclass(frozen=True)
class BatchView:
    """A batch with its product and how it was born."""

    batch: Batch
    product_id: UUID
    product_name: str
    category_code: str
    act: BatchAct
    place: Place | None

    @property
    def on_hand_kg(self) -> Decimal:
        """What is left of it."""
        return self.batch.on_hand_kg


@dataclass(frozen=True)
class Moved:
    """What an act moved: kilograms of a batch, or packs of a lot, signed."""

    act_id: UUID
    batch_id: UUID | None
    lot_id: UUID | None
    code: str
    product_name: str
    quantity: Decimal
    #: ``kg``, or the pack's unit.
    unit: str


@dataclass(frozen=True)
class ActView:
    """Something that was done, with what it moved."""

    act: BatchAct
    place: Place | None
    who: str
    moved: tuple[Moved, ...]
    is_undone: bool

    @property
    def inputs(self) -> list[Moved]:
        """What was taken."""
        return [each for each in self.moved if each.quantity < 0]

    @property
    def outputs(self) -> list[Moved]:
        """What was made."""
        return [each for each in self.moved if each.quantity > 0]


def _batches(actor: Actor, on: date) -> Any:
    return (
        select(Batch, Product.public_id, Product.name, Product.category_code, BatchAct, Place)
        .join(Product, Product.id == Batch.product_id)
        .join(BatchAct, BatchAct.id == Batch.act_id)
        .outerjoin(Place, Place.id == BatchAct.place_id)
        .where(Batch.producer_id.in_(producers_of(actor, on)))
    )


def get_batch(public_id: UUID, actor: Actor, on: date) -> BatchView:
    """Return a batch of a producer for whom the actor may act.

    :raises NoSuchBatch: if there is none.
    """
    wanted = _batches(actor, on).where(Batch.public_id == public_id).execution_options(populate_existing=True)
    row = db.session.execute(wanted).one_or_none()
    if row is None:
        raise NoSuchBatch(_("没有找到。"))
    return BatchView(*row)


def list_batches(
    actor: Actor,
    on: date,
    *,
    product: UUID | None = None,
    has_goods: bool = False,
    after: int | None = None,
    limit: int = 100,
) -> list[BatchView]:
    """Return batches of the actor's producers, newest first, at most ``limit`` + 1; undone ones are left out.

    :param has_goods: only open ones with something left.
    """
    wanted = _batches(actor, on).where(Batch.status != "undone").order_by(Batch.id.desc()).limit(limit + 1)
    if product is not None:
        wanted = wanted.where(Product.public_id == product)
    if has_goods:
        wanted = wanted.where(Batch.status == "open", Batch.on_hand_kg > 0)
    if after is not None:
        wanted = wanted.where(Batch.id < after)
    return [BatchView(*row) for row in db.session.execute(wanted)]


def get_act(public_id: UUID, actor: Actor, on: date) -> BatchAct:
    """Return an act of a producer for whom the actor may act.

    :raises NoSuchAct: if there is none.
    """
    act = db.session.scalars(select(BatchAct).where(BatchAct.public_id == public_id)).one_or_none()
    if act is None or act.producer_id not in producers_of(actor, on):
        raise NoSuchAct(_("没有找到。"))
    return act


def list_acts(
    actor: Actor,
    on: date,
    *,
    batch_id: int | None = None,
    kinds: Sequence[str] = (),
    after: int | None = None,
    limit: int = 100,
) -> list[ActView]:
    """Return what was done by the actor's producers, the last recorded first, at most ``limit`` + 1.

    :param batch_id: only what moved that batch.
    """
    rows = db.session.execute(
        text(f"""SELECT a.id FROM batch_acts a WHERE a.producer_id = ANY(:producers)
                 {"AND a.id IN (SELECT act_id FROM batch_movements WHERE batch_id = :batch)" if batch_id else ""}
                 {"AND a.kind = ANY(:kinds)" if kinds else ""} {"AND a.id < :after" if after else ""}
                 ORDER BY a.id DESC LIMIT :limit"""),
        {
            "producers": sorted(producers_of(actor, on)), "batch": batch_id, "kinds": list(kinds), "after": after,
            "limit": limit + 1,
        },
    )  # fmt: skip
    return act_views(list(rows.scalars()))


_MOVED = text("""
    SELECT m.act_id AS key, a.public_id AS act_id, b.public_id AS batch_id, NULL::uuid AS lot_id, b.code, p.name AS product_name,
           m.quantity_kg AS quantity, 'kg' AS unit
    FROM batch_movements m JOIN batch_acts a ON a.id = m.act_id JOIN batches b ON b.id = m.batch_id
    JOIN products p ON p.id = b.product_id WHERE m.act_id = ANY(:acts)
    UNION ALL
    SELECT m.act_id, a.public_id, NULL, l.public_id, l.code, p.name || ' ' || s.pack_spec, m.quantity, s.unit
    FROM lot_movements m JOIN batch_acts a ON a.id = m.act_id JOIN lots l ON l.id = m.lot_id JOIN skus s ON s.id = l.sku_id
    JOIN products p ON p.id = s.product_id WHERE m.act_id = ANY(:acts)
    ORDER BY key, unit DESC, code""")


def act_views(keys: Sequence[int]) -> list[ActView]:
    """Return acts by key, the last recorded first, in a constant number of statements."""
    rows = db.session.execute(
        select(BatchAct, Place)
        .outerjoin(Place, Place.id == BatchAct.place_id)
        .where(BatchAct.id.in_(keys))
        .order_by(BatchAct.id.desc())
    ).all()
    who = text("SELECT a.id, u.name FROM batch_acts a JOIN users u ON u.id = a.user_id WHERE a.id = ANY(:acts)")
    names = {row.id: row.name for row in db.session.execute(who, {"acts": list(keys)})}
    undone = set(
        db.session.execute(
            text("SELECT undoes_id FROM batch_acts WHERE undoes_id = ANY(:acts)"), {"acts": list(keys)}
        ).scalars()
    )
    moved: dict[int, list[Moved]] = {}
    for row in db.session.execute(_MOVED, {"acts": list(keys)}):
        moved.setdefault(row.key, []).append(Moved(*row[1:]))
    return [
        ActView(act, place, names.get(act.id, ""), tuple(moved.get(act.id, ())), act.id in undone)
        for act, place in rows
    ]


def last_yield(product_id: int) -> Decimal | None:
    """Return the yield that was declared when the product was last made; ``None`` if it never was."""
    found: Decimal | None = db.session.execute(
        text("""SELECT a.yield_bound FROM batch_acts a JOIN batches b ON b.act_id = a.id
                WHERE a.kind = 'process' AND b.product_id = :product ORDER BY a.id DESC LIMIT 1"""),
        {"product": product_id},
    ).scalar_one_or_none()
    return found


def born_at(batch: Batch) -> datetime:
    """Return when a batch came to be."""
    return db.session.get_one(BatchAct, batch.act_id).occurred_at
