"""What is known of payments by card: the charge that paid, when it was looked at; and who may use them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_HOLDERS = {
    "payments:pay": ("institution_finance", "institution_admin"),
    "accounts:connect": ("producer_finance", "producer_admin", "agent_finance", "agent_admin"),
    "disputes:answer": ("operator_finance",),
    "provider:manage": ("operator_finance", "operator_reviewer"),
}


def upgrade() -> None:
    """Add the columns, and give the roles what they need."""
    op.add_column("payment_intents", sa.Column("charge_ref", sa.Text(), nullable=True))
    op.add_column("payment_intents", sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True))
    op.create_unique_constraint(op.f("uq_payment_intents_charge_ref"), "payment_intents", ["charge_ref"])
    op.create_check_constraint(
        op.f("ck_payment_intents_charge_ref"), "payment_intents", "(status = 'succeeded') = (charge_ref IS NOT NULL)"
    )
    op.add_column("connected_accounts", sa.Column("failure", sa.Text(), server_default="", nullable=False))
    op.add_column("disputes", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    held = sa.text(
        """INSERT INTO role_permissions (role, permission) SELECT code, :permission FROM roles WHERE code = :role
           ON CONFLICT DO NOTHING"""
    )
    for permission, roles in _HOLDERS.items():
        for role in roles:
            op.execute(held.bindparams(permission=permission, role=role))


def downgrade() -> None:
    """Undo it."""
    for permission in _HOLDERS:
        op.execute(sa.text("DELETE FROM role_permissions WHERE permission = :name").bindparams(name=permission))
    op.drop_column("disputes", "held_at")
    op.drop_column("connected_accounts", "failure")
    op.drop_constraint(op.f("ck_payment_intents_charge_ref"), "payment_intents", type_="check")
    op.drop_constraint(op.f("uq_payment_intents_charge_ref"), "payment_intents", type_="unique")
    op.drop_column("payment_intents", "fetched_at")
    op.drop_column("payment_intents", "charge_ref")
