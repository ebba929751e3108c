"""One listing with everything its page says, in one statement."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from catalog.shopfront.labels import per_half_kilo_fen
from shop import hotreads
from shop.errors import NotFound
from shop.i18n import _


class NoSuchListing(NotFound):
    """There is no such listing in the shop."""

    code = "no-such-listing"


@dataclass(frozen=True)
class DetailTier:
    """The unit price from a quantity on, and what 500 g cost at it."""

    min_quantity: Decimal
    price_fen: int
    half_kilo_fen: int | None


@dataclass(frozen=True)
class Paper:
    """An eligibility basis or a quality certificate in force on the day; ``scope`` of certificates only."""

    scheme: str
    issuer: str
    number: str
    scope: str
    valid_from: date
    valid_to: date | None
    is_demo: bool


@dataclass(frozen=True)
class DetailLot:
    """An open lot that holds something."""

    code: str
    produced_on: date
    expires_on: date | None


@dataclass(frozen=True)
class Benefit:
    """Whom the producer helps in a year, in one way; never summed."""

    year: int
    way: str
    basis: str
    households: int
    persons: int
    is_demo: bool


@dataclass(frozen=True)
class Detail:
    """A listing on a day; ``refusal`` says why it cannot be ordered then."""

    listing_id: int
    id: UUID
    title: str
    status: str
    min_quantity: Decimal
    step_quantity: Decimal
    lead_days: int
    tax_rate: str
    sku_code: str
    gtin: str | None
    pack_spec: str
    unit: str
    net_weight_g: int | None
    product_name: str
    product_name_en: str
    description: str
    category_code: str
    is_demo: bool
    county_code: str
    county: str
    is_key_county: bool
    prefecture: str | None
    province: str
    producer: str
    producer_form: str
    producer_intro: str
    food_licence: str | None
    is_open: bool
    free: Decimal
    tiers: list[DetailTier]
    bases: list[Paper]
    certificates: list[Paper]
    lots: list[DetailLot]
    benefits: list[Benefit]

    @property
    def least_order(self) -> Decimal:
        """Return the least quantity that can be ordered: the first multiple of the step from the minimum on."""
        steps = -(-self.min_quantity // self.step_quantity)
        return steps * self.step_quantity

    @property
    def refusal(self) -> str:
        """Return why it cannot be ordered that day; empty if it can."""
        if self.status != "listed" or not self.is_open:
            return _("该商品已停售。")
        if not self.bases:
            return _("该商品当日没有有效的帮扶产品认定，不能采购。")
        return ""


def _in_force(table: str) -> str:
    return (
        f"{table}.status IN ('in_force','revoked') AND {table}.valid_from <= %(on)s"
        f" AND ({table}.valid_to IS NULL OR {table}.valid_to >= %(on)s)"
    )


_PAPER = "{0}.scheme, {0}.issuer, {0}.number, {1}, {0}.valid_from, {0}.valid_to, {0}.is_demo"
_DETAIL = f"""
    SELECT l.id, l.public_id, l.title, l.status, l.min_quantity, l.step_quantity, l.lead_days, l.tax_rate,
        k.code, k.gtin, k.pack_spec, k.unit, k.net_weight_g, p.name, p.name_en, p.description, p.category_code, p.is_demo,
        c.code, c.name, c.key_county = 'yes', f.name, d.name, o.name, r.form, r.intro, r.food_licence,
        o.suspended_at IS NULL AND p.archived_at IS NULL, greatest(s.on_hand - s.reserved, 0),
        (SELECT json_agg(json_build_array(t.min_quantity::text, t.price_fen) ORDER BY t.min_quantity)
         FROM price_tiers t WHERE t.listing_id = l.id),
        (SELECT json_agg(json_build_array({_PAPER.format("e", "''")}) ORDER BY e.id)
         FROM eligibility_bases e WHERE e.product_id = p.id AND {_in_force("e")}),
        (SELECT json_agg(json_build_array({_PAPER.format("q", "q.scope")}) ORDER BY q.id) FROM certificates q
         WHERE (q.product_id = p.id OR (q.product_id IS NULL AND q.producer_id = l.producer_id)) AND {_in_force("q")}),
        (SELECT json_agg(json_build_array(b.code, b.produced_on, b.expires_on) ORDER BY b.expires_on, b.id) FROM lots b
         WHERE b.sku_id = k.id AND b.status = 'open' AND b.on_hand > 0
           AND (b.expires_on IS NULL OR b.expires_on >= %(on)s)),
        (SELECT json_agg(json_build_array(h.year, h.way, h.basis, h.households, h.persons, h.is_demo)
                         ORDER BY h.year DESC, h.way, h.basis)
         FROM benefit_links h WHERE h.producer_id = l.producer_id AND h.year >= extract(year FROM %(on)s::date) - 2)
    FROM listings l JOIN skus k ON k.id = l.sku_id JOIN products p ON p.id = k.product_id
    JOIN organisations o ON o.id = l.producer_id JOIN producers r ON r.organisation_id = l.producer_id
    JOIN assisted_counties c ON c.code = p.county_code JOIN divisions d ON d.code = c.province_code
    LEFT JOIN divisions f ON f.code = c.prefecture_code
    LEFT JOIN sku_stock s ON s.sku_id = k.id
    WHERE l.public_id = %(id)s AND l.status <> 'draft'"""


#: The columns before the lists, as :class:`Detail` has them.
_PLAIN = tuple(field.name for field in fields(Detail))[:-5]
_WEIGHT = _PLAIN.index("net_weight_g")


def get_detail(public_id: UUID, on: date) -> Detail:
    """Return a listing as it is on a day.

    :raises NoSuchListing: if there is none, or it has never been listed.
    """
    rows = hotreads.fetch(_DETAIL, {"id": public_id, "on": on})
    if not rows:
        raise NoSuchListing(_("没有这个商品。"))
    plain: list[Any]
    *plain, tiers, bases, certificates, lots, benefits = rows[0]
    weight = plain[_WEIGHT]
    values = dict(zip(_PLAIN, plain, strict=True))
    return Detail(
        **values,
        tiers=[DetailTier(Decimal(least), fen, per_half_kilo_fen(fen, weight)) for least, fen in tiers or ()],
        bases=[_paper(paper) for paper in bases or ()],
        certificates=[_paper(paper) for paper in certificates or ()],
        lots=[DetailLot(code, date.fromisoformat(made), _day(until)) for code, made, until in lots or ()],
        benefits=[Benefit(*benefit) for benefit in benefits or ()],
    )


def _paper(row: list[Any]) -> Paper:
    scheme, issuer, number, scope, since, until, is_demo = row
    return Paper(scheme, issuer, number, scope, date.fromisoformat(since), _day(until), is_demo)


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
