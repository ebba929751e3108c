"""Where anybody complains about goods in their hand, without login, and looks the answer up."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from shop import clock
from shop.auth import public
from shop.db import transaction
from shop.i18n import _
from shop.idempotency import idempotent
from shop.ratelimit import network_of
from traceability.complaints import queries, services
from traceability.complaints.forms import ComplaintForm
from traceability.complaints.labels import WORDS
from traceability.resolver.pages import BadDigitalLink, NoSuchGoods
from traceability.resolver.queries import find_goods
from traceability.resolver.targets import Goods
from traceability.standard import links

bp = Blueprint("complaint_pages", __name__, template_folder="templates", url_prefix="/complaints")


@bp.route("/new", methods=["GET", "POST"])
@public
@idempotent
def new() -> Any:
    """Take a complaint about the goods that the address names as their label does."""
    goods, form = _goods(), ComplaintForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                said = services.NewComplaint(form.kind.data, form.words.data or "", form.contact.data or "")
                address = network_of(request.remote_addr)
                made = services.receive(said, goods, address=address, at=clock.now(), now=clock.real_now()).number
            return redirect(url_for(".show", number=made))
    return form.answer(render_template("complaints/new.html", form=form, goods=goods))


@bp.get("/<string(length=12):number>")
@public
def show(number: str) -> str:
    """Show who complained how it stands and what was answered; not what was written, nor how to reach anybody."""
    row = queries.get_by_number(number)
    has_contact = queries.has_contact(row.complaint.id)
    return render_template("complaints/status.html", row=row, has_contact=has_contact, **WORDS)


def _goods() -> Goods:
    """Return the goods that the address names.

    :raises BadDigitalLink: if these are no numbers of a label.
    :raises NoSuchGoods: if nobody sells such goods here.
    """
    named = {ai: request.args.get(name, "") for ai, name in (("10", "lot"), ("21", "serial"))}
    parts = ["01", request.args.get("number", ""), *(part for pair in named.items() if pair[1] for part in pair)]
    reading = links.read_label("https://id.gs1.org/" + "/".join(map(links.escape, parts)))
    if reading is None:
        raise BadDigitalLink(_("这不是有效的 GS1 数字链接：请核对编号及其校验位。"))
    goods = find_goods(reading.value, reading.qualifiers.get("10"), reading.qualifiers.get("21"))
    if goods is None:
        raise NoSuchGoods(_("没有这个编号的商品。请核对包装上的编号。"))
    return goods
