"""What came by mistake has gone back once a second person says by which line."""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add who said so, and ask for it from now on."""
    op.add_column("bank_statement_lines", sa.Column("returned_by", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_bank_statement_lines_returned_by"), "bank_statement_lines", "users", ["returned_by"], ["id"]
    )
    # Not held against lines of before: these stay as they are.
    op.execute("""
        ALTER TABLE bank_statement_lines ADD CONSTRAINT ck_bank_statement_lines_returned
        CHECK (state <> 'returned' OR direction <> 'in' OR rule <> 'return'
               OR coalesce(returned_by <> wrong_by, false)) NOT VALID""")


def downgrade() -> None:
    """Forget it."""
    op.drop_constraint(op.f("ck_bank_statement_lines_returned"), "bank_statement_lines", type_="check")
    op.drop_constraint(op.f("fk_bank_statement_lines_returned_by"), "bank_statement_lines", type_="foreignkey")
    op.drop_column("bank_statement_lines", "returned_by")
