"""Basket, procurement, order, order line and the moves between states."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from orders.ledger.models import CHANNELS, MODES, PARTNER_LEVELS
from shop.db import Base, Dated, PublicId, no_overlap
from shop.identity.models import one_of

PAYMENT_MODES = ("goods_first", "pay_first")
#: To whose account bank transfers go: the producer's own, or the platform's supervised one.
CLEARING_MODES = ("direct", "supervised")


class BasketLine(Base):
    """What an organisation's member has put aside; prices are always today's."""

    __tablename__ = "basket_lines"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    quantity: Mapped[Decimal]
    added_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)


class Procurement(PublicId, Base):
    """What an institution asks for and approves; becomes one order per producer."""

    __tablename__ = "procurements"

    number: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: 所属预算单位: whose total it counts to.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    fund_source: Mapped[str | None]
    #: ``draft``, ``submitted``, ``placed``, ``completed`` or ``cancelled``.
    status: Mapped[str]
    #: ``none``, ``pending``, ``approved``, ``rejected`` or ``void``.
    approval: Mapped[str] = mapped_column(server_default="none", default="none")
    #: The goods' sum when it was approved: the most that may be placed while the approval stands.
    approved_fen: Mapped[int | None]
    payment_mode: Mapped[str] = mapped_column(server_default="goods_first", default="goods_first")
    channel: Mapped[str] = mapped_column(server_default="shop", default="shop")
    title: Mapped[str] = mapped_column(server_default="", default="")
    note: Mapped[str] = mapped_column(server_default="", default="")
    consignee: Mapped[str] = mapped_column(server_default="", default="")
    consignee_phone: Mapped[str] = mapped_column(server_default="", default="")
    delivery_address: Mapped[str] = mapped_column(server_default="", default="")
    deliver_by: Mapped[date | None]
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    placed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", ("draft", "submitted", "placed", "completed", "cancelled")),
        one_of("approval", ("none", "pending", "approved", "rejected", "void")),
        one_of("payment_mode", PAYMENT_MODES),
        one_of("channel", CHANNELS),
        CheckConstraint("fund_source IN ('canteen','union','personal','other')", name="fund_source"),
        Index("ix_procurements_organisation", "organisation_id", "id"),
    )


class ProcurementLine(Base):
    """A wanted quantity of a listing, until placing freezes it into an order line."""

    __tablename__ = "procurement_lines"

    procurement_id: Mapped[int] = mapped_column(ForeignKey("procurements.id"), primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"), primary_key=True)
    position: Mapped[int]
    quantity: Mapped[Decimal]

    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)


class Order(PublicId, Base):
    """One producer's part of a procurement, with its contract, delivery and money."""

    __tablename__ = "orders"

    number: Mapped[str] = mapped_column(unique=True)
    procurement_id: Mapped[int] = mapped_column(ForeignKey("procurements.id"), index=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    producer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    fund_source: Mapped[str | None]
    status: Mapped[str]
    payment_mode: Mapped[str]
    #: Lines as ordered, and freight as confirmed; the sum is ``total_fen``.
    goods_fen: Mapped[int]
    freight_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    total_fen: Mapped[int]
    #: What is owed in the end: lines not rejected, cancelled or closed short, plus freight.
    due_fen: Mapped[int]
    #: Confirmed receipts allocated to it, confirmed refunds, and what a dispute holds.
    received_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    refunded_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    held_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: Refunds asked for or recorded, not yet confirmed or refused.
    refunding_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: Of received less refunded: what went straight to the producer, and what lies with the card provider; the rest
    #: is in the supervised account.
    direct_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    stripe_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: As last posted: what is owed for accepted goods, what of it the buyer's money covers, and the platform's fee.
    earned_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    applied_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    fee_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: The fee in hundredths of a percent of what is applied, as it stood when the order was placed.
    fee_bp: Mapped[int] = mapped_column(server_default="0", default=0)
    #: To whose account transfers go, as the rule of the placing day says: ``direct`` or ``supervised``.
    clearing: Mapped[str] = mapped_column(server_default="direct", default="direct")
    #: In the remark of a transfer; unique.
    reference_code: Mapped[str] = mapped_column(unique=True)
    placed_at: Mapped[datetime]
    #: Lapses when nobody has confirmed it by then.
    confirm_by: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    promised_on: Mapped[date | None]
    first_shipped_at: Mapped[datetime | None]
    #: When goods were last accepted or rejected, and, once all that was shipped is decided, since when it is.
    last_decided_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    #: The first day with something still to pay, of ``order_dues``; their last one when all is paid.
    pay_due_on: Mapped[date | None]
    pay_extended: Mapped[bool] = mapped_column(server_default="false", default=False)
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    lines: Mapped[list[OrderLine]] = relationship(lazy="raise", order_by="OrderLine.position")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of(
            "status",
            (
                "awaiting_confirmation", "confirmed", "part_shipped", "shipped", "declined", "lapsed", "cancelled",
                "closed_short",
            ),
        ),
        one_of("payment_mode", PAYMENT_MODES),
        one_of("clearing", CLEARING_MODES),
        CheckConstraint("total_fen = goods_fen + freight_fen AND freight_fen >= 0 AND goods_fen > 0", name="total"),
        CheckConstraint(
            "refunded_fen >= 0 AND refunding_fen >= 0 AND held_fen >= 0"
            " AND refunded_fen + refunding_fen + held_fen <= received_fen"
            " AND direct_fen BETWEEN 0 AND received_fen - refunded_fen",
            name="money",
        ),
        CheckConstraint("stripe_fen BETWEEN 0 AND received_fen - refunded_fen - direct_fen", name="stripe_fen"),
        CheckConstraint("fee_bp BETWEEN 0 AND 10000 AND fee_fen >= 0", name="fee"),
        Index("ix_orders_buyer", "buyer_id", "id"),
        Index("ix_orders_producer", "producer_id", "id"),
        Index("ix_orders_unconfirmed", "confirm_by", postgresql_where=text("status = 'awaiting_confirmation'")),
    )  # fmt: skip


