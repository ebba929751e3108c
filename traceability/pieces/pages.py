"""How often labels were scanned, on the desks of the producer, the officials of its county and the operator."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, Response, render_template, request

from catalog.lots.shipping import NoSuchLot
from shop import clock
from shop.auth import Actor, requires
from shop.db import snapshot
from shop.i18n import _, lazy
from shop.layout import NavItem, add_nav, show_instant
from shop.paging import decode_cursor, make_page
from shop.sheets import write_xlsx
from traceability.pieces import counts

bp = Blueprint("scan_pages", __name__, template_folder="templates")
_DESKS = "/<any(producer, official, operator):desk>"
_PAGE = 50
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def init_app(app: Flask) -> None:
    """Add the list to the three desks."""
    add_nav(
        app,
        NavItem("producer", lazy("扫码"), "scan_pages.list_lots", "trace:read", 36, {"desk": "producer"}, lazy("商品")),
        NavItem("official", lazy("扫码"), "scan_pages.list_lots", "trace:read", 65, {"desk": "official"}),
        NavItem("operator", lazy("扫码"), "scan_pages.list_lots", "trace:read", 62, {"desk": "operator"}, lazy("溯源")),
    )


@bp.get(f"{_DESKS}/scans")
@requires("trace:read")
def list_lots(actor: Actor, desk: str) -> str:
    """Show scans by lot, the newest first."""
    today, is_repeated = clock.today(), request.args.get("show") == "repeated"
    after = decode_cursor(request.args.get("cursor"), int)
    with snapshot():
        rows = counts.list_lots(
            actor, today, is_repeated=is_repeated, after=after[0] if after else None, limit=_PAGE
        )  # fmt: skip
        sums = counts.sum_lots(actor, today, is_repeated=is_repeated)
    page = make_page(rows, _PAGE, lambda row: (row.key,))
    return render_template("pieces/scans.html", desk=desk, page=page, sums=sums, is_repeated=is_repeated)


@bp.get(f"{_DESKS}/scans.xlsx")
@requires("trace:read")
def download(actor: Actor, desk: str) -> Response:  # noqa: ARG001  the desk is the address's
    """Download the same list as a workbook."""
    at, is_repeated = clock.now(), request.args.get("show") == "repeated"
    today = clock.business_day(at)
    with snapshot():
        rows = counts.list_lots(actor, today, is_repeated=is_repeated, limit=counts.MOST_ROWS)
        titles, cells, total = counts.table(rows, counts.sum_lots(actor, today, is_repeated=is_repeated))
    data = write_xlsx(titles, cells, sheet=_("扫码"), about=[(_("截至"), show_instant(at))], total=total)
    answer = Response(data, content_type=_XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="scans.xlsx"'
    return answer


@bp.get(f"{_DESKS}/lots/<uuid:lot_id>/scans")
@requires("trace:read")
def show_lot(actor: Actor, desk: str, lot_id: UUID) -> str:
    """Show the packs of a lot whose labels were scanned more than once: some may be copies.

    :raises NoSuchLot: if the actor sees none, or nothing of it was numbered or scanned.
    """
    after = decode_cursor(request.args.get("cursor"), int, str)
    with snapshot():
        lot = counts.get_lot(actor, clock.today(), lot_id)
        if lot is None:
            raise NoSuchLot(_("没有找到。"))
        rows = counts.list_repeated(lot.key, after=after, limit=_PAGE)
    page = make_page(rows, _PAGE, lambda row: (row.scans, row.serial))
    return render_template("pieces/lot.html", desk=desk, lot=lot, page=page)
