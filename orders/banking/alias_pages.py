"""Pages of payers' names: the operator keeps them, a producer sees those of its buyers and ends what its receipts taught."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from orders.banking import aliases
from orders.banking.forms import AliasForm
from shop import clock
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.errors import Invalid
from shop.i18n import _
from shop.idempotency import idempotent
from shop.identity.models import Organisation
from shop.paging import DEFAULT_LIMIT

Answer = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint(
    "payer_alias_pages", __name__, template_folder="templates",
    url_prefix="/<any(producer, operator):desk>/payer-aliases",
)  # fmt: skip


class BuyerUnnamed(Invalid):
    """No institution has exactly this name."""

    code = "buyer-unnamed"


@bp.get("")
@requires("payments:read")
def list_aliases(actor: Actor, desk: str) -> str:
    """Show the names and accounts in force, narrowed by what is searched for."""
    return _render(desk, actor, AliasForm(formdata=None))


@bp.post("")
@requires("banking:manage")
@idempotent
def add(actor: Actor, desk: str) -> Answer:
    """Enter a name and account of a buyer's."""
    form = AliasForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                buyer = _buyer(str(form.buyer.data))
                aliases.add(
                    str(form.name.data), form.account.data or "", buyer, actor, clock.now(),
                    is_shared=bool(form.is_shared.data),
                )  # fmt: skip
            flash(_("已登记付款人。"), "success")
            return redirect(url_for("payer_alias_pages.list_aliases", desk=desk))
    return form.answer(_render(desk, actor, form))


@bp.post("/<uuid:alias_id>/<any(shared, single):kind>")
@requires("banking:manage")
@idempotent
def share(actor: Actor, desk: str, alias_id: UUID, kind: str) -> Response:
    """Say whether many buyers are paid for under it."""
    with transaction():
        aliases.share(alias_id, actor, clock.now(), is_shared=kind == "shared")
    flash(_("已修改类型。"), "success")
    return redirect(url_for("payer_alias_pages.list_aliases", desk=desk))


@bp.post("/<uuid:alias_id>/end")
@requires("payments:read")
@idempotent
def end(actor: Actor, desk: str, alias_id: UUID) -> Response:
    """Let it tell nothing from today on."""
    with transaction():
        aliases.end(alias_id, actor, clock.now())
    flash(_("已停用。"), "success")
    return redirect(url_for("payer_alias_pages.list_aliases", desk=desk))


def _render(desk: str, actor: Actor, form: AliasForm) -> str:
    page = aliases.list_aliases(
        actor, clock.today(), limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), q=request.args.get("q", "")
    )
    may_manage = desk == "operator" and actor.may("banking:manage")
    return render_template("banking/aliases.html", desk=desk, page=page, form=form, may_manage=may_manage)


def _buyer(name: str) -> UUID:
    """Return the institution of a name.

    :raises BuyerUnnamed: if none has it.
    """
    query = select(Organisation.public_id).where(Organisation.name == name.strip(), Organisation.kind == "institution")
    found = db.session.scalars(query.limit(1)).one_or_none()
    if found is None:
        raise BuyerUnnamed(_("没有这个名称的采购单位，请填写全称。"))
    return found
