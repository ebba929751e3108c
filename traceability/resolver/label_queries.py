"""Reads for labels: own lots with what is printed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import select

from catalog.lots.models import Lot
from catalog.lots.shipping import NoSuchLot
from catalog.producers.queries import producers_of
from catalog.products import numbers
from catalog.products.models import Product, Sku
from shop.auth import Actor
from shop.db import db
from shop.geo.models import AssistedCounty
from shop.i18n import _
from shop.identity.models import Organisation
from traceability.resolver.labels import Label
from traceability.resolver.names import lot_number


def list_labels(lot_ids: Collection[UUID], actor: Actor, on: date) -> dict[UUID, Label]:
    """Return what is printed for lots of the producers for whom the actor may act.

    :raises NoSuchLot: if one of them is not there, or another producer's.
    """
    rows = db.session.execute(
        select(Lot, Sku, Product.name, Organisation.name, AssistedCounty.name)
        .join(Sku, Sku.id == Lot.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .join(Organisation, Organisation.id == Product.producer_id)
        .join(AssistedCounty, AssistedCounty.code == Product.county_code)
        .where(Lot.public_id.in_(lot_ids), Product.producer_id.in_(producers_of(actor, on)))
    )
    found = {
        lot.public_id: Label(
            number=numbers.trade_number(sku.id, sku.gtin), lot_number=lot_number(lot.code, lot.id),
            product_name=product, pack_spec=sku.pack_spec, producer_name=producer, county_name=county,
            produced_on=lot.produced_on, expires_on=lot.expires_on,
        )
        for lot, sku, product, producer, county in rows
    }  # fmt: skip
    if len(found) < len(set(lot_ids)):
        raise NoSuchLot(_("没有找到。"))
    return found
