"""Pages of the officials' desk."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WsgiResponse

from admin.official import charts, expiring, people, present, queries, unpaid
from admin.official.asking import Asked, read_asked
from orders.ledger import exports, labels, lines, totals
from orders.ledger.asking import BadQuestion, named_filters
from orders.ledger.filings import queries as filings
from orders.ledger.questions import DIMENSIONS, TIMES
from orders.ledger.reporting import sealed_snapshot
from orders.ledger.views import CSV_TYPE, XLSX_TYPE
from orders.ledger.views import download as as_download
from shop import clock, sheets
from shop.auth import Actor, requires
from shop.i18n import _, lazy
from shop.layout import NavItem, add_nav, address_with

bp = Blueprint("official_pages", __name__, template_folder="../templates")
_MAX_BY = 3
_LINES = 50
#: Rows of a breakdown on one page.
_ROWS = 100
#: A drawing brings its own styles; it loads nothing.
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def init_app(app: Flask) -> None:
    """Add the desk's links."""
    add_nav(
        app,
        NavItem("official", lazy("概况"), "official_pages.dashboard", "totals:read", 10),
        NavItem("official", lazy("统计"), "official_pages.breakdown", "totals:read", 20),
        NavItem("official", lazy("明细"), "official_pages.list_lines", "totals:read", 30),
    )


@bp.context_processor
def _helpers() -> dict[str, Any]:
    names = (
        "percent", "measure_choices", "dimension_choices", "month_range", "row_filters", "category_choices", "word_choices",
        "number_range",
    )  # fmt: skip
    return {name: getattr(present, name) for name in names}


def address(endpoint: str, **params: Any) -> str:
    """Return a page's address with parameters such as ``from``, which is a word of Python."""
    return url_for(endpoint, **params)


def _address(endpoint: str, asked: Asked) -> Any:
    def build(**changes: str | None) -> str:
        return address(endpoint, **asked.params(**changes))

    return build


def _units(asked: Asked) -> dict[str, Any]:
    return {"amount": present.amounts_in(asked.unit), "unit_word": present.unit_word(asked.unit)}


def _by_name() -> WsgiResponse | None:
    """Turn a producer's name that was typed into the filter that it stands for; a link holds identifiers only."""
    typed = (request.args.get("producer_name") or "").strip()[:40]
    if not typed:
        return None
    found = queries.producers_named(typed)
    if not found:
        flash(_("没有名称含“%(name)s”的供应商。", name=typed), "warning")
    return redirect(address_with(producer_name=None, **({"producer": ",".join(found)} if found else {})))


def _labelled(asked: Asked) -> list[tuple[str, str]]:
    """Return the filters with the names of their values."""
    return named_filters(dict(asked.filters))


@bp.get("/official")
@requires("totals:read")
def dashboard(actor: Actor) -> str | WsgiResponse:
    """Show how we stand: total against last year, months, ranking, partners, channels, people helped."""
    if (named := _by_name()) is not None:
        return named
    asked = read_asked(request.args, clock.today())
    board, today = queries.dashboard(actor, asked), clock.today()
    linked, before = asked.pinned(board.as_of), asked.year_before()
    return render_template(
        "admin/official_dashboard.html",
        board=board,
        waiting=filings.count_waiting(actor, today) if actor.may("filings:confirm") else 0,
        unpaid=unpaid.summary(actor, today) if actor.may("orders:inspect") else None,
        expiring=expiring.summary(actor, today) if expiring.sees_papers(actor) else [],
        asked=asked,
        change_bp=queries.change_bp(board.total_fen, board.before_fen),
        before_days={"from": before.from_on.isoformat(), "to": before.to_on.isoformat()},
        bases=people.BASES,
        is_bought=people.sees_by_purchases(actor),
        people_url=lambda year, basis: address(
            "people_pages.list_people", **linked.params(**present.year_range(year), basis=basis, show=None)
        ),
        **_units(asked),
        words=labels.WORDS,
        titles=labels.TITLES,
        periods=present.periods(today),
        filters=_labelled(asked),
        lines_url=_address("official_pages.list_lines", linked),
        table_url=_address("official_pages.breakdown", linked),
        here_url=_address("official_pages.dashboard", linked),
        chart_url=address("official_pages.months_chart", **linked.params()),
    )


