"""Transparency logs: keys, leaves, tiles and checkpoints, which only grow, and the mark of what was looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_BIG, _AT, _BYTES = sa.BigInteger(), sa.DateTime(timezone=True), sa.LargeBinary()
_APPEND_ONLY = ("logs", "log_keys", "log_key_ends", "log_leaves", "log_tiles", "log_checkpoints")


def _column(name: str, kind: sa.types.TypeEngine, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=nullable)


def _of_log(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["log_id"], ["logs.id"], name=op.f(f"fk_{table}_log_id"))


def upgrade() -> None:
    """Create the tables and refuse every change of what is in them."""
    op.create_table(
        "logs",
        _column("id", _BIG), _column("name", sa.Text()), _column("origin", sa.Text()), _column("created_at", _AT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs")),
        sa.UniqueConstraint("name", name=op.f("uq_logs_name")),
        sa.UniqueConstraint("origin", name=op.f("uq_logs_origin")),
    )  # fmt: skip
    op.create_table(
        "log_keys",
        _column("id", _BIG), _column("log_id", _BIG), _column("name", sa.Text()), _column("public_key", _BYTES),
        _column("added_at", _AT),
        _of_log("log_keys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_keys")),
        sa.UniqueConstraint("name", name=op.f("uq_log_keys_name")),
    )  # fmt: skip
    op.create_index(op.f("ix_log_keys_log_id"), "log_keys", ["log_id"])
    op.create_table(
        "log_key_ends",
        sa.Column("key_id", _BIG, autoincrement=False, nullable=False), _column("ended_at", _AT),
        sa.ForeignKeyConstraint(["key_id"], ["log_keys.id"], name=op.f("fk_log_key_ends_key_id")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_log_key_ends")),
    )  # fmt: skip
    _create_growing()
    for table in _APPEND_ONLY:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
        op.execute(f"""
            CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate")


def _create_growing() -> None:
    op.create_table(
        "log_leaves",
        sa.Column("log_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("leaf_index", _BIG, autoincrement=False, nullable=False),
        _column("place", _BIG), _column("key", sa.Text()), _column("entry", _BYTES), _column("hash", _BYTES),
        _column("salt", _BYTES, nullable=True), _column("logged_at", _AT),
        sa.CheckConstraint(
            "leaf_index >= 0 AND length(hash) = 32 AND length(entry) < 65536", name=op.f("ck_log_leaves_sizes")
        ),
        _of_log("log_leaves"),
        sa.PrimaryKeyConstraint("log_id", "leaf_index", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint("log_id", "key", name=op.f("uq_log_leaves_log_id_key")),
    )  # fmt: skip
    op.create_index("ix_log_leaves_place", "log_leaves", ["log_id", "place"])
    op.create_table(
        "log_tiles",
        sa.Column("log_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("level", _BIG, autoincrement=False, nullable=False),
        sa.Column("number", _BIG, autoincrement=False, nullable=False),
        _column("hashes", _BYTES), _column("root", _BYTES),
        sa.CheckConstraint("length(hashes) = 8192 AND length(root) = 32", name=op.f("ck_log_tiles_sizes")),
        _of_log("log_tiles"),
        sa.PrimaryKeyConstraint("log_id", "level", "number", name=op.f("pk_log_tiles")),
    )  # fmt: skip
    op.create_table(
        "log_checkpoints",
        _column("id", _BIG), _column("log_id", _BIG), _column("size", _BIG), _column("root", _BYTES),
        _column("note", sa.Text()), _column("signed_at", _AT),
        _of_log("log_checkpoints"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_checkpoints")),
        sa.UniqueConstraint("log_id", "size", "note", name=op.f("uq_log_checkpoints_log_id_size_note")),
    )  # fmt: skip
    op.create_index("ix_log_checkpoints_latest", "log_checkpoints", ["log_id", "id"])
    op.create_table(
        "log_marks",
        sa.Column("log_id", _BIG, autoincrement=False, nullable=False), _column("place", _BIG),
        _of_log("log_marks"),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_log_marks")),
    )  # fmt: skip


def downgrade() -> None:
    """Drop them."""
    for table in ("log_marks", "log_checkpoints", "log_tiles", "log_leaves", "log_key_ends", "log_keys", "logs"):
        op.drop_table(table)
