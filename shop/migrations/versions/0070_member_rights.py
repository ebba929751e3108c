"""What any token could read becomes rights of its own, held by every role."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

_RIGHTS = ("organisation:read", "notices:read", "files:read", "files:store")


def upgrade() -> None:
    """Give the rights to all roles of an installation that has them."""
    given = sa.text(
        """INSERT INTO role_permissions (role, permission)
           SELECT code, given FROM roles CROSS JOIN unnest(cast(:rights AS text[])) AS given ON CONFLICT DO NOTHING"""
    )
    op.execute(given.bindparams(rights=list(_RIGHTS)))


def downgrade() -> None:
    """Take them away again."""
    taken = sa.text("DELETE FROM role_permissions WHERE permission = ANY(:rights)")
    op.execute(taken.bindparams(rights=list(_RIGHTS)))
