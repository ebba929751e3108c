"""What a listing offers on a day, with everything an order line freezes, and its price for a quantity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from shop.errors import Invalid
from shop.i18n import _


class QuantityNotOffered(Invalid):
    """The quantity is below the listing's minimum or not a multiple of its step."""

    code = "quantity-not-offered"


@dataclass(frozen=True)
class Tier:
    """The unit price from a quantity on."""

    min_quantity: Decimal
    price_fen: int


@dataclass(frozen=True)
class OfferEligibility:
    """The eligibility basis in force on the day: what makes the sale count."""

    id: int
    public_id: UUID
    scheme: str
    county_code: str
    prefecture_code: str | None
    province_code: str
    issuer: str
    number: str
    valid_from: date
    valid_to: date | None
    is_demo: bool


@dataclass(frozen=True)
class OfferCertificate:
    """A quality certificate in force on the day; it never makes a sale count."""

    public_id: UUID
    scheme: str
    issuer: str
    number: str
    valid_from: date
    valid_to: date | None
    is_demo: bool

    def frozen(self) -> dict[str, Any]:
        """Return it as JSON values, for keeping on an order line."""
        return {
            "id": str(self.public_id),
            "scheme": self.scheme,
            "issuer": self.issuer,
            "number": self.number,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
            "is_demo": self.is_demo,
        }


@dataclass(frozen=True)
class Offer:
    """A listing on a day. County, prefecture and province are the product's origin."""

    listing_id: int
    public_id: UUID
    version: int
    status: str
    title: str
    pack_spec: str
    unit: str
    net_weight_g: int | None
    tax_rate: str
    min_quantity: Decimal
    step_quantity: Decimal
    lead_days: int
    tiers: tuple[Tier, ...]
    sku_id: int
    sku_public_id: UUID
    sku_code: str
    product_id: int
    product_public_id: UUID
    product_name: str
    category_code: str
    kind: str
    county_code: str
    county_name: str
    prefecture_code: str | None
    province_code: str
    producer_id: int
    producer_public_id: UUID
    producer_name: str
    is_producer_open: bool
    eligibility: OfferEligibility | None
    certificates: tuple[OfferCertificate, ...]
    is_demo: bool

    @property
    def is_orderable(self) -> bool:
        """Say whether it can be ordered that day; stock is another question."""
        return self.refusal is None

    @property
    def refusal(self) -> str | None:
        """Return why it cannot be ordered that day, for people; ``None`` if it can."""
        if self.status != "listed":
            return _("“%(title)s”已停售。", title=self.title)
        if not self.is_producer_open:
            return _("供应商“%(name)s”已停用。", name=self.producer_name)
        if self.eligibility is None:
            return _("“%(title)s”没有当日有效的帮扶产品认定，不能采购。", title=self.title)
        return None


def price_for(offer: Offer, quantity: Decimal) -> int:
    """Return the unit price in fen for a quantity of the offer.

    :raises QuantityNotOffered: if it is below the minimum or not a multiple of the step.
    """
    least, step = offer.min_quantity.normalize(), offer.step_quantity.normalize()
    if quantity < offer.min_quantity or not offer.tiers or quantity < offer.tiers[0].min_quantity:
        detail = _("“%(title)s”至少订 %(least)s。", title=offer.title, least=f"{least:f}")
        raise QuantityNotOffered(detail, listing=str(offer.public_id), min_quantity=f"{least:f}")
    if quantity % offer.step_quantity:
        detail = _("“%(title)s”须按 %(step)s 的倍数订购。", title=offer.title, step=f"{step:f}")
        raise QuantityNotOffered(detail, listing=str(offer.public_id), step_quantity=f"{step:f}")
    return next(tier.price_fen for tier in reversed(offer.tiers) if tier.min_quantity <= quantity)
