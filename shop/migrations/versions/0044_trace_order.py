"""Events are in the order of the transactions that stored them, whatever the statement that inserts one says."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take an event's transaction from the server; restores and replicas, which fire no such trigger, keep what they bring."""
    op.execute("""
        CREATE FUNCTION take_own_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.xid := pg_current_xact_id();
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER trace_events_xid BEFORE INSERT ON trace_events
        FOR EACH ROW EXECUTE FUNCTION take_own_transaction()""")


def downgrade() -> None:
    """Believe the statement."""
    op.execute("DROP TRIGGER trace_events_xid ON trace_events")
    op.execute("DROP FUNCTION take_own_transaction()")
