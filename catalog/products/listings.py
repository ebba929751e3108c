"""Offers of packs: prices by quantity, publishing, pausing, delisting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import selectinload

from catalog.producers.queries import producers_of
from catalog.products.models import TAX_RATES, Listing, PriceTier, Product, Sku
from catalog.products.offers import Tier
from catalog.products.queries import list_offers
from catalog.rules import TABLE
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.i18n import _
from shop.moves.table import by
from shop.outbox.services import publish

MAX_TIERS = 20
_MAX_TITLE, _MAX_LEAD_DAYS, _MAX_PRICE_FEN = 80, 365, 10**11


class NoSuchListing(NotFound):
    """There is no such listing, or it is another producer's."""

    code = "no-such-listing"


class BadListing(Invalid):
    """Title, tiers, quantities or tax rate make no sense."""

    code = "bad-listing"


class SkuListed(Conflict):
    """The pack has a listing that is not delisted."""

    code = "sku-listed"


class NotEligible(Conflict):
    """The product has no eligibility basis in force today, so it cannot be listed."""

    code = "not-eligible"


class ListingState(Conflict):
    """The listing's state does not allow it."""

    code = "listing-state"


@dataclass(frozen=True)
class Terms:
    """What an offer says: the first tier's quantity is the minimum of an order."""

    title: str
    tiers: Sequence[Tier]
    step_quantity: Decimal = Decimal(1)
    lead_days: int = 3
    tax_rate: str = "exempt"


def create_listing(sku: Sku, terms: Terms, actor: Actor, *, at: datetime) -> Listing:
    """Draft an offer of a pack.

    :raises BadListing: if the terms make no sense.
    :raises SkuListed: if the pack has an offer that is not delisted.
    """
    check_terms(terms)
    producer_id = db.session.execute(select(Product.producer_id).where(Product.id == sku.product_id)).scalar_one()
    listing = Listing(sku_id=sku.id, producer_id=producer_id, status="draft", listed_at=None)
    _apply(listing, terms, at)
    with refusing(uq_listings_open_sku=SkuListed(_("此规格已有报价，请修改原报价或先下架。"))):
        db.session.add(listing)
    TABLE.record_start("listing", listing, "draft", by(actor, "producer", at=at))
    audit.record(actor, "catalog.listing_created", "listing", listing.id)
    return listing


def edit_listing(listing: Listing, terms: Terms, actor: Actor, *, at: datetime) -> Listing:
    """Replace an offer's terms; orders placed before keep what they froze.

    :raises BadListing: if the terms make no sense.
    :raises ListingState: if it is delisted.
    """
    if listing.status == "delisted":
        raise ListingState(_("报价已下架，请新建报价。"))
    check_terms(terms)
    before = _show_tiers(listing)
    _apply(listing, terms, at)
    db.session.flush()  # stores the prices before the shop is told
    audit.record(actor, "catalog.listing_edited", "listing", listing.id, tiers=[before, _show_tiers(listing)])
    return listing


def publish_listing(listing: Listing, actor: Actor, *, at: datetime) -> Listing:
    """Put an offer in the shop.

    :raises NotEligible: if the product's eligibility basis is not in force today.
    :raises ListingState: if it is delisted, or product or producer are out of use.
    """
    if listing.status == "listed":
        return listing
    if listing.status == "delisted":
        raise ListingState(_("报价已下架，请新建报价。"))
    on = business_day(at)
    offer = list_offers([listing.id], on)[0]
    if not offer.is_producer_open:
        raise ListingState(_("产品或供应商已停用。"))
    if offer.eligibility is None:
        raise NotEligible(_why_not_eligible(offer.product_id, on), product=str(offer.product_public_id))
    listing.listed_at = listing.listed_at or at
    return _set_state(listing, "list", actor, at)


def pause_listing(listing: Listing, actor: Actor | None, *, at: datetime) -> Listing:
    """Take an offer out of the shop for a while.

    :raises ListingState: if it is not listed.
    """
    if listing.status == "paused":
        return listing
    if listing.status != "listed":
        raise ListingState(_("只有在售的报价可以暂停。"))
    return _set_state(listing, "pause", actor, at)


def delist_listing(listing: Listing, actor: Actor, *, at: datetime) -> Listing:
    """Take an offer out of the shop for good; the pack can be offered anew."""
    return listing if listing.status == "delisted" else _set_state(listing, "delist", actor, at)


def pause_ineligible(on: date, *, at: datetime) -> list[int]:
    """Pause every listed offer whose product has no eligibility basis in force; returns their keys.

    They could not be ordered anyway: this shows producers what has to be done.
    """
    keys = db.session.execute(
        text("""SELECT l.id FROM listings l JOIN skus s ON s.id = l.sku_id
                WHERE l.status = 'listed' AND NOT EXISTS (
                    SELECT FROM eligibility_bases e WHERE e.product_id = s.product_id
                       AND e.status IN ('in_force','revoked') AND e.valid_from <= :on
                       AND (e.valid_to IS NULL OR e.valid_to >= :on))
                ORDER BY l.id FOR UPDATE OF l"""),
        {"on": on},
    ).scalars().all()  # fmt: skip
    for listing in db.session.scalars(select(Listing).where(Listing.id.in_(keys))):
        _set_state(listing, "pause", None, at)
        publish(
            "catalog.listing_paused", organisations=[listing.producer_id], listing_id=str(listing.public_id),
            title=listing.title, on=on.isoformat(),
        )  # fmt: skip
    return list(keys)


