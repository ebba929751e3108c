"""Pages of an institution's purchases by budget unit and fund source, and of the lines behind each figure."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, render_template, request, url_for

from orders.desk import budget
from orders.desk.budget import BudgetAsked
from orders.desk.words import words
from orders.ledger import exports, labels, lines, totals
from orders.ledger.asking import named_filters
from orders.ledger.reporting import sealed_snapshot
from orders.ledger.views import XLSX_TYPE, download
from shop import clock, sheets
from shop.auth import Actor, requires
from shop.errors import Forbidden
from shop.i18n import _

bp = Blueprint("budget_pages", __name__, template_folder="templates")
_LINES = 50


def _asked(actor: Actor) -> BudgetAsked:
    if actor.organisation_kind != "institution":
        raise Forbidden(_("采购工作台只对采购单位开放。"))
    return budget.read_asked(request.args, clock.today())


@bp.get("/desk/budget")
@requires("totals:read")
def show_budget(actor: Actor) -> str:
    """Show a year by budget unit and fund source."""
    asked = _asked(actor)
    with sealed_snapshot():
        found = budget.budget_of(actor, asked.year, asked.as_of)
    return render_template(
        "desk/budget.html",
        budget=found,
        is_pinned=asked.as_of is not None,
        this_year=clock.today().year,
        measures=labels.WORDS["measure"],
    )


@bp.get("/desk/budget.xlsx")
@requires("totals:read")
def download_budget(actor: Actor) -> Response:
    """Download a year by budget unit and fund source as a workbook."""
    asked = _asked(actor)
    with sealed_snapshot():
        found = budget.budget_of(actor, asked.year, asked.as_of)
        titles, rows, total = budget.budget_table(found)
        book = sheets.write_xlsx(titles, rows, sheet=_("资金来源"), about=budget.budget_about(found), total=total)
    return download(book, f"budget-{asked.year}.xlsx", XLSX_TYPE)


@bp.get("/desk/budget/lines")
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
        "desk/budget_lines.html",
        asked=asked,
        found=found,
        page=page,
        count=count,
        filters=filters,
        measures=labels.WORDS["measure"],
        here_url=lambda **changes: url_for("budget_pages.list_lines", **{**linked.params(), **changes}),
        xlsx_url=url_for("budget_pages.download_lines", **linked.params()),
        **words(),
    )


@bp.get("/desk/budget/lines.xlsx")
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
    return download(book, f"budget-lines-{asked.year}.xlsx", XLSX_TYPE)
