"""The operator's reconciliation desk: each rail by day, and the lines of a day on both sides."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.ledger.views import CSV_TYPE, XLSX_TYPE, download
from orders.online import configuration
from orders.reconciliation import desk_labels as labels
from orders.reconciliation import desk_names, desk_queries, tables, tasks
from orders.reconciliation.asking import last_of, read_day, read_month
from orders.reconciliation.desk_queries import RAILS, Month
from shop import clock, sheets
from shop.auth import Actor, requires
from shop.db import snapshot
from shop.errors import NotFound
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT

bp = Blueprint("reconciliation_pages", __name__, template_folder="templates", url_prefix="/operator/reconciliation")
_RAIL = f"/<any({', '.join(RAILS)}):rail>"


@bp.get("")
@requires("exceptions:read")
def show_desk(actor: Actor) -> Response:
    """Lead to the rail that moves most."""
    desk_queries.require_operator(actor)
    return redirect(url_for("reconciliation_pages.show_month", rail=RAILS[0]))


@bp.get(_RAIL)
@requires("exceptions:read")
def show_month(actor: Actor, rail: str) -> str:
    """Show a month of a rail, day by day."""
    found = _month(actor, rail)
    return render_template(
        "reconciliation/month.html", month=found, before=_month_text(found.first_on - timedelta(days=1)),
        after=_month_text(found.last_on + timedelta(days=1)) if found.last_on < clock.today() else "",
        can_fetch=configuration.is_on(), **_words(),
    )  # fmt: skip


@bp.get(f"{_RAIL}.<any(xlsx, csv):form>")
@requires("exceptions:read")
def download_month(actor: Actor, rail: str, form: str) -> Response:
    """Download the same month."""
    found = _month(actor, rail)
    titles, rows, total = tables.month_table(found)
    name = f"{rail}-{_month_text(found.first_on)}.{form}"
    if form == "csv":
        return download(sheets.write_csv(titles, [*rows, total]), name, CSV_TYPE)
    return download(sheets.write_xlsx(titles, rows, sheet=str(labels.RAILS[rail]), total=total), name, XLSX_TYPE)


@bp.get(f"{_RAIL}/<day>")
@requires("exceptions:read")
def show_day(actor: Actor, rail: str, day: str) -> str:
    """Show what the lines of a day are about, on both sides, what differs first."""
    on = _day(actor, day)
    with snapshot():
        page = desk_queries.list_things(rail, on, on, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"))
        total = desk_queries.month_of(rail, on, on)
        names = desk_names.names_of(thing.name for thing in page.items)
    return render_template(
        "reconciliation/day.html", rail=rail, day=on, page=page, total=total, names=names, **_words()
    )


@bp.get(f"{_RAIL}/<day>/lines.<any(xlsx, csv):form>")
@requires("exceptions:read")
def download_day(actor: Actor, rail: str, day: str, form: str) -> Response:
    """Download a day's lines of both sides."""
    on = _day(actor, day)
    with snapshot():
        page = desk_queries.list_things(rail, on, on, limit=desk_queries.MOST_ROWS)
    titles, rows, total = tables.day_table(page.items)
    name = f"{rail}-{on.isoformat()}.{form}"
    if form == "csv":
        return download(sheets.write_csv(titles, [*rows, total]), name, CSV_TYPE)
    return download(sheets.write_xlsx(titles, rows, sheet=str(labels.RAILS[rail]), total=total), name, XLSX_TYPE)


@bp.post("/fetch")
@requires("exceptions:propose")
@idempotent
def fetch(actor: Actor) -> Response:
    """List the provider's account of its balance now."""
    desk_queries.require_operator(actor)
    kept = tasks.fetch()
    flash(_("已取回支付机构流水，新增 %(kept)s 条。", kept=kept), "success")
    return redirect(url_for("reconciliation_pages.show_month", rail="stripe"))


def _month(actor: Actor, rail: str) -> Month:
    desk_queries.require_operator(actor)
    first = read_month(request.args.get("month"), clock.today())
    with snapshot():
        return desk_queries.month_of(rail, first, last_of(first))


def _month_text(day: date) -> str:
    return day.strftime("%Y-%m")


def _day(actor: Actor, text: str) -> date:
    desk_queries.require_operator(actor)
    day = read_day(text)
    if day is None:
        raise NotFound(_("没有这一页。"))
    return day


def _words() -> dict[str, Any]:
    return {
        "rails": labels.RAILS, "their_names": labels.THEIRS, "thing_states": labels.STATES,
        "state_kinds": labels.STATE_KINDS, "fact_label": labels.fact_label, "type_label": labels.type_label,
    }  # fmt: skip
