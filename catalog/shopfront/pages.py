"""Public pages of the shop: home, list, a listing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request

from catalog.lots.recording.labels import MEAT_PAPERS
from catalog.lots.records.queries import public_papers
from catalog.shopfront import labels
from catalog.shopfront.cache import Built
from catalog.shopfront.cards import show_cards
from catalog.shopfront.details import get_detail
from catalog.shopfront.filters import COUNTED_TO, Filters, parse
from catalog.shopfront.home import count_groups, division_of, list_recent
from catalog.shopfront.queries import CardPage, list_cards
from catalog.shopfront.reference import Names, names
from catalog.shopfront.serving import serve
from shop import clock
from shop.auth import find_actor, public
from shop.i18n import _, language

bp = Blueprint("shop_pages", __name__, template_folder="templates")
#: Listings a section of the home page shows.
_SECTION = 8
_ENDLESS = 1 << 62


@bp.get("/")
@public
def home() -> Response:
    """Show what one's partner counties offer, what is in season, and the groups."""
    return serve(_build_home)


@bp.get("/products")
@public
def list_products() -> Response:
    """Show what is listed, narrowed by the address."""
    return serve(_build_list)


@bp.get("/products/<uuid:listing_id>")
@public
def show_product(listing_id: UUID) -> Response:
    """Show a listing."""
    return serve(lambda: _build_detail(listing_id), listing_id)


def _build_home() -> Built:
    on = clock.today()
    known = names()
    actor = find_actor()
    division = division_of(actor.organisation_id) if actor is not None else None
    partner = list_cards(Filters(partner=division.code), on, _SECTION).items if division else []
    recent = list_recent(on, _SECTION)
    latest = list_cards(Filters(), on, _SECTION).items
    lang = language()
    body = render_template(
        "shopfront/home.html", partner=show_cards(partner), division=division, recent=show_cards(recent),
        latest=show_cards(latest), groups=[(code, known.category(code, lang), n) for code, n in count_groups(on)],
    )  # fmt: skip
    return Built(body.encode(), listings={card.id for card in (*partner, *recent, *latest)})


def _build_list() -> Built:
    filters = parse(request.args)
    page = list_cards(filters, clock.today())
    body = render_template(
        "shopfront/list.html", filters=filters, page=page, cards=show_cards(page.items), counted_to=COUNTED_TO,
        asked=_asked(filters, names()), **_choices(filters, names()),
    )  # fmt: skip
    return Built(body.encode(), listings=[card.id for card in page.items], prices=_prices(filters, page))


def _prices(filters: Filters, page: CardPage) -> tuple[int, int] | None:
    """Return the prices between which a change would enter this page of a list by price."""
    if filters.sort != "price":
        return None
    place = filters.place()
    return int(str(place[0])) if place else 0, page.items[-1].price_fen if page.next else _ENDLESS


def _choices(filters: Filters, known: Names) -> dict[str, Any]:
    place = 1 if language() == "en" else 0
    group, province = filters.category[:2], filters.province[:6] or filters.county[:2].ljust(6, "0")
    leaves = [(code, pair[place]) for code, pair in known.leaves.get(group, {}).items()]
    groups = [(code, pair[place]) for code, pair in known.groups.items()]
    counties = known.counties.get(province, {}).items()
    actor = find_actor()
    return {
        "leaves": leaves,
        "choices": [
            ("category", _("品类"), known.options(f"category {group}", groups + leaves, filters.category)),
            ("province", _("省份"), known.options("province", known.provinces.items(), filters.province)),
            ("county", _("县"), known.options(f"county {province}", counties, filters.county)),
            ("scheme", _("认定依据"), known.options("scheme", labels.SCHEMES.items(), filters.scheme)),
            ("certificate", _("认证"), known.options("certificate", labels.CERTIFICATES.items(), filters.certificate)),
            ("sort", _("排序"), known.options("sort", list(labels.SORTS.items())[1:], filters.sort)),
        ],
        "newest": labels.SORTS["new"],
        "division": division_of(actor.organisation_id) if actor is not None else None,
    }


def _asked(filters: Filters, known: Names) -> list[tuple[str, str, str]]:
    """Return ``(filter, value, value in words)`` of what the list is narrowed by, several values one by one."""
    lang = language()
    words: dict[str, Callable[[str], str]] = {
        "category": lambda code: known.category(code, lang),
        "province": lambda code: known.provinces.get(code, code),
        "county": lambda code: known.county_names.get(code, code),
        "scheme": lambda code: str(labels.SCHEMES.get(code, code)),
        "certificate": lambda code: str(labels.CERTIFICATES.get(code, code)),
        "partner": lambda code: known.partners.get(code, code),
    }
    plain = [(name, value, value) for name, value in (("q", filters.q), ("key", filters.key)) if value]
    return plain + [(name, code, word(code)) for name, word in words.items() for code in filters.several(name)]


def _build_detail(listing_id: UUID) -> Built:
    detail = get_detail(listing_id, clock.today())
    actor = find_actor()
    body = render_template(
        "shopfront/detail.html",
        item=detail,
        stock=labels.stock_word(detail.free, detail.min_quantity),
        category=names().category(detail.category_code, language()),
        labels=labels,
        lot_papers=public_papers(detail.sku_code),
        meat=MEAT_PAPERS,
        may_buy=actor is not None and actor.may("basket:edit") and not detail.refusal,
    )
    return Built(body.encode(), listings=(detail.listing_id,), mark=f"{detail.free:.3f}")
