"""Where goods came from and where they went, as a page on every desk: the tree, the nearest handovers, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request

from catalog.lots.batches import queries as batches
from catalog.products.numbers import product_number
from shop import clock
from shop.auth import Actor, requires
from shop.clock import business_day
from shop.db import snapshot
from shop.i18n import _, lazy
from shop.layout import show_instant
from shop.sheets import Cell, write_xlsx
from traceability.genealogy import answers, handovers
from traceability.genealogy.answers import NoSuchTracedThing, Trace
from traceability.genealogy.walk import DOWN, UP
from traceability.journey import names, recipients
from traceability.journey.known import called, parties
from traceability.journey.sheets import XLSX_TYPE
from traceability.journey.tree import Row, rows_of
from traceability.journey.words import step_word

bp = Blueprint("genealogy_pages", __name__, template_folder="templates")
_LOT = "/<any(desk, producer, official, operator):desk>/lots/<uuid:lot_id>/genealogy"
_BATCH = "/<any(producer):desk>/batches/<uuid:batch_id>/genealogy"
#: Lines of one page; more follow by the address.
SHOWN = 200
#: Lines that a workbook holds.
_MOST_ROWS = 50_000
NEAREST = "nearest"
VIEWS = {UP: lazy("来源"), DOWN: lazy("去向"), NEAREST: lazy("上一手和下一手")}
HOW = {"self": lazy("本批"), "made": "", "carrier": lazy("装在"), "inside": lazy("里面的")}
GAPS = {
    "never_made": lazy("没有人记录它是怎么来的。"),
    "never_opened": lazy("还没有记录取出的内容：%(found)s 件。"),
    "class_without_lot": lazy("只记了商品，没有批号，追溯到此为止。"),
    "more_out_than_in": lazy("产出多于投入：投入 %(expected)s，产出 %(found)s %(uom)s。"),
    "more_used_than_made": lazy("用出的多于记录的产量：产量 %(expected)s，用出 %(found)s %(uom)s。"),
}


@dataclass(frozen=True)
class Subject:
    """What is asked about: a lot or a batch, with what events call it."""

    uri: str
    code: str
    back: str
    #: The reader may know of it though nothing was recorded of it.
    is_own: bool


@bp.get(_LOT)
@requires("trace:read")
def show_lot(actor: Actor, desk: str, lot_id: UUID) -> str:
    """Show where a lot came from, where it went, or who handed it on."""
    with snapshot():
        return _render(actor, desk, _lot(lot_id, actor, desk))


@bp.get(f"{_LOT}.xlsx")
@requires("trace:read")
def download_lot(actor: Actor, desk: str, lot_id: UUID) -> Response:
    """Download the same as a workbook."""
    with snapshot():
        return _workbook(actor, _lot(lot_id, actor, desk))


@bp.get(_BATCH)
@requires("trace:read")
def show_batch(actor: Actor, desk: str, batch_id: UUID) -> str:
    """Show the same of a batch that is not packed yet."""
    with snapshot():
        return _render(actor, desk, _batch(batch_id, actor))


@bp.get(f"{_BATCH}.xlsx")
@requires("trace:read")
def download_batch(actor: Actor, desk: str, batch_id: UUID) -> Response:  # noqa: ARG001  the desk is the address's
    """Download the same of a batch."""
    with snapshot():
        return _workbook(actor, _batch(batch_id, actor))


def _lot(lot_id: UUID, actor: Actor, desk: str) -> Subject:
    lot = recipients.find_lot(lot_id)
    back = f"/producer/lots/{lot_id}" if desk == "producer" else f"/lots/{lot_id}"
    return Subject(lot.uri, lot.code, back, recipients.is_known(lot_id, actor, clock.now()))


def _batch(batch_id: UUID, actor: Actor) -> Subject:
    batch = batches.get_batch(batch_id, actor, clock.today()).batch
    uri = names.batch_uri(product_number(batch.product_id), batch.code, batch.id)
    return Subject(uri, batch.code, f"/producer/records/batches/{batch_id}", is_own=True)


def _view() -> str:
    asked = request.args.get("show", UP)
    return asked if asked in VIEWS else UP


def _render(actor: Actor, desk: str, subject: Subject) -> str:
    view, shown = _view(), max(request.args.get("from", 0, type=int), 0)
    about = {"desk": desk, "subject": subject, "view": view, "views": VIEWS, "how": HOW}
    found = _trace(subject, UP if view == NEAREST else view, actor)
    if view == NEAREST and found:
        return render_template("journey/genealogy.html", **about, handed=_handed(subject.uri, actor))
    rows = rows_of(found) if found else []
    page = rows[shown : shown + SHOWN]
    gaps = found.gaps[:SHOWN] if found else []
    return render_template(
        "journey/genealogy.html",
        **about,
        rows=page,
        total=len(rows),
        depth=max((row.level for row in rows), default=0),
        further=shown + SHOWN if len(rows) > shown + SHOWN else None,
        gaps=[(gap, gap_words(gap)) for gap in gaps],
        gap_count=len(found.gaps) if found else 0,
        known=called({*(row.uri for row in page), *(gap.subject for gap in gaps)}),
        words={row.biz_step: step_word("TransformationEvent", row.biz_step, None, "") for row in page if row.at},
    )


def _trace(subject: Subject, direction: str, actor: Actor) -> Trace | None:
    """Return the trace; ``None`` if nothing was recorded of goods that are the actor's.

    :raises NoSuchTracedThing: if the actor may not know of them.
    """
    try:
        return answers.trace(subject.uri, direction, actor)
    except NoSuchTracedThing:
        if subject.is_own:
            return None
        raise


def gap_words(gap: Any) -> str:
    """Return in a sentence what is missing."""
    plain = {name: "" if (value := getattr(gap, name)) is None else _plain(value) for name in ("expected", "found")}
    return str(GAPS[gap.kind]) % {**plain, "uom": _("公斤") if gap.uom == "KGM" else gap.uom or ""}


def _handed(uri: str, actor: Actor) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Return the nearest handovers upwards and downwards, told in names."""
    found = {direction: handovers.nearest(uri, direction, actor) for direction in (UP, DOWN)}
    every = [one for ones in found.values() for one in ones]
    things = called({each for one in every for each in (one.thing, one.carrier) if each})
    who = parties({each for one in every for each in (*one.sources, *one.destinations, *one.documents)})
    return [
        (
            lazy("上一手（从谁那里来）") if direction == UP else lazy("下一手（交给了谁）"),
            [
                {
                    "at": one.at, "word": step_word("ObjectEvent", one.biz_step, None, ""), "thing": things[one.thing],
                    "carrier": things[one.carrier] if one.carrier else None,
                    **{name: list(dict.fromkeys(who[each] for each in getattr(one, name)))
                       for name in ("sources", "destinations", "documents")},
                }
                for one in ones[:SHOWN]
            ],
        )
        for direction, ones in found.items()
    ]  # fmt: skip


