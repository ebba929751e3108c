"""Who places the orders that are measured, and what is in them."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import select

from shop import clock
from shop.db import db, transaction
from shop.identity import services as identity
from shop.identity.models import Unit
from tests import factories

SEED = 8
#: Orders that differ; more than there are connections, so that few wait for each other's stock.
ORDERS, LINES = 60, 3
_PLENTY = 10_000_000


@dataclass(frozen=True)
class Buying:
    """A token that may place, and the bodies of the orders."""

    token: str
    bodies: list[str]


def prepare(app: Flask, url: str) -> Buying:
    """Make an institution with a member and a token, fill the stock, and write the orders: three lines of one producer."""
    with app.app_context(), transaction():
        buyer, user = factories.make_organisation(), factories.make_user()
        member = identity.add_member(user.id, buyer.id, since=date(2020, 1, 1), roles=("institution_admin",))
        token = identity.issue_token(member.id, "bench", ("*",), at=clock.real_now()).secret
        unit = str(db.session.scalars(select(Unit.public_id).where(Unit.organisation_id == buyer.id)).one())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            """INSERT INTO lot_movements (public_id, lot_id, kind, quantity, ref, note, at)
               SELECT gen_random_uuid(), id, 'adjusted_up', %s, 'bench:plenty', '{}', now() FROM lots""",
            [_PLENTY],
        )
        connection.execute("VACUUM ANALYZE")
        rows = connection.execute(
            """SELECT producer_id, l.public_id, l.min_quantity, s.unit FROM listings l JOIN skus s ON s.id = l.sku_id
               WHERE l.status = 'listed' ORDER BY producer_id, l.id"""
        ).fetchall()
    return Buying(token, [json.dumps(_body(unit, lines), ensure_ascii=False) for lines in _baskets(rows)])


def _baskets(rows: list[tuple[Any, ...]]) -> list[list[tuple[Any, ...]]]:
    by_producer: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        by_producer.setdefault(row[0], []).append(row)
    enough = [found[:LINES] for found in by_producer.values() if len(found) >= LINES]
    return random.Random(SEED).sample(enough, min(ORDERS, len(enough)))


def _body(unit: str, lines: list[tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "title": "食堂原料采购", "unit_id": unit, "fund_source": "canteen", "payment_mode": "goods_first", "place": True,
        "consignee": "收货人", "consignee_phone": "13800000000", "delivery_address": "天津市和平区一号",
        "lines": [
            {"listing_id": str(public_id), "quantity": {"value": f"{quantity:.3f}", "unit": pack}}
            for _producer, public_id, quantity, pack in lines
        ],
    }  # fmt: skip
