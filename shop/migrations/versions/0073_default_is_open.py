"""The account that is paid to is open: closing one and agreeing to it at once cannot both happen."""

from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Hold it; until now closing an account took the mark away with it."""
    op.execute("UPDATE bank_accounts SET is_default = false WHERE is_default AND closed_at IS NOT NULL")
    op.execute(
        "ALTER TABLE bank_accounts ADD CONSTRAINT ck_bank_accounts_default_is_open"
        " CHECK (NOT is_default OR closed_at IS NULL) NOT VALID"
    )
    op.execute("ALTER TABLE bank_accounts VALIDATE CONSTRAINT ck_bank_accounts_default_is_open")


def downgrade() -> None:
    """Let go of it."""
    op.drop_constraint("ck_bank_accounts_default_is_open", "bank_accounts")
