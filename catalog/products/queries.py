"""Reads of products, SKUs and listings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from catalog.products.offers import Offer, OfferCertificate, OfferEligibility, QuantityNotOffered, Tier, price_for
from shop.db import fetch
from shop.pipelining import Row, Statement

#: In force on ``:on``; a revocation that looks back has cut ``valid_to``.
_IN_FORCE = (
    "{0}.status IN ('in_force','revoked') AND {0}.valid_from <= :on AND ({0}.valid_to IS NULL OR {0}.valid_to >= :on)"
)

#: Products that have an eligibility basis in force on ``:on``; without one nothing of a product is listed or ordered.
ELIGIBLE = f"SELECT e.product_id FROM eligibility_bases e WHERE {_IN_FORCE.format('e')}"

_OFFERS = f"""
    SELECT l.id AS listing_id, l.public_id, l.version, l.status, l.title, s.pack_spec, s.unit, s.net_weight_g, l.tax_rate,
           l.min_quantity, l.step_quantity, l.lead_days,
           s.id AS sku_id, s.public_id AS sku_public_id, s.code AS sku_code,
           p.id AS product_id, p.public_id AS product_public_id, p.name AS product_name, p.category_code, p.kind,
           p.county_code, c.name AS county_name, c.prefecture_code, c.province_code,
           l.producer_id, o.public_id AS producer_public_id, o.name AS producer_name,
           o.suspended_at IS NULL AND p.archived_at IS NULL AS is_producer_open, p.is_demo,
           tiers.list AS tiers, e.basis AS eligibility, certificates.list AS certificates
    FROM listings l
    JOIN skus s ON s.id = l.sku_id
    JOIN products p ON p.id = s.product_id
    JOIN assisted_counties c ON c.code = p.county_code
    JOIN organisations o ON o.id = l.producer_id
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_array(t.min_quantity::text, t.price_fen) ORDER BY t.min_quantity) AS list
        FROM price_tiers t WHERE t.listing_id = l.id) tiers ON true
    LEFT JOIN LATERAL (
        SELECT json_build_array(e.id, e.public_id, e.scheme, e.county_code, ec.prefecture_code, ec.province_code,
                                e.issuer, e.number, e.valid_from, e.valid_to, e.is_demo) AS basis
        FROM eligibility_bases e JOIN assisted_counties ec ON ec.code = e.county_code
        WHERE e.product_id = p.id AND {_IN_FORCE.format("e")}
        ORDER BY e.valid_from, e.id LIMIT 1) e ON true
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_array(q.public_id, q.scheme, q.issuer, q.number, q.valid_from, q.valid_to, q.is_demo)
                        ORDER BY q.id) AS list
        FROM certificates q
        WHERE q.producer_id = p.producer_id AND (q.product_id IS NULL OR q.product_id = p.id)
          AND {_IN_FORCE.format("q")}) certificates ON true
"""
_COLUMNS = (
    "listing_id", "public_id", "version", "status", "title", "pack_spec", "unit", "net_weight_g", "tax_rate",
    "min_quantity", "step_quantity", "lead_days", "sku_id", "sku_public_id", "sku_code", "product_id",
    "product_public_id", "product_name", "category_code", "kind", "county_code", "county_name", "prefecture_code",
    "province_code", "producer_id", "producer_public_id", "producer_name", "is_producer_open", "is_demo",
    "tiers", "eligibility", "certificates",
)  # fmt: skip
_BY_ID = Statement(f"{_OFFERS} WHERE l.id = ANY(:ids) ORDER BY l.id")
_BY_PUBLIC_ID = Statement(f"{_OFFERS} WHERE l.public_id = ANY(:ids) ORDER BY l.id")


def list_offers(listing_ids: Iterable[int], on: date) -> list[Offer]:
    """Return what the listings offer on a day, in one statement, by key; unknown keys are left out.

    Listings that cannot be ordered are there too: see :attr:`Offer.refusal`.
    """
    return [_offer(row) for row in fetch(_BY_ID, {"ids": sorted(set(listing_ids)), "on": on})]


def list_offers_by_public_id(public_ids: Iterable[UUID], on: date) -> list[Offer]:
    """Return the same by public identifiers."""
    return [_offer(row) for row in fetch(_BY_PUBLIC_ID, {"ids": sorted(set(public_ids)), "on": on})]


def _offer(row: Row) -> Offer:
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    tiers, eligibility, certificates = row[-3:]
    values["tiers"] = tuple(Tier(Decimal(quantity), price) for quantity, price in tiers or ())
    values["eligibility"] = OfferEligibility(*_dated(eligibility)) if eligibility else None
    values["certificates"] = tuple(OfferCertificate(*_dated(found)) for found in certificates or ())
    return Offer(**values)


def _dated(paper: Sequence[Any]) -> list[Any]:
    """Read a paper's JSON: public id at the front (after a key, if there is one), days and the demo mark at the end."""
    *front, first, last, is_demo = paper
    place = 1 if isinstance(front[0], int) else 0
    front[place] = UUID(front[place])
    return [*front, date.fromisoformat(first), date.fromisoformat(last) if last else None, is_demo]


__all__ = ["Offer", "QuantityNotOffered", "Tier", "list_offers", "list_offers_by_public_id", "price_for"]
