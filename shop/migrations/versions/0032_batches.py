"""Places, batches in kilograms, acts on them with their movements, and lots that are packed from them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

#: What was done is never changed, deleted or emptied, by the owner either.
APPEND_ONLY = ("batch_acts", "batch_movements")
_INCOMING = "'born','returned','adjusted_up'"
_OUTGOING = "'shipped','destroyed','expired','adjusted_down'"
_STATUSES = "'open','closed','recalled'"


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{name}")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def upgrade() -> None:
    """Create the tables with their guards, and let lots refer to batches."""
    _create_tables()
    _open_lots(f"{_STATUSES},'undone'", f"{_OUTGOING},'unpacked'")
    op.add_column("lots", sa.Column("batch_id", sa.BigInteger(), nullable=True))
    op.add_column("lots", sa.Column("act_id", sa.BigInteger(), nullable=True))
    op.add_column("lots", sa.Column("unit_mass_g", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_lots_batch_id"), "lots", "batches", ["batch_id"], ["id"])
    op.create_foreign_key(op.f("fk_lots_act_id"), "lots", "batch_acts", ["act_id"], ["id"])
    op.create_unique_constraint(op.f("uq_lots_act_id"), "lots", ["act_id"])
    _check("lots", "origin", "(batch_id IS NULL) = (act_id IS NULL) AND (batch_id IS NULL) = (unit_mass_g IS NULL)")
    _check("lots", "unit_mass_g", "unit_mass_g > 0")
    op.add_column("lot_movements", sa.Column("act_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_lot_movements_act_id"), "lot_movements", "batch_acts", ["act_id"], ["id"])
    _check("lot_movements", "act", "act_id IS NULL OR kind IN ('born','unpacked','adjusted_up')")
    for statement in (*_GUARDS, _APPLY_LOT):
        op.execute(statement)
    for table in APPEND_ONLY:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
        op.execute(f"""
            CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate")
    with op.get_context().autocommit_block():
        for name, table, columns, where in _INDEXES:
            op.create_index(
                name, table, columns, unique=name.startswith("uq"), postgresql_concurrently=True, if_not_exists=True,
                postgresql_where=sa.text(where) if where else None,
            )  # fmt: skip
    op.drop_constraint(op.f("uq_lots_sku_id_code"), "lots", type_="unique")


_INDEXES = (
    ("ix_lots_batch_id", "lots", ["batch_id"], ""),
    ("ix_lot_movements_act_id", "lot_movements", ["act_id"], ""),
    ("uq_lot_movements_born", "lot_movements", ["lot_id"], "kind = 'born'"),
    ("uq_lots_live_code", "lots", ["sku_id", "code"], "status <> 'undone'"),
)


def _open_lots(statuses: str, outgoing: str) -> None:
    _check("lots", "status", f"status IN ({statuses})")
    kinds = "'born','shipped','returned','destroyed','expired','adjusted_up','adjusted_down'"
    kinds += ",'unpacked'" if "unpacked" in outgoing else ""
    _check("lot_movements", "kind", f"kind IN ({kinds})")
    _check(
        "lot_movements", "sign", f"(kind IN ({_INCOMING}) AND quantity > 0) OR (kind IN ({outgoing}) AND quantity < 0)"
    )


