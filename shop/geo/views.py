"""Divisions, assisted counties and pairings over the API: anyone may read them."""

from __future__ import annotations

from typing import Any

from shop.api import Blueprint
from shop.auth import public
from shop.geo import queries
from shop.geo.models import AssistedCounty, Division
from shop.geo.schemas import (
    CountyDetailSchema,
    CountyListSchema,
    CountyQuery,
    DivisionListSchema,
    DivisionQuery,
    DivisionSchema,
    PairingListSchema,
    PairingQuery,
)
from shop.paging import Page, decode_cursor, make_page

bp = Blueprint("geo", __name__, url_prefix="/api/v1", description="Divisions, the 832 counties, pairings")


@bp.route("/divisions")
@public
@bp.arguments(DivisionQuery, location="query")
@bp.response(200, DivisionListSchema)
def list_divisions(query: dict[str, Any]) -> Page[Division]:
    """List divisions by code."""
    after = decode_cursor(query["cursor"], str)
    rows = queries.list_divisions(
        parent_code=query["parent"], level=query["level"], query=query["q"], after=after[0] if after else None,
        limit=query["limit"],
    )  # fmt: skip
    return make_page(rows, query["limit"], lambda row: (row.code,))


@bp.route("/divisions/<string(length=6):code>")
@public
@bp.response(200, DivisionSchema)
def show_division(code: str) -> Division:
    """Show a division."""
    return queries.get_division(code)


@bp.route("/counties")
@public
@bp.arguments(CountyQuery, location="query")
@bp.response(200, CountyListSchema)
def list_counties(query: dict[str, Any]) -> Page[AssistedCounty]:
    """List assisted counties by code."""
    after = decode_cursor(query["cursor"], str)
    rows = queries.list_counties(
        province_codes=query["province"], key_county=query["key_county"], query=query["q"],
        after=after[0] if after else None, limit=query["limit"],
    )  # fmt: skip
    return make_page(rows, query["limit"], lambda row: (row.code,))


@bp.route("/counties/<string(length=6):code>")
@public
@bp.response(200, CountyDetailSchema)
def show_county(code: str) -> dict[str, Any]:
    """Show a county with its partners over time."""
    county = queries.get_county(code)
    shown = {column.name: getattr(county, column.name) for column in AssistedCounty.__table__.columns}
    further = {"is_key_verified": county.is_key_verified, "full_name": queries.county_name(county)}
    return {**shown, **further, "partners": queries.list_partners(county)}


@bp.route("/pairings")
@public
@bp.arguments(PairingQuery, location="query")
@bp.response(200, PairingListSchema)
def list_pairings(query: dict[str, Any]) -> Page[queries.PairingRow]:
    """List pairings."""
    after = decode_cursor(query["cursor"], int)
    rows = queries.list_pairings(
        west_codes=queries.ends_above(query["west"]) if query["west"] else None,
        east_codes=queries.ends_above(query["east"]) if query["east"] else None,
        on=query["on"],
        after=after[0] if after else 0,
        limit=query["limit"],
    )
    return make_page(rows, query["limit"], lambda row: (row.pairing.id,))
