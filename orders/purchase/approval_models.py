"""Levels of approval that an institution sets from a day to a day, and the level at which a procurement waits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, Dated, PublicId, no_overlap

#: More levels than this nobody climbs.
MOST_LEVELS = 5


class ApprovalRule(PublicId, Dated, Base):
    """An institution's levels from a day to a day; never edited once in force, another one begins."""

    __tablename__ = "approval_rules"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    __table_args__ = (no_overlap("approval_rules", "organisation_id"),)


class ApprovalLevel(Base):
    """One level: asked for procurements of more than ``above_fen``, after those before it."""

    __tablename__ = "approval_levels"

    rule_id: Mapped[int] = mapped_column(ForeignKey("approval_rules.id"), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    above_fen: Mapped[int]

    __table_args__ = (
        CheckConstraint(f"level BETWEEN 1 AND {MOST_LEVELS}", name="level"),
        CheckConstraint("above_fen >= 0 AND (level > 1 OR above_fen = 0)", name="above_fen"),
    )


class ApprovalPerson(Base):
    """Who may decide at a level; a level without persons is everybody's who approves."""

    __tablename__ = "approval_people"

    rule_id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"), primary_key=True)

    __table_args__ = (
        ForeignKeyConstraint(["rule_id", "level"], ["approval_levels.rule_id", "approval_levels.level"]),
        Index("ix_approval_people_membership", "membership_id"),
    )


class ApprovalStep(Base):
    """At which level a submitted procurement waits, under the levels of the day it was submitted."""

    __tablename__ = "approval_steps"

    procurement_id: Mapped[int] = mapped_column(ForeignKey("procurements.id"), primary_key=True)
    rule_id: Mapped[int]
    level: Mapped[int]

    __table_args__ = (ForeignKeyConstraint(["rule_id", "level"], ["approval_levels.rule_id", "approval_levels.level"]),)
