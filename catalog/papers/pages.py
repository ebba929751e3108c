"""The producer desk's pages of papers: eligibility and quality certificates, shown apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from catalog.papers import queries, services
from catalog.papers.forms import CertificateForm, EligibilityForm, PaperForm
from catalog.papers.labels import KIND_WORDS, PAPER_WORDS
from catalog.producers.queries import resolve_producer
from catalog.products import reads
from catalog.products.forms import own_producers
from catalog.shopfront.labels import CERTIFICATES, SCHEMES
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.files import services as files
from shop.filters import read_id
from shop.i18n import _
from shop.idempotency import idempotent

bp = Blueprint("paper_pages", __name__, template_folder="templates", url_prefix="/producer/papers")

WORDS = {"paper": PAPER_WORDS, "kinds": KIND_WORDS, "schemes": {"eligibility": SCHEMES, "certificate": CERTIFICATES}}


@bp.get("")
@requires("papers:submit")
def list_own(actor: Actor) -> str:
    """List own papers, both kinds apart."""
    today = clock.today()
    papers = {kind: queries.list_papers(kind, actor, today, limit=200) for kind in queries.TABLES}
    return render_template("papers/own.html", papers=papers, words=WORDS, state_on=queries.state_on, today=today)


@bp.route("/eligibility/new", methods=["GET", "POST"])
@requires("papers:submit")
def new_eligibility(actor: Actor) -> Any:
    """Hand in an eligibility basis."""
    at, form = clock.now(), EligibilityForm()
    products = reads.list_products(actor, clock.business_day(at), limit=500)
    form.fill(products, actor, clock.business_day(at))
    _preset(form, products)
    _copy(form, "eligibility", actor)

    def hand_in(evidence_id: int) -> UUID:
        return services.submit_eligibility(form.read(), actor, at=at, evidence_file_id=evidence_id).public_id

    return _answer(form, "eligibility", actor, hand_in)


@bp.route("/certificate/new", methods=["GET", "POST"])
@requires("papers:submit")
def new_certificate(actor: Actor) -> Any:
    """Hand in a quality certificate."""
    at, form = clock.now(), CertificateForm()
    today = clock.business_day(at)
    products = reads.list_products(actor, today, limit=500)
    form.fill(products, own_producers(actor, today))
    _preset(form, products)
    _copy(form, "certificate", actor)

    def hand_in(evidence_id: int) -> UUID:
        producer_id = resolve_producer(UUID(form.producer.data), actor, today)
        return services.submit_certificate(form.read(producer_id), actor, at=at, evidence_file_id=evidence_id).public_id

    return _answer(form, "certificate", actor, hand_in)


@bp.get("/<any(eligibility,certificate):kind>/<uuid:paper_id>")
@requires("papers:submit")
def show_own(actor: Actor, kind: str, paper_id: UUID) -> str:
    """Show an own paper."""
    today = clock.today()
    row = queries.get_paper(kind, paper_id, actor, today)
    state = queries.state_on(row.paper, today)
    return render_template(
        "papers/paper.html", row=row, kind=kind, state=state, words=WORDS, warnings=services.paper_warnings(row)
    )


@bp.post("/<any(eligibility,certificate):kind>/<uuid:paper_id>/withdraw")
@requires("papers:submit")
@idempotent
def withdraw(actor: Actor, kind: str, paper_id: UUID) -> Any:
    """Take back a paper that waits."""
    with transaction():
        services.withdraw_paper(kind, paper_id, actor, at=clock.now())
    flash(_("材料已撤回。"), "success")
    return redirect(url_for(".show_own", kind=kind, paper_id=paper_id))


def _preset(form: EligibilityForm | CertificateForm, products: list[reads.ProductView]) -> None:
    """Choose what the address names, and the only thing that can be chosen."""
    if request.method != "GET":
        return
    asked = request.args.get("product", "")
    chosen = next((view for view in products if str(view.product.public_id) == asked), None)
    if chosen is not None:
        form.product.data = asked
        if isinstance(form, EligibilityForm):
            form.county_code.data = chosen.product.county_code
    if isinstance(form, CertificateForm) and len(form.producer.choices) == 1:
        form.producer.data = form.producer.choices[0].value


def _copy(form: EligibilityForm | CertificateForm, kind: str, actor: Actor) -> None:
    """Start with all that the paper which the address names says, its file too: only what was wrong is typed again."""
    refused = read_id(request.args.get("from")) if request.method == "GET" else None
    if refused is None:
        return
    row = queries.get_paper(kind, refused, actor, clock.today())
    for name in ("scheme", "issuer", "number", "valid_from", "valid_to", "county_code", "scope"):
        if name in form:
            form[name].data = getattr(row.paper, name)
    form.product.data = str(row.product_id) if row.product_id else ""
    if isinstance(form, CertificateForm):
        form.producer.data = str(row.producer_id)
    own = files.find_own(row.evidence_id, actor)  # of the agent or the producer, whichever handed it in
    form.evidence.data = str(own.public_id) if own else ""


def _keep_file(form: PaperForm, actor: Actor) -> None:
    """Store the file by itself, so that it is there when the rest of the form comes again."""
    upload = form.file.data
    if upload is None or not getattr(upload, "filename", ""):
        return
    data = upload.stream.read(files.MAX_BYTES + 1)
    with form.refusals(), transaction():
        form.evidence.data = str(files.store(data, upload.filename, actor).public_id)


def _answer(form: Any, kind: str, actor: Actor, hand_in: Callable[[int], UUID]) -> Any:
    if form.is_submitted():
        _keep_file(form, actor)

    @idempotent
    def act() -> Any:
        if form.is_submitted() and not form.refusal and form.validate():
            with form.refusals():
                with transaction():
                    evidence = files.get_own(UUID(form.evidence.data), actor)
                    public_id = hand_in(evidence.id)
                flash(_("材料已提交，等待审核。"), "success")
                return redirect(url_for(".show_own", kind=kind, paper_id=public_id))
        return form.answer(render_template("papers/new.html", form=form, kind=kind, words=WORDS))

    return act()
