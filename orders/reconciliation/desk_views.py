"""The reconciliation desk over the API."""

from __future__ import annotations

from typing import Any

from orders.reconciliation import desk_queries
from orders.reconciliation.asking import last_of, read_month
from orders.reconciliation.desk_queries import RAILS, Month, Thing
from orders.reconciliation.desk_schemas import (
    ReconciliationDayQuery,
    ReconciliationMonthSchema,
    ReconciliationQuery,
    ReconciliationThingPage,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import snapshot
from shop.paging import Page

bp = Blueprint(
    "reconciliation", __name__, url_prefix="/api/v1/reconciliation", description="Each rail held against the books"
)
_RAIL = f"/<any({', '.join(RAILS)}):rail>"


@bp.route(_RAIL)
@requires("exceptions:read")
@bp.arguments(ReconciliationQuery, location="query")
@bp.response(200, ReconciliationMonthSchema)
def get_month(query: dict[str, Any], actor: Actor, rail: str) -> Month:
    """Return a month of a rail, day by day: what the other side says, what our books say, what differs."""
    desk_queries.require_operator(actor)
    first = read_month(query["month"], clock.today())
    with snapshot():
        return desk_queries.month_of(rail, first, last_of(first))


@bp.route(f"{_RAIL}/things")
@requires("exceptions:read")
@bp.arguments(ReconciliationDayQuery, location="query")
@bp.response(200, ReconciliationThingPage)
def list_things(query: dict[str, Any], actor: Actor, rail: str) -> Page[Thing]:
    """List what a day's lines are about, on both sides, what differs first."""
    desk_queries.require_operator(actor)
    with snapshot():
        return desk_queries.list_things(rail, query["on"], query["on"], limit=query["limit"], cursor=query["cursor"])
