"""Events of types that others defined are kept too; a capture job counts how often it was begun."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_TYPES = "'ObjectEvent','AggregationEvent','AssociationEvent','TransactionEvent','TransformationEvent'"


def upgrade() -> None:
    """Allow any type, add the count."""
    op.drop_constraint(op.f("ck_trace_events_type"), "trace_events", type_="check")
    op.add_column("trace_jobs", sa.Column("tries", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Undo it."""
    op.drop_column("trace_jobs", "tries")
    op.create_check_constraint(op.f("ck_trace_events_type"), "trace_events", f"type IN ({_TYPES})")
