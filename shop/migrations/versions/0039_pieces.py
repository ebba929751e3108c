"""Serial numbers of single packs, and counts of scans."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

APPEND_ONLY = ("serial_runs", "lot_serials")


def upgrade() -> None:
    """Create the tables with their guards."""
    _create_numbers()
    _create_counts()
    for table in APPEND_ONLY:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
        op.execute(f"""
            CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
        for trigger in ("append_only", "no_truncate"):
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")
    _guard_sums()


def downgrade() -> None:
    """Drop them."""
    for table in ("lot_scans", "serial_scans", "lot_serials", "serial_runs"):
        op.drop_table(table)
    op.execute("DROP FUNCTION check_lot_pieces()")
    op.execute("DROP FUNCTION check_run_pieces()")


def _create_numbers() -> None:
    op.create_table(
        "serial_runs",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("lot_id", sa.BigInteger(), sa.ForeignKey("lots.id"), nullable=False),
        sa.Column("pieces", sa.BigInteger(), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("pieces BETWEEN 1 AND 10000", name=op.f("ck_serial_runs_pieces")),
        sa.UniqueConstraint("id", "lot_id"),
    )
    op.create_index("ix_serial_runs_lot", "serial_runs", ["lot_id", "id"])
    op.create_table(
        "lot_serials",
        sa.Column("serial", sa.Text(), primary_key=True),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id", "lot_id"], ["serial_runs.id", "serial_runs.lot_id"]),
        sa.UniqueConstraint("run_id", "place"),
        sa.CheckConstraint("place >= 1", name=op.f("ck_lot_serials_place")),
        sa.CheckConstraint("serial ~ '^[2-9A-HJ-NP-Z]{12}$'", name=op.f("ck_lot_serials_serial")),
    )


def _create_counts() -> None:
    op.create_table(
        "serial_scans",
        sa.Column("serial", sa.Text(), sa.ForeignKey("lot_serials.serial"), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), sa.ForeignKey("lots.id"), nullable=False),
        *_counts("serial_scans"),
    )
    op.create_index("ix_serial_scans_lot", "serial_scans", ["lot_id", "scans", "serial"])
    op.create_table(
        "lot_scans",
        sa.Column("lot_id", sa.BigInteger(), sa.ForeignKey("lots.id"), primary_key=True, autoincrement=False),
        *_counts("lot_scans"),
    )


def _counts(table: str) -> tuple[sa.Column | sa.CheckConstraint, ...]:
    return (
        sa.Column("scans", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scans >= 1", name=op.f(f"ck_{table}_scans")),
        sa.CheckConstraint("last_at >= first_at", name=op.f(f"ck_{table}_order")),
    )


def _guard_sums() -> None:
    """Whoever writes: a lot never has more numbers than it was born with packs, a run never more than it says."""
    op.execute("""
        CREATE FUNCTION check_lot_pieces() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM lots WHERE id = NEW.lot_id FOR NO KEY UPDATE;
            IF (SELECT sum(pieces) FROM serial_runs WHERE lot_id = NEW.lot_id)
               > coalesce((SELECT floor(quantity) FROM lot_movements WHERE lot_id = NEW.lot_id AND kind = 'born'), 0)
            THEN
                RAISE EXCEPTION 'lot % has fewer packs than serial numbers', NEW.lot_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'lot_pieces', TABLE = 'serial_runs';
            END IF;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE TRIGGER serial_runs_in_lot AFTER INSERT ON serial_runs
        FOR EACH ROW EXECUTE FUNCTION check_lot_pieces()""")
    op.execute("""
        CREATE FUNCTION check_run_pieces() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM added a JOIN serial_runs r ON r.id = a.run_id WHERE a.place > r.pieces) THEN
                RAISE EXCEPTION 'a run has more serial numbers than pieces'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'run_pieces', TABLE = 'lot_serials';
            END IF;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE TRIGGER lot_serials_in_run AFTER INSERT ON lot_serials REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION check_run_pieces()""")
    op.execute("ALTER TABLE serial_runs ENABLE ALWAYS TRIGGER serial_runs_in_lot")
    op.execute("ALTER TABLE lot_serials ENABLE ALWAYS TRIGGER lot_serials_in_run")
