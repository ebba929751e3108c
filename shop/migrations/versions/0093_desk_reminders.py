"""Of which deadlines people were reminded: goods to accept, contracts to sign, invoices to check."""

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what was told, and the indexes by which what waits is found."""
    op.create_table(
        "desk_reminders",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('accept_soon','accept_over','sign_producer','sign_buyer','invoice')",
            name=op.f("ck_desk_reminders_kind"),
        ),
        sa.PrimaryKeyConstraint("kind", "subject_id", "on", name=op.f("pk_desk_reminders")),
    )
    op.create_index("ix_shipments_shipped_at", "shipments", ["shipped_at"])
    op.create_index(
        "ix_invoices_recorded", "invoices", ["recorded_at"], postgresql_where=sa.text("status = 'recorded'")
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_invoices_recorded", "invoices")
    op.drop_index("ix_shipments_shipped_at", "shipments")
    op.drop_table("desk_reminders")
