"""What people call the things, parties and papers that events name by identifiers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, tuple_

from catalog.lots.batches.models import Batch
from catalog.lots.models import Lot
from catalog.lots.records.supplier_models import BatchSupplier
from catalog.products.models import Product, Sku
from catalog.products.numbers import product_number, sku_of
from shop.db import db
from shop.geo.models import Division
from shop.i18n import lazy
from shop.identity.models import Organisation
from traceability.journey import names
from traceability.journey.models import TraceConsignment
from traceability.standard.links import CANONICAL, Link, link_of

_UUID = "urn:uuid:"


class Known(NamedTuple):
    """What something is called, and where its page is, if it has one."""

    text: str
    href: str = ""


def called(uris: Collection[str]) -> dict[str, Known]:
    """Return what identifiers of things are called; what the market does not know is called by its identifier."""
    links = {uri: link for uri in uris if (link := link_of(uri)) is not None and link.ai == "01"}
    found = _goods(links)
    return {uri: found.get(uri) or Known(uri.removeprefix(CANONICAL)) for uri in uris}


def parties(uris: Iterable[str]) -> dict[str, str]:
    """Return the names of organisations and the numbers of orders and shipments; others are called by their identifier."""
    keys = {uri: key for uri in uris if (key := _uuid(uri)) is not None}
    wanted = list(keys.values())
    told: dict[UUID, str] = {}
    for columns in (
        (Organisation.public_id, Organisation.name),
        (TraceConsignment.order_ref, TraceConsignment.order_number),
        (TraceConsignment.shipment_ref, TraceConsignment.shipment_number),
    ):
        told |= dict(db.session.execute(select(*columns).where(columns[0].in_(wanted)).distinct()).all())
    told |= _sellers(wanted)
    return {uri: told.get(keys[uri], uri) if uri in keys else uri.removeprefix(CANONICAL) for uri in uris}


def _sellers(wanted: Collection[UUID]) -> dict[UUID, str]:
    """Return what sellers outside the platform are called: an organisation by its name, a household by where it is."""
    rows = db.session.execute(
        select(BatchSupplier, Division.name)
        .join(Division, Division.code == BatchSupplier.division_code)
        .where(BatchSupplier.public_id.in_(wanted))
    )
    return {
        one.public_id: one.name or " ".join(filter(None, (str(lazy("农户")), county, one.township)))
        for one, county in rows
    }


def _uuid(uri: str) -> UUID | None:
    try:
        return UUID(uri.removeprefix(_UUID)) if uri.startswith(_UUID) else None
    except ValueError:
        return None


def _goods(links: dict[str, Link]) -> dict[str, Known]:
    """Return lots and packs with their product; each number is looked up once."""
    numbers = {link.value for link in links.values()}
    skus = {number: key for number in numbers if (key := sku_of(number)) is not None}
    products = dict(
        db.session.execute(
            select(Sku.id, Product.name).join(Product, Product.id == Sku.product_id).where(Sku.id.in_(skus.values()))
        ).all()
    )
    lots = _lots(links, skus)
    found = _batches({uri: link for uri, link in links.items() if link.value not in skus})
    for uri, link in links.items():
        name = products.get(skus.get(link.value, 0))
        if name is not None:
            lot = lots.get((skus[link.value], link.qualified)) if link.qualifier == "10" else None
            said = lot[1] if lot else link.qualified
            found[uri] = Known(f"{name} {said}".strip(), f"/lots/{lot[0]}" if lot else "")
    return found


def _lots(links: dict[str, Link], skus: dict[str, int]) -> dict[tuple[int, str], tuple[UUID, str]]:
    wanted = [
        (skus[link.value], link.qualified) for link in links.values() if link.qualifier == "10" and link.value in skus
    ]
    keys = [(sku, key) for sku, number in wanted if (key := names.key_of(number)) is not None]
    rows = db.session.execute(
        select(Lot.sku_id, Lot.id, Lot.code, Lot.public_id).where(
            Lot.status != "undone", tuple_(Lot.sku_id, Lot.code).in_(wanted) | tuple_(Lot.sku_id, Lot.id).in_(keys)
        )
    )
    return {(row.sku_id, names.lot_number(row.code, row.id)): (row.public_id, row.code) for row in rows}


def _batches(links: dict[str, Link]) -> dict[str, Known]:
    """Return batches of products, whose numbers are the platform's own."""
    wanted = {link.qualified for link in links.values() if link.qualifier == "10"}
    keys = [key for number in wanted if (key := names.key_of(number)) is not None]
    rows = db.session.execute(
        select(Batch.id, Batch.code, Batch.product_id, Product.name)
        .join(Product, Product.id == Batch.product_id)
        .where(Batch.code.in_(wanted) | Batch.id.in_(keys))
    )
    by_uri = {
        names.batch_uri(product_number(row.product_id), row.code, row.id): f"{row.name} {row.code}" for row in rows
    }
    return {uri: Known(by_uri[uri]) for uri in links if uri in by_uri}
