"""A line of a filing names its eligibility basis; lines that are there say that none was stated, and stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None

_SCHEMES = "eligibility_scheme IN ('national_directory','county_recommendation','county_list','association')"


def upgrade() -> None:
    """Add scheme and number, and the basis if it is registered here; empty is not stated."""
    op.add_column("filing_lines", sa.Column("eligibility_id", sa.BigInteger(), nullable=True))
    op.add_column("filing_lines", sa.Column("eligibility_scheme", sa.Text(), nullable=True))
    op.add_column("filing_lines", sa.Column("eligibility_number", sa.Text(), server_default="", nullable=False))
    op.create_foreign_key(
        op.f("fk_filing_lines_eligibility_id"), "filing_lines", "eligibility_bases", ["eligibility_id"], ["id"]
    )
    op.create_check_constraint(op.f("ck_filing_lines_eligibility_scheme"), "filing_lines", _SCHEMES)
    op.create_index(
        "ix_filing_lines_eligibility", "filing_lines", ["eligibility_id"],
        postgresql_where=sa.text("eligibility_id IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    """Forget what was stated; what was counted keeps it in its dimensions."""
    op.drop_column("filing_lines", "eligibility_number")
    op.drop_column("filing_lines", "eligibility_scheme")
    op.drop_column("filing_lines", "eligibility_id")
