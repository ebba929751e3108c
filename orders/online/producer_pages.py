"""The page on which a producer opens its account at the card provider."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from orders.online import accounts, configuration, gateway_connect, labels, paying, performing
from orders.online.accounts import NewAccount
from orders.online.forms import AccountForm
from shop import clock
from shop.auth import Actor, requires
from shop.db import transaction
from shop.i18n import _
from shop.idempotency import idempotent

Shown = str | Response | tuple[str, int, dict[str, str]]
bp = Blueprint("card_account_pages", __name__, template_folder="templates", url_prefix="/producer/card-account")


@bp.get("")
@requires("accounts:connect")
def show(actor: Actor) -> str:
    """Show the account, what the provider still asks for, or the form that opens it."""
    paying.require_on()
    return _render(actor, AccountForm())


@bp.post("")
@requires("accounts:connect")
@idempotent
def open_account(actor: Actor) -> Shown:
    """Open the account."""
    paying.require_on()
    form = AccountForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                facts = NewAccount(country=str(form.country.data).lower(), email=str(form.email.data))
                accounts.open_account(facts, actor, clock.now())
            flash(_("已提交开通，几秒后可以继续补充资料。"), "success")
            return redirect(url_for("card_account_pages.come_back"))
    return form.answer(_render(actor, form))


@bp.get("/return")
@requires("accounts:connect")
def come_back(actor: Actor) -> Response:
    """Look at the account at the provider, and show it."""
    paying.require_on()
    with transaction():
        account = accounts.get_account(actor)
        call = accounts.ask_account(account) if account.account_ref else accounts.opening(account)
    if call is not None:
        performing.perform(call)
    return redirect(url_for("card_account_pages.show"))


@bp.get("/go")
@requires("accounts:connect")
def go(actor: Actor) -> Response:
    """Lead to the provider's own page, where the producer tells about itself; each link works once."""
    paying.require_on()
    with transaction():
        ref = accounts.get_account(actor).account_ref
    if ref is None:
        return redirect(url_for("card_account_pages.come_back"))
    page = configuration.address("/producer/card-account")
    return redirect(gateway_connect.make_account_link(ref, return_url=f"{page}/return", refresh_url=f"{page}/go"))


def _render(actor: Actor, form: AccountForm) -> str:
    account = accounts.find_account(actor.organisation_id)
    return render_template("online/account.html", account=account, form=form, **labels.words())
