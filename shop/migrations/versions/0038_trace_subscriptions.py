"""Subscriptions to named queries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "trace_subscriptions",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column(
            "query_id",
            sa.BigInteger(),
            sa.ForeignKey("trace_queries.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False, index=True),
        sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("dest", sa.Text(), nullable=False),
        sa.Column("signature_token", sa.Text(), server_default="", nullable=False),
        sa.Column("schedule", postgresql.JSONB(), nullable=True),
        sa.Column("report_if_empty", sa.Boolean(), nullable=False),
        _moment("initial_record_time"),
        sa.Column("told", sa.Text(), nullable=True),
        _moment("told_at", nullable=False),
        sa.Column("telling", sa.Text(), nullable=True),
        _moment("telling_at"),
        sa.Column("after_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("message_events", sa.ARRAY(sa.BigInteger()), nullable=True),
        _moment("message_at"),
        sa.Column("message_is_last", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _moment("next_at", nullable=False),
        _moment("claimed_until"),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        _moment("last_notified_at"),
        sa.Column("last_error", sa.Text(), nullable=True),
        _moment("disabled_at"),
        sa.Column("disabled_reason", sa.Text(), server_default="", nullable=False),
        _moment("created_at", nullable=False),
        sa.CheckConstraint(
            "(message_id IS NULL) = (message_events IS NULL)", name=op.f("ck_trace_subscriptions_message")
        ),
    )
    op.create_index(
        "ix_trace_subscriptions_due", "trace_subscriptions", ["next_at"],
        postgresql_where=sa.text("disabled_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    """Drop it."""
    op.drop_table("trace_subscriptions")
