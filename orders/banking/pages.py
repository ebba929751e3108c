"""Pages of statements: upload, look at how the file is read, import, see what became of it, confirm all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from orders.banking import accounts, confirming, labels, preview, queries, row_queries, slips, statements
from orders.banking.forms import MappingForm, SlipsForm, UploadForm
from orders.banking.reading.layouts import PRESETS
from orders.banking.statements import ImportRequest
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.files import services as files
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import DEFAULT_LIMIT

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint(
    "statement_pages", __name__, template_folder="templates", url_prefix="/<any(producer, operator):desk>/statements"
)


@bp.get("")
@requires("payments:read")
def list_statements(actor: Actor, desk: str) -> str:
    """Show the imported statements, and how many lines wait for a person."""
    today = clock.today()
    page = queries.list_statements(actor, today, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"))
    return render_template(
        "banking/statements.html", desk=desk, page=page, waiting=queries.count_open(actor, today),
        slips=SlipsForm(formdata=None), **labels.words(),
    )  # fmt: skip


@bp.route("/new", methods=["GET", "POST"])
@requires("payments:record")
def upload(actor: Actor, desk: str) -> Answer:
    """Take a file in; the next page shows how it is read."""
    form, offered = UploadForm(), accounts.list_import_accounts(actor, clock.today())
    form.offer(offered)
    given = form.statement.data
    if form.validate_on_submit():
        if not isinstance(given, FileStorage) or not given.filename:
            form.statement.errors = [_("请选择文件。")]
        else:
            with form.refusals():
                with transaction():
                    name = given.filename if not given.filename.lower().endswith(".txt") else f"{given.filename}.csv"
                    stored = files.store(given.read(), name, actor).public_id
                return redirect(
                    url_for("statement_pages.show_preview", desk=desk, file=stored, account=form.account.data)
                )
    return form.answer(render_template("banking/upload.html", desk=desk, form=form, offered=offered))


@bp.route("/preview", methods=["GET", "POST"])
@requires("payments:record")
@idempotent
def show_preview(actor: Actor, desk: str) -> Answer:
    """Show how a file is read; a person corrects it and imports."""
    form, asked = MappingForm(), _asked()
    mapping = PRESETS.get(form.preset.data or "") or form.mapping()
    if request.method == "POST" and "import" in request.form and form.validate():
        wanted = ImportRequest(**asked, mapping=mapping, skip_bad=form.skip_bad.data, save=form.save.data)
        with form.refusals():
            reading = statements.read(wanted, actor, clock.today())
            with transaction():
                made = statements.import_statement(wanted, reading, actor, clock.now()).public_id
            flash(_("对账单已导入。"), "success")
            return redirect(url_for("statement_pages.show", desk=desk, statement_id=made))
    seen = preview.look(ImportRequest(**asked, mapping=mapping), actor, clock.today())
    if seen.mapping is not None:
        form.show(seen.mapping)
    return form.answer(
        render_template("banking/preview.html", desk=desk, form=form, seen=seen, facts=dict(labels.FACTS))
    )


@bp.get("/<uuid:statement_id>")
@requires("payments:read")
def show(actor: Actor, desk: str, statement_id: UUID) -> str:
    """Show a statement: what became of its rows and lines, and how far confirming is."""
    today = clock.today()
    found = confirming.get_statement(statement_id, actor, today)
    job = confirming.latest(found.id)
    outcome = request.args.get("outcome", "")
    rows = row_queries.list_rows(
        found.id, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"),
        outcomes=(outcome,) if outcome in labels.OUTCOMES else (),
    )  # fmt: skip
    waiting = confirming.count_waiting(found.id)
    may_confirm = bool(waiting) and actor.may("payments:confirm") and found.imported_by != actor.user_id
    return render_template(
        "banking/statement.html", desk=desk, row=queries.get_statement(found.id), states=queries.states_of(found.id),
        rows=rows, job=job, failures=confirming.failures_of(job.id) if job else [], waiting=waiting,
        may_confirm=may_confirm and not (job and job.status == "running"), **labels.words(),
    )  # fmt: skip


@bp.post("/<uuid:statement_id>/confirm")
@requires("payments:confirm")
@idempotent
def confirm(actor: Actor, desk: str, statement_id: UUID) -> Response:
    """Confirm all receipts of a statement; it goes on by itself."""
    with transaction():
        confirming.start(statement_id, actor, clock.now())
    flash(_("已开始逐笔确认，可离开本页，稍后回来查看进度。"), "success")
    return redirect(url_for("statement_pages.show", desk=desk, statement_id=statement_id))


@bp.post("/slips")
@requires("payments:record")
@idempotent
def attach_slips(actor: Actor, desk: str) -> Response:
    """Put electronic receipts to payments by the serials in their names."""
    given = [one for one in SlipsForm().slips.data or [] if isinstance(one, FileStorage) and one.filename]
    with transaction():
        stored = [files.store(one.read(), one.filename or "", actor).public_id for one in given]
    with transaction():
        found = slips.attach_all(stored, actor, clock.now())
    lost = [one.name for one in found if one.is_lost]
    flash(_("%(count)s 份回单已挂到对应到账或付款。", count=len(found) - len(lost)), "success")
    if lost:
        flash(
            _("没有找到对应到账或付款的回单：%(names)s。请打开到账或付款，在其页面上传。", names="、".join(lost[:20])),
            "warning",
        )
    return redirect(url_for("statement_pages.list_statements", desk=desk))


def _asked() -> dict[str, Any]:
    """Return the file and account in the address; nothing that is there, if they are none."""
    found: dict[str, Any] = {}
    for name in ("account", "file"):
        try:
            found[name] = UUID(request.args.get(name, ""))
        except ValueError:
            found[name] = UUID(int=0)
    return found
