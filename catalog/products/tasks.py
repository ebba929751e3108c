"""What follows when an organisation is called otherwise: its products are found by the new name."""

from __future__ import annotations

from sqlalchemy import select

from catalog.products.models import Product
from catalog.products.services import index_product
from shop.db import db
from shop.outbox.services import subscribe


@subscribe("identity.organisation_corrected")
def on_organisation_corrected(*, organisation_ids: list[int], fields: list[str], **_: object) -> None:
    """Make the words anew by which a corrected producer's products are found."""
    if "name" not in fields:
        return
    for product in db.session.scalars(select(Product).where(Product.producer_id.in_(organisation_ids))):
        index_product(product)
