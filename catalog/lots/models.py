"""Lots, movements and the stock of a SKU."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

#: What moves a lot's quantity; the sign is fixed by the kind.
MOVEMENT_KINDS = ("born", "shipped", "returned", "destroyed", "expired", "adjusted_up", "adjusted_down", "unpacked")
LOT_STATUSES = ("open", "closed", "recalled", "undone")
RECALL_LEVELS = ("one", "two", "three")


class SkuStock(Base):
    """What the open lots of a SKU hold, and how much orders have reserved."""

    __tablename__ = "sku_stock"

    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"), primary_key=True, autoincrement=False)
    on_hand: Mapped[Decimal] = mapped_column(server_default="0")
    reserved: Mapped[Decimal] = mapped_column(server_default="0")
    #: What orders have reserved of goods that were called back since: nothing else is free before other goods cover it.
    uncovered: Mapped[Decimal] = mapped_column(server_default="0")

    __table_args__ = (
        CheckConstraint("reserved BETWEEN 0 AND on_hand + uncovered", name="reserved"),
        CheckConstraint("uncovered >= 0", name="uncovered"),
    )


class Lot(PublicId, Base):
    """A batch of a SKU."""

    __tablename__ = "lots"

    sku_id: Mapped[int] = mapped_column(ForeignKey("skus.id"))
    code: Mapped[str]
    #: What is left of it; changed by the trigger of ``lot_movements`` alone.
    on_hand: Mapped[Decimal] = mapped_column(server_default="0")
    produced_on: Mapped[date]
    expires_on: Mapped[date | None]
    #: ``open``, ``closed`` (expired or written off), ``recalled``, or ``undone`` (its packing was recorded by mistake);
    #: only open lots are stock.
    status: Mapped[str] = mapped_column(server_default="open", default="open")
    origin_note: Mapped[str] = mapped_column(server_default="")
    #: The batch it was packed from, the act that packed it, and the net mass of a pack then; ``None``: its origin
    #: was not recorded.
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"), index=True)
    act_id: Mapped[int | None] = mapped_column(ForeignKey("batch_acts.id"), unique=True)
    unit_mass_g: Mapped[int | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        Index("uq_lots_live_code", "sku_id", "code", unique=True, postgresql_where=text("status <> 'undone'")),
        one_of("status", LOT_STATUSES),
        CheckConstraint(
            "(batch_id IS NULL) = (act_id IS NULL) AND (batch_id IS NULL) = (unit_mass_g IS NULL)", name="origin"
        ),
        CheckConstraint("unit_mass_g > 0", name="unit_mass_g"),
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("expires_on IS NULL OR expires_on >= produced_on", name="dates"),
        Index("ix_lots_fefo", "sku_id", "status", "expires_on", "id"),
    )


class LotMovement(PublicId, Base):
    """A change of a lot's quantity; append-only, its trigger keeps lot and stock in step."""

    __tablename__ = "lot_movements"

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), index=True)
    kind: Mapped[str]
    #: Signed: positive comes in, negative goes out.
    quantity: Mapped[Decimal]
    #: The business fact that moved it, unique: ``shipment:12:line:7``.
    ref: Mapped[str]
    note: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: The act on batches that it belongs to: a packing, an unpacking, or the undoing of one.
    act_id: Mapped[int | None] = mapped_column(ForeignKey("batch_acts.id"), index=True)

    __table_args__ = (
        one_of("kind", MOVEMENT_KINDS),
        CheckConstraint(
            "(kind IN ('born','returned','adjusted_up') AND quantity > 0)"
            " OR (kind IN ('shipped','destroyed','expired','adjusted_down','unpacked') AND quantity < 0)",
            name="sign",
        ),
        UniqueConstraint("lot_id", "kind", "ref"),
        Index("uq_lot_movements_born", "lot_id", unique=True, postgresql_where=text("kind = 'born'")),
        CheckConstraint("act_id IS NULL OR kind IN ('born','unpacked','adjusted_up')", name="act"),
    )


class LotRecall(Base):
    """A lot is called back: nothing of it may leave any more, whatever orders have reserved; only lifting changes it, once."""

    __tablename__ = "lot_recalls"

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    #: The act: the lot that was named and all that was made of it were called back together.
    recall_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    is_root: Mapped[bool] = mapped_column(server_default=text("true"))
    reason: Mapped[str]
    recalled_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: For whom; ``None``: not recorded.
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    recalled_at: Mapped[datetime]
    #: It was made by mistake, as another person says.
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    lift_reason: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("(lifted_at IS NULL) = (lift_reason IS NULL) AND (lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
        CheckConstraint("lift_reason <> ''", name="lift_reason"),
        CheckConstraint("lifted_by <> recalled_by", name="two_persons"),
        UniqueConstraint("recall_id", "lot_id"),
        Index("ix_lot_recalls_lot", "lot_id"),
        Index("uq_lot_recalls_root", "lot_id", "organisation_id", unique=True, postgresql_nulls_not_distinct=True,
              postgresql_where=text("is_root AND lifted_at IS NULL")),
    )  # fmt: skip


class RecallTerms(PublicId, Base):
    """How grave a recall is and by when its goods must be back; ``public_id`` is the recall's own."""

    __tablename__ = "recall_terms"

    level: Mapped[str]
    #: When it was known that the goods must come back: from then on the hours count in which a recall has to begin.
    known_at: Mapped[datetime]
    #: The last day on which they may come back.
    due_on: Mapped[date]
    set_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __table_args__ = (
        one_of("level", RECALL_LEVELS),
        CheckConstraint("known_at <= set_at", name="known"),
        Index("ix_recall_terms_due", "due_on"),
    )


class BatchRecall(Base):
    """A recall that begins at a batch: what is left of it is stopped, its lots are in ``lot_recalls`` under the same recall.

    Only lifting changes it, once.
    """

    __tablename__ = "batch_recalls"

    id: Mapped[int] = mapped_column(primary_key=True)
    recall_id: Mapped[UUID] = mapped_column(unique=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    reason: Mapped[str]
    recalled_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    recalled_at: Mapped[datetime]
    #: It was made by mistake, as another person says.
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    lift_reason: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("(lifted_at IS NULL) = (lift_reason IS NULL) AND (lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
        CheckConstraint("lift_reason <> ''", name="lift_reason"),
        CheckConstraint("lifted_by <> recalled_by", name="two_persons"),
        Index("uq_batch_recalls_standing", "batch_id", "organisation_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
    )  # fmt: skip
