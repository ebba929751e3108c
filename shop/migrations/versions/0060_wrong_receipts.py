"""A person's word that money came to the wrong account stays with its line until it went back or is taken off."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None
_CHECKS = {
    "wrong": "(wrong_by IS NULL) = (wrong_at IS NULL)",
    "wrong_booked": "wrong_by IS NULL OR (direction = 'in' AND state IN ('unmatched','returned','ignored'))",
}


def upgrade() -> None:
    """Add who said it and when; take over what the trail tells of lines that still wait."""
    op.add_column("bank_statement_lines", sa.Column("wrong_by", sa.BigInteger(), nullable=True))
    op.add_column("bank_statement_lines", sa.Column("wrong_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_bank_statement_lines_wrong_by"), "bank_statement_lines", "users", ["wrong_by"], ["id"]
    )
    op.execute("""
        UPDATE bank_statement_lines l SET wrong_by = t.user_id, wrong_at = t.at
          FROM (SELECT DISTINCT ON (subject_id) subject_id, user_id, at FROM audit_entries
                WHERE action = 'banking.line_marked_wrong' AND user_id IS NOT NULL ORDER BY subject_id, id DESC) t
         WHERE l.id = t.subject_id AND l.state = 'unmatched' AND l.direction = 'in'""")
    for name, condition in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_bank_statement_lines_{name}"), "bank_statement_lines", condition)


def downgrade() -> None:
    """Forget it."""
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_bank_statement_lines_{name}"), "bank_statement_lines", type_="check")
    op.drop_constraint(op.f("fk_bank_statement_lines_wrong_by"), "bank_statement_lines", type_="foreignkey")
    op.drop_column("bank_statement_lines", "wrong_at")
    op.drop_column("bank_statement_lines", "wrong_by")
