"""The producer desk's labels: choose lots and numbers of labels, print them on sheets or on a roll."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, Flask, current_app, render_template, request, url_for
from werkzeug.wrappers import Response

from catalog.lots import queries as lots
from catalog.lots.pages import WORDS
from shop import clock
from shop.auth import Actor, requires
from shop.errors import Invalid
from shop.i18n import _, lazy
from shop.layout import NavItem, add_nav
from shop.paging import decode_cursor, make_page
from traceability.resolver import labels
from traceability.resolver.label_queries import list_labels

bp = Blueprint("label_pages", __name__, template_folder="templates", url_prefix="/producer/labels")
#: How labels may be printed.
SIZES = ("a4", "roll")
_PAGE = 50


class BadLabelCount(Invalid):
    """The number of labels is no whole number from 1 on, there are none at all, or more than one print may have."""

    code = "bad-label-count"


def init_app(app: Flask) -> None:
    """Add the desk's link."""
    add_nav(app, NavItem("producer", lazy("标签"), "label_pages.choose", "lots:edit", 35, {}, lazy("商品")))


@bp.get("")
@requires("lots:edit")
def choose(actor: Actor) -> str:
    """Show open lots with room for the number of labels of each."""
    after = decode_cursor(request.args.get("cursor"), int)
    rows = lots.list_lots(actor, clock.today(), statuses=("open",), after=after[0] if after else None, limit=_PAGE)
    page = make_page(rows, _PAGE, lambda row: (row.lot.id,))
    return render_template(
        "resolver/choose.html", page=page, words=WORDS, most=labels.MAX_LABELS,
        wanted=request.args.get("lot", ""),
    )  # fmt: skip


@bp.get("/sheet")
@requires("lots:edit")
def sheet(actor: Actor) -> str:
    """Show the labels, ready to be printed."""
    counts = _counts(request.args)
    found = list_labels(counts.keys(), actor, clock.today())
    size = request.args.get("size", "a4")
    base = str(current_app.config["BASE_URL"])
    drawn = [(found[lot], count, labels.draw(base + found[lot].path)) for lot, count in counts.items()]
    return render_template(
        "resolver/sheet.html", drawn=drawn, size=size if size in SIZES else "a4", base=base, back=url_for(".choose")
    )


@bp.get("/<uuid:lot_id>.svg")
@requires("lots:edit")
def code(actor: Actor, lot_id: UUID) -> Response:
    """Download the QR code of a lot, for packs that a printing house prints."""
    label = list_labels([lot_id], actor, clock.today())[lot_id]
    drawing = labels.draw(str(current_app.config["BASE_URL"]) + label.path).svg
    name = f"{label.number}-{label.path.rpartition('/')[2]}.svg"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(drawing, content_type="image/svg+xml; charset=utf-8", headers=headers)


def _counts(args: Mapping[str, str]) -> dict[UUID, int]:
    """Read how many labels of which lot are wanted, from fields named by lots.

    :raises BadLabelCount: if a number is none, or all together are none or too many.
    """
    given = {_lot(name): text.strip() for name, text in args.items() if name.startswith("n-") and text.strip()}
    if not all(
        text.isascii() and text.isdigit() and len(text) <= len(str(labels.MAX_LABELS)) for text in given.values()
    ):
        raise BadLabelCount(_("标签数量应为正整数。"))
    counts = {lot: int(text) for lot, text in given.items() if int(text)}
    if not 0 < sum(counts.values()) <= labels.MAX_LABELS:
        raise BadLabelCount(_("请填写标签数量，一次最多 %(most)s 枚。", most=labels.MAX_LABELS))
    return counts


def _lot(name: str) -> UUID:
    try:
        return UUID(name.removeprefix("n-"))
    except ValueError as error:
        raise BadLabelCount(_("标签数量应为正整数。")) from error