@bp.get("/official/months.svg")
@requires("totals:read")
def months_chart(actor: Actor) -> Response:
    """Draw the months of the asked year beside the year before."""
    asked = read_asked(request.args, clock.today())
    drawn = charts.months_svg(
        queries.months(actor, asked), asked.to_on.year, is_narrow=request.args.get("narrow") == "1"
    )
    answer = Response(drawn, content_type="image/svg+xml")
    answer.headers["Content-Security-Policy"] = _SVG_POLICY
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _read_by() -> tuple[str, ...]:
    by = tuple(dict.fromkeys(name for name in request.args.getlist("by") if name)) or ("county",)
    unknown = [name for name in by if name not in DIMENSIONS + TIMES]
    if unknown or len(by) > _MAX_BY:
        raise BadQuestion(_("最多按三个维度统计，且须为列出的维度。"), parameter=",".join(by)[:60])
    return by


def _read_rank() -> int:
    """Return after how many rows of the breakdown a page begins; the seal that its link holds keeps their order."""
    after = request.args.get("after", "")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 7 else 0  # noqa: PLR2004  MAX_ROWS


@bp.get("/official/totals")
@requires("totals:read")
def breakdown(actor: Actor) -> str | WsgiResponse:
    """Show a measure by up to three dimensions; every sum leads to its lines."""
    if (named := _by_name()) is not None:
        return named
    asked, by = read_asked(request.args, clock.today()), _read_by()
    board = queries.breakdown(
        actor, asked, by, after=_read_rank(), limit=None if request.args.get("all") == "1" else _ROWS
    )
    found = board.found
    linked = asked.pinned(found.question.as_of)
    return render_template(
        "admin/official_totals.html",
        asked=asked,
        by=by,
        found=found,
        board=board,
        filters=_labelled(asked),
        **_units(asked),
        words=labels.WORDS,
        titles=labels.TITLES,
        lines_url=_address("official_pages.list_lines", linked),
        here_url=lambda **changes: address("official_pages.breakdown", by=list(by), **linked.params(**changes)),
        download_url=lambda form: address(f"official_pages.totals_{form}", by=list(by), **linked.params()),
    )


@bp.get("/official/lines")
@requires("totals:read")
def list_lines(actor: Actor) -> str | WsgiResponse:
    """Show the lines that make up a total, with the same total at the top."""
    if (named := _by_name()) is not None:
        return named
    asked = read_asked(request.args, clock.today())
    with sealed_snapshot():
        question = asked.question(actor)
        found = totals.answer(question)
        page = lines.list_lines(question, limit=_LINES, cursor=request.args.get("cursor"))
        count = lines.count_lines(question)
        filters = _labelled(asked)
    linked = asked.pinned(question.as_of)
    return render_template(
        "admin/official_lines.html",
        asked=asked,
        found=found,
        page=page,
        count=count,
        filters=filters,
        papers=present.PAPERS,
        words=labels.WORDS,
        titles=labels.TITLES,
        here_url=_address("official_pages.list_lines", linked),
        xlsx_url=_address("official_pages.lines_xlsx", linked),
    )


@bp.get("/official/totals.csv")
@requires("totals:read")
def totals_csv(actor: Actor) -> Response:
    """Download a breakdown as CSV."""
    asked, by = read_asked(request.args, clock.today()), _read_by()
    with sealed_snapshot():
        found = totals.answer(asked.question(actor, by), by_amount=True)
        return as_download(
            sheets.write_csv(*exports.totals_table(found)), f"totals-{found.question.as_of}.csv", CSV_TYPE
        )


@bp.get("/official/totals.xlsx")
@requires("totals:read")
def totals_xlsx(actor: Actor) -> Response:
    """Download a breakdown as a workbook."""
    asked, by = read_asked(request.args, clock.today()), _read_by()
    with sealed_snapshot():
        found = totals.answer(asked.question(actor, by), by_amount=True)
        about = exports.about(found, named_filters(dict(asked.filters)))
        titles, rows = exports.totals_table(found)
        total = exports.total_row(titles, found.total_fen)
        book = sheets.write_xlsx(titles, rows, sheet=_("合计"), about=about, total=total)
    return as_download(book, f"totals-{found.question.as_of}.xlsx", XLSX_TYPE)


@bp.get("/official/lines.xlsx")
@requires("totals:read")
def lines_xlsx(actor: Actor) -> Response:
    """Download every line behind a total as a workbook."""
    asked = read_asked(request.args, clock.today())
    with sealed_snapshot():
        question = asked.question(actor)
        titles, rows = exports.lines_table(question)
        found = totals.answer(question)
        about = exports.about(found, named_filters(dict(asked.filters)))
        total = exports.total_row(titles, found.total_fen)
        book = sheets.write_xlsx(titles, rows, sheet=_("明细"), about=about, total=total)
    return as_download(book, f"lines-{question.as_of}.xlsx", XLSX_TYPE)