class OrderDue(Base):
    """What of an order falls due on a day, and how much of it no money covers yet."""

    __tablename__ = "order_dues"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)
    amount_fen: Mapped[int]
    open_fen: Mapped[int]

    __table_args__ = (
        CheckConstraint("amount_fen >= 0 AND open_fen BETWEEN 0 AND amount_fen", name="amount_fen"),
        Index("ix_order_dues_open", "due_on", "order_id", postgresql_where=text("open_fen > 0")),
    )


class OrderLine(PublicId, Base):
    """A line with every fact frozen at placing, and what became of its quantity and money."""

    __tablename__ = "order_lines"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    position: Mapped[int]
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    dimension_id: Mapped[int] = mapped_column(ForeignKey("ledger_dimensions.id"))
    title: Mapped[str]
    pack_spec: Mapped[str]
    unit: Mapped[str]
    tax_rate: Mapped[str]
    county_code: Mapped[str] = mapped_column(ForeignKey("assisted_counties.code"))
    eligibility_id: Mapped[int | None] = mapped_column(ForeignKey("eligibility_bases.id"))
    #: Certificates in force at placing: list of scheme, issuer, number, scope, valid_to.
    certificates: Mapped[list[Any]]
    mode: Mapped[str]
    partner_level: Mapped[str]
    quantity: Mapped[Decimal]
    unit_price_fen: Mapped[int]
    amount_fen: Mapped[int]
    shipped: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    accepted: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    rejected: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    #: Of what is rejected: so much was accepted first and came back later.
    returned: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    cancelled: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    #: Given back for accepted goods (short weight, quality): nobody owes it any more.
    allowed_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: The line's targets as last posted.
    ordered_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    accepted_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    paid_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    counted_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: The last days on which goods were accepted and money came; without both nothing counts.
    last_accepted_on: Mapped[date | None]
    last_paid_on: Mapped[date | None]

    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        one_of("mode", MODES),
        one_of("partner_level", PARTNER_LEVELS),
        CheckConstraint("quantity > 0 AND unit_price_fen > 0 AND amount_fen >= 0", name="positive"),
        CheckConstraint(
            "accepted >= 0 AND rejected >= 0 AND cancelled >= 0 AND accepted + rejected <= shipped"
            " AND shipped + cancelled <= quantity",
            name="quantities",
        ),
        CheckConstraint("returned BETWEEN 0 AND rejected", name="returned"),
        CheckConstraint("allowed_fen BETWEEN 0 AND round(unit_price_fen * accepted)", name="allowed_fen"),
        Index("ix_order_lines_dimension", "dimension_id"),
        Index("ix_order_lines_undecided", "order_id", postgresql_where=text("shipped > accepted + rejected")),
        Index("ix_order_lines_unpaid", "order_id", postgresql_where=text("accepted_fen > allowed_fen + paid_fen")),
    )


#: A line of which something accepted is neither paid nor given back; as ``ix_order_lines_unpaid`` has it.
UNPAID_LINE = OrderLine.accepted_fen > OrderLine.allowed_fen + OrderLine.paid_fen
#: A line of which something that left is neither accepted nor rejected; as ``ix_order_lines_undecided`` has it.
UNDECIDED_LINE = OrderLine.shipped > OrderLine.accepted + OrderLine.rejected


class ClearingRule(PublicId, Dated, Base):
    """To whose account buyers pay; an order keeps the mode of its placing day, without a rule the producer's own account."""

    __tablename__ = "clearing_rules"

    producer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    mode: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="", default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    __table_args__ = (one_of("mode", CLEARING_MODES), no_overlap("clearing_rules", "coalesce(producer_id, 0)"))


class FeeRule(PublicId, Dated, Base):
    """What the platform charges producers from a day to a day; an order keeps the rate of its placing day.

    A producer's own rule goes before the one for all.
    """

    __tablename__ = "fee_rules"

    producer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    #: Hundredths of a percent.
    basis_points: Mapped[int]
    note: Mapped[str] = mapped_column(server_default="", default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("basis_points BETWEEN 0 AND 10000", name="basis_points"),
        no_overlap("fee_rules", "coalesce(producer_id, 0)"),
    )
