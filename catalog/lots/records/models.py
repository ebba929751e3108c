"""Test reports, papers of meat, temperature records and commitment certificates; each of one batch or one lot."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

#: Who tested: a laboratory on commission, the producer itself, the factory before release (出厂检验), an authority.
REPORT_KINDS = ("commissioned", "own", "factory", "official")
#: 动物检疫合格证明, 肉品品质检验合格证.
MEAT_PAPER_KINDS = ("quarantine", "meat_inspection")
#: What happens to goods at a place on their way.
PASSAGE_KINDS = ("arrived", "stored", "left")
#: 委托检测, 自我检测, 内部质量控制, 自我承诺.
BASES = ("commissioned_test", "own_test", "quality_control", "own_promise")


class OfOneThing:
    """Is about one batch or one lot of a producer."""

    producer_id: Mapped[int] = mapped_column(ForeignKey("producers.organisation_id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"), index=True)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lots.id"), index=True)


def _one_thing() -> CheckConstraint:
    return CheckConstraint("(batch_id IS NULL) <> (lot_id IS NULL)", name="one_thing")


class TakenBack:
    """What it says never changes, but it can be taken back once, with a reason."""

    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_why: Mapped[str] = mapped_column(server_default="", default="")


def _taken_back() -> CheckConstraint:
    return CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why = '')", name="withdrawn")


class TestReport(PublicId, OfOneThing, TakenBack, Base):
    """A laboratory's report; what it says never changes, but it can be taken back with a reason."""

    __tablename__ = "test_reports"
    __test__ = False

    kind: Mapped[str]
    laboratory: Mapped[str]
    number: Mapped[str]
    tested_on: Mapped[date]
    expires_on: Mapped[date | None]
    has_passed: Mapped[bool]
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]

    __table_args__ = (
        _one_thing(),
        one_of("kind", REPORT_KINDS),
        CheckConstraint("expires_on IS NULL OR expires_on >= tested_on", name="dates"),
        _taken_back(),
    )


class TestItem(Base):
    """One line of a report: what was looked for, what is allowed, what was found."""

    __tablename__ = "test_items"
    __test__ = False

    report_id: Mapped[int] = mapped_column(ForeignKey("test_reports.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    #: As printed, with its unit: ``≤0.05 mg/kg``.
    allowed: Mapped[str] = mapped_column(server_default="")
    #: As printed: ``未检出``, ``0.012 mg/kg``.
    result: Mapped[str]
    has_passed: Mapped[bool]


class MeatPaper(PublicId, OfOneThing, TakenBack, Base):
    """A quarantine or meat inspection certificate: its number and its picture."""

    __tablename__ = "meat_papers"

    kind: Mapped[str]
    number: Mapped[str]
    issuer: Mapped[str]
    issued_on: Mapped[date]
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]

    __table_args__ = (_one_thing(), one_of("kind", MEAT_PAPER_KINDS), _taken_back())


class Passage(PublicId, OfOneThing, TakenBack, Base):
    """Goods arrived at a place, were stored there or left it; their quantity does not change."""

    __tablename__ = "passages"

    kind: Mapped[str]
    place_id: Mapped[int] = mapped_column(ForeignKey("places.id"))
    #: Kilograms of a batch, packs of a lot.
    quantity: Mapped[Decimal]
    #: What was measured there, if anything.
    celsius: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    #: Whose place it is, if that is not the producer's side: it recorded the goods of another.
    keeper_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    occurred_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]

    __table_args__ = (
        _one_thing(),
        one_of("kind", PASSAGE_KINDS),
        _taken_back(),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("celsius BETWEEN -90 AND 90", name="celsius"),
        CheckConstraint("keeper_id IS NULL OR lot_id IS NOT NULL", name="keeper"),
        Index("ix_passages_keeper", "keeper_id", "id", postgresql_where=text("keeper_id IS NOT NULL")),
    )


class TemperatureRange(Base):
    """In which temperatures goods of a category are kept; an operator may change it."""

    __tablename__ = "temperature_ranges"

    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"), primary_key=True)
    low_c: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    high_c: Mapped[Decimal] = mapped_column(Numeric(5, 2))

    __table_args__ = (CheckConstraint("low_c < high_c", name="range"),)


