"""The roles and their permissions of a new installation."""

import sqlalchemy as sa
from alembic import op

from shop.identity.roles import ROLES

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Insert them."""
    roles = sa.table("roles", *(sa.column(name) for name in ("code", "kind", "name_zh", "name_en")))
    held = sa.table("role_permissions", sa.column("role"), sa.column("permission"))
    op.bulk_insert(
        roles,
        [{"code": code, "kind": kind, "name_zh": zh, "name_en": en} for code, kind, zh, en, _ in ROLES],
    )
    op.bulk_insert(
        held,
        [{"role": role[0], "permission": permission} for role in ROLES for permission in sorted(role[4])],
    )


def downgrade() -> None:
    """Delete them."""
    op.execute("DELETE FROM role_permissions")
    op.execute("DELETE FROM roles")