#: A batch follows its movements, and never falls below zero; an act has the masses of its movements when its
#: transaction ends, whichever of the three tables was written last.
_GUARDS = (
    """
    CREATE FUNCTION apply_batch_movement() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        moved batches%ROWTYPE;
    BEGIN
        UPDATE batches SET on_hand_kg = on_hand_kg + NEW.quantity_kg WHERE id = NEW.batch_id RETURNING * INTO moved;
        IF moved.producer_id <> (SELECT producer_id FROM batch_acts WHERE id = NEW.act_id) THEN
            RAISE EXCEPTION 'an act moves batches of its own producer' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$""",
    """
    CREATE TRIGGER batch_movements_apply AFTER INSERT ON batch_movements
    FOR EACH ROW EXECUTE FUNCTION apply_batch_movement()""",
    """
    CREATE FUNCTION check_batch_act(act bigint) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        done batch_acts%ROWTYPE;
        taken numeric;
        given numeric;
        packed numeric;
    BEGIN
        SELECT * INTO done FROM batch_acts WHERE id = act;
        SELECT coalesce(-sum(quantity_kg) FILTER (WHERE quantity_kg < 0), 0),
               coalesce(sum(quantity_kg) FILTER (WHERE quantity_kg > 0), 0)
          INTO taken, given FROM batch_movements WHERE act_id = act;
        SELECT coalesce(sum(m.quantity * l.unit_mass_g / 1000), 0)
          INTO packed FROM lot_movements m JOIN lots l ON l.id = m.lot_id WHERE m.act_id = act;
        IF (taken, given, packed) IS DISTINCT FROM (done.in_kg, done.out_kg, done.packed_kg) THEN
            RAISE EXCEPTION 'act % moves %, % and %, not what it says', act, taken, given, packed
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_batch_acts_movements';
        END IF;
    END $$""",
    """
    CREATE FUNCTION check_act_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM check_batch_act(CASE TG_TABLE_NAME WHEN 'batch_acts' THEN NEW.id ELSE (to_jsonb(NEW)->>'act_id')::bigint END);
        RETURN NULL;
    END $$""",
    """
    CREATE CONSTRAINT TRIGGER batch_acts_add_up AFTER INSERT ON batch_acts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_act_of_row()""",
    """
    CREATE CONSTRAINT TRIGGER batch_movements_add_up AFTER INSERT ON batch_movements DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_act_of_row()""",
    """
    CREATE CONSTRAINT TRIGGER lot_movements_add_up AFTER INSERT ON lot_movements DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.act_id IS NOT NULL) EXECUTE FUNCTION check_act_of_row()""",
    """
    CREATE FUNCTION keep_origin() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (OLD.sku_id, OLD.batch_id, OLD.act_id, OLD.unit_mass_g)
           IS DISTINCT FROM (NEW.sku_id, NEW.batch_id, NEW.act_id, NEW.unit_mass_g) THEN
            RAISE EXCEPTION 'where a lot is from does not change' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$""",
    """
    CREATE TRIGGER lots_keep_origin BEFORE UPDATE OF sku_id, batch_id, act_id, unit_mass_g ON lots
    FOR EACH ROW EXECUTE FUNCTION keep_origin()""",
)
_LOT_BODY = """
            UPDATE lots SET on_hand = on_hand + NEW.quantity WHERE id = NEW.lot_id RETURNING * INTO moved;
            {more}
            IF moved.status = 'open' THEN
                UPDATE sku_stock SET on_hand = on_hand + NEW.quantity WHERE sku_id = moved.sku_id;
                IF NOT FOUND THEN
                    INSERT INTO sku_stock (sku_id, on_hand) VALUES (moved.sku_id, NEW.quantity);
                END IF;
            END IF;
            RETURN NEW;"""
#: A lot of a batch holds at most what its packing gave it: a count finds only what counts had lost, goods come back
#: only that had left, and it is born by its act.
_MORE = """
            IF moved.batch_id IS NOT NULL THEN
                IF NEW.kind = 'born' AND NEW.act_id IS DISTINCT FROM moved.act_id THEN
                    RAISE EXCEPTION 'a lot of a batch is born by its packing' USING ERRCODE = 'check_violation';
                ELSIF NEW.kind = 'adjusted_up' AND 0 < (
                    SELECT sum(quantity) FROM lot_movements WHERE lot_id = NEW.lot_id AND act_id IS NULL
                       AND kind IN ('adjusted_up','adjusted_down')) THEN
                    RAISE EXCEPTION 'more is counted than was packed'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_lots_packed';
                ELSIF NEW.kind = 'returned' AND 0 < (
                    SELECT sum(quantity) FROM lot_movements WHERE lot_id = NEW.lot_id AND kind IN ('shipped','returned')) THEN
                    RAISE EXCEPTION 'more comes back than has left'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_lots_returned';
                END IF;
            END IF;"""
_FUNCTION = """
        CREATE OR REPLACE FUNCTION apply_lot_movement() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            moved lots%ROWTYPE;
        BEGIN{body}
        END $$"""
