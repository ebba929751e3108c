"""Serial numbers of single packs, and counts of scans; nothing about who scanned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId

#: Serial numbers of one run, which a printing house takes as one file.
MOST_PIECES = 10_000


class SerialRun(PublicId, Base):
    """Serial numbers that were issued together for packs of one lot; append-only."""

    __tablename__ = "serial_runs"

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    #: A trigger refuses more for a lot, over all its runs, than it was born with less what was opened.
    pieces: Mapped[int]
    issued_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    issued_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(f"pieces BETWEEN 1 AND {MOST_PIECES}", name="pieces"),
        UniqueConstraint("id", "lot_id"),
        Index("ix_serial_runs_lot", "lot_id", "id"),
    )


class LotSerial(Base):
    """The serial number of one pack; append-only."""

    __tablename__ = "lot_serials"

    #: AI 21: random, and unique over all goods.
    serial: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[int]
    lot_id: Mapped[int]
    #: From 1 on, at most as many as the run has pieces.
    place: Mapped[int]

    __table_args__ = (
        ForeignKeyConstraint(["run_id", "lot_id"], ["serial_runs.id", "serial_runs.lot_id"]),
        UniqueConstraint("run_id", "place"),
        CheckConstraint("place >= 1", name="place"),
        CheckConstraint("serial ~ '^[2-9A-HJ-NP-Z]{12}$'", name="serial"),
    )


class SerialScan(Base):
    """How often the label of one pack was scanned, first and last."""

    __tablename__ = "serial_scans"

    serial: Mapped[str] = mapped_column(ForeignKey("lot_serials.serial"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    scans: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("scans >= 1", name="scans"),
        CheckConstraint("last_at >= first_at", name="order"),
        Index("ix_serial_scans_lot", "lot_id", "scans", "serial"),
    )


class RecordedScan(Base):
    """How often the label of a pack was scanned whose number its producer gave and told of in an event."""

    __tablename__ = "recorded_scans"

    #: Such a number is unique only among the packs of its kind.
    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"), primary_key=True, autoincrement=False)
    serial: Mapped[str] = mapped_column(primary_key=True)
    #: The lot of the first label that named one: the number's lot, unless events of its producer say which.
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lots.id"))
    scans: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("scans >= 1", name="scans"),
        CheckConstraint("last_at >= first_at", name="order"),
        Index("ix_recorded_scans_lot", "lot_id", "scans", "serial"),
    )


class LotScan(Base):
    """How often labels of a lot that have no serial number were scanned, first and last."""

    __tablename__ = "lot_scans"

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True, autoincrement=False)
    scans: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("scans >= 1", name="scans"),
        CheckConstraint("last_at >= first_at", name="order"),
    )
