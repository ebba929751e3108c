"""Whose receipt taught a payer's name: its people may end it too."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; of names learned before, the producer whose claim was confirmed by the same person at the same time."""
    op.add_column("payer_aliases", sa.Column("learned_for_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_payer_aliases_learned_for_id"), "payer_aliases", "organisations", ["learned_for_id"], ["id"]
    )
    op.create_index(op.f("ix_payer_aliases_learned_for_id"), "payer_aliases", ["learned_for_id"])
    op.execute("""
        UPDATE payer_aliases a SET learned_for_id = c.payee_id FROM transfer_claims c
        WHERE c.decided_by = a.learned_by AND c.decided_at = a.learned_at AND c.buyer_id = a.buyer_id""")


def downgrade() -> None:
    """Forget it."""
    op.drop_column("payer_aliases", "learned_for_id")