_APPLY_LOT = _FUNCTION.format(body=_LOT_BODY.format(more=_MORE))


def downgrade() -> None:
    """Undo it."""
    op.create_unique_constraint(op.f("uq_lots_sku_id_code"), "lots", ["sku_id", "code"])
    op.drop_index("uq_lots_live_code", table_name="lots")
    op.drop_index("uq_lot_movements_born", table_name="lot_movements")
    op.execute(_FUNCTION.format(body=_LOT_BODY.format(more="")))
    op.execute("DROP TRIGGER lots_keep_origin ON lots")
    op.execute("DROP FUNCTION keep_origin()")
    op.execute("DROP TRIGGER lot_movements_add_up ON lot_movements")
    op.drop_constraint(op.f("ck_lot_movements_act"), "lot_movements", type_="check")
    op.drop_column("lot_movements", "act_id")
    op.drop_constraint(op.f("ck_lots_origin"), "lots", type_="check")
    for column in ("unit_mass_g", "act_id", "batch_id"):
        op.drop_column("lots", column)
    _open_lots(_STATUSES, _OUTGOING)
    for table in ("batch_movements", "batches", "batch_acts", "places"):
        op.drop_table(table)
    for function in ("apply_batch_movement()", "check_act_of_row()", "check_batch_act(bigint)"):
        op.execute(f"DROP FUNCTION {function}")


