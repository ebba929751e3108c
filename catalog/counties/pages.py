"""The public pages of counties: what is known of one, who helps it, what it sells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, current_app, render_template, request
from sqlalchemy import text

from catalog.products.queries import ELIGIBLE
from catalog.products.reads import ListingFilter, list_listings
from catalog.shopfront.labels import UNITS
from shop import clock
from shop.auth import public
from shop.db import db
from shop.filters import several
from shop.geo import queries as geo
from shop.i18n import lazy

bp = Blueprint("county_pages", __name__, template_folder="templates")

#: Tells what counted for a county: ``total_fen``, ``years`` of ``year`` and ``amount_fen``, ``as_of`` with ``at``.
#: A package above puts it into ``app.extensions["county_totals"]``.
Totals = Callable[[str], dict[str, Any]]
SHOWN_LISTINGS = 12
PROGRAMMES = {
    "dongxi": lazy("东西部协作"), "dingdian": lazy("定点帮扶"), "duikou": lazy("对口支援"), "shanhai": lazy("省内山海协作"),
}  # fmt: skip
CONFIDENCES = {"high": lazy("有来源"), "medium": lazy("部分有来源"), "low": lazy("未核实")}
PRECISIONS = {"year": lazy("精确到年"), "month": lazy("精确到月"), "day": lazy("精确到日")}


@bp.get("/counties")
@public
def list_counties() -> str:
    """List the counties by province."""
    keys = tuple(key for key in several(request.args.getlist("key")) if key in ("yes", "no", "unknown"))
    counties = geo.list_counties(
        query=(request.args.get("q") or "").strip()[:40] or None, key_county=keys,
        province_codes=several(request.args.getlist("province")), limit=1000,
    )  # fmt: skip
    provinces = {division.code: division.name for division in geo.list_divisions(level="province")}
    groups: dict[str, list[Any]] = {}
    for county in counties:
        groups.setdefault(county.province_code, []).append(county)
    return render_template(
        "counties/list.html",
        groups=groups,
        provinces=provinces,
        count=len(counties),
        offered=_counties_with_offers(clock.today()),
    )


@bp.get("/counties/<string(length=6):code>")
@public
def show_county(code: str) -> str:
    """Show a county."""
    totals: Totals | None = current_app.extensions.get("county_totals")
    counted = totals(code) if totals is not None else None  # a snapshot of its own, so before anything else is read
    county, today = geo.get_county(code), clock.today()
    views = list_listings(ListingFilter(county=(code,), is_orderable=True), today, limit=SHOWN_LISTINGS)
    return render_template(
        "counties/county.html",
        county=county,
        path=geo.division_path(county.division_code),
        full_name=geo.county_name(county),
        partners=geo.list_partners(county),
        today=today,
        listings=views[:SHOWN_LISTINGS],
        has_more=len(views) > SHOWN_LISTINGS,
        totals=counted,
        people=_people_helped(code),
        words={"programmes": PROGRAMMES, "confidences": CONFIDENCES, "precisions": PRECISIONS, "units": UNITS},
    )


def _counties_with_offers(on: date) -> dict[str, int]:
    """Return how many listings of each county can be ordered on a day."""
    rows = db.session.execute(
        text(f"""SELECT p.county_code, count(*) FROM listings l JOIN skus s ON s.id = l.sku_id
                 JOIN products p ON p.id = s.product_id JOIN organisations o ON o.id = l.producer_id
                 WHERE l.status = 'listed' AND p.archived_at IS NULL AND o.suspended_at IS NULL
                   AND p.id IN ({ELIGIBLE})
                 GROUP BY p.county_code"""),
        {"on": on},
    )
    return {row[0]: row[1] for row in rows}


def _people_helped(code: str) -> list[Any]:
    """Return people helped by year, way and basis; never added up over ways, expected and actual apart."""
    return list(
        db.session.execute(
            text("""SELECT year, way, basis, sum(households) AS households, sum(persons) AS persons, bool_or(is_demo) AS is_demo
                    FROM benefit_links WHERE county_code = :code GROUP BY year, way, basis ORDER BY year DESC, way, basis"""),
            {"code": code},
        )
    )
