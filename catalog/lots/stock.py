"""Reservations: how orders take SKU stock and give it back. Plain SQL, because orders are placed by the thousand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shop.db import db, send
from shop.errors import Conflict
from shop.i18n import _, mark
from shop.pipelining import Row, Statement


class OutOfStock(Conflict):
    """Fewer units are left than were asked for; ``skus`` says how many of each are free."""

    code = "out-of-stock"


class NotReserved(Conflict):
    """More was to be given back than is reserved."""

    code = "not-reserved"


# The rows are locked in SKU order first; the update then sees them as they are after the wait.
_RESERVE = Statement("""
    WITH wants AS (SELECT * FROM unnest(cast(:skus AS bigint[]), cast(:quantities AS numeric[])) AS w(sku_id, quantity)),
    locked AS MATERIALIZED (
        SELECT s.sku_id, s.on_hand - s.reserved AS free FROM sku_stock s JOIN wants USING (sku_id)
        ORDER BY s.sku_id FOR UPDATE OF s)
    UPDATE sku_stock s SET reserved = s.reserved + w.quantity
    FROM wants w JOIN locked l USING (sku_id)
    WHERE s.sku_id = w.sku_id AND l.free >= w.quantity
    RETURNING s.sku_id""")
_RELEASE = text("""
    WITH wants AS (SELECT * FROM unnest(cast(:skus AS bigint[]), cast(:quantities AS numeric[])) AS w(sku_id, quantity)),
    locked AS MATERIALIZED (
        SELECT s.sku_id FROM sku_stock s JOIN wants USING (sku_id) ORDER BY s.sku_id FOR UPDATE OF s)
    UPDATE sku_stock s SET reserved = s.reserved - w.quantity,
                           uncovered = least(s.uncovered, greatest(s.reserved - w.quantity - s.on_hand, 0))
    FROM wants w JOIN locked l USING (sku_id)
    WHERE s.sku_id = w.sku_id
    RETURNING s.sku_id, s.on_hand - s.reserved - w.quantity AS before""")


def reserve(wants: Mapping[int, Decimal]) -> None:
    """Take stock of each SKU for an order, all or nothing, and lock the rows in SKU order.

    The statement waits for others of the transaction: where less is free, the refusal comes with their answers.

    :param wants: SKU key to quantity above zero, in the SKU's unit, summed per SKU.
    :raises OutOfStock: if less is free of any; the caller's transaction must not go on.
    """
    if not wants:
        return

    def refuse_short(taken: list[Row]) -> None:
        if short := wants.keys() - {sku_id for (sku_id,) in taken}:
            raise _out_of_stock({sku_id: wants[sku_id] for sku_id in short})

    send(_RESERVE, _columns(wants), refuse_short)


def release(wants: Mapping[int, Decimal]) -> None:
    """Give back what an order had reserved.

    :raises NotReserved: if less than that is reserved.
    """
    if not wants:
        return
    try:
        with db.session.begin_nested():
            before = {row.sku_id: row.before for row in db.session.execute(_RELEASE, _columns(wants))}
    except IntegrityError as error:
        raise NotReserved(_("预留数量不足，无法释放。")) from error
    if len(before) < len(wants):
        raise NotReserved(_("预留数量不足，无法释放。"))


def free_stock(sku_ids: list[int]) -> dict[int, Decimal]:
    """Return how much of each SKU can be ordered now; a SKU that never had a lot has none."""
    rows = db.session.execute(
        text("SELECT sku_id, greatest(on_hand - reserved, 0.000) AS free FROM sku_stock WHERE sku_id = ANY(:ids)"),
        {"ids": sku_ids},
    )
    free = {row.sku_id: row.free for row in rows}
    return {sku_id: free.get(sku_id, Decimal(0)) for sku_id in sku_ids}


def _columns(wants: Mapping[int, Decimal]) -> dict[str, object]:
    ordered = sorted(wants)
    if any(wants[sku_id] <= 0 for sku_id in ordered):
        message = "Quantities of stock are above zero."
        raise ValueError(message)
    return {"skus": ordered, "quantities": [wants[sku_id] for sku_id in ordered]}


def _out_of_stock(wants: Mapping[int, Decimal]) -> OutOfStock:
    rows = db.session.execute(
        text("""SELECT s.id, s.public_id, p.name, s.pack_spec, greatest(coalesce(k.on_hand - k.reserved, 0), 0) AS free
                FROM skus s JOIN products p ON p.id = s.product_id LEFT JOIN sku_stock k ON k.sku_id = s.id
                WHERE s.id = ANY(:ids) ORDER BY s.id"""),
        {"ids": sorted(wants)},
    ).all()
    short = [{"sku": str(row.public_id), "wanted": f"{wants[row.id]:f}", "available": f"{row.free:f}"} for row in rows]
    names = mark(";").join(
        _("“%(name)s %(pack)s”余 %(free)s", name=row.name, pack=row.pack_spec, free=f"{row.free.normalize():f}")
        for row in rows
    )
    return OutOfStock(_("库存不足：%(what)s。", what=names), skus=short)
