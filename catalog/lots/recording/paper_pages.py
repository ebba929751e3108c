"""Pages for tests, papers of meat, temperatures and certificates of a batch or lot; and the certificate for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup

from catalog.lots.recording.forms import (
    CommitmentForm,
    FileForm,
    MeatPaperForm,
    ReportForm,
    SupplierForm,
    TemperatureForm,
    read_items,
)
from catalog.lots.recording.labels import WORDS
from catalog.lots.records import commitments, queries, reports, standing, suppliers, temperatures, withdrawing
from catalog.lots.records.subjects import subject_of
from shop import clock
from shop.auth import Actor, public, requires
from shop.db import transaction
from shop.files import services as files
from shop.files.models import StoredFile
from shop.forms import Form
from shop.i18n import _
from shop.idempotency import idempotent
from shop.layout import public_address

bp = Blueprint("lot_paper_pages", __name__, template_folder="templates", url_prefix="/producer/records")
public_bp = Blueprint("commitment_pages", __name__, template_folder="templates")
_KIND = "<any(batch,lot):kind>/<uuid:thing_id>"
_WITHDRAW: dict[str, Callable[..., Any]] = {
    "reports": reports.withdraw_report,
    "meat": withdrawing.withdraw_meat_paper,
    "temperatures": withdrawing.withdraw_temperatures,
    "passages": withdrawing.withdraw_passage,
}


@bp.route(f"/{_KIND}/test", methods=["GET", "POST"])
@requires("lots:edit")
def report(actor: Actor, kind: str, thing_id: UUID) -> Any:
    """Record a test report."""
    form, at = ReportForm(), clock.now()

    def record(file: StoredFile) -> None:
        items = read_items(form.items.data or "")
        new = reports.NewReport(
            kind=form.kind.data, laboratory=form.laboratory.data or "", number=form.number.data or "",
            tested_on=form.tested_on.data, expires_on=form.expires_on.data, items=items,
            has_passed=all(item.has_passed for item in items), **_about(kind, thing_id),
        )  # fmt: skip
        reports.record_report(new, file.id, actor, at=at)

    return _answer(form, "report", actor, (kind, thing_id), record)


@bp.route(f"/{_KIND}/meat", methods=["GET", "POST"])
@requires("lots:edit")
def meat_paper(actor: Actor, kind: str, thing_id: UUID) -> Any:
    """Record a quarantine or meat inspection certificate."""
    form, at = MeatPaperForm(), clock.now()

    def record(file: StoredFile) -> None:
        new = reports.NewMeatPaper(
            kind=form.kind.data, number=form.number.data or "", issuer=form.issuer.data or "",
            issued_on=form.issued_on.data, **_about(kind, thing_id),
        )  # fmt: skip
        reports.record_meat_paper(new, file.id, actor, at=at)

    return _answer(form, "meat", actor, (kind, thing_id), record)


@bp.route("/<any(batch):kind>/<uuid:thing_id>/supplier", methods=["GET", "POST"])
@requires("lots:edit")
def supplier(actor: Actor, kind: str, thing_id: UUID) -> Any:
    """Record from whom a batch was bought, or put that right."""
    form, at = SupplierForm(), clock.now()
    if request.method == "GET":
        known = queries.records_of(thing_id, None, actor, clock.business_day(at))
        form.division_code.data = known.subject.county_code

    def record(file: StoredFile) -> None:
        new = suppliers.NewSupplier(
            kind=form.kind.data, name=form.name.data or "", credit_code=form.credit_code.data or "",
            division_code=(form.division_code.data or "").strip(), township=form.township.data or "",
            village=form.village.data or "", document_number=form.document_number.data or "",
        )  # fmt: skip
        suppliers.record_supplier(thing_id, new, file.id, actor, at=at)

    return _answer(form, "supplier", actor, (kind, thing_id), record)


@bp.route(f"/{_KIND}/temperature", methods=["GET", "POST"])
@requires("lots:edit")
def temperature(actor: Actor, kind: str, thing_id: UUID) -> Any:
    """Read a logger's export."""
    form, at = TemperatureForm(), clock.now()

    def record(file: StoredFile) -> None:
        about = _about(kind, thing_id)
        temperatures.record_temperatures(about["batch"], about["lot"], file, actor, at=at)

    return _answer(form, "temperature", actor, (kind, thing_id), record)


