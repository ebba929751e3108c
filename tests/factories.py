"""Rows for tests: valid by default, each argument changes one thing. One section a package."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from stdnum.cn import uscc

from catalog.lots import services as lots
from catalog.lots.models import Lot
from catalog.papers.models import EligibilityBasis
from catalog.producers import services as producers
from catalog.products import listings
from catalog.products import services as products
from catalog.products.models import Listing, Product, Sku
from catalog.products.offers import Tier
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity import queries as identity_queries
from shop.identity import services as identity
from shop.identity.models import Organisation, User
from shop.identity.roles import ADMIN_ROLE

#: When factories' things begin unless told otherwise, and the day on which tests act.
LONG_AGO = datetime(2019, 1, 1, 4, 0, tzinfo=UTC)
TODAY = date(2026, 7, 15)
_number = count(1)

# --- organisations and users ------------------------------------------------------------------


def make_credit_code(division_code: str = "120101") -> str:
    """Return a valid credit code that no other organisation of the test has."""
    body = f"91{division_code}{next(_number):09d}"
    return f"{body}{uscc.calc_check_digit(body)}"


def make_organisation(kind: str = "institution", **changes: Any) -> Organisation:
    """Return a verified organisation: buyers in Heping, sellers in Jingyuan, authorities in Gansu."""
    seats = {"institution": "120101", "authority": "620000", "operator": "120000"}
    division_code = changes.pop("division_code", seats.get(kind, "620421"))
    values: dict[str, Any] = {
        "name": f"{kind}{next(_number)}",
        "credit_code": make_credit_code(division_code),
        "institution_type": "budget_unit" if kind == "institution" else None,
    }
    at = changes.pop("at", LONG_AGO)
    is_verified = changes.pop("is_verified", True)
    new = identity.NewOrganisation(kind=kind, division_code=division_code, **(values | changes))
    return identity.create_organisation(new, at=at, is_verified=is_verified)


def make_user(**changes: Any) -> User:
    """Return a person with a phone number; ``password=`` costs time, so there is none by default."""
    values: dict[str, Any] = {"phone": f"138{next(_number):08d}", "at": LONG_AGO} | changes
    return identity.create_user(values.pop("name", f"用户{next(_number)}"), **values)


def make_member(
    kind: str = "institution", *roles: str, organisation: Organisation | None = None, user: User | None = None
) -> Actor:
    """Return a member as :class:`Actor`; without roles the administrator of that kind.

    Opens its own transaction unless one is open; more members of one organisation: pass ``organisation=``.
    """
    if db.session().info.get("transaction_open"):
        return _make_member(kind, roles, organisation, user)
    with transaction():
        return _make_member(kind, roles, organisation, user)


def _make_member(kind: str, roles: tuple[str, ...], organisation: Organisation | None, user: User | None) -> Actor:
    organisation = organisation or make_organisation(kind)
    user = user or make_user()
    chosen = roles or (ADMIN_ROLE[organisation.kind],)
    identity.add_member(user.id, organisation.id, since=LONG_AGO.date(), roles=chosen)
    db.session.flush()
    return identity_queries.actor_of(user.id, organisation.id, TODAY)


# --- the catalogue ----------------------------------------------------------------------------

#: Wolfberries, of Jingyuan.
WOLFBERRY, JINGYUAN = "0605", "620421"


def make_producer(county_code: str = JINGYUAN, **changes: Any) -> Actor:
    """Return the administrator of a producer registered in an assisted county."""
    organisation = make_organisation("producer", division_code=county_code, **changes)
    producers.register_producer(organisation.id, producers.ProducerFacts("cooperative", county_code), None)
    return _make_member("producer", (), organisation, None)


def make_product(producer: Actor, *, is_eligible: bool = True, **changes: Any) -> Product:
    """Return a product of Jingyuan; its eligibility basis is in force since 2019 unless told otherwise."""
    values: dict[str, Any] = {"category_code": WOLFBERRY, "county_code": JINGYUAN, "name": "靖远枸杞"} | changes
    product = products.create_product(producer.organisation_id, products.NewProduct(**values), producer, at=LONG_AGO)
    if is_eligible:
        make_eligibility(product)
    return product


def make_eligibility(product: Product, **changes: Any) -> EligibilityBasis:
    """Return an eligibility basis of the product, in force since 2019 and for good."""
    values: dict[str, Any] = {
        "scheme": "county_recommendation", "county_code": product.county_code, "issuer": "靖远县乡村振兴局",
        "number": f"R{next(_number)}", "status": "in_force", "valid_from": LONG_AGO.date(), "valid_to": None,
    } | changes  # fmt: skip
    basis = EligibilityBasis(product_id=product.id, **values)
    db.session.add(basis)
    db.session.flush()
    return basis


def make_sku(product: Product, producer: Actor, **changes: Any) -> Sku:
    """Return a pack of the product: bags of 500 g."""
    values: dict[str, Any] = {"pack_spec": "500 g/袋", "unit": "bag", "net_weight_g": 500} | changes
    return products.create_sku(product, products.NewSku(**values), producer)


def make_lot(sku: Sku, producer: Actor, quantity: str = "100", **changes: Any) -> Lot:
    """Return a lot of the pack, produced on 1 July 2026, without expiry."""
    at = changes.pop("at", datetime(2026, 7, 15, 3, tzinfo=UTC))
    values: dict[str, Any] = {"lot_code": f"L{next(_number)}", "produced_on": date(2026, 7, 1)} | changes
    return lots.create_lot(lots.NewLot(sku_id=sku.id, quantity=Decimal(quantity), **values), producer, at=at)


def make_listing(producer: Actor | None = None, *, stock: str = "100", **changes: Any) -> Listing:
    """Return a listing in the shop: 20.00 yuan a bag, 18.00 from 100 on; ``stock`` bags in one lot.

    ``status="draft"`` leaves it unpublished; ``product=``, ``sku=`` use those there are.
    """
    producer = producer or make_producer()
    status = changes.pop("status", "listed")
    product = changes.pop("product", None) or make_product(producer)
    sku = changes.pop("sku", None) or make_sku(product, producer)
    if Decimal(stock):
        make_lot(sku, producer, stock)
    values: dict[str, Any] = {
        "title": f"{product.name} {sku.pack_spec}",
        "tiers": (Tier(Decimal(1), 2000), Tier(Decimal(100), 1800)),
    } | changes
    listing = listings.create_listing(sku, listings.Terms(**values), producer, at=LONG_AGO)
    if status == "listed":
        listings.publish_listing(listing, producer, at=datetime(2026, 7, 15, 3, tzinfo=UTC))
    return listing