def _workbook(actor: Actor, subject: Subject) -> Response:
    view = DOWN if _view() == DOWN else UP
    found = _trace(subject, view, actor)
    rows = rows_of(found)[:_MOST_ROWS] if found else []
    gaps = found.gaps[:SHOWN] if found else []
    known = called({*(row.uri for row in rows), *(gap.subject for gap in gaps)})
    titles = [_("层级"), _("货物"), _("关系"), _("数量"), _("单位"), _("日期"), _("环节"), _("说明"), _("标识")]
    about: list[tuple[str, Cell]] = [
        (_("批号"), subject.code), (_("内容"), str(VIEWS[view])), (_("截至"), show_instant(clock.now())),
        *((_("缺口"), f"{known[gap.subject].text} {gap_words(gap)}") for gap in gaps),
    ]  # fmt: skip
    total: list[Cell] = [_("合计"), _("%(count)s 行", count=len(rows)), *([""] * 7)]
    cells = [_cells(row, known[row.uri].text) for row in rows]
    answer = Response(
        write_xlsx(titles, cells, sheet=str(VIEWS[view]), about=about, total=total), content_type=XLSX_TYPE
    )
    answer.headers["Content-Disposition"] = 'attachment; filename="genealogy.xlsx"'
    return answer


def _cells(row: Row, name: str) -> list[Cell]:
    return [
        row.level, name, str(HOW[row.how]), "" if row.quantity is None else _plain(row.quantity),
        _("公斤") if row.uom == "KGM" else row.uom or "", business_day(row.at) if row.at else None,
        step_word("TransformationEvent", row.biz_step, None, "") if row.at else "", _("见上文") if row.is_again else "", row.uri,
    ]  # fmt: skip


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
