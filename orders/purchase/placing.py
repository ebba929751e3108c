"""Placing: one order per producer, every fact frozen, stock reserved and the books posted in one transaction."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from uuid6 import uuid7

from catalog.lots import services as lots
from catalog.lots.services import OutOfStock
from orders.ledger import books
from orders.purchase import counting
from orders.purchase.buyers import Buyer, Keys
from orders.purchase.freezing import PlacedOrder, Placing, county_of, dimension_of, draft_orders, line_row
from orders.purchase.pricing import PricedLine
from shop import clock
from shop.auth import Actor
from shop.db import land, send
from shop.errors import Invalid
from shop.i18n import _
from shop.money import format_yuan
from shop.outbox.services import publish
from shop.pipelining import Statement

CONFIRM_WITHIN = timedelta(days=7)
_NOTHING: Mapping[str, Sequence[Mapping[str, Any]]] = {}

#: The procurement if it is new, the orders, their lines and all moves in one statement.
_INSERT = Statement("""
    WITH made_procurement AS (
        INSERT INTO procurements (id, public_id, number, organisation_id, unit_id, fund_source, status, payment_mode, title,
                                  note, consignee, consignee_phone, delivery_address, deliver_by, created_by, created_at,
                                  placed_at)
        SELECT p.id, p.public_id, p.number, :buyer, :unit, :fund, 'placed', :mode, p.title, p.note, p.consignee,
               p.consignee_phone, p.delivery_address, p.deliver_by, :user, :at, :at
        FROM json_to_recordset(cast(:procurements AS json))
             AS p(id bigint, public_id uuid, number text, title text, note text, consignee text, consignee_phone text,
                  delivery_address text, deliver_by date)),
    made_wanted AS (
        INSERT INTO procurement_lines (procurement_id, listing_id, position, quantity)
        SELECT :procurement, w.listing_id, w.position, w.quantity
        FROM json_to_recordset(cast(:wanted AS json)) AS w(listing_id bigint, position bigint, quantity numeric)),
    made_orders AS (
        INSERT INTO orders (id, public_id, number, procurement_id, buyer_id, producer_id, unit_id, fund_source, status,
                            payment_mode, goods_fen, total_fen, due_fen, reference_code, placed_at, confirm_by, fee_bp,
                            clearing)
        SELECT o.id, o.public_id, o.number, :procurement, :buyer, o.producer_id, :unit, :fund, 'awaiting_confirmation',
               :mode, o.goods_fen, o.goods_fen, o.goods_fen, o.reference_code, :at, :confirm_by,
               coalesce((SELECT f.basis_points FROM fee_rules f
                         WHERE (f.producer_id = o.producer_id OR f.producer_id IS NULL)
                           AND f.valid_from <= :on AND (f.valid_to IS NULL OR f.valid_to >= :on)
                         ORDER BY f.producer_id NULLS LAST LIMIT 1), 0),
               coalesce((SELECT c.mode FROM clearing_rules c
                         WHERE (c.producer_id = o.producer_id OR c.producer_id IS NULL)
                           AND c.valid_from <= :on AND (c.valid_to IS NULL OR c.valid_to >= :on)
                         ORDER BY c.producer_id NULLS LAST LIMIT 1), 'direct')
        FROM json_to_recordset(cast(:orders AS json))
             AS o(id bigint, public_id uuid, number text, producer_id bigint, goods_fen bigint, reference_code text)),
    made_moves AS (
        INSERT INTO moves (public_id, machine, subject_id, event, from_state, to_state, user_id, organisation_id, at)
        SELECT m.public_id, m.machine, m.subject_id, m.event, m.from_state, m.to_state, :user, :buyer, :at
        FROM json_to_recordset(cast(:moves AS json))
             AS m(public_id uuid, machine text, subject_id bigint, event text, from_state text, to_state text))
    INSERT INTO order_lines (id, public_id, order_id, position, listing_id, sku_id, dimension_id, title, pack_spec, unit,
                             tax_rate, county_code, eligibility_id, certificates, mode, partner_level, quantity,
                             unit_price_fen, amount_fen, ordered_fen)
    SELECT l.id, l.public_id, l.order_id, l.position, l.listing_id, l.sku_id, l.dimension_id, l.title, l.pack_spec, l.unit,
           l.tax_rate, l.county_code, l.eligibility_id, l.certificates, l.mode, l.partner_level, l.quantity,
           l.unit_price_fen, l.amount_fen, l.amount_fen
    FROM json_to_recordset(cast(:lines AS json))
         AS l(id bigint, public_id uuid, order_id bigint, position bigint, listing_id bigint, sku_id bigint,
              dimension_id bigint, title text, pack_spec text, unit text, tax_rate text, county_code text,
              eligibility_id bigint, certificates jsonb, mode text, partner_level text, quantity numeric,
              unit_price_fen bigint, amount_fen bigint)""")


class LinesRefused(Invalid):
    """Some lines cannot be ordered; ``errors`` points at each with what is wrong, and nothing was placed."""

    code = "lines-refused"


def place_orders(
    what: Placing,
    priced: Sequence[PricedLine],
    buyer: Buyer,
    *,
    keys: Keys,
    actor: Actor,
    at: datetime,
    confirm_within: timedelta = CONFIRM_WITHIN,
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = _NOTHING,
) -> list[PlacedOrder]:
    """Write one order per producer with its lines, reserve the stock, post what was ordered, tell the world.

    A fixed number of statements, which leave together. The lines were looked at by :func:`refuse_lines`.

    :param rows: ``procurements``, ``wanted`` and ``moves`` to be written along, where the procurement is new.
    :raises OutOfStock: naming each line of which less is left.
    """
    on = clock.business_day(at)
    orders = draft_orders(what, priced, buyer, keys=keys, on=on, confirm_by=at + confirm_within)
    dimensions = dict(zip(keys.lines, keys.dimensions, strict=True))
    _send_dimensions(what, orders, dimensions, buyer, at=at)
    _insert(what, orders, dimensions, buyer, until=at + confirm_within, rows=rows, actor=actor, at=at)
    lots.reserve(_quantities(priced))
    placed = [_for_counting(order, dimensions, buyer) for order in orders]
    counting.post_placed(placed, at=at, on=on, actor=actor)
    _publish(what, orders, buyer, at)
    try:
        land()
    except OutOfStock as error:
        raise _pointing(error, priced) from error
    return orders


def _insert(
    what: Placing,
    orders: Sequence[PlacedOrder],
    dimensions: Mapping[int, int],
    buyer: Buyer,
    *,
    until: datetime,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    actor: Actor,
    at: datetime,
) -> None:
    """Write the orders, their lines and moves, and ``rows``, in one statement; ``until`` is when they lapse."""
    documents = {
        "procurements": rows.get("procurements", ()),
        "wanted": rows.get("wanted", ()),
        "orders": [_order_row(order) for order in orders],
        "moves": [*rows.get("moves", ()), *(move_row("order", o.id, "place", "awaiting_confirmation") for o in orders)],
        "lines": [line_row(line, dimensions[line.id], buyer) for order in orders for line in order.lines],
    }
    send(
        _INSERT,
        {name: json.dumps(found, ensure_ascii=False, default=str) for name, found in documents.items()}
        | {
            "procurement": what.procurement_id, "buyer": buyer.organisation_id, "unit": buyer.unit_id,
            "fund": what.fund_source, "mode": what.payment_mode, "at": at,
            "on": clock.business_day(at), "confirm_by": until, "user": actor.user_id,
        },
    )  # fmt: skip


def refuse_lines(priced: Sequence[PricedLine]) -> None:
    """Refuse if something stands against a line, or if there is none.

    :raises LinesRefused: with a pointer for each problem.
    """
    if not priced:
        detail = _("请至少添加一种商品。")
        raise LinesRefused(detail, errors=[{"pointer": "#/lines", "detail": detail}])
    errors = [
        {"pointer": f"#/lines/{n}/{problem.field}", "detail": problem.detail, "code": problem.code}
        for n, line in enumerate(priced)
        for problem in line.problems
    ]
    if errors:
        detail = errors[0]["detail"] if len(errors) == 1 else _("有 %(n)s 处不能下单，详见各行。", n=len(errors))
        raise LinesRefused(detail, errors=errors)


def _send_dimensions(
    what: Placing, orders: Sequence[PlacedOrder], keys: Mapping[int, int], buyer: Buyer, *, at: datetime
) -> None:
    """Freeze what each fen of each line will carry, under the line's key of ``keys``."""
    lines = [line for order in orders for line in order.lines]
    facts = [dimension_of(what, line, buyer, is_verified=buyer.counts_at(at)) for line in lines]
    books.send_dimensions(facts, [keys[line.id] for line in lines])


