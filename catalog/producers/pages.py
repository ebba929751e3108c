"""The producer desk's profile: what the market knows, whom it helps, who may act for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, url_for

from catalog.producers import queries, reads, services
from catalog.producers.forms import BASES, BenefitForm, EndForm, MandateForm, ProfileForm
from catalog.products.forms import county_choices
from catalog.shopfront.labels import FORMS, WAYS
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import NotFound
from shop.files import services as files
from shop.forms import Form
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.layout import NavItem, add_nav

bp = Blueprint("profile_pages", __name__, template_folder="templates", url_prefix="/producer/profile")


def init_app(app: Flask) -> None:
    """Add the desk's link."""
    add_nav(
        app,
        NavItem(
            "producer", lazy("单位资料"), "profile_pages.show_profile", "catalogue:edit", 52, {}, lazy("资料与申报")
        ),
    )


@bp.get("")
@requires("catalogue:edit")
def show_profile(actor: Actor) -> str:
    """Show the profile of the actor's own organisation; of an agent, the mandates it holds."""
    return _render(actor)


@bp.post("")
@requires("catalogue:edit")
@idempotent
def save_profile(actor: Actor) -> Any:
    """Register the own organisation as a producer, or change what the market knows of it."""
    _require_producer(actor)
    form = ProfileForm()
    form.county_code.choices = county_choices(actor, clock.today())
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                producer = queries.find_producer(actor.organisation_id)
                if producer is None:
                    services.register_producer(actor.organisation_id, form.read(), actor)
                else:
                    services.edit_producer(producer, form.read(), actor)
            flash(_("资料已保存。"), "success")
            return redirect(url_for(".show_profile"))
    return form.answer(_render(actor, profile=form))


@bp.post("/benefits")
@requires("catalogue:edit")
@idempotent
def add_benefit(actor: Actor) -> Any:
    """Record whom the producer helps."""
    _require_producer(actor)
    form = BenefitForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                county = queries.get_producer(actor.organisation_id).county_code
                if county is None:
                    raise services.BadProducer(_("请先填写所在脱贫县。"))
                services.record_benefit(actor.organisation_id, form.read(county), actor, at=clock.now())
            flash(_("带动人口已登记。"), "success")
            return redirect(url_for(".show_profile"))
    return form.answer(_render(actor, benefit=form))


@bp.post("/mandates")
@requires("organisation:manage")
@idempotent
def give_mandate(actor: Actor) -> Any:
    """Let an agent act for the producer."""
    form = MandateForm()
    form.fill(reads.list_agents())
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                agent = queries.find_agent(form.agent_id())
                upload = form.evidence.data
                evidence = files.store(upload.read(), upload.filename, actor).id if upload else None
                services.give_mandate(
                    actor.organisation_id, agent, actor, valid_from=form.valid_from.data,
                    valid_to=form.valid_to.data, evidence_file_id=evidence,
                )  # fmt: skip
            flash(_("授权已生效。"), "success")
            return redirect(url_for(".show_profile"))
    return form.answer(_render(actor, mandate=form))


@bp.post("/mandates/<uuid:mandate_id>/end")
@requires("organisation:manage")
@idempotent
def end_mandate(actor: Actor, mandate_id: UUID) -> Any:
    """Let a mandate end."""
    form = EndForm()
    if form.validate_on_submit():
        with form.refusals(), transaction():
            mandate = reads.get_mandate(mandate_id, actor).mandate
            services.end_mandate(mandate, actor, last_on=form.last_on.data, at=clock.now())
        if not form.refusal:
            flash(_("授权已终止。"), "success")
            return redirect(url_for(".show_profile"))
    return form.answer(_render(actor, ending=form))


def _require_producer(actor: Actor) -> None:
    if actor.organisation_kind != "producer":
        raise NotFound


def _render(actor: Actor, **given: Form) -> str:
    today = clock.today()
    producer = queries.find_producer(actor.organisation_id) if actor.organisation_kind == "producer" else None
    profile = given.get("profile") or ProfileForm(formdata=None, obj=producer)
    mandate = given.get("mandate") or MandateForm(formdata=None, data={"valid_from": today})
    if isinstance(profile, ProfileForm):
        profile.county_code.choices = county_choices(actor, today)
    if isinstance(mandate, MandateForm):
        mandate.fill(reads.list_agents())
    return render_template(
        "producers/profile.html",
        producer=producer,
        profile=profile,
        mandate=mandate,
        benefit=given.get("benefit") or BenefitForm(formdata=None, data={"year": today.year}),
        ending=given.get("ending") or EndForm(formdata=None, data={"last_on": today}),
        benefits=queries.list_benefit_links(producer_id=actor.organisation_id),
        mandates=reads.list_mandates(actor),
        warnings=services.licence_warnings(producer.food_licence, producer.county_code) if producer else [],
        today=today,
        yesterday=today - timedelta(days=1),
        words={"forms": FORMS, "ways": WAYS, "bases": BASES},
        is_manager=actor.may("organisation:manage"),
    )
