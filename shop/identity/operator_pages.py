"""All organisations and the table of permissions, for the operator's people."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop import clock, picking
from shop.auth import Actor, requires
from shop.db import transaction
from shop.filters import several
from shop.forms import Form
from shop.i18n import _, select_locale
from shop.idempotency import idempotent
from shop.identity import accounts, authority_scopes, listings, members, organisations, permissions, places
from shop.identity.authority_scopes import ScopeRow
from shop.identity.forms import InviteForm, RegisterForm, ScopeForm
from shop.identity.listings import OrganisationFilter
from shop.identity.member_pages import role_choices
from shop.identity.models import Organisation
from shop.identity.organisations import NewOrganisation
from shop.identity.pages import Answer
from shop.paging import DEFAULT_LIMIT
from shop.picking import Pick, Picking
from shop.typed import pieces

bp = Blueprint("identity_operator_pages", __name__, url_prefix="/operator", template_folder="templates")


@bp.get("/organisations")
@requires("organisations:verify")
def list_organisations(actor: Actor) -> str:  # noqa: ARG001
    """Search organisations; those that wait to be verified are one filter away."""
    args = request.args
    kinds, statuses, divisions = (several(args.getlist(name)) for name in ("kind", "status", "division"))
    known = tuple(status for status in statuses if status in ("unverified", "verified", "suspended"))
    wanted = OrganisationFilter(args.get("q") or None, kinds, known, divisions)
    page = listings.list_organisations(wanted, DEFAULT_LIMIT, args.get("cursor"))
    return render_template("identity/organisations.html", page=page, waiting=listings.count_unverified())


@bp.route("/organisations/verify-selected", methods=["GET", "POST"])
@requires("organisations:verify")
@idempotent
def verify_selected(actor: Actor) -> str | Response:
    """Verify several organisations, each by itself."""
    what = Picking(
        _("核验所选单位"),
        lambda n, _total: _("核验 %(n)s 个单位：已核对名称和统一社会信用代码，采购单位此后的采购计入帮扶额。", n=n),
        _("核验单位"),
        lambda key: organisations.verify(actor, key, clock.now()),
        url_for("identity_operator_pages.list_organisations", status="unverified"),
    )
    return picking.answer(picking.picked(_pick), what)


def _pick(key: UUID) -> Pick:
    found = organisations.get_organisation(key)
    address = url_for("identity_operator_pages.show", organisation_id=key)
    return Pick(key, found.name, found.credit_code or "—", None, address)


@bp.route("/organisations/new", methods=["GET", "POST"])
@requires("organisations:verify")
@idempotent
def register(actor: Actor) -> Answer:
    """Register an organisation."""
    form = RegisterForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                new = NewOrganisation(
                    form.kind.data, form.name.data, form.division_code.data, form.credit_code.data or None,
                    form.institution_type.data or None, form.address.data or "", form.contact_name.data or "",
                    form.contact_phone.data or "",
                )  # fmt: skip
                made = organisations.create_organisation(new, at=clock.now(), actor=actor)
                place = url_for("identity_operator_pages.show", organisation_id=made.public_id)
            flash(_("单位已登记，请核验并邀请管理员。"), "success")
            return redirect(place)
    return form.answer(render_template("identity/register.html", form=form))


@bp.get("/organisations/<uuid:organisation_id>")
@requires("organisations:verify")
def show(actor: Actor, organisation_id: UUID) -> str:  # noqa: ARG001
    """Show an organisation with what the operator may do with it."""
    return _page(organisations.get_organisation(organisation_id), InviteForm(), ScopeForm())


def _page(organisation: Organisation, invitation: InviteForm, scope: ScopeForm) -> str:
    invitation.roles.choices = role_choices(organisation.kind)
    people = listings.list_members(organisation.id, DEFAULT_LIMIT, request.args.get("cursor"))
    return render_template(
        "identity/operator_organisation.html", organisation=organisation, invitation=invitation, scope=scope,
        people=people, scopes=listings.list_scopes(organisation.id),
        division=listings.division_name(organisation.division_code), today=clock.today(),
        role_words=listings.role_names(select_locale()),
    )  # fmt: skip


@bp.get("/accounts/<uuid:user_id>")
@requires("organisations:verify")
def show_account(actor: Actor, user_id: UUID) -> str:  # noqa: ARG001
    """Show a person's account and where the person is a member."""
    user = accounts.get_account(user_id)
    mine = listings.list_my_organisations(user.id, clock.today())
    return render_template("identity/account.html", user=user, mine=mine)


@bp.post("/accounts/<uuid:user_id>/disable")
@requires("organisations:verify")
def disable_account(actor: Actor, user_id: UUID) -> Response:
    """Let nobody sign in with an account."""
    form = Form()
    with form.refusals(), transaction():
        accounts.disable(actor, user_id, why=request.form.get("why", ""), now=clock.real_now())
    form.tell(_("账号已停用，其登录和令牌已失效。"))
    return redirect(url_for("identity_operator_pages.show_account", user_id=user_id))


