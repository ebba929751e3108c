"""Totals over the API, as JSON, CSV and XLSX, and the lines behind them."""

from __future__ import annotations

from typing import Any

from flask import Response

from orders.ledger import asking, exports, lines
from orders.ledger.reporting import sealed_snapshot
from orders.ledger.schemas import (
    CountyTotalsSchema,
    FilterSchema,
    LinesQuery,
    TotalsLinesSchema,
    TotalsQuery,
    TotalsSchema,
)
from orders.ledger.totals import answer
from shop import sheets
from shop.api import Blueprint
from shop.auth import Actor, public, requires
from shop.i18n import _

bp = Blueprint("totals", __name__, url_prefix="/api/v1", description="Totals of the statistics book")
CSV_TYPE, XLSX_TYPE = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILE = {"type": "string", "format": "binary"}


@bp.route("/totals")
@requires("totals:read")
@bp.arguments(TotalsQuery, location="query")
@bp.response(200, TotalsSchema)
def get_totals(query: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Sum a measure by up to four dimensions, within what the caller may see."""
    with sealed_snapshot():
        question = asking.question_of(query, actor)
        return asking.shown(answer(question, by_amount=query["sort"] == "-amount"), query["filters"])


@bp.route("/totals.csv")
@requires("totals:read")
@bp.arguments(TotalsQuery, location="query")
@bp.response(200, _FILE, content_type="text/csv")
def get_totals_csv(query: dict[str, Any], actor: Actor) -> Response:
    """Answer the same breakdown as CSV; the rows add up to the total."""
    with sealed_snapshot():
        totals = answer(asking.question_of(query, actor), by_amount=query["sort"] == "-amount")
        return download(sheets.write_csv(*exports.totals_table(totals)), "totals.csv", CSV_TYPE)


@bp.route("/totals.xlsx")
@requires("totals:read")
@bp.arguments(TotalsQuery, location="query")
@bp.response(200, _FILE, content_type=XLSX_TYPE)
def get_totals_xlsx(query: dict[str, Any], actor: Actor) -> Response:
    """Answer the same breakdown as a workbook, with a sheet that says what it is."""
    with sealed_snapshot():
        totals = answer(asking.question_of(query, actor), by_amount=query["sort"] == "-amount")
        about = exports.about(totals, asking.named_filters(query["filters"]))
        titles, rows = exports.totals_table(totals)
        total = exports.total_row(titles, totals.total_fen)
        book = sheets.write_xlsx(titles, rows, sheet=_("合计"), about=about, total=total)
    return download(book, "totals.xlsx", XLSX_TYPE)


@bp.route("/totals/lines")
@requires("totals:read")
@bp.arguments(LinesQuery, location="query")
@bp.response(200, TotalsLinesSchema)
def list_lines(query: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """List the lines that make up a total, each with its order or filing and their papers; all pages add up to it.

    A cursor is asked as of the seal, and over the days, of the first page: what is sold meanwhile changes no page.
    """
    with sealed_snapshot():
        question = asking.question_of(query, actor)
        page = lines.list_lines(question, limit=query["limit"], cursor=query["cursor"])
        return {**asking.shown(answer(question), query["filters"]), "items": page.items, "next": page.next}


@bp.route("/totals/lines.csv")
@requires("totals:read")
@bp.arguments(FilterSchema, location="query")
@bp.response(200, _FILE, content_type="text/csv")
def get_lines_csv(query: dict[str, Any], actor: Actor) -> Response:
    """Answer all lines behind a total as CSV."""
    with sealed_snapshot():
        titles, rows = exports.lines_table(asking.question_of(query, actor))
        return download(sheets.write_csv(titles, rows), "lines.csv", CSV_TYPE)


@bp.route("/totals/lines.xlsx")
@requires("totals:read")
@bp.arguments(FilterSchema, location="query")
@bp.response(200, _FILE, content_type=XLSX_TYPE)
def get_lines_xlsx(query: dict[str, Any], actor: Actor) -> Response:
    """Answer all lines behind a total as a workbook."""
    with sealed_snapshot():
        question = asking.question_of(query, actor)
        titles, rows = exports.lines_table(question)
        totals = answer(question)
        about = exports.about(totals, asking.named_filters(query["filters"]))
        total = exports.total_row(titles, totals.total_fen)
        book = sheets.write_xlsx(titles, rows, sheet=_("明细"), about=about, total=total)
    return download(book, "lines.xlsx", XLSX_TYPE)


@bp.route("/counties/<code>/totals")
@public
@bp.response(200, CountyTotalsSchema)
@bp.alt_response(404, description="Not one of the assisted counties")
def get_county_totals(code: str) -> dict[str, Any]:
    """Tell what counted for a county, by year; open to everyone."""
    with sealed_snapshot():
        return asking.county_totals(code)


def download(data: bytes, name: str, media_type: str) -> Response:
    """Return a file to be saved."""
    response = Response(data, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
