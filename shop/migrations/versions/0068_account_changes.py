"""Another account of an organisation is agreed to by a second person before it is paid to, and a registered one never changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the changes, and let an account become the default only behind one."""
    op.create_table(
        "bank_account_changes",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("previous_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_from", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('asked','confirmed','refused','withdrawn')", name=op.f("ck_bank_account_changes_status")
        ),
        sa.CheckConstraint(
            "status = 'withdrawn' OR coalesce(decided_by, 0) <> asked_by", name=op.f("ck_bank_account_changes_two_persons")
        ),
        sa.CheckConstraint(
            "(status = 'asked') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_bank_account_changes_decided"),
        ),
        sa.CheckConstraint(
            "(status = 'confirmed') = (used_from IS NOT NULL)", name=op.f("ck_bank_account_changes_used_from")
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_bank_account_changes_organisation_id")),
        sa.ForeignKeyConstraint(["account_id"], ["bank_accounts.id"], name=op.f("fk_bank_account_changes_account_id")),
        sa.ForeignKeyConstraint(["previous_id"], ["bank_accounts.id"], name=op.f("fk_bank_account_changes_previous_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_bank_account_changes_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_bank_account_changes_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_account_changes")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bank_account_changes_public_id")),
    )  # fmt: skip
    for column in ("organisation_id", "account_id", "previous_id"):
        op.create_index(op.f(f"ix_bank_account_changes_{column}"), "bank_account_changes", [column])
    op.create_index(
        "uq_bank_account_changes_asked", "bank_account_changes", ["organisation_id"], unique=True,
        postgresql_where=sa.text("status = 'asked'"),
    )  # fmt: skip
    _create_amendments()
    for function, table, events in (
        (_KEEP_AMENDMENTS, "contract_amendments", "UPDATE OR DELETE"),
        (_KEEP, "bank_account_changes", "UPDATE OR DELETE"),
        (_GUARD, "bank_accounts", "INSERT OR UPDATE"),
    ):
        op.execute(function)
        op.execute(f"""
            CREATE TRIGGER {table}_guarded BEFORE {events} ON {table}
            FOR EACH ROW EXECUTE FUNCTION guard_{table}()""")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_guarded")


def _create_amendments() -> None:
    op.create_table(
        "contract_amendments",
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("terms_sha256", sa.Text(), nullable=False),
        sa.Column("offered_by", sa.BigInteger(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status IN ('offered','agreed','declined')", name=op.f("ck_contract_amendments_status")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> offered_by", name=op.f("ck_contract_amendments_two_persons")),
        sa.CheckConstraint(
            "(status = 'offered') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_contract_amendments_decided"),
        ),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_contract_amendments_contract_id")),
        sa.ForeignKeyConstraint(["offered_by"], ["users.id"], name=op.f("fk_contract_amendments_offered_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_contract_amendments_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_amendments")),
        sa.UniqueConstraint("public_id", name=op.f("uq_contract_amendments_public_id")),
        sa.UniqueConstraint("contract_id", "position", name=op.f("uq_contract_amendments_contract_id_position")),
    )  # fmt: skip
    op.create_index(
        "uq_contract_amendments_offered", "contract_amendments", ["contract_id"], unique=True,
        postgresql_where=sa.text("status = 'offered'"),
    )  # fmt: skip


def downgrade() -> None:
    """Let one person change the account again."""
    op.drop_table("contract_amendments")
    op.execute("DROP FUNCTION guard_contract_amendments()")
    op.execute("DROP TRIGGER bank_accounts_guarded ON bank_accounts")
    op.execute("DROP FUNCTION guard_bank_accounts()")
    op.drop_table("bank_account_changes")
    op.execute("DROP FUNCTION guard_bank_account_changes()")


_KEEP_AMENDMENTS = """
    CREATE FUNCTION guard_contract_amendments() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.status <> 'offered'
           OR (NEW.contract_id, NEW.position, NEW.terms, NEW.terms_sha256, NEW.offered_by, NEW.offered_at)
              IS DISTINCT FROM (OLD.contract_id, OLD.position, OLD.terms, OLD.terms_sha256, OLD.offered_by, OLD.offered_at)
        THEN
            RAISE EXCEPTION 'amendment % is kept as it was offered and decided', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'amendment_kept', TABLE = 'contract_amendments';
        END IF;
        RETURN NEW;
    END $$"""
_KEEP = """
    CREATE FUNCTION guard_bank_account_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.status <> 'asked'
           OR (NEW.organisation_id, NEW.account_id, NEW.asked_by, NEW.asked_at)
              IS DISTINCT FROM (OLD.organisation_id, OLD.account_id, OLD.asked_by, OLD.asked_at)
        THEN
            RAISE EXCEPTION 'change % of an account is kept as it was decided', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_change_kept', TABLE = 'bank_account_changes';
        END IF;
        RETURN NEW;
    END $$"""
_GUARD = """
    CREATE FUNCTION guard_bank_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND (NEW.organisation_id, NEW.holder, NEW.bank, NEW.number)
                                IS DISTINCT FROM (OLD.organisation_id, OLD.holder, OLD.bank, OLD.number)
        THEN
            RAISE EXCEPTION 'account % is registered as it is; another one is registered instead', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_kept', TABLE = 'bank_accounts';
        END IF;
        IF NEW.is_default AND (TG_OP = 'INSERT' OR NOT OLD.is_default)
           AND EXISTS (SELECT FROM bank_accounts WHERE organisation_id = NEW.organisation_id AND id <> NEW.id)
           AND NEW.id IS DISTINCT FROM (SELECT account_id FROM bank_account_changes
                                        WHERE organisation_id = NEW.organisation_id AND status = 'confirmed'
                                        ORDER BY decided_at DESC, id DESC LIMIT 1)
        THEN
            RAISE EXCEPTION 'no second person has agreed to account %', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_two_persons', TABLE = 'bank_accounts';
        END IF;
        RETURN NEW;
    END $$"""
