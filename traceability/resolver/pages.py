"""Addresses of goods, as their labels carry them: ``/01/{gtin}/10/{lot}/21/{serial}``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop import clock
from shop.auth import public
from shop.db import transaction
from shop.errors import DomainError, NotFound
from shop.i18n import _
from shop.problems import problem, status_of
from traceability.pieces.queries import count_recorded
from traceability.resolver import checks, linkset, scanning
from traceability.resolver.queries import find_goods
from traceability.resolver.targets import Goods, Target, offer, targets_of
from traceability.standard import links
from traceability.standard.keys import has_valid_check_digit

bp = Blueprint("resolver", __name__, template_folder="templates")


class BadDigitalLink(DomainError):
    """The address is no GS1 Digital Link: its digits, its check digit or the order of its parts is wrong."""

    code = "bad-digital-link"


class NeverIssued(NotFound):
    """Nobody ever gave this serial number to a pack of these goods: the label is made up."""

    code = "serial-never-issued"


class NoSuchGoods(NotFound):
    """Nobody sells goods with this number here, or there is no link of the kind that was asked for."""

    code = "no-such-goods"


@bp.get("/<any('01', gtin):key>/<path:rest>")
@public
def resolve(key: str, rest: str) -> Response | str:
    """Lead from what a label says to what we have about it: the default page, one kind of link, or all of them."""
    del key, rest  # the address is read before its escapes are undone: a lot may hold a slash
    reading = _reading()
    goods = find_goods(reading.value, reading.qualifiers.get("10"), reading.qualifiers.get("21"))
    if goods is None:
        raise NoSuchGoods(_("没有这个编号的商品。请核对包装上的编号。"))
    asked = linkset.local_name(request.args.get("linkType", "defaultLink"))
    is_machine = asked in ("linkset", "all") or ("linkType" not in request.args and _wants_linkset())
    if goods.serial and not goods.is_known_piece:
        return _warn(goods, is_machine=is_machine)
    if is_machine:
        return _answer_linkset(reading, goods, targets_of(goods))
    if scanning.is_scan(request):
        with transaction():
            goods = scanning.count(goods, at=clock.now())
    targets = targets_of(goods)
    if asked != "defaultLink":
        targets = [target for target in targets if target.link_type == asked]
        if not targets:
            raise NoSuchGoods(_("没有这一类链接。"))
        return _lead(reading, targets[0])
    pages = [target for target in targets if target.is_page]
    is_doubtful = goods.lot is not None and not goods.is_known_lot
    return _lead(reading, pages[0]) if pages and not is_doubtful else _show(goods)


@bp.get("/.well-known/gs1resolver")
@public
def describe() -> Response:
    """Say what this resolver knows."""
    return _json(linkset.description(_base()), "application/json")


@offer
def _of_ours(goods: Goods) -> Iterable[Target]:
    """Offer the product's page in the shop, and the events where a repository answers for them."""
    if goods.listing_id:
        title = f"{goods.product_name} {goods.pack_spec}"
        yield Target("pip", url_for("shop_pages.show_product", listing_id=goods.listing_id), title)
    if any(rule.rule == "/epcis/events" for rule in current_app.url_map.iter_rules()):
        for parameter, uri in _questions(goods):
            path = "/epcis/events?" + urlencode({parameter: uri})
            yield Target("epcis", path, "EPCIS", media_type="application/ld+json", languages=("en",))


def _reading() -> links.Reading:
    """Read the address as it was sent, with its escapes.

    :raises BadDigitalLink: if it is none, or its check digit is wrong.
    """
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or quote(request.path)
    reading = links.read_label("https://" + request.host + str(raw).partition("?")[0])
    if reading is None or not has_valid_check_digit(reading.value):
        raise BadDigitalLink(_("这不是有效的 GS1 数字链接：请核对编号及其校验位。"))
    return reading


def _questions(goods: Goods) -> Iterator[tuple[str, str]]:
    """Yield what to ask for the events of goods: packs are items there, lots and goods without one are classes."""
    if goods.serial:
        yield "MATCH_anyEPC", _canonical(goods, "21", goods.serial)
    if goods.lot:
        yield "MATCH_anyEPCClass", _canonical(goods, "10", goods.lot)
    if not goods.serial and not goods.lot:
        yield "MATCH_anyEPCClass", links.Reading("01", goods.number, {}).link.uri


def _canonical(goods: Goods, ai: str, value: str) -> str:
    return links.Reading("01", goods.number, {ai: value}).link.uri


def _wants_linkset() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", linkset.MEDIA_TYPE, "application/json"], "text/html")
    return best != "text/html"


def _lead(reading: links.Reading, target: Target) -> Response:
    """Redirect for now (307): where an address leads may change, the address does not.

    What the query says is handed on, but for a serial number and its check: these are the path's to say.
    """
    kept = {"linkType", checks.SERIAL, checks.CHECK}
    passed = [(name, value) for name, value in request.args.items(multi=True) if name not in kept]
    if target.link_type == "epcis":
        passed = []  # a query of events: it takes no parameters but its own
    path, hash_, place = target.path.partition("#")
    address = path + (("&" if "?" in path else "?") + urlencode(passed) if passed else "") + hash_ + place
    answer = redirect(address, 307)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Link"] = f'<{_address(reading)}?linkType=linkset>; rel="linkset"; type="{linkset.MEDIA_TYPE}"'
    return _open_to_all(answer)


def _show(goods: Goods) -> str:
    """Tell what we know where nobody offers a page, and warn of a lot that nobody knows: the label may be made up."""
    scans, first_at = count_recorded(goods.sku_id, goods.serial) if goods.serial else (0, None)
    return render_template("resolver/goods.html", goods=goods, scans=scans, first_at=first_at)


def _warn(goods: Goods, *, is_machine: bool) -> Response:
    """Say that the serial number was never issued: in red for who holds the pack, as a problem for a program."""
    if is_machine:
        refusal = NeverIssued(_("这个序列号从未发出过。"))
        return problem(status_of(refusal), code=refusal.code, detail=refusal.detail)
    page = render_template("resolver/forged.html", goods=goods)
    return Response(page, 404, content_type="text/html; charset=utf-8")


def _answer_linkset(reading: links.Reading, goods: Goods, targets: list[Target]) -> Response:
    return _json(linkset.linkset(_address(reading), _base(), goods, targets), linkset.MEDIA_TYPE)


def _base() -> str:
    return str(current_app.config["BASE_URL"])


def _address(reading: links.Reading) -> str:
    """Return the whole address on our domain, with every qualifier."""
    parts = [reading.ai, reading.value, *(part for pair in reading.qualifiers.items() for part in pair)]
    return "/".join([_base(), *map(links.escape, parts)])


def _json(document: dict[str, Any], media_type: str) -> Response:
    return _open_to_all(Response(json.dumps(document, ensure_ascii=False), content_type=media_type))


def _open_to_all(answer: Response) -> Response:
    """Let scripts of other sites ask: what a label says is public."""
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Vary"] = "Accept, Accept-Language"
    return answer
