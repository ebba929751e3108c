"""Pages of statements of account and of what is reported about sellers, with their downloads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from orders.settlement import statement_lists, statements, taxes
from orders.settlement.forms import ActForm
from orders.settlement.labels import words
from orders.settlement.statements import Statement
from shop import clock
from shop.auth import Actor, requires
from shop.db import db, snapshot, transaction
from shop.errors import NotFound
from shop.files.models import StoredFile
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT
from shop.sheets import Cell, Fen, write_csv, write_xlsx

bp = Blueprint("producer_statement_pages", __name__, template_folder="templates")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/<any(producer, operator):desk>/account-statements")
@requires("payouts:read")
def show(actor: Actor, desk: str) -> str:
    """Show a producer's statement of a month, or from which producers to choose."""
    today = clock.today()
    found = _find(actor, today)
    if found is None:
        page, totals = statement_lists.list_producers(
            actor, today, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"),
            name=request.args.get("name", "").strip()[:100],
        )  # fmt: skip
        return render_template("settlement/statement_list.html", desk=desk, page=page, totals=totals, today=today)
    before = (found.month - timedelta(days=1)).strftime("%Y-%m")
    after = found.last_day + timedelta(days=1)
    return render_template(
        "settlement/statement.html", desk=desk, row=found, before=before,
        after=after.strftime("%Y-%m") if after <= today else None, **words(),
    )  # fmt: skip


@bp.get("/<any(producer, operator):desk>/account-statements.<any(csv, xlsx):kind>")
@requires("payouts:read")
def download(actor: Actor, desk: str, kind: str) -> Response:  # noqa: ARG001  the desk is the address's
    """Download a producer's statement of a month."""
    found = _find(actor, clock.today())
    if found is None:
        raise NotFound(_("请选择供应商。"))
    titles, rows = statements.table(found)
    about: list[tuple[str, Cell]] = [
        (_("供应商"), found.producer), (_("起始日期"), found.month), (_("截止日期"), found.last_day),
        (_("期末应付货款余额（元）"), Fen(found.payable.closing_fen)),
    ]  # fmt: skip
    return _answer(titles, rows, kind, f"statement-{found.month:%Y%m}", _("对账单"), about)


@bp.get("/operator/account-statements/all.xlsx")
@requires("payouts:read")
def download_all(actor: Actor) -> Response:
    """Download all producers' statements of a month, in one workbook."""
    month = statements.read_month(request.args.get("month"), clock.today())
    with snapshot():
        titles, rows = statement_lists.table_of_all(month, actor)
        about: list[tuple[str, Cell]] = [
            (_("起始日期"), month), (_("截止日期"), statements.last_of_month(month)), (_("范围"), _("全部供应商")),
        ]  # fmt: skip
        return _answer(titles, rows, "xlsx", f"statements-{month:%Y%m}", _("对账单"), about)


@bp.get("/operator/taxes")
@requires("taxes:read")
def show_taxes(actor: Actor) -> str:
    """Show what is reported about sellers for a quarter."""
    return _render_taxes(actor, taxes.read_quarter(request.args.get("quarter"), clock.today()))


@bp.get("/operator/taxes.<any(csv, xlsx):kind>")
@requires("taxes:read")
def download_taxes(actor: Actor, kind: str) -> Response:
    """Download a quarter's sheet."""
    sheet = taxes.make_sheet(taxes.read_quarter(request.args.get("quarter"), clock.today()), actor)
    titles, rows = taxes.table(sheet)
    about: list[tuple[str, Cell]] = [
        (_("季度"), taxes.name_of(sheet.quarter)), (_("收入总额（元）"), Fen(sheet.gross_fen)),
        (_("退款金额（元）"), Fen(sheet.returns_fen)), (_("已报送"), _("是") if sheet.reported else _("否")),
        (_("报送文件 SHA-256"), sheet.reported.sha256 if sheet.reported else ""),
    ]  # fmt: skip
    return _answer(titles, rows, kind, f"sellers-{taxes.name_of(sheet.quarter)}", _("涉税信息"), about)


@bp.post("/operator/taxes")
@requires("taxes:report")
@idempotent
def report(actor: Actor) -> AnyResponse | tuple[str, int, dict[str, str]]:
    """Mark a quarter as reported."""
    form = ActForm()
    quarter = taxes.read_quarter(request.form.get("quarter"), clock.today())
    with form.refusals():
        with transaction():
            taxes.report(quarter, actor, clock.now())
        flash(_("已标记为已报送，报送内容已存档。"), "success")
        return redirect(url_for("producer_statement_pages.show_taxes", quarter=taxes.name_of(quarter)))
    return form.answer(_render_taxes(actor, quarter, form))


def _render_taxes(actor: Actor, quarter: date, form: ActForm | None = None) -> str:
    today = clock.today()
    sheet = taxes.make_sheet(quarter, actor)
    file = db.session.get_one(StoredFile, sheet.reported.file_id) if sheet.reported else None
    start = taxes.first_of_quarter(today)
    names = []
    for _n in range(8):
        names.append(taxes.name_of(start))
        start = taxes.first_of_quarter(start - timedelta(days=1))
    return render_template(
        "settlement/taxes.html", sheet=sheet, name=taxes.name_of(quarter), names=names, file=file, form=form,
        may_report=actor.may("taxes:report") and sheet.reported is None and sheet.last_day < today,
    )  # fmt: skip


def _find(actor: Actor, today: date) -> Statement | None:
    """Return the statement that the address asks for; ``None`` if it names no producer and there are several."""
    named = request.args.get("producer")
    try:
        public_id = UUID(named) if named else None
    except ValueError as error:
        raise NotFound(_("没有这个供应商。")) from error
    producer = statements.find_producer(public_id, actor, today)
    month = statements.read_month(request.args.get("month"), today)
    return None if producer is None else statements.make_statement(producer, month)


def _answer(
    titles: Sequence[str], rows: Iterable[Sequence[Cell]], kind: str, name: str, sheet: str,
    about: Sequence[tuple[str, Cell]],
) -> Response:  # fmt: skip
    data = write_csv(titles, rows) if kind == "csv" else write_xlsx(titles, rows, sheet=sheet, about=about)
    response = Response(data, mimetype="text/csv" if kind == "csv" else _XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response
