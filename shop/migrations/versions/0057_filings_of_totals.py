"""Who reads totals reads the filings in them: buyers and finance clerks hold ``filings:read``."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

#: Those that held ``totals:read`` without it.
_ROLES = ("institution_finance", "institution_admin", "producer_finance", "agent_finance", "operator_finance")


def upgrade() -> None:
    """Give the right to the roles of an installation that has them."""
    given = sa.text(
        """INSERT INTO role_permissions (role, permission) SELECT code, 'filings:read' FROM roles WHERE code = ANY(:roles)
           ON CONFLICT DO NOTHING"""
    )
    op.execute(given.bindparams(roles=list(_ROLES)))


def downgrade() -> None:
    """Take it away again."""
    taken = sa.text("DELETE FROM role_permissions WHERE permission = 'filings:read' AND role = ANY(:roles)")
    op.execute(taken.bindparams(roles=list(_ROLES)))
