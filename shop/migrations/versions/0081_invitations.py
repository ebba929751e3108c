"""A membership of somebody who has an account waits until that person agrees."""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what waits and how the person was called; memberships that are there wait for nothing."""
    op.add_column("memberships", sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("memberships", sa.Column("invited_name", sa.Text(), nullable=True))
    op.add_column("memberships", sa.Column("invited_contact", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_memberships_invited"), "memberships",
        "(waits_since IS NULL) = (invited_name IS NULL) AND (waits_since IS NULL) = (invited_contact IS NULL)",
    )  # fmt: skip
    op.create_index(
        "ix_memberships_waiting", "memberships", ["user_id"], postgresql_where=sa.text("waits_since IS NOT NULL")
    )


def downgrade() -> None:
    """Drop what waits: nobody has agreed to it."""
    op.execute(
        "DELETE FROM membership_roles r USING memberships m WHERE m.id = r.membership_id AND m.waits_since IS NOT NULL"
    )
    op.execute("DELETE FROM memberships WHERE waits_since IS NOT NULL")
    op.drop_index("ix_memberships_waiting", "memberships")
    op.drop_constraint(op.f("ck_memberships_invited"), "memberships", type_="check")
    for column in ("invited_contact", "invited_name", "waits_since"):
        op.drop_column("memberships", column)