@bp.post("/accounts/<uuid:user_id>/enable")
@requires("organisations:verify")
def enable_account(actor: Actor, user_id: UUID) -> Response:
    """Let a person sign in again."""
    form = Form()
    with form.refusals(), transaction():
        accounts.enable(actor, user_id, why=request.form.get("why", ""))
    form.tell(_("账号已恢复。"))
    return redirect(url_for("identity_operator_pages.show_account", user_id=user_id))


@bp.post("/organisations/<uuid:organisation_id>/verify")
@requires("organisations:verify")
def verify(actor: Actor, organisation_id: UUID) -> Response:
    """Verify an organisation."""
    form = Form()
    with form.refusals(), transaction():
        organisations.verify(actor, organisation_id, clock.now())
    form.tell(_("已核验。"))
    return _back(organisation_id)


@bp.post("/organisations/<uuid:organisation_id>/suspend")
@requires("organisations:verify")
def suspend(actor: Actor, organisation_id: UUID) -> Response:
    """Suspend an organisation, with a reason."""
    form = Form()
    with form.refusals(), transaction():
        organisations.suspend(actor, organisation_id, clock.now(), request.form.get("why", ""))
    form.tell(_("已暂停，该单位只能查看。"))
    return _back(organisation_id)


@bp.post("/organisations/<uuid:organisation_id>/resume")
@requires("organisations:verify")
def resume(actor: Actor, organisation_id: UUID) -> Response:
    """End a suspension."""
    form = Form()
    with form.refusals(), transaction():
        organisations.resume(actor, organisation_id)
    form.tell(_("已恢复。"))
    return _back(organisation_id)


def _back(organisation_id: UUID) -> Response:
    return redirect(url_for("identity_operator_pages.show", organisation_id=organisation_id))


@bp.post("/organisations/<uuid:organisation_id>/members")
@requires("organisations:verify")
@idempotent
def appoint(actor: Actor, organisation_id: UUID) -> Answer:
    """Invite a person into an organisation."""
    organisation, form = organisations.get_organisation(organisation_id), InviteForm()
    form.roles.choices = role_choices(organisation.kind)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                members.invite(
                    actor, form.name.data, form.contact.data, form.roles.data, today=clock.today(), at=clock.now(),
                    until=form.until.data, organisation_id=organisation.id,
                )  # fmt: skip
            flash(_("邀请已发出。"), "success")
            return _back(organisation_id)
    return form.answer(_page(organisation, form, ScopeForm(formdata=None)))


@bp.post("/organisations/<uuid:organisation_id>/scope")
@requires("organisations:verify")
@idempotent
def set_scope(actor: Actor, organisation_id: UUID) -> Answer:
    """Decide what an authority's officials see from today on."""
    organisation, form = organisations.get_organisation(organisation_id), ScopeForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                superior = places.superior_by_code(form.superior.data) if form.superior.data else None
                codes = [code for piece in pieces(form.divisions.data) for code in piece.split()]
                level = form.budget_level.data or None
                rows = [ScopeRow(form.kind.data, code, level, superior) for code in codes]
                rows = rows or [ScopeRow(form.kind.data, None, level, superior)]
                authority_scopes.set_scope(actor, organisation_id, rows, clock.today())
            flash(_("权限范围自今日起生效。"), "success")
            return _back(organisation_id)
    return form.answer(_page(organisation, InviteForm(formdata=None), form))


@bp.get("/permissions")
@requires("permissions:edit")
def list_permissions(actor: Actor) -> str:  # noqa: ARG001
    """Show every role with what it may do."""
    known: dict[str, str] = current_app.extensions["permissions"]
    return render_template("identity/permissions.html", roles=permissions.list_roles(), known=known)


@bp.route("/permissions/<role>", methods=["GET", "POST"])
@requires("permissions:edit")
def edit_permissions(actor: Actor, role: str) -> Answer:
    """Decide what a role may do."""
    known: dict[str, str] = current_app.extensions["permissions"]
    row = next((found for found in permissions.list_roles() if found.code == role), None)
    if row is None:
        abort(404)
    form, held = Form(), row.permissions
    if form.validate_on_submit():
        held = request.form.getlist("permissions")
        with form.refusals():
            with transaction():
                version = request.form.get("version", 0, type=int)
                permissions.set_permissions(actor, role, version, held, known=known)
            flash(_("已保存，立即生效。"), "success")
            return redirect(url_for("identity_operator_pages.list_permissions"))
    page = render_template(
        "identity/edit_permissions.html", form=form, role=row, held=held, known=sorted(known.items())
    )
    return form.answer(page)
