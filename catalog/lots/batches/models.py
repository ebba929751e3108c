"""Places, batches in kilograms, acts on batches and their movements."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, Dated, PublicId
from shop.identity.models import one_of

PLACE_KINDS = (
    "plot",
    "orchard",
    "barn",
    "pond",
    "slaughterhouse",
    "workshop",
    "warehouse",
    "collection_point",
    "other",
)
#: Tiers of the county–township–village logistics that a collection point stands on.
PLACE_TIERS = ("county", "township", "village")
#: Acts by which mass enters: nothing is taken from a batch.
BIRTHS = ("harvest", "slaughter", "received")
ACT_KINDS = (*BIRTHS, "process", "split", "mix", "pack", "unpack", "discard", "undo")
BATCH_STATUSES = ("open", "recalled", "undone")


class Place(PublicId, Dated, Base):
    """Where something is grown, slaughtered, processed, collected or stored; ended, never deleted."""

    __tablename__ = "places"

    producer_id: Mapped[int] = mapped_column(ForeignKey("producers.organisation_id"), index=True)
    kind: Mapped[str]
    #: Of a collection point: ``county``, ``township`` or ``village``.
    tier: Mapped[str | None]
    #: Of a plot, barn or house: no names of persons.
    name: Mapped[str]
    county_code: Mapped[str] = mapped_column(ForeignKey("assisted_counties.code"))
    township: Mapped[str] = mapped_column(server_default="")
    village: Mapped[str] = mapped_column(server_default="")
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    #: GS1's number of the place, 13 digits.
    gln: Mapped[str | None]
    #: The other producers of the county may use it too.
    is_shared: Mapped[bool] = mapped_column(server_default="false", default=False)
    #: Its name and township stand on the pages of its goods' labels; else only its kind and county.
    is_public: Mapped[bool] = mapped_column(server_default="true", default=True)
    created_at: Mapped[datetime]

    __table_args__ = (
        one_of("kind", PLACE_KINDS),
        CheckConstraint("(kind = 'collection_point') = (tier IS NOT NULL)", name="tier"),
        CheckConstraint("tier IS NULL OR tier IN ('county','township','village')", name="tiers"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="on_earth"),
        CheckConstraint("gln ~ '^[0-9]{13}$'", name="gln"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
        Index("ix_places_shared", "county_code", postgresql_where=text("is_shared")),
        Index("ix_places_gln", "gln", postgresql_where=text("gln IS NOT NULL")),
    )


class Batch(PublicId, Base):
    """A quantity of one product in kilograms, before it is packed."""

    __tablename__ = "batches"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    producer_id: Mapped[int] = mapped_column(ForeignKey("producers.organisation_id"), index=True)
    code: Mapped[str]
    #: The act that made it.
    act_id: Mapped[int] = mapped_column(ForeignKey("batch_acts.id"), index=True)
    #: What is left of it; changed by the trigger of ``batch_movements`` alone.
    on_hand_kg: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    status: Mapped[str] = mapped_column(server_default="open", default="open")
    variety: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", BATCH_STATUSES),
        CheckConstraint("on_hand_kg >= 0", name="on_hand_kg"),
        Index(
            "uq_batches_product_id_code", "product_id", "code", unique=True, postgresql_where=text("status <> 'undone'")
        ),
    )


class BatchAct(PublicId, Base):
    """Something that was done, once: its masses add up, and its movements are exactly its masses.

    ``born + added + in = out + packed + loss``; an undo has the signs of what it undoes turned around.
    Append-only, and checked against its movements when the transaction ends.
    """

    __tablename__ = "batch_acts"

    producer_id: Mapped[int] = mapped_column(ForeignKey("producers.organisation_id"), index=True)
    kind: Mapped[str]
    place_id: Mapped[int | None] = mapped_column(ForeignKey("places.id"))
    #: When it was done.
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: What came from outside: the field, the stable, a purchase.
    born_kg: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    #: Water, salt, sugar and the like, which are no batches here.
    added_kg: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    #: What was taken out of batches.
    in_kg: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    #: What was put into batches.
    out_kg: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    #: What went into lots, below zero if it came out of one.
    packed_kg: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    loss_kg: Mapped[Decimal] = mapped_column(server_default="0", default=Decimal(0))
    #: Of a processing: the largest part of the mass that may come out, as the producer declares it.
    yield_bound: Mapped[Decimal | None] = mapped_column(Numeric(5, 4))
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("batch_acts.id"), unique=True)
    #: What was done in words, what was added, why: no names of persons.
    note: Mapped[dict[str, Any]]

    __table_args__ = (
        one_of("kind", ACT_KINDS),
        CheckConstraint("born_kg + added_kg + in_kg = out_kg + packed_kg + loss_kg", name="balance"),
        CheckConstraint(
            "in_kg >= 0 AND out_kg >= 0 AND CASE kind"
            " WHEN 'undo' THEN born_kg <= 0 AND added_kg <= 0 AND loss_kg <= 0"
            " ELSE born_kg >= 0 AND added_kg >= 0 AND loss_kg >= 0 AND (packed_kg >= 0 OR kind = 'unpack') END",
            name="signs",
        ),
        CheckConstraint(
            "CASE"
            " WHEN kind IN ('harvest','slaughter','received')"
            " THEN in_kg = 0 AND added_kg = 0 AND packed_kg = 0 AND loss_kg = 0 AND out_kg > 0"
            " WHEN kind = 'process' THEN born_kg = 0 AND packed_kg = 0 AND in_kg > 0 AND out_kg > 0"
            " WHEN kind IN ('split','mix')"
            " THEN born_kg = 0 AND added_kg = 0 AND packed_kg = 0 AND loss_kg = 0 AND out_kg > 0"
            " WHEN kind = 'pack' THEN born_kg = 0 AND added_kg = 0 AND out_kg = 0 AND packed_kg > 0"
            " WHEN kind = 'unpack' THEN born_kg = 0 AND added_kg = 0 AND in_kg = 0 AND packed_kg < 0 AND out_kg > 0"
            " WHEN kind = 'discard' THEN born_kg = 0 AND added_kg = 0 AND out_kg = 0 AND packed_kg = 0 AND loss_kg > 0"
            " ELSE true END",
            name="shape",
        ),
        CheckConstraint(
            "(kind = 'process') = (yield_bound IS NOT NULL)"
            " AND (kind <> 'process' OR (yield_bound > 0 AND yield_bound <= 1 AND out_kg <= (in_kg + added_kg) * yield_bound))",
            name="yield",
        ),
        CheckConstraint("(kind = 'undo') = (undoes_id IS NOT NULL)", name="undoes"),
    )


class BatchMovement(PublicId, Base):
    """A change of a batch's mass by an act; append-only, its trigger keeps the batch in step."""

    __tablename__ = "batch_movements"

    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), index=True)
    act_id: Mapped[int] = mapped_column(ForeignKey("batch_acts.id"))
    #: Signed: positive comes in, negative goes out.
    quantity_kg: Mapped[Decimal]

    __table_args__ = (CheckConstraint("quantity_kg <> 0", name="quantity_kg"), UniqueConstraint("act_id", "batch_id"))
