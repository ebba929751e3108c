"""Members and their roles for people."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.downloads import Column, answer_sheet, is_sheet_wanted
from shop.forms import Form
from shop.i18n import _, select_locale
from shop.idempotency import idempotent
from shop.identity import listings, members, tokens
from shop.identity.forms import InviteForm, RoleForm
from shop.identity.listings import MemberRow
from shop.identity.pages import Answer
from shop.paging import DEFAULT_LIMIT

bp = Blueprint("member_pages", __name__, url_prefix="/organisation/members", template_folder="templates")


def role_choices(kind: str) -> list[SelectChoice]:
    """Return the roles of a kind of organisation as choices."""
    return [SelectChoice(code, name) for code, name in listings.role_names(select_locale(), kind=kind).items()]


@bp.get("")
@requires("members:manage")
def list_members(actor: Actor) -> str | Response:
    """List members with the roles they hold."""
    if is_sheet_wanted():
        return answer_sheet(
            _("成员"), "members", _columns(),
            lambda limit, cursor: listings.list_members(actor.organisation_id, limit, cursor),
        )  # fmt: skip
    page = listings.list_members(actor.organisation_id, DEFAULT_LIMIT, request.args.get("cursor"))
    names = listings.role_names(select_locale())
    return render_template("identity/members.html", page=page, names=names, today=clock.today())


def _columns() -> list[Column]:
    names, today = listings.role_names(select_locale()), clock.today()

    def held(row: MemberRow) -> str:
        now = [one for one in row.roles if one.valid_from <= today and (not one.valid_to or one.valid_to >= today)]
        return "、".join(names[one.role] for one in now)

    return [
        (_("姓名"), lambda row: row.name),
        (_("手机号"), lambda row: row.phone or ""),
        (_("电子邮箱"), lambda row: row.email or ""),
        (_("现有角色"), held),
        (_("自"), lambda row: row.valid_from),
        (_("至"), lambda row: row.valid_to),
        (_("两步验证"), lambda row: _("已启用") if row.has_second_factor else _("未启用")),
    ]


@bp.route("/invite", methods=["GET", "POST"])
@requires("members:manage")
@idempotent
def invite(actor: Actor) -> Answer:
    """Invite a person."""
    form = InviteForm()
    form.roles.choices = role_choices(actor.organisation_kind)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                members.invite(
                    actor, form.name.data, form.contact.data, form.roles.data, today=clock.today(), at=clock.now(),
                    until=form.until.data,
                )  # fmt: skip
            flash(_("邀请已发出。对方打开链接设置密码后即可登录。"), "success")
            return redirect(url_for("member_pages.list_members"))
    return form.answer(render_template("identity/invite.html", form=form, organisation=None))


@bp.route("/<uuid:member_id>", methods=["GET", "POST"])
@requires("members:manage")
@idempotent
def show_member(actor: Actor, member_id: UUID) -> Answer:
    """Show a member's roles now and before, and give one more."""
    key = members.get_member(actor.organisation_id, member_id).public_id
    form, today = RoleForm(), clock.today()
    form.role.choices = role_choices(actor.organisation_kind)
    if request.method == "GET":
        form.since.data = today
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                members.give_role(
                    actor, member_id, form.role.data, since=form.since.data, today=today, until=form.until.data
                )
            flash(_("角色已授予。"), "success")
            return redirect(url_for("member_pages.show_member", member_id=member_id))
    member = listings.list_members(actor.organisation_id, 1, None, member=key).items[0]
    names = listings.role_names(select_locale())
    page = render_template(
        "identity/member.html", form=form, member=member, names=names, today=today,
        tokens=tokens.list_of(member.key, clock.real_now()),
    )  # fmt: skip
    return form.answer(page)


@bp.post("/<uuid:member_id>/tokens/<uuid:token_id>/revoke")
@requires("members:manage")
def revoke_token(actor: Actor, member_id: UUID, token_id: UUID) -> Response:
    """Revoke a member's token at once, and those that were made by it."""
    with transaction():
        tokens.revoke(actor, token_id, clock.real_now())
    flash(_("令牌已撤销。"), "success")
    return redirect(url_for("member_pages.show_member", member_id=member_id))


@bp.post("/<uuid:member_id>/roles/end")
@requires("members:manage")
def end_role(actor: Actor, member_id: UUID) -> Response:
    """Take a role away at once."""
    form = Form()
    with form.refusals(), transaction():
        members.end_role(actor, member_id, request.form.get("role", ""), today=clock.today())
    form.tell(_("角色已收回。"))
    return redirect(url_for("member_pages.show_member", member_id=member_id))


@bp.post("/<uuid:member_id>/end")
@requires("members:manage")
def end_membership(actor: Actor, member_id: UUID) -> Response:
    """End a membership at once."""
    form = Form()
    with form.refusals(), transaction():
        members.end_membership(actor, member_id, today=clock.today(), now=clock.real_now())
    form.tell(_("成员已移出，其令牌同时失效。"))
    return redirect(url_for("member_pages.list_members"))


@bp.post("/<uuid:member_id>/second-factor/reset")
@requires("members:manage")
def reset_second_factor(actor: Actor, member_id: UUID) -> Response:
    """Clear a lost second factor."""
    form = Form()
    with form.refusals(), transaction():
        members.reset_second_factor(actor, member_id, today=clock.today())
    form.tell(_("两步验证已重置，已通知本人。"))
    return redirect(url_for("member_pages.show_member", member_id=member_id))