def _create_tables() -> None:
    op.create_table(
        "places",
        sa.Column("producer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), server_default="", nullable=False),
        sa.Column("village", sa.Text(), server_default="", nullable=False),
        sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
        sa.Column("gln", sa.Text(), nullable=True),
        sa.Column("is_shared", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("(kind = 'collection_point') = (tier IS NOT NULL)", name=op.f("ck_places_tier")),
        sa.CheckConstraint("gln ~ '^[0-9]{13}$'", name=op.f("ck_places_gln")),
        sa.CheckConstraint(
            "kind IN ('plot','orchard','barn','pond','slaughterhouse','workshop','warehouse','collection_point','other')",
            name=op.f("ck_places_kind"),
        ),
        sa.CheckConstraint("tier IS NULL OR tier IN ('county','township','village')", name=op.f("ck_places_tiers")),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_places_coordinates")),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_places_on_earth")
        ),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_places_dates")),
        sa.ForeignKeyConstraint(["county_code"], ["assisted_counties.code"], name=op.f("fk_places_county_code")),
        sa.ForeignKeyConstraint(["producer_id"], ["producers.organisation_id"], name=op.f("fk_places_producer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("public_id", name=op.f("uq_places_public_id")),
    )
    op.create_index(op.f("ix_places_producer_id"), "places", ["producer_id"], unique=False)
    op.create_index("ix_places_shared", "places", ["county_code"], unique=False, postgresql_where=sa.text("is_shared"))
    op.create_table(
        "batch_acts",
        sa.Column("producer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("born_kg", sa.Numeric(precision=14, scale=3), server_default="0", nullable=False),
        sa.Column("added_kg", sa.Numeric(precision=14, scale=3), server_default="0", nullable=False),
        sa.Column("in_kg", sa.Numeric(precision=14, scale=3), server_default="0", nullable=False),
        sa.Column("out_kg", sa.Numeric(precision=14, scale=3), server_default="0", nullable=False),
        sa.Column("packed_kg", sa.Numeric(precision=14, scale=3), server_default="0", nullable=False),
        sa.Column("loss_kg", sa.Numeric(precision=14, scale=3), server_default="0", nullable=False),
        sa.Column("yield_bound", sa.Numeric(precision=5, scale=4), nullable=True),
        sa.Column("undoes_id", sa.BigInteger(), nullable=True),
        sa.Column("note", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'process') = (yield_bound IS NOT NULL) AND (kind <> 'process' OR (yield_bound > 0 AND yield_bound <= 1 AND out_kg <= (in_kg + added_kg) * yield_bound))",
            name=op.f("ck_batch_acts_yield"),
        ),
        sa.CheckConstraint("(kind = 'undo') = (undoes_id IS NOT NULL)", name=op.f("ck_batch_acts_undoes")),
        sa.CheckConstraint(
            "CASE WHEN kind IN ('harvest','slaughter','received') THEN in_kg = 0 AND added_kg = 0 AND packed_kg = 0 AND loss_kg = 0 AND out_kg > 0 WHEN kind = 'process' THEN born_kg = 0 AND packed_kg = 0 AND in_kg > 0 AND out_kg > 0 WHEN kind IN ('split','mix') THEN born_kg = 0 AND added_kg = 0 AND packed_kg = 0 AND loss_kg = 0 AND out_kg > 0 WHEN kind = 'pack' THEN born_kg = 0 AND added_kg = 0 AND out_kg = 0 AND packed_kg > 0 WHEN kind = 'unpack' THEN born_kg = 0 AND added_kg = 0 AND in_kg = 0 AND packed_kg < 0 AND out_kg > 0 WHEN kind = 'discard' THEN born_kg = 0 AND added_kg = 0 AND out_kg = 0 AND packed_kg = 0 AND loss_kg > 0 ELSE true END",
            name=op.f("ck_batch_acts_shape"),
        ),
        sa.CheckConstraint(
            "in_kg >= 0 AND out_kg >= 0 AND CASE kind WHEN 'undo' THEN born_kg <= 0 AND added_kg <= 0 AND loss_kg <= 0 ELSE born_kg >= 0 AND added_kg >= 0 AND loss_kg >= 0 AND (packed_kg >= 0 OR kind = 'unpack') END",
            name=op.f("ck_batch_acts_signs"),
        ),
        sa.CheckConstraint(
            "kind IN ('harvest','slaughter','received','process','split','mix','pack','unpack','discard','undo')",
            name=op.f("ck_batch_acts_kind"),
        ),
        sa.CheckConstraint(
            "born_kg + added_kg + in_kg = out_kg + packed_kg + loss_kg", name=op.f("ck_batch_acts_balance")
        ),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_batch_acts_place_id")),
        sa.ForeignKeyConstraint(["producer_id"], ["producers.organisation_id"], name=op.f("fk_batch_acts_producer_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["batch_acts.id"], name=op.f("fk_batch_acts_undoes_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_batch_acts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_acts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_batch_acts_public_id")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_batch_acts_undoes_id")),
    )
    op.create_index(op.f("ix_batch_acts_producer_id"), "batch_acts", ["producer_id"], unique=False)
    op.create_table(
        "batches",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("producer_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("act_id", sa.BigInteger(), nullable=False),
        sa.Column("on_hand_kg", sa.Numeric(precision=14, scale=3), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("variety", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status IN ('open','recalled','undone')", name=op.f("ck_batches_status")),
        sa.CheckConstraint("on_hand_kg >= 0", name=op.f("ck_batches_on_hand_kg")),
        sa.ForeignKeyConstraint(["act_id"], ["batch_acts.id"], name=op.f("fk_batches_act_id")),
        sa.ForeignKeyConstraint(["producer_id"], ["producers.organisation_id"], name=op.f("fk_batches_producer_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_batches_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("public_id", name=op.f("uq_batches_public_id")),
    )
    op.create_index(op.f("ix_batches_act_id"), "batches", ["act_id"], unique=False)
    op.create_index(op.f("ix_batches_producer_id"), "batches", ["producer_id"], unique=False)
    op.create_index(op.f("ix_batches_product_id"), "batches", ["product_id"], unique=False)
    op.create_index(
        "uq_batches_product_id_code",
        "batches",
        ["product_id", "code"],
        unique=True,
        postgresql_where=sa.text("status <> 'undone'"),
    )
    op.create_table(
        "batch_movements",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("act_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity_kg", sa.Numeric(precision=14, scale=3), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("quantity_kg <> 0", name=op.f("ck_batch_movements_quantity_kg")),
        sa.ForeignKeyConstraint(["act_id"], ["batch_acts.id"], name=op.f("fk_batch_movements_act_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_batch_movements_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_movements")),
        sa.UniqueConstraint("act_id", "batch_id", name=op.f("uq_batch_movements_act_id_batch_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_batch_movements_public_id")),
    )
    op.create_index(op.f("ix_batch_movements_batch_id"), "batch_movements", ["batch_id"], unique=False)
