"""What came by mistake has gone back once a second person says by which line."""

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add who said so, and ask for it from now on."""
    op.add_column("bank_statement_lines", sa.Column("returned_by", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_bank_statement_lines_returned_by"), "bank_statement_lines", "users", ["returned_by"], ["id"]
    )
    # A trigger, for lines of before stay as they are.
    op.execute("""
        CREATE FUNCTION check_second_return() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.direction = 'in' AND NEW.rule = 'return' AND NOT coalesce(NEW.returned_by <> NEW.wrong_by, false) THEN
                RAISE EXCEPTION 'line % goes back by two persons'' word', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_statement_lines_returned';
            END IF;
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER bank_statement_lines_returned
        BEFORE INSERT OR UPDATE OF state, rule, wrong_by, returned_by ON bank_statement_lines
        FOR EACH ROW WHEN (NEW.state = 'returned') EXECUTE FUNCTION check_second_return()""")
    op.execute("ALTER TABLE bank_statement_lines ENABLE ALWAYS TRIGGER bank_statement_lines_returned")


def downgrade() -> None:
    """Forget it."""
    op.execute("DROP TRIGGER bank_statement_lines_returned ON bank_statement_lines")
    op.execute("DROP FUNCTION check_second_return()")
    op.drop_constraint(op.f("fk_bank_statement_lines_returned_by"), "bank_statement_lines", type_="foreignkey")
    op.drop_column("bank_statement_lines", "returned_by")
