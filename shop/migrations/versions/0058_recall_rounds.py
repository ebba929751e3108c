"""A recall is one act over many lots, and one that was made by mistake can be lifted, once."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a lot be called back more than once, say by whom, and let a recall be lifted by another person."""
    _unguard()
    op.add_column("lot_recalls", sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False))
    op.add_column(
        "lot_recalls", sa.Column("recall_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False)
    )
    op.add_column("lot_recalls", sa.Column("is_root", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("lot_recalls", sa.Column("organisation_id", sa.BigInteger(), nullable=True))
    op.add_column("lot_recalls", sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lot_recalls", sa.Column("lifted_by", sa.BigInteger(), nullable=True))
    op.add_column("lot_recalls", sa.Column("lift_reason", sa.Text(), nullable=True))
    op.execute(_GROUP)
    op.drop_constraint(op.f("pk_lot_recalls"), "lot_recalls", type_="primary")
    op.create_primary_key(op.f("pk_lot_recalls"), "lot_recalls", ["id"])
    op.create_foreign_key(
        op.f("fk_lot_recalls_organisation_id"), "lot_recalls", "organisations", ["organisation_id"], ["id"]
    )
    op.create_foreign_key(op.f("fk_lot_recalls_lifted_by"), "lot_recalls", "users", ["lifted_by"], ["id"])
    for name, rule in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_lot_recalls_{name}"), "lot_recalls", rule)
    op.create_unique_constraint(op.f("uq_lot_recalls_recall_id_lot_id"), "lot_recalls", ["recall_id", "lot_id"])
    op.create_index("ix_lot_recalls_lot", "lot_recalls", ["lot_id"])
    op.create_index(
        "uq_lot_recalls_root", "lot_recalls", ["lot_id", "organisation_id"], unique=True,
        postgresql_where=sa.text("is_root AND lifted_at IS NULL"), postgresql_nulls_not_distinct=True,
    )  # fmt: skip
    op.execute(_GUARD)
    op.execute("""
        CREATE TRIGGER lot_recalls_append_only BEFORE UPDATE OR DELETE ON lot_recalls
        FOR EACH ROW EXECUTE FUNCTION guard_lot_recall()""")
    op.execute("ALTER TABLE lot_recalls ENABLE ALWAYS TRIGGER lot_recalls_append_only")
    op.execute(_FOLLOW.format(closed="NEW.status <> 'open'"))


def downgrade() -> None:
    """Keep the first recall of each lot that is in force."""
    op.execute(_FOLLOW.format(closed="NEW.status = 'recalled'"))
    _unguard()
    op.execute("DROP FUNCTION guard_lot_recall()")
    op.execute("DELETE FROM lot_recalls WHERE lifted_at IS NOT NULL")
    op.execute("DELETE FROM lot_recalls r USING lot_recalls f WHERE f.lot_id = r.lot_id AND f.id < r.id")
    op.drop_index("uq_lot_recalls_root", "lot_recalls")
    op.drop_index("ix_lot_recalls_lot", "lot_recalls")
    op.drop_constraint(op.f("pk_lot_recalls"), "lot_recalls", type_="primary")
    for column in ("id", "recall_id", "is_root", "organisation_id", "lifted_at", "lifted_by", "lift_reason"):
        op.drop_column("lot_recalls", column)
    op.create_primary_key(op.f("pk_lot_recalls"), "lot_recalls", ["lot_id"])
    op.execute("""
        CREATE TRIGGER lot_recalls_append_only BEFORE UPDATE OR DELETE ON lot_recalls
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
    op.execute("ALTER TABLE lot_recalls ENABLE ALWAYS TRIGGER lot_recalls_append_only")


def _unguard() -> None:
    op.execute("DROP TRIGGER lot_recalls_append_only ON lot_recalls")


#: What was called back in one act, by one person at one instant, is one recall; its first lot was named.
_GROUP = """
    UPDATE lot_recalls r SET recall_id = g.recall_id, is_root = r.lot_id = g.root FROM (
        SELECT recalled_by, recalled_at, reason, gen_random_uuid() AS recall_id, min(lot_id) AS root
        FROM lot_recalls GROUP BY recalled_by, recalled_at, reason) g
    WHERE g.recalled_by IS NOT DISTINCT FROM r.recalled_by AND g.recalled_at = r.recalled_at AND g.reason = r.reason"""
_CHECKS = {
    "lifted": "(lifted_at IS NULL) = (lift_reason IS NULL) AND (lifted_at IS NULL) = (lifted_by IS NULL)",
    "lift_reason": "lift_reason <> ''",
    "two_persons": "lifted_by <> recalled_by",
}
#: Nothing of a recall changes but that it is lifted, once.
_GUARD = """
    CREATE FUNCTION guard_lot_recall() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR OLD.lifted_at IS NOT NULL OR NEW.lifted_at IS NULL
           OR (to_jsonb(NEW) - '{lifted_at,lifted_by,lift_reason}'::text[])
              <> (to_jsonb(OLD) - '{lifted_at,lifted_by,lift_reason}'::text[]) THEN
            RAISE EXCEPTION 'a recall is not changed, only lifted' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$"""
#: What leaves stock while orders have reserved it, called back or past its day, is what no stock covers.
_FOLLOW = """
    CREATE OR REPLACE FUNCTION follow_lot_status() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.status = 'open' AND {closed} THEN
            UPDATE sku_stock SET on_hand = on_hand - NEW.on_hand,
                                 uncovered = greatest(uncovered, reserved - on_hand + NEW.on_hand)
            WHERE sku_id = NEW.sku_id;
        ELSIF OLD.status = 'open' AND NEW.status <> 'open' THEN
            UPDATE sku_stock SET on_hand = on_hand - NEW.on_hand WHERE sku_id = NEW.sku_id;
        ELSIF OLD.status <> 'open' AND NEW.status = 'open' THEN
            UPDATE sku_stock SET on_hand = on_hand + NEW.on_hand WHERE sku_id = NEW.sku_id;
        END IF;
        RETURN NEW;
    END $$"""
