"""Packs that were entered wrongly: corrected or taken away while nobody has used them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text

from catalog.products.models import Listing, Sku
from catalog.products.services import GtinTaken, NewSku, NoSuchProduct, get_own_sku, read_sku
from shop import audit
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _


class SkuInUse(Conflict):
    """Something was put in stock of the pack, or it is offered; it stays as it is."""

    code = "sku-in-use"


def edit_sku(sku: Sku, new: NewSku, actor: Actor) -> Sku:
    """Correct a pack that nothing was put in stock, ordered or labelled of; offers of it show what it is now.

    :param sku: locked, by :func:`lock_own_sku`.
    :raises SkuInUse: once there is a lot, an order, an event or a complaint.
    :raises BadProduct, GtinTaken: as when adding it.
    """
    _require_unused(sku)
    facts = read_sku(new)
    changes = {name: [getattr(sku, name), value] for name, value in facts.items() if value != getattr(sku, name)}
    with refusing(uq_skus_gtin=GtinTaken(_("此商品条码已被另一规格使用。"))):
        for name, value in facts.items():
            setattr(sku, name, value)
    audit.record(actor, "catalog.sku_edited", "sku", sku.id, **changes)
    return sku


def withdraw_sku(sku: Sku, actor: Actor) -> None:
    """Take away a pack that was never used nor offered.

    :param sku: locked, by :func:`lock_own_sku`.
    :raises SkuInUse: once there is an offer, a lot, an order, an event or a complaint.
    """
    _require_unused(sku)
    if db.session.scalar(select(Listing.id).where(Listing.sku_id == sku.id).limit(1)) is not None:
        raise SkuInUse(_("此规格已有报价，不能撤销；可修改规格，或下架报价。"))
    told_of = SkuInUse(_("此规格的标签已被扫过或投诉过，不能撤销。"))
    with refusing(fk_recorded_scans_sku_id=told_of, fk_complaints_sku_id=told_of):
        db.session.execute(text("DELETE FROM sku_temperatures WHERE sku_id = :sku"), {"sku": sku.id})
        db.session.execute(text("DELETE FROM sku_stock WHERE sku_id = :sku"), {"sku": sku.id})
        db.session.delete(sku)
    audit.record(actor, "catalog.sku_withdrawn", "sku", sku.id, pack=[sku.pack_spec, None])


def lock_own_sku(public_id: UUID, actor: Actor, *, at: datetime) -> Sku:
    """Lock a pack of a producer for whom the actor may act; nobody fills a lot of it or orders it meanwhile.

    :raises NoSuchProduct: if there is none.
    """
    key = get_own_sku(public_id, actor, at=at).id
    found = db.session.scalars(
        select(Sku).where(Sku.id == key).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NoSuchProduct(_("没有找到。"))
    return found


#: Whatever names a pack but its offers, its stock that is nothing, and the range of its temperature.
_USED = text("""
    SELECT EXISTS (SELECT FROM lots WHERE sku_id = :sku)
        OR EXISTS (SELECT FROM sku_stock WHERE sku_id = :sku AND (on_hand > 0 OR reserved > 0))""")


def _require_unused(sku: Sku) -> None:
    # An order needs stock, and stock needs a lot: where there never was one, nothing was ordered or labelled.
    if db.session.scalar(_USED, {"sku": sku.id}):
        raise SkuInUse(_("此规格已有批次或订单，不能再修改或撤销；请另建规格。"))
