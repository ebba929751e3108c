"""Logs, their keys, leaves, tiles and checkpoints: tables that only grow, and the mark up to which records were looked at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base


class Log(Base):
    """A log; its origin stays what it was when the first leaf came."""

    __tablename__ = "logs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    #: First line of its checkpoints: the address under which it is published, without the scheme.
    origin: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]


class LogKey(Base):
    """A public key that a log signs with; the private key is a file."""

    __tablename__ = "log_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    log_id: Mapped[int] = mapped_column(ForeignKey("logs.id"), index=True)
    name: Mapped[str] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    added_at: Mapped[datetime]


class LogKeyEnd(Base):
    """From when on a key no longer signs; it stays published, for what it has signed."""

    __tablename__ = "log_key_ends"

    key_id: Mapped[int] = mapped_column(ForeignKey("log_keys.id"), primary_key=True, autoincrement=False)
    ended_at: Mapped[datetime]


class LogLeaf(Base):
    """An entry at its place in a log."""

    __tablename__ = "log_leaves"

    log_id: Mapped[int] = mapped_column(ForeignKey("logs.id"), primary_key=True, autoincrement=False)
    leaf_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Where its source has the record: any number that only rises.
    place: Mapped[int]
    #: What its source calls the record; never published.
    key: Mapped[str]
    entry: Mapped[bytes]
    hash: Mapped[bytes]
    #: What the commitment to facts that are not published was made with.
    salt: Mapped[bytes | None]
    logged_at: Mapped[datetime]

    __table_args__ = (
        Index("uq_log_leaves_key", "log_id", "key", unique=True, postgresql_include=["leaf_index"]),
        Index("ix_log_leaves_place", "log_id", "place"),
        CheckConstraint("leaf_index >= 0 AND length(hash) = 32 AND length(entry) < 65536", name="sizes"),
    )


class LogTile(Base):
    """256 hashes of subtrees of 256 ** level leaves each, side by side, and the root over them."""

    __tablename__ = "log_tiles"

    log_id: Mapped[int] = mapped_column(ForeignKey("logs.id"), primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hashes: Mapped[bytes]
    root: Mapped[bytes]

    __table_args__ = (CheckConstraint("length(hashes) = 8192 AND length(root) = 32", name="sizes"),)


class LogCheckpoint(Base):
    """A root as it was signed and published."""

    __tablename__ = "log_checkpoints"

    id: Mapped[int] = mapped_column(primary_key=True)
    log_id: Mapped[int] = mapped_column(ForeignKey("logs.id"))
    size: Mapped[int]
    root: Mapped[bytes]
    note: Mapped[str]
    signed_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("log_id", "size", "note"), Index("ix_log_checkpoints_latest", "log_id", "id"))


class LogMark(Base):
    """The place up to which a log has looked at its source."""

    __tablename__ = "log_marks"

    log_id: Mapped[int] = mapped_column(ForeignKey("logs.id"), primary_key=True, autoincrement=False)
    place: Mapped[int]
