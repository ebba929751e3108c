"""Goods that leave lots for a shipment, first expired first out, and goods that come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import text

from catalog.lots.moves import Movement, changing, lock_stock, move
from catalog.lots.papers_due import require_certificates, require_tests
from catalog.lots.stock import NotReserved, OutOfStock
from catalog.lots.telling import tell_moved
from shop.clock import business_day
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.i18n import _


class NoSuchLot(NotFound):
    """There is no such lot, or it is another producer's."""

    code = "no-such-lot"


class ReturnedTooMuch(Conflict):
    """More comes back than the lot has shipped."""

    code = "returned-too-much"


@dataclass(frozen=True)
class ShippedLot:
    """What a shipment took from one lot."""

    lot_id: int
    lot_code: str
    quantity: Decimal
    movement_id: int
    produced_on: date
    expires_on: date | None


def ship(
    sku_id: int,
    quantity: Decimal,
    *,
    ref: str,
    at: datetime,
    user_id: int | None,
    lot_ids: Sequence[int] | None = None,
) -> list[ShippedLot]:
    """Take goods for a shipment from open lots, first expired first out, and use up the reservation with them.

    :param ref: the fact that ships, such as ``shipment:12:line:7``; once per lot.
    :param lot_ids: only from these lots.
    :raises OutOfStock: if the lots, without those expired that day, do not hold it.
    :raises NotReserved: if less than that is reserved.
    :raises CertificateMissing: if a lot lacks the commitment certificate that must go with it.
    :raises LotFailedTest: if a failed test of a lot stands.
    """
    stock = lock_stock(sku_id)
    if stock.reserved < quantity:
        raise NotReserved(_("预留数量不足，无法发货。"))
    taken = _take(_shippable(sku_id, at, lot_ids), quantity)
    require_certificates(lot.id for lot, _part in taken)
    require_tests(lot.id for lot, _part in taken)
    db.session.execute(
        text("UPDATE sku_stock SET reserved = reserved - :quantity WHERE sku_id = :sku"),
        {"sku": sku_id, "quantity": quantity},
    )
    shipped = []
    for lot, part in taken:
        key, _public = move(Movement(lot.id, "shipped", -part, ref, at, user_id))
        shipped.append(ShippedLot(lot.id, lot.code, part, key, lot.produced_on, lot.expires_on))
    return shipped


@dataclass(frozen=True)
class _Holding:
    id: int
    code: str
    on_hand: Decimal
    produced_on: date
    expires_on: date | None


def _shippable(sku_id: int, at: datetime, lot_ids: Sequence[int] | None) -> list[_Holding]:
    rows = db.session.execute(
        text(f"""SELECT id, code, on_hand, produced_on, expires_on FROM lots
                 WHERE sku_id = :sku AND status = 'open' AND on_hand > 0 AND (expires_on IS NULL OR expires_on >= :on)
                 AND NOT EXISTS (SELECT FROM lot_recalls r WHERE r.lot_id = lots.id AND r.lifted_at IS NULL)
                 {"" if lot_ids is None else "AND id = ANY(:lots)"}
                 ORDER BY expires_on NULLS LAST, id FOR UPDATE"""),
        {"sku": sku_id, "on": business_day(at), "lots": list(lot_ids or ())},
    )
    return [_Holding(*row) for row in rows]


def _take(lots: list[_Holding], quantity: Decimal) -> list[tuple[_Holding, Decimal]]:
    taken, left = [], quantity
    for lot in lots:
        part = min(lot.on_hand, left)
        if part > 0:
            taken.append((lot, part))
            left -= part
    if left > 0:
        held = sum((lot.on_hand for lot in lots), Decimal(0))
        raise OutOfStock(_("可发批次只有 %(held)s。", held=f"{held.normalize():f}"), available=f"{held:f}")
    return taken


def take_back(lot_id: int, quantity: Decimal, *, ref: str, at: datetime, user_id: int | None, destroyed: bool) -> None:
    """Return rejected goods into the lot they came from; destroyed or expired ones leave it again at once.

    :raises NoSuchLot: if there is no such lot.
    :raises ReturnedTooMuch: if the lot has not shipped that much.
    """
    found = db.session.execute(
        text("SELECT sku_id, status, expires_on FROM lots WHERE id = :lot"), {"lot": lot_id}
    ).first()
    if found is None:
        raise NoSuchLot(_("没有找到。"))
    with changing(found.sku_id):
        out = db.session.execute(
            text("""SELECT -coalesce(sum(quantity), 0) FROM lot_movements
                    WHERE lot_id = :lot AND kind IN ('shipped','returned')"""),
            {"lot": lot_id},
        ).scalar_one()
        if quantity > out:
            raise ReturnedTooMuch(_("退回数量超过该批次的发货数量。"), shipped=f"{out:f}")
        back = [Movement(lot_id, "returned", quantity, ref, at, user_id)]
        is_expired = found.expires_on is not None and found.expires_on < business_day(at)
        if destroyed or is_expired:
            kind = "destroyed" if destroyed else "expired"
            back.append(Movement(lot_id, kind, -quantity, ref, at, user_id))
        for movement in back:
            key, _public = move(movement)
            tell_moved(movement, key)
