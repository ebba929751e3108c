"""Scans by lot, and the packs whose labels were scanned more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    cast,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from catalog.lots.models import Lot
from catalog.producers.queries import producers_of
from catalog.products.models import Product, Sku
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.geo.models import AssistedCounty
from shop.i18n import _
from shop.identity.models import Organisation
from shop.identity.queries import within
from shop.sheets import Cell
from traceability.pieces.models import LotScan, RecordedScan, SerialRun, SerialScan

#: Rows of one sheet.
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class LotCount:
    """How often labels of a lot were scanned."""

    key: int
    id: UUID
    code: str
    product: str
    pack_spec: str
    producer: str
    county: str
    #: Serial numbers issued, those whose label was scanned, and those scanned more than once.
    issued: int
    scanned: int
    repeated: int
    #: Of labels with and without serial numbers.
    scans: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class PieceCount:
    """How often the label of one pack was scanned."""

    serial: str
    scans: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Sums:
    """The same over all lots of a list."""

    lots: int = 0
    issued: int = 0
    scanned: int = 0
    repeated: int = 0
    scans: int = 0


def scope_of(actor: Actor, on: date) -> ColumnElement[bool]:
    """Return which lots' scans the actor may see: the producer's side, its county's officials, the operator."""
    if actor.scope.kind == "division":
        return within(Product.county_code, actor.scope.divisions)
    if actor.scope.kind == "all":
        return true()
    return Product.producer_id.in_(producers_of(actor, on))


def list_lots(
    actor: Actor, on: date, *, is_repeated: bool = False, after: int | None = None, limit: int
) -> list[LotCount]:
    """Return lots that have serial numbers or were scanned, newest first, at most ``limit`` + 1.

    :param is_repeated: only those with a pack that was scanned more than once.
    """
    query = _lots(actor, on, is_repeated=is_repeated).order_by(Lot.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(Lot.id < after)
    return [LotCount(*row) for row in db.session.execute(query)]


def sum_lots(actor: Actor, on: date, *, is_repeated: bool = False) -> Sums:
    """Return the sums over all lots of that list."""
    rows = _lots(actor, on, is_repeated=is_repeated).subquery().c
    columns = (rows.issued, rows.scanned, rows.repeated, rows.scans)
    counted = select(func.count(), *(func.coalesce(func.sum(column), 0) for column in columns))
    return Sums(*(int(value) for value in db.session.execute(counted).one()))


def get_lot(actor: Actor, on: date, lot_id: UUID) -> LotCount | None:
    """Return the counts of one lot; ``None`` if the actor sees none of it."""
    row = db.session.execute(_lots(actor, on).where(Lot.public_id == lot_id)).one_or_none()
    return LotCount(*row) if row else None


def list_repeated(lot_key: int, *, after: Sequence[Any] | None = None, limit: int) -> list[PieceCount]:
    """Return the packs of a lot that were scanned more than once, most often first, at most ``limit`` + 1."""
    each = _scans_of(lot_key).subquery().c
    query = select(each.serial, each.scans, each.first_at, each.last_at).where(each.scans > 1)
    if after is not None:
        query = query.where(tuple_(each.scans, each.serial) < tuple_(*after))
    query = query.order_by(each.scans.desc(), each.serial.desc()).limit(limit + 1)
    return [PieceCount(*row) for row in db.session.execute(query)]


def table(rows: Sequence[LotCount], sums: Sums) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, rows and a total row for a workbook."""
    titles = [
        _("批号"), _("产品"), _("规格"), _("供应商"), _("县"), _("已编号件数"), _("扫过的件数"), _("重复扫码的件数"),
        _("扫码次数"), _("最近扫码"),
    ]  # fmt: skip
    cells: list[list[Cell]] = [
        [
            row.code, row.product, row.pack_spec, row.producer, row.county, row.issued, row.scanned, row.repeated,
            row.scans, business_day(row.last_at) if row.last_at else None,
        ]
        for row in rows
    ]  # fmt: skip
    total: list[Cell] = [
        _("合计"), str(sums.lots), "", "", "", sums.issued, sums.scanned, sums.repeated, sums.scans, None
    ]  # fmt: skip
    return titles, cells, total


def _scans_of(lot: Any) -> CompoundSelect[*tuple[Any, ...]]:
    """Return the scanned packs of a lot: those that we numbered, and those that their producer did."""
    return union_all(
        *(
            select(kind.serial, kind.scans, kind.first_at, kind.last_at).where(kind.lot_id == lot).correlate(Lot)
            for kind in (SerialScan, RecordedScan)
        )
    )


def _lots(actor: Actor, on: date, *, is_repeated: bool = False) -> Select[*tuple[Any, ...]]:
    runs = select(func.sum(SerialRun.pieces)).where(SerialRun.lot_id == Lot.id).scalar_subquery()
    issued = cast(func.coalesce(runs, 0), BigInteger).label("issued")
    each = _scans_of(Lot.id).lateral("each")
    repeated = func.count().filter(each.c.scans > 1)
    pieces = (
        select(
            func.count().label("scanned"), repeated.label("repeated"), func.sum(each.c.scans).label("scans"),
            func.max(each.c.last_at).label("last_at"),
        )
        .select_from(each)
        .lateral("pieces")
    )  # fmt: skip
    scans = cast(func.coalesce(pieces.c.scans, 0) + func.coalesce(LotScan.scans, 0), BigInteger)
    found = or_(
        LotScan.lot_id.is_not(None), exists().where(SerialRun.lot_id == Lot.id),
        exists().where(RecordedScan.lot_id == Lot.id),
    )  # fmt: skip
    if is_repeated:
        found = or_(*(exists().where(kind.lot_id == Lot.id, kind.scans > 1) for kind in (SerialScan, RecordedScan)))
    return (
        select(
            Lot.id, Lot.public_id, Lot.code, Product.name, Sku.pack_spec, Organisation.name, AssistedCounty.name,
            issued, pieces.c.scanned, pieces.c.repeated, scans.label("scans"),
            func.greatest(pieces.c.last_at, LotScan.last_at).label("last_at"),
        )
        .select_from(Lot)
        .join(Sku, Sku.id == Lot.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Organisation, Organisation.id == Product.producer_id)
        .join(AssistedCounty, AssistedCounty.code == Product.county_code)
        .outerjoin(LotScan, LotScan.lot_id == Lot.id)
        .outerjoin(pieces, true())
        .where(and_(found, scope_of(actor, on)))
    )  # fmt: skip
