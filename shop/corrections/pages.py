"""Corrections of organisations for the operator's people, and an organisation's own history."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from shop import clock
from shop.auth import Actor, requires
from shop.corrections import queries, services
from shop.corrections.models import STATUSES
from shop.db import db, transaction
from shop.files.keeping import keep_files, kept_file
from shop.forms import Form
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.identity import organisations
from shop.identity.forms import TYPE_WORDS
from shop.identity.models import INSTITUTION_TYPES, Organisation
from shop.identity.pages import Answer
from shop.layout import NavItem, add_nav
from shop.paging import DEFAULT_LIMIT

bp = Blueprint("correction_pages", __name__, template_folder="templates")

FIELD_WORDS = {
    "name": lazy("单位名称"),
    "credit_code": lazy("统一社会信用代码"),
    "division_code": lazy("所在地行政区划代码"),
    "institution_type": lazy("采购单位类型"),
}


class ProposalForm(Form):
    """Who an organisation is and where, as it is to be."""

    version = HiddenField()
    name = StringField(FIELD_WORDS["name"], [InputRequired(lazy("请填写单位名称。")), Length(max=120)])
    credit_code = StringField(FIELD_WORDS["credit_code"], [Length(max=40)])
    division_code = StringField(FIELD_WORDS["division_code"], [InputRequired(lazy("请填写六位代码。")), Length(max=6)])
    institution_type = SelectField(
        FIELD_WORDS["institution_type"], choices=[SelectChoice(one, TYPE_WORDS[one]) for one in INSTITUTION_TYPES],
        description=lazy("决定今后的订单算直接采购还是帮助销售。"),
    )  # fmt: skip
    reason = TextAreaField(
        lazy("更正原因"), [InputRequired(lazy("请说明更正的原因。")), Length(max=services.MAX_REASON)],
        description=lazy("确认后告知该单位并留存；已下的订单、合同和统计保持原样。"),
    )  # fmt: skip
    evidence = FileField(
        lazy("证明文件"), description=lazy("营业执照、法人证书或变更通知书。PDF、照片或 OFD，不超过 20 MB。")
    )


def init_app(app: Flask) -> None:
    """Add the link of the operator's desk."""
    place = "correction_pages.list_corrections"
    add_nav(app, NavItem("operator", lazy("单位更正"), place, "organisations:verify", 19, {}, lazy("审核")))


@bp.get("/operator/organisation-corrections")
@requires("organisations:verify")
def list_corrections(actor: Actor) -> str:
    """Show corrections; those that wait are shown first."""
    wanted = request.args.get("status", "proposed")
    page = queries.list_corrections(
        actor, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), status=wanted if wanted in STATUSES else None
    )
    return render_template(
        "corrections/list.html", page=page, wanted=wanted, waiting=queries.count_proposed(), field_words=FIELD_WORDS
    )


@bp.get("/operator/organisations/<uuid:organisation_id>/corrections")
@requires("organisations:verify")
def history(actor: Actor, organisation_id: UUID) -> str:
    """Show what an organisation was called, and every correction of it."""
    return _history(organisations.get_organisation(organisation_id), actor)


@bp.get("/organisation/corrections")
@requires("organisation:read")
def own_history(actor: Actor) -> str:
    """Show members what was corrected of their organisation."""
    return _history(db.session.get_one(Organisation, actor.organisation_id), actor)


@bp.route("/operator/organisations/<uuid:organisation_id>/correct", methods=["GET", "POST"])
@requires("organisations:verify")
@keep_files
@idempotent
def propose(actor: Actor, organisation_id: UUID) -> Answer:
    """Propose a correction, with a reason and the file that shows it."""
    organisation = organisations.get_organisation(organisation_id)
    form = ProposalForm(obj=organisation)
    if organisation.kind != "institution":
        del form.institution_type
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                services.propose(
                    organisation_id, _wanted(form), actor, version=request.form.get("version", 0, type=int),
                    reason=form.reason.data, file=kept_file(form.evidence.name), at=clock.now(),
                )  # fmt: skip
            flash(_("更正已提出，另一位同事确认后生效。"), "success")
            return redirect(url_for("correction_pages.list_corrections"))
    return form.answer(render_template("corrections/propose.html", form=form, organisation=organisation))


@bp.post("/operator/organisation-corrections/<uuid:correction_id>/<any(confirm,refuse):act>")
@requires("organisations:verify")
@idempotent
def decide(actor: Actor, correction_id: UUID, act: str) -> Response:
    """Agree to a correction, refuse it, or take one's own back."""
    form = Form()
    with form.refusals(), transaction():
        if act == "confirm":
            services.confirm(correction_id, actor, at=clock.now())
        else:
            services.refuse(correction_id, actor, reason=request.form.get("reason", ""), at=clock.now())
    form.tell(_("已更正，并已告知该单位。") if act == "confirm" else _("更正已退回，单位信息不变。"))
    return redirect(url_for("correction_pages.list_corrections"))


def _wanted(form: ProposalForm) -> dict[str, str]:
    return {name: form[name].data or "" for name in organisations.VERIFIED if name in form}


def _history(organisation: Organisation, actor: Actor) -> str:
    page = queries.list_corrections(
        actor, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), organisation=organisation.public_id
    )
    return render_template(
        "corrections/history.html", organisation=organisation, names=queries.names_of(organisation), page=page,
        field_words=FIELD_WORDS,
    )  # fmt: skip
