"""The producer desk's labels for single packs: number them, print them, or take the numbers to a printing house."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from catalog.lots import queries as lots
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.forms import Form
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.sheets import Cell, write_csv
from traceability.pieces import queries, services
from traceability.pieces.models import MOST_PIECES, SerialRun
from traceability.resolver import labels
from traceability.resolver.label_pages import SIZES
from traceability.resolver.label_queries import list_labels
from traceability.resolver.labels import Label

bp = Blueprint("piece_label_pages", __name__, template_folder="templates", url_prefix="/producer/labels")
#: Labels of one page to print: ten sheets.
PART = 240


class PiecesForm(Form):
    """How many packs of a lot get a number of their own."""

    pieces = IntegerField(
        lazy("件数"), [InputRequired(lazy("请填写件数。")), NumberRange(1, MOST_PIECES, lazy("件数应为 1 至 10000。"))]
    )


@bp.get("/lots/<uuid:lot_id>")
@requires("lots:edit")
def show_lot(actor: Actor, lot_id: UUID) -> str:
    """Show how many packs of a lot have numbers, and what was issued."""
    return _render(actor, lot_id, PiecesForm(formdata=None))


@bp.post("/lots/<uuid:lot_id>")
@requires("lots:edit")
@idempotent
def issue(actor: Actor, lot_id: UUID) -> Any:
    """Issue numbers for packs of a lot."""
    form = PiecesForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                run = services.issue(lot_id, form.pieces.data or 0, actor, at=clock.now()).public_id
            flash(_("已编号。请打印，或下载给印刷厂。"), "success")
            return redirect(url_for(".show_run", run_id=run))
    return form.answer(_render(actor, lot_id, form))


@bp.get("/runs/<uuid:run_id>")
@requires("lots:edit")
def show_run(actor: Actor, run_id: UUID) -> str:
    """Show a run of numbers, with its pages to print."""
    run, lot_id, label = _find(actor, run_id)
    parts = [(first, min(first + PART - 1, run.pieces)) for first in range(1, run.pieces + 1, PART)]
    return render_template("resolver/run.html", run=run, label=label, parts=parts, lot_id=lot_id)


@bp.get("/runs/<uuid:run_id>/sheet")
@requires("lots:edit")
def sheet(actor: Actor, run_id: UUID) -> str:
    """Show labels of a run, ready to be printed: ten sheets from the number on that the address names."""
    run, _lot_id, label = _find(actor, run_id)
    first, size, base = request.args.get("first", 1, int), request.args.get("size", "a4"), _base()
    first = min(max(first, 1), run.pieces)
    drawn = [
        (each, 1, labels.draw(base + each.path)) for each in _labels(run, label, first=first, last=first + PART - 1)
    ]
    back = url_for(".show_run", run_id=run_id)
    return render_template(
        "resolver/sheet.html", drawn=drawn, size=size if size in SIZES else "a4", base=base, back=back
    )


@bp.get("/runs/<uuid:run_id>.csv")
@requires("lots:edit")
def download(actor: Actor, run_id: UUID) -> Response:
    """Download the numbers and addresses of a run, for a printing house."""
    run, _lot_id, label = _find(actor, run_id)
    titles = [_("序号"), _("编号"), _("批号"), _("序列号"), _("网址")]
    pieces = _labels(run, label, first=1, last=run.pieces)
    rows: list[list[Cell]] = [
        [place, each.number, each.lot_number, each.serial, _base() + each.path] for place, each in enumerate(pieces, 1)
    ]
    answer = Response(write_csv(titles, rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="serials.csv"'
    return answer


def _find(actor: Actor, run_id: UUID) -> tuple[SerialRun, UUID, Label]:
    """Return a run, its lot, and what stands on a label of it."""
    today = clock.today()
    run, lot_id = queries.get_run(run_id, actor, today)
    return run, lot_id, list_labels([lot_id], actor, today)[lot_id]


def _labels(run: SerialRun, label: Label, *, first: int, last: int) -> list[Label]:
    return [replace(label, serial=serial) for serial in queries.list_serials(run, first=first, last=last)]


def _base() -> str:
    return str(current_app.config["BASE_URL"])


def _render(actor: Actor, lot_id: UUID, form: PiecesForm) -> str:
    view = lots.get_lot(lot_id, actor, clock.today())
    held, issued = queries.count_pieces(view.lot.id)
    return render_template(
        "resolver/pieces.html", view=view, held=held, issued=issued, runs=queries.list_runs(view.lot.id), form=form
    )