def _order_row(order: PlacedOrder) -> dict[str, Any]:
    return {
        "id": order.id, "public_id": order.public_id, "number": order.number, "producer_id": order.producer_id,
        "goods_fen": order.goods_fen, "reference_code": order.reference_code,
    }  # fmt: skip


def move_row(machine: str, key: int, event: str, to_state: str, *, from_state: str = "") -> dict[str, Any]:
    """Return a row of ``moves`` for the set-based insert."""
    return {
        "public_id": uuid7(), "machine": machine, "subject_id": key, "event": event, "from_state": from_state,
        "to_state": to_state,
    }  # fmt: skip


def _quantities(priced: Sequence[PricedLine]) -> dict[int, Decimal]:
    """Return what is wanted of each SKU."""
    wants: dict[int, Decimal] = defaultdict(Decimal)
    for line in priced:
        if line.offer is not None:
            wants[line.offer.sku_id] += line.wanted.quantity
    return wants


def _pointing(error: OutOfStock, priced: Sequence[PricedLine]) -> OutOfStock:
    """Return the refusal with a pointer to each line of which less is left."""
    short = {one["sku"]: one["available"] for one in error.members["skus"]}
    errors = [
        {"pointer": f"#/lines/{n}/quantity", "detail": _("余 %(left)s。", left=left), "available": left}
        for n, line in enumerate(priced)
        if line.offer and (left := short.get(str(line.offer.sku_public_id))) is not None
    ]
    return OutOfStock(error.detail, skus=error.members["skus"], errors=errors)


def _for_counting(order: PlacedOrder, dimensions: dict[int, int], buyer: Buyer) -> counting.PlacedOrder:
    lines = [counting.PlacedLine(dimensions[line.id], county_of(line.offer), line.amount_fen) for line in order.lines]
    return counting.PlacedOrder(order.id, buyer.organisation_id, lines)


def _publish(what: Placing, orders: Sequence[PlacedOrder], buyer: Buyer, at: datetime) -> None:
    for order in orders:
        publish(
            "orders.procurement_placed",
            organisations=(buyer.organisation_id, order.producer_id),
            procurement_id=str(what.public_id),
            procurement_number=what.number,
            order_id=str(order.public_id),
            number=order.number,
            total={"amount": format_yuan(order.goods_fen), "currency": "CNY"},
            placed_at=at.isoformat(),
        )
