"""What the shop shows has a version: triggers note each visible change when its transaction ends."""

from alembic import op

revision = "0010"
down_revision = "0003"
branch_labels = None
depends_on = None

#: After so many changes of single listings in one transaction everything counts as changed.
MOST_NOTED = 50

#: (trigger, table, events, condition, the listings it concerns: NULL is everything)
TRIGGERS = (
    ("listing_shown", "listings", "INSERT OR DELETE", "", "NULL"),
    (
        "listing_moved",
        "listings",
        "UPDATE OF status, listed_at, sku_id, producer_id",
        """(OLD.status, OLD.listed_at, OLD.sku_id, OLD.producer_id)
           IS DISTINCT FROM (NEW.status, NEW.listed_at, NEW.sku_id, NEW.producer_id)""",
        "NULL",
    ),
    (
        "listing_reworded",
        "listings",
        "UPDATE OF title, min_quantity, step_quantity, lead_days, tax_rate",
        """(OLD.title, OLD.min_quantity, OLD.step_quantity, OLD.lead_days, OLD.tax_rate)
           IS DISTINCT FROM (NEW.title, NEW.min_quantity, NEW.step_quantity, NEW.lead_days, NEW.tax_rate)""",
        "NEW.id",
    ),
    ("price_set", "price_tiers", "INSERT OR UPDATE", "", "NEW.listing_id"),
    ("price_gone", "price_tiers", "DELETE", "", "OLD.listing_id"),
    ("product_changed", "products", "UPDATE", "OLD IS DISTINCT FROM NEW", "NULL"),
    ("sku_changed", "skus", "UPDATE", "OLD IS DISTINCT FROM NEW", "NULL"),
    ("producer_changed", "producers", "UPDATE", "OLD IS DISTINCT FROM NEW", "NULL"),
    (
        "seller_renamed",
        "organisations",
        "UPDATE OF name, suspended_at",
        "(OLD.name, OLD.suspended_at) IS DISTINCT FROM (NEW.name, NEW.suspended_at) AND NEW.kind = 'producer'",
        "NULL",
    ),
    ("basis_changed", "eligibility_bases", "INSERT OR UPDATE OR DELETE", "", "NULL"),
    ("certificate_changed", "certificates", "INSERT OR UPDATE OR DELETE", "", "NULL"),
    ("benefit_changed", "benefit_links", "INSERT OR UPDATE OR DELETE", "", "NULL"),
    ("county_changed", "assisted_counties", "UPDATE", "OLD IS DISTINCT FROM NEW", "NULL"),
    ("category_changed", "categories", "UPDATE", "OLD IS DISTINCT FROM NEW", "NULL"),
    (
        "stock_ran",
        "sku_stock",
        "UPDATE",
        "(OLD.on_hand > OLD.reserved) IS DISTINCT FROM (NEW.on_hand > NEW.reserved)",
        "(SELECT id FROM listings WHERE sku_id = NEW.sku_id AND status <> 'delisted')",
    ),
    ("stock_came", "sku_stock", "INSERT", "NEW.on_hand > NEW.reserved",
     "(SELECT id FROM listings WHERE sku_id = NEW.sku_id AND status <> 'delisted')"),
    ("lot_came", "lots", "INSERT", "", "(SELECT id FROM listings WHERE sku_id = NEW.sku_id AND status <> 'delisted')"),
    (
        "lot_changed",
        "lots",
        "UPDATE",
        """(OLD.status, OLD.produced_on, OLD.expires_on, OLD.on_hand > 0)
           IS DISTINCT FROM (NEW.status, NEW.produced_on, NEW.expires_on, NEW.on_hand > 0)""",
        "(SELECT id FROM listings WHERE sku_id = NEW.sku_id AND status <> 'delisted')",
    ),
)  # fmt: skip


def upgrade() -> None:
    """Create the function that notes a change, and the triggers.

    The triggers are deferred: the one row of ``catalogue_versions`` is locked last, and only until the commit.
    """
    op.execute(f"""
        CREATE FUNCTION note_catalogue_change(listing bigint) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            current text := pg_current_xact_id()::text;
            noted text[] := string_to_array(coalesce(current_setting('duikou.noted', true), ''), '/');
            count int := 0;
            at bigint;
        BEGIN
            IF noted[1] = current THEN
                count := noted[2]::int;
            END IF;
            IF count >= {MOST_NOTED} THEN
                RETURN;  -- everything is noted as changed already
            END IF;
            IF listing IS NULL OR count = {MOST_NOTED} - 1 THEN
                listing := NULL;
                count := {MOST_NOTED} - 1;
            END IF;
            UPDATE catalogue_versions SET version = version + 1 WHERE id = 1 RETURNING version INTO at;
            INSERT INTO catalogue_changes (version, listing_id) VALUES (at, listing);
            PERFORM set_config('duikou.noted', current || '/' || (count + 1), true);
        END $$""")
    for name, table, events, condition, listings in TRIGGERS:
        op.execute(f"""
            CREATE FUNCTION note_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM note_catalogue_change({listings});
                RETURN NULL;
            END $$""")
        when = f"WHEN ({condition})" if condition else ""
        op.execute(f"""
            CREATE CONSTRAINT TRIGGER {table}_{name} AFTER {events} ON {table}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW {when} EXECUTE FUNCTION note_{name}()""")


def downgrade() -> None:
    """Drop them."""
    for name, table, _events, _condition, _listings in TRIGGERS:
        op.execute(f"DROP TRIGGER {table}_{name} ON {table}")
        op.execute(f"DROP FUNCTION note_{name}()")
    op.execute("DROP FUNCTION note_catalogue_change(bigint)")
