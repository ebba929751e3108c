"""What the officials' pages show, over the API: the same figures, as of a seal, within the caller's scope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admin.official import expiring, people, queries, unpaid
from admin.official.asking import Asked
from admin.official.schemas import (
    ExpiringPageSchema,
    ExpiringQuery,
    OverviewSchema,
    PeoplePageSchema,
    PeopleQuery,
    UnpaidPageSchema,
    UnpaidQuery,
)
from admin.official.unpaid import UnpaidFilter
from orders.ledger import questions
from orders.ledger.reporting import sealed_snapshot
from orders.ledger.schemas import FilterSchema, first_day
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.errors import Forbidden
from shop.i18n import _

bp = Blueprint("official", __name__, url_prefix="/api/v1/official", description="Officials' figures")


def require_official(actor: Actor) -> None:
    """Refuse who is neither an authority's nor the operator's."""
    if actor.organisation_kind not in ("authority", "operator"):
        raise Forbidden(_("这里是主管部门的工作台。"))


def _asked(query: Mapping[str, Any]) -> Asked:
    to_on = query.get("to_on") or max(clock.today(), query.get("from_on") or clock.today())
    return Asked(
        query["measure"], query.get("from_on") or first_day(to_on), to_on, tuple(query["filters"].items()), query.get("as_of")
    )  # fmt: skip


@bp.route("/overview")
@requires("totals:read")
@bp.arguments(FilterSchema, location="query")
@bp.response(200, OverviewSchema)
def get_overview(query: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Tell how the caller's scope stands: total against last year, months, ranking, partners, channels, people helped."""
    asked = _asked(query)
    board = queries.dashboard(actor, asked)
    return {
        "measure": asked.measure, "from_on": asked.from_on, "to_on": asked.to_on, "filters": query["filters"],
        "as_of": {"seq": board.as_of, "at": board.as_of_at}, "rule_version": board.rule_version,
        "total_fen": board.total_fen, "control_total": board.check, "before_fen": board.before_fen,
        "change_bp": queries.change_bp(board.total_fen, board.before_fen), "measures": board.measures,
        "months": board.months, "counties": board.counties, "county_count": board.county_count,
        "partners": board.partners, "channels": board.channels, "modes": board.modes, "people": board.people,
    }  # fmt: skip


@bp.route("/people")
@requires("totals:read")
@bp.arguments(PeopleQuery, location="query")
@bp.response(200, PeoplePageSchema)
def list_people(query: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """List who reported how many people helped, with the range that the reports make.

    A western division sees its counties' reports; an eastern one those of the producers and filings from which its own
    buyers bought in its partner counties that year, and a budget's authority those its units bought from.
    """
    with sealed_snapshot():
        as_of = questions.resolve_as_of(query.get("as_of"))
        asked = _asked(query).pinned(as_of)
        page = people.list_reports(actor, asked, query["basis"], limit=query["limit"], cursor=query["cursor"])
        return {
            "as_of": {"seq": as_of, "at": questions.instant_of(as_of)}, "items": page.items, "next": page.next,
            "people": people.summary(actor, asked, query["basis"]),
        }  # fmt: skip


@bp.route("/unpaid")
@requires("orders:inspect")
@bp.arguments(UnpaidQuery, location="query")
@bp.response(200, UnpaidPageSchema)
def list_unpaid(query: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """List what was accepted, or put off beyond its day, and is not paid now; officials and operator only."""
    require_official(actor)
    today, wanted = clock.today(), UnpaidFilter(tuple(query.get("county", ())), query["overdue"])
    orders, total_fen = unpaid.total(actor, wanted, today)
    page = unpaid.list_unpaid(actor, wanted, today, limit=query["limit"], cursor=query["cursor"])
    return {"on": today, "orders": orders, "total_fen": total_fen, "items": page.items, "next": page.next}


@bp.route("/expiring")
@requires("totals:read")
@bp.arguments(ExpiringQuery, location="query")
@bp.response(200, ExpiringPageSchema)
def list_expiring(query: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """List the eligibility bases and certificates that end soon in the caller's counties; officials and operator only."""
    require_official(actor)
    today = clock.today()
    page = expiring.list_expiring(actor, today, **query)
    return {"on": today, "counts": expiring.summary(actor, today), "items": page.items, "next": page.next}