def get_own_listing(public_id: UUID, actor: Actor, *, at: datetime) -> Listing:
    """Return an offer of a producer for whom the actor may act, with its tiers, locked.

    :raises NoSuchListing: if there is none.
    """
    wanted = select(Listing).where(Listing.public_id == public_id).options(selectinload(Listing.tiers))
    listing = db.session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if listing is None or listing.producer_id not in producers_of(actor, business_day(at)):
        raise NoSuchListing(_("没有找到。"))
    return listing


def check_terms(terms: Terms) -> None:
    """Refuse terms that make no sense.

    :raises BadListing: no title; no tiers, more than 20, quantities not rising, a price not above zero, prices
        that rise with quantity; a minimum that is no multiple of the step; an unknown tax rate.
    """
    if not 0 < len(terms.title.strip()) <= _MAX_TITLE:
        raise _bad("title", _("标题必填，最多80个字。"))
    if terms.tax_rate not in TAX_RATES:
        raise _bad("tax_rate", _("税率不正确。"))
    if not 0 <= terms.lead_days <= _MAX_LEAD_DAYS:
        raise _bad("lead_days", _("备货天数为0至365天。"))
    if terms.step_quantity <= 0:
        raise _bad("step_quantity", _("步长须大于零。"))
    if not 0 < len(terms.tiers) <= MAX_TIERS:
        raise _bad("tiers", _("请填写1至20档价格。"))
    for place, tier in enumerate(terms.tiers):
        _check_tier(terms.tiers, place, tier)
    if terms.tiers[0].min_quantity % terms.step_quantity:
        raise _bad("tiers/0/min_quantity", _("起订量须是步长的整数倍。"))


def _check_tier(tiers: Sequence[Tier], place: int, tier: Tier) -> None:
    if tier.min_quantity <= 0:
        raise _bad(f"tiers/{place}/min_quantity", _("数量须大于零。"))
    if not 0 < tier.price_fen <= _MAX_PRICE_FEN:
        raise _bad(f"tiers/{place}/price", _("单价须大于零。"))
    if place and tier.min_quantity <= tiers[place - 1].min_quantity:
        raise _bad(f"tiers/{place}/min_quantity", _("各档数量须逐档增加。"))
    if place and tier.price_fen > tiers[place - 1].price_fen:
        raise _bad(f"tiers/{place}/price", _("数量越大，单价不能越高。"))


def _apply(listing: Listing, terms: Terms, at: datetime) -> None:
    listing.title = " ".join(terms.title.split())
    listing.min_quantity, listing.step_quantity = terms.tiers[0].min_quantity, terms.step_quantity
    listing.lead_days, listing.tax_rate, listing.changed_at = terms.lead_days, terms.tax_rate, at
    wanted = {tier.min_quantity: tier.price_fen for tier in terms.tiers}
    kept = [tier for tier in listing.tiers if tier.min_quantity in wanted] if listing.id else []
    for tier in kept:
        tier.price_fen = wanted.pop(tier.min_quantity)
    listing.tiers = [*kept, *(PriceTier(min_quantity=quantity, price_fen=price) for quantity, price in wanted.items())]


def _set_state(listing: Listing, event: str, actor: Actor | None, at: datetime) -> Listing:
    before = listing.status
    TABLE.move("listing", listing, event, by(actor, "producer" if actor else "system", at=at))
    audit.record(actor, f"catalog.listing_{listing.status}", "listing", listing.id, status=[before, listing.status])
    listing.changed_at = at
    db.session.flush()  # stores the state before the shop is told
    return listing


def _show_tiers(listing: Listing) -> list[list[str | int]]:
    ordered = sorted(listing.tiers, key=lambda tier: tier.min_quantity)
    return [[f"{tier.min_quantity:f}", tier.price_fen] for tier in ordered]


def _why_not_eligible(product_id: int, on: date) -> str:
    row = db.session.execute(
        text("""SELECT bool_or(status = 'pending') AS pending, max(valid_to) FILTER (WHERE status = 'in_force') AS ended,
                       min(valid_from) FILTER (WHERE status = 'in_force' AND valid_from > :on) AS starts
                FROM eligibility_bases WHERE product_id = :product"""),
        {"product": product_id, "on": on},
    ).one()
    if row.starts is not None:
        return _("帮扶产品认定自 %(day)s 起有效，届时方可上架。", day=row.starts.isoformat())
    if row.pending:
        return _("帮扶产品认定正在审核，通过后方可上架。")
    if row.ended is not None and row.ended < on:
        return _("帮扶产品认定已于 %(day)s 到期，请提交新的认定。", day=row.ended.isoformat())
    return _("此产品没有有效的帮扶产品认定，请先提交认定材料。")


def _bad(field: str, detail: str) -> BadListing:
    return BadListing(detail, errors=[{"pointer": f"#/{field}", "detail": detail}])