class SkuTemperature(Base):
    """In which temperatures a pack is kept, where it differs from its category: frozen meat, for instance."""

    __tablename__ = "sku_temperatures"

    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"), primary_key=True, autoincrement=False)
    low_c: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    high_c: Mapped[Decimal] = mapped_column(Numeric(5, 2))

    __table_args__ = (CheckConstraint("low_c < high_c", name="range"),)


class TemperatureRecord(PublicId, OfOneThing, TakenBack, Base):
    """What a logger saw, in sum, against the range in force when it was handed in; the readings are in its file."""

    __tablename__ = "temperature_records"

    #: The logger's number as its export names it.
    device: Mapped[str] = mapped_column(server_default="")
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    #: How the file was read: columns, form of time, row of the head.
    layout: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    readings: Mapped[int]
    least_c: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    most_c: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    mean_c: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    low_c: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    high_c: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    #: Where the range is from: ``sku``, ``category`` or ``none``.
    range_from: Mapped[str]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]

    __table_args__ = (
        _one_thing(),
        one_of("range_from", ("sku", "category", "none")),
        CheckConstraint("(range_from = 'none') = (low_c IS NULL) AND (low_c IS NULL) = (high_c IS NULL)", name="range"),
        CheckConstraint("readings > 0 AND ended_at >= started_at", name="readings"),
        CheckConstraint("started_at >= '2000-01-01 00:00:00+00'", name="started_at"),
        CheckConstraint("least_c <= mean_c AND mean_c <= most_c", name="order"),
        _taken_back(),
        *(
            Index(
                f"uq_temperature_records_{thing}", f"{thing}_id", "file_id", unique=True,
                postgresql_where=text(f"{thing}_id IS NOT NULL AND withdrawn_at IS NULL"),
            )
            for thing in ("batch", "lot")
        ),
    )  # fmt: skip


class TemperatureStretch(Base):
    """A stretch of readings outside the range, one after the other on the same side."""

    __tablename__ = "temperature_stretches"

    record_id: Mapped[int] = mapped_column(ForeignKey("temperature_records.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    #: ``above`` or ``below``.
    side: Mapped[str]
    started_at: Mapped[datetime]
    #: The first reading inside again, or the last reading of all.
    ended_at: Mapped[datetime]
    extreme_c: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    readings: Mapped[int]

    __table_args__ = (one_of("side", ("above", "below")),)


class Commitment(PublicId, OfOneThing, Base):
    """A commitment certificate (承诺达标合格证) as it was issued; only the contact can be erased later."""

    __tablename__ = "commitments"

    number: Mapped[str] = mapped_column(unique=True)
    product_name: Mapped[str]
    #: In words: ``120 公斤``, ``200 袋 × 500 g``.
    quantity: Mapped[str]
    mass_kg: Mapped[Decimal | None]
    origin: Mapped[str]
    issued_on: Mapped[date]
    issued_at: Mapped[datetime]
    producer_name: Mapped[str]
    contact: Mapped[str]
    bases: Mapped[list[str]]
    #: The promise, sentence by sentence, as it read then.
    promises: Mapped[list[str]]
    #: The one that it takes the place of.
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("commitments.id"))
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    __table_args__ = (
        _one_thing(),
        CheckConstraint(
            "cardinality(bases) > 0 AND bases <@ ARRAY['commissioned_test','own_test','quality_control','own_promise']",
            name="bases",
        ),
        CheckConstraint("cardinality(promises) > 0", name="promises"),
        UniqueConstraint("replaces_id"),
        Index(
            "uq_commitments_first_of_batch",
            "batch_id",
            unique=True,
            postgresql_where=text("batch_id IS NOT NULL AND replaces_id IS NULL"),
        ),
        Index(
            "uq_commitments_first_of_lot",
            "lot_id",
            unique=True,
            postgresql_where=text("lot_id IS NOT NULL AND replaces_id IS NULL"),
        ),
    )
