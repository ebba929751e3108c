"""Pages of what a seller sold in a year, and of the lines behind each figure: for producers, and agents over theirs."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, render_template, request, url_for

from orders.desk import sales
from orders.desk.budget import MEASURES
from orders.desk.words import words
from orders.ledger import exports, labels, lines, totals
from orders.ledger.asking import named_filters
from orders.ledger.reporting import sealed_snapshot
from orders.ledger.views import CSV_TYPE, XLSX_TYPE, download
from shop import clock, sheets
from shop.auth import Actor, requires
from shop.errors import Forbidden
from shop.i18n import _

bp = Blueprint("sales_pages", __name__, template_folder="templates")
_LINES = 50


def _asked(actor: Actor) -> sales.Asked:
    if actor.organisation_kind not in ("producer", "agent"):
        raise Forbidden(_("销售统计只对供应商和代理机构开放。"))
    by = "producer" if actor.organisation_kind == "agent" else "institution"
    return sales.read_asked(request.args, clock.today(), by=by)


@bp.get("/producer/sales")
@requires("totals:read")
def show_sales(actor: Actor) -> str:
    """Show a year by producer, buyer, category or county."""
    asked = _asked(actor)
    with sealed_snapshot():
        found, filters = sales.sales_of(actor, asked), named_filters(asked.filters)
    return render_template(
        "desk/sales.html", sales=found, filters=filters, is_pinned=asked.as_of is not None, titles=labels.TITLES,
        choices=sales.BY if actor.organisation_kind == "agent" else sales.BY[1:], names=MEASURES,
        this_year=clock.today().year, measures=labels.WORDS["measure"],
        here_url=lambda **changes: url_for("sales_pages.show_sales", **{**asked.params(), **changes}),
    )  # fmt: skip


@bp.get("/producer/sales.xlsx")
@requires("totals:read")
def download_sales(actor: Actor) -> Response:
    """Download a year as a workbook."""
    asked = _asked(actor)
    with sealed_snapshot():
        found = sales.sales_of(actor, asked)
        titles, rows, total = sales.sales_table(found)
        about = sales.sales_about(found, named_filters(asked.filters))
    return download(
        sheets.write_xlsx(titles, rows, sheet=_("销售统计"), about=about, total=total),
        f"sales-{asked.year}.xlsx",
        XLSX_TYPE,
    )


@bp.get("/producer/sales.csv")
@requires("totals:read")
def download_sales_csv(actor: Actor) -> Response:
    """Download a year as CSV; the rows add up to the totals of the page."""
    asked = _asked(actor)
    with sealed_snapshot():
        titles, rows, _total = sales.sales_table(sales.sales_of(actor, asked))
    return download(sheets.write_csv(titles, rows), f"sales-{asked.year}.csv", CSV_TYPE)


@bp.get("/producer/sales/lines")
@requires("totals:read")
def list_lines(actor: Actor) -> str:
    """Show the lines that make up a figure, with the same figure at the top."""
    asked = _asked(actor)
    with sealed_snapshot():
        question = asked.question(actor)
        found = totals.answer(question)
        page = lines.list_lines(question, limit=_LINES, cursor=request.args.get("cursor"))
        count, filters = lines.count_lines(question), named_filters(asked.filters)
    linked = replace(asked, as_of=question.as_of)
    return render_template(
        "desk/sales_lines.html", asked=asked, found=found, page=page, count=count, filters=filters,
        measures=labels.WORDS["measure"], back_url=url_for("sales_pages.show_sales", year=asked.year, by=asked.by, as_of=question.as_of),
        here_url=lambda **changes: url_for("sales_pages.list_lines", **{**linked.params(), **changes}),
        xlsx_url=url_for("sales_pages.download_lines", **linked.params()), **words(),
    )  # fmt: skip


@bp.get("/producer/sales/lines.xlsx")
@requires("totals:read")
def download_lines(actor: Actor) -> Response:
    """Download the lines behind a figure as a workbook."""
    asked = _asked(actor)
    with sealed_snapshot():
        question = asked.question(actor)
        found = totals.answer(question)
        about, (titles, rows) = exports.about(found, named_filters(asked.filters)), exports.lines_table(question)
        total = exports.total_row(titles, found.total_fen)
        book = sheets.write_xlsx(titles, rows, sheet=_("明细"), about=about, total=total)
    return download(book, f"sales-lines-{asked.year}.xlsx", XLSX_TYPE)