@bp.route(f"/{_KIND}/certificate", methods=["GET", "POST"])
@requires("lots:edit")
@idempotent
def certificate(actor: Actor, kind: str, thing_id: UUID) -> Any:
    """Issue a commitment certificate, or another in its place."""
    form, at = CommitmentForm(), clock.now()
    about = _about(kind, thing_id)
    known = queries.records_of(about["batch"], about["lot"], actor, clock.business_day(at))
    current = commitments.find_current(known.subject)
    if request.method == "GET":
        form.contact.data = known.subject.contact
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                new = commitments.NewCommitment(
                    form.bases.data or [], form.contact.data or "", is_replacement=current is not None, **about
                )
                number = commitments.issue(new, actor, at=at).number
            flash(_("合格证已开具。"), "success")
            return redirect(url_for("commitment_pages.show", number=number))
    quantity = commitments.quantity_words(known.subject)
    return form.answer(
        _render(
            "certificate",
            form=form,
            known=known,
            current=current,
            quantity=quantity,
            promises=commitments.PROMISES,
            kind=kind,
        )
    )


@bp.post("/<any(reports,meat,temperatures,passages):what>/<uuid:record_id>/withdraw")
@requires("lots:edit")
@idempotent
def withdraw(actor: Actor, what: str, record_id: UUID) -> Any:
    """Take back what was recorded by mistake, with the reason."""
    form = Form()
    home = url_for("record_pages.today")
    with form.refusals(), transaction():
        found = _WITHDRAW[what](record_id, request.form.get("reason", ""), actor, at=clock.now())
        kind, thing_id = subject_of(found)
        home = _home(kind, thing_id)
    form.tell(_("已撤回。"))
    return redirect(home)


@public_bp.get("/commitments/<string:number>")
@public
def show(number: str) -> str:
    """Show a commitment certificate to everybody, to be printed."""
    made, replaced_by = queries.get_commitment(number[:60])
    address = public_address("commitment_pages.show", number=made.number)
    qr = Markup(segno.make(address, error="m").svg_inline(scale=3, border=2))  # noqa: S704  drawn by us from our address
    return _render(
        "commitment",
        made=made,
        replaced_by=replaced_by,
        is_void=queries.is_void(made),
        doubt=standing.doubt_of(made),
        qr=qr,
        address=address,
    )


def _about(kind: str, thing_id: UUID) -> dict[str, Any]:
    return {"batch": thing_id if kind == "batch" else None, "lot": thing_id if kind == "lot" else None}


def _home(kind: str, thing_id: UUID) -> str:
    if kind == "batch":
        return url_for("record_pages.show_batch", batch_id=thing_id)
    return url_for("lot_pages.show_lot", lot_id=thing_id)


def _keep_file(form: FileForm, actor: Actor) -> None:
    """Store the file by itself, so that it is there when the rest of the form comes again."""
    upload = form.file.data
    if upload is None or not getattr(upload, "filename", ""):
        return
    data = upload.stream.read(files.MAX_BYTES + 1)
    with form.refusals(), transaction():
        form.evidence.data = str(files.store(data, upload.filename, actor).public_id)


def _answer(form: Any, page: str, actor: Actor, thing: tuple[str, UUID], record: Callable[[StoredFile], None]) -> Any:
    kind, thing_id = thing
    about = _about(kind, thing_id)
    known = queries.records_of(about["batch"], about["lot"], actor, clock.today())
    if form.is_submitted():
        _keep_file(form, actor)

    @idempotent
    def act() -> Any:
        if form.is_submitted() and not form.refusal and form.validate():
            with form.refusals():
                with transaction():
                    record(files.get_own(UUID(form.evidence.data), actor))
                flash(_("已登记。"), "success")
                return redirect(_home(kind, thing_id))
            if page == "temperature":
                form.evidence.data = ""  # a file that cannot be read is not kept for the next try
        values = {
            "form": form,
            "known": known,
            "home": _home(kind, thing_id),
            "range_": temperatures.range_of(known.subject),
        }
        return form.answer(_render(page, **values))

    return act()


def _render(template: str, /, **values: Any) -> str:
    return render_template(f"recording/{template}.html", words=WORDS, **values)
