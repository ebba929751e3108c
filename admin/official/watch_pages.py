"""Pages behind what an official keeps an eye on: goods accepted and not paid, papers that end soon."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from admin.official import expiring, present, unpaid
from admin.official.unpaid import UnpaidFilter
from admin.official.views import require_official
from catalog.shopfront import labels as paper_labels
from orders.ledger.views import XLSX_TYPE, download
from shop import clock, sheets
from shop.auth import Actor, requires
from shop.filters import several
from shop.i18n import _

bp = Blueprint("watch_pages", __name__, template_folder="../templates")
_PAGE = 50
_SCHEMES = {**paper_labels.SCHEMES, **paper_labels.CERTIFICATES}


def _filter() -> UnpaidFilter:
    return UnpaidFilter(several(request.args.getlist("county")), request.args.get("overdue") == "1")


@bp.get("/official/unpaid")
@requires("orders:inspect")
def list_unpaid(actor: Actor) -> str:
    """List what was accepted and is not paid within the reader's scope, with its sum at the top."""
    require_official(actor)
    today, wanted = clock.today(), _filter()
    orders, total_fen = unpaid.total(actor, wanted, today)
    page = unpaid.list_unpaid(actor, wanted, today, limit=_PAGE, cursor=request.args.get("cursor"))
    return render_template(
        "admin/official_unpaid.html", page=page, wanted=wanted, orders=orders, total_fen=total_fen, at=clock.now()
    )


@bp.get("/official/unpaid.xlsx")
@requires("orders:inspect")
def download_unpaid(actor: Actor) -> Response:
    """Download the same list as a workbook."""
    require_official(actor)
    rows = unpaid.list_unpaid(actor, _filter(), clock.today(), limit=unpaid.MOST_ROWS).items
    titles, cells, total = unpaid.unpaid_table(list(rows))
    book = sheets.write_xlsx(titles, cells, sheet=_("未付款"), about=present.about_now(), total=total)
    return download(book, "unpaid.xlsx", XLSX_TYPE)


def _days() -> int:
    return 30 if request.args.get("days") == "30" else max(expiring.WITHIN)


def _kind() -> str:
    kind = request.args.get("kind", "")
    return kind if kind in expiring.KINDS else ""


@bp.get("/official/expiring")
@requires("totals:read")
def list_expiring(actor: Actor) -> str:
    """List the papers that end soon in the reader's counties."""
    require_official(actor)
    days, kind = _days(), _kind()
    page = expiring.list_expiring(
        actor, clock.today(), days=days, kind=kind, limit=_PAGE, cursor=request.args.get("cursor")
    )
    counts = expiring.summary(actor, clock.today())
    return render_template(
        "admin/official_expiring.html",
        page=page,
        days=days,
        kind=kind,
        kinds=expiring.KINDS,
        counts=counts,
        schemes=_SCHEMES,
        may_open=actor.may("papers:review") or actor.may("papers:decide"),
    )


@bp.get("/official/expiring.xlsx")
@requires("totals:read")
def download_expiring(actor: Actor) -> Response:
    """Download the same list as a workbook."""
    require_official(actor)
    rows = expiring.list_expiring(actor, clock.today(), days=_days(), kind=_kind(), limit=expiring.MOST_ROWS).items
    table = expiring.expiring_table(list(rows), _SCHEMES)
    book = sheets.write_xlsx(*table, sheet=_("即将到期"), about=present.about_now())
    return download(book, "expiring.xlsx", XLSX_TYPE)
