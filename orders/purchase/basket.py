"""The basket: what a member has put aside for its organisation; prices and eligibility are always today's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from catalog.products.models import Listing, Sku
from orders.purchase.models import BasketLine
from orders.purchase.pricing import PricedLine, Wanted, price_lines
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden, NotFound
from shop.i18n import _
from shop.money import Measure

MAX_LINES = 200


class NoSuchListing(NotFound):
    """There is no listing with that identifier."""

    code = "no-such-listing"


class BasketFull(Conflict):
    """A basket holds at most 200 listings."""

    code = "basket-full"


@dataclass(frozen=True, slots=True)
class Basket:
    """A basket with its lines priced today; lines that cannot be ordered say why and are not lost."""

    lines: list[PricedLine]

    @property
    def total_fen(self) -> int:
        """The sum of the lines that can be ordered."""
        return sum(line.amount_fen for line in self.lines if not line.problems)

    @property
    def is_orderable(self) -> bool:
        """Say whether every line can be ordered."""
        return bool(self.lines) and not any(line.problems for line in self.lines)


def view_basket(actor: Actor, at: datetime) -> Basket:
    """Return the actor's basket, first put in first."""
    rows = db.session.execute(
        select(Listing.public_id, BasketLine.quantity)
        .join(Listing, Listing.id == BasketLine.listing_id)
        .where(BasketLine.organisation_id == actor.organisation_id, BasketLine.user_id == actor.user_id)
        .order_by(BasketLine.added_at, BasketLine.listing_id)
    )
    wanted = [Wanted(public_id, quantity) for public_id, quantity in rows]
    return Basket(price_lines(wanted, clock.business_day(at)))


def put_line(listing_id: UUID, wanted: Measure, *, actor: Actor, at: datetime, add: bool = False) -> None:
    """Set the quantity of a listing in the basket, or add to it.

    :raises NoSuchListing: if there is no such listing, or it is a draft.
    :raises WrongUnit: if the quantity names another unit than the listing's.
    :raises BasketFull: above 200 listings.
    """
    if actor.organisation_kind != "institution":
        raise Forbidden(_("只有采购单位可以采购。"))
    found = db.session.execute(
        select(Listing.id, Sku.unit)
        .join(Sku, Sku.id == Listing.sku_id)
        .where(Listing.public_id == listing_id, Listing.status != "draft")
    ).one_or_none()
    if found is None:
        raise NoSuchListing(_("没有这个商品。"))
    key, quantity = found.id, wanted.in_unit(found.unit, "#/quantity")
    new = insert(BasketLine).values(
        organisation_id=actor.organisation_id, user_id=actor.user_id, listing_id=key, quantity=quantity, added_at=at
    )
    after = func.least(BasketLine.quantity + new.excluded.quantity, 99_999_999) if add else new.excluded.quantity
    db.session.execute(
        new.on_conflict_do_update(index_elements=["organisation_id", "user_id", "listing_id"], set_={"quantity": after})
    )
    held = db.session.scalar(select(func.count()).select_from(BasketLine).where(*_own(actor)))
    if (held or 0) > MAX_LINES:
        raise BasketFull(_("采购清单最多 %(n)s 种商品。", n=MAX_LINES))


def remove_line(listing_id: UUID, *, actor: Actor) -> None:
    """Take a listing out of the basket; if it is not in it, nothing happens."""
    key = select(Listing.id).where(Listing.public_id == listing_id).scalar_subquery()
    db.session.execute(delete(BasketLine).where(*_own(actor), BasketLine.listing_id == key))


def empty_basket(actor: Actor) -> None:
    """Take everything out of the basket."""
    db.session.execute(delete(BasketLine).where(*_own(actor)))


def take_basket(actor: Actor, at: datetime) -> list[Wanted]:
    """Return what the basket holds and empty it, for a procurement drawn up from it."""
    wanted = [line.wanted for line in view_basket(actor, at).lines]
    empty_basket(actor)
    return wanted


def _own(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return (BasketLine.organisation_id == actor.organisation_id, BasketLine.user_id == actor.user_id)
