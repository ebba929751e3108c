"""What the shop shows: one row a listing, kept by triggers when a transaction ends, and the version they count up."""

from alembic import op

revision = "0010"
down_revision = "0003"
branch_labels = None
depends_on = None

#: After so many changes of single listings in one transaction everything counts as changed.
MOST_NOTED = 50

_OF_SKU = "(SELECT array_agg(id) FROM listings WHERE sku_id = NEW.sku_id AND status <> 'delisted')"
_OF_PRODUCT = (
    "(SELECT array_agg(l.id) FROM listings l JOIN skus k ON k.id = l.sku_id"
    " WHERE k.product_id = {0} AND l.status <> 'delisted')"
)
_OF_PRODUCER = "(SELECT array_agg(id) FROM listings WHERE producer_id = {0} AND status <> 'delisted')"
_OF_COUNTY = (
    "(SELECT array_agg(l.id) FROM listings l JOIN skus k ON k.id = l.sku_id JOIN products p ON p.id = k.product_id"
    " WHERE p.county_code = NEW.code AND l.status <> 'delisted')"
)
_PAPER = "coalesce(NEW.{0}, OLD.{0})"

#: (trigger, table, events, condition, listings whose rows are made anew, whether other pages may look different)
TRIGGERS = (
    ("listing_shown", "listings", "INSERT OR DELETE", "", "ARRAY[coalesce(NEW.id, OLD.id)]", True),
    (
        "listing_moved",
        "listings",
        "UPDATE OF status, listed_at, sku_id, producer_id",
        """(OLD.status, OLD.listed_at, OLD.sku_id, OLD.producer_id)
           IS DISTINCT FROM (NEW.status, NEW.listed_at, NEW.sku_id, NEW.producer_id)""",
        "ARRAY[NEW.id]",
        True,
    ),
    (
        "listing_reworded",
        "listings",
        "UPDATE OF title, min_quantity, step_quantity, lead_days, tax_rate",
        """(OLD.title, OLD.min_quantity, OLD.step_quantity, OLD.lead_days, OLD.tax_rate)
           IS DISTINCT FROM (NEW.title, NEW.min_quantity, NEW.step_quantity, NEW.lead_days, NEW.tax_rate)""",
        "ARRAY[NEW.id]",
        False,
    ),
    ("price_set", "price_tiers", "INSERT OR UPDATE", "", "ARRAY[NEW.listing_id]", False),
    ("price_gone", "price_tiers", "DELETE", "", "ARRAY[OLD.listing_id]", False),
    ("product_changed", "products", "UPDATE", "OLD IS DISTINCT FROM NEW", _OF_PRODUCT.format("NEW.id"), True),
    ("sku_changed", "skus", "UPDATE", "OLD IS DISTINCT FROM NEW", _OF_SKU.replace("NEW.sku_id", "NEW.id"), True),
    ("producer_changed", "producers", "UPDATE", "OLD IS DISTINCT FROM NEW", "NULL", True),
    (
        "seller_renamed",
        "organisations",
        "UPDATE OF name, suspended_at",
        "(OLD.name, OLD.suspended_at) IS DISTINCT FROM (NEW.name, NEW.suspended_at) AND NEW.kind = 'producer'",
        _OF_PRODUCER.format("NEW.id"),
        True,
    ),
    ("basis_changed", "eligibility_bases", "INSERT OR UPDATE OR DELETE", "",
     _OF_PRODUCT.format(_PAPER.format("product_id")), True),
    ("certificate_changed", "certificates", "INSERT OR UPDATE OR DELETE", "",
     _OF_PRODUCER.format(_PAPER.format("producer_id")), True),
    ("benefit_changed", "benefit_links", "INSERT OR UPDATE OR DELETE", "", "NULL", True),
    ("county_changed", "assisted_counties", "UPDATE", "OLD IS DISTINCT FROM NEW", _OF_COUNTY, True),
    ("category_changed", "categories", "UPDATE", "OLD IS DISTINCT FROM NEW", "NULL", True),
    ("pairing_changed", "pairings", "INSERT OR UPDATE OR DELETE", "", "NULL", True),
    (
        "stock_ran",
        "sku_stock",
        "UPDATE",
        "(OLD.on_hand > OLD.reserved) IS DISTINCT FROM (NEW.on_hand > NEW.reserved)",
        _OF_SKU,
        False,
    ),
    ("stock_came", "sku_stock", "INSERT", "NEW.on_hand > NEW.reserved", _OF_SKU, False),
    ("lot_came", "lots", "INSERT", "", _OF_SKU, False),
    (
        "lot_changed",
        "lots",
        "UPDATE",
        """(OLD.status, OLD.produced_on, OLD.expires_on, OLD.on_hand > 0)
           IS DISTINCT FROM (NEW.status, NEW.produced_on, NEW.expires_on, NEW.on_hand > 0)""",
        _OF_SKU,
        False,
    ),
)  # fmt: skip

#: Columns of ``shop_cards`` and what they are made of, for a listing ``l`` that can be seen.
CARD = {
    "listing_id": "l.id",
    "public_id": "l.public_id",
    "product_id": "p.id",
    "producer_id": "l.producer_id",
    "title": "l.title",
    "price_fen": "(SELECT t.price_fen FROM price_tiers t WHERE t.listing_id = l.id ORDER BY t.min_quantity LIMIT 1)",
    "pack_spec": "k.pack_spec",
    "unit": "k.unit",
    "net_weight_g": "k.net_weight_g",
    "min_quantity": "l.min_quantity",
    "has_stock": "coalesce((SELECT s.on_hand > s.reserved FROM sku_stock s WHERE s.sku_id = k.id), false)",
    "category_code": "p.category_code",
    "county_code": "c.code",
    "county": "c.name",
    "province_code": "c.province_code",
    "province": "d.name",
    "is_key_county": "c.key_county = 'yes'",
    "producer": "o.name",
    "pinyin": "p.pinyin",
    "search": "p.search",
    "listed_at": "coalesce(l.listed_at, l.changed_at)",
    "is_demo": "p.is_demo",
    "eligible": """(SELECT range_agg(daterange(e.valid_from, e.valid_to, '[]')) FROM eligibility_bases e
        WHERE e.product_id = p.id AND e.status IN ('in_force','revoked'))""",
    "bases": """ARRAY(SELECT concat_ws('|', e.scheme, e.valid_from, coalesce(e.valid_to::text, '9999-12-31'))
        FROM eligibility_bases e WHERE e.product_id = p.id AND e.status IN ('in_force','revoked') ORDER BY e.id)""",
    "certificates": """ARRAY(SELECT concat_ws('|', q.scheme, q.valid_from, coalesce(q.valid_to::text, '9999-12-31'))
        FROM certificates q WHERE (q.product_id = p.id OR (q.product_id IS NULL AND q.producer_id = l.producer_id))
        AND q.status IN ('in_force','revoked') ORDER BY q.id)""",
}


def upgrade() -> None:
    """Create the functions and the triggers.

    The triggers are deferred, so the one row of ``catalogue_versions`` is locked last and only until the commit.
    It is locked before a card is made: who waits for it sees what the other transaction has committed.
    """
    _create_refresh()
    _create_note()
    for name, table, events, condition, listings, is_wide in TRIGGERS:
        op.execute(f"""
            CREATE FUNCTION note_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM note_catalogue_change({listings}, {str(is_wide).lower()});
                RETURN NULL;
            END $$""")
        when = f"WHEN ({condition})" if condition else ""
        op.execute(f"""
            CREATE CONSTRAINT TRIGGER {table}_{name} AFTER {events} ON {table}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW {when} EXECUTE FUNCTION note_{name}()""")


def _create_refresh() -> None:
    columns, values = ", ".join(CARD), ", ".join(CARD.values())
    changes = ", ".join(f"{column} = excluded.{column}" for column in CARD if column != "listing_id")
    op.execute(f"""
        CREATE FUNCTION refresh_shop_cards(listings bigint[]) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            -- of all listings, if none is named
            INSERT INTO shop_cards ({columns})
            SELECT {values}
            FROM listings l JOIN skus k ON k.id = l.sku_id JOIN products p ON p.id = k.product_id
            JOIN organisations o ON o.id = l.producer_id
            JOIN assisted_counties c ON c.code = p.county_code JOIN divisions d ON d.code = c.province_code
            WHERE (listings IS NULL OR l.id = ANY(listings)) AND l.status = 'listed'
              AND o.suspended_at IS NULL AND p.archived_at IS NULL
              AND EXISTS (SELECT FROM price_tiers t WHERE t.listing_id = l.id)
              AND EXISTS (SELECT FROM eligibility_bases e
                          WHERE e.product_id = p.id AND e.status IN ('in_force','revoked'))
            ON CONFLICT (listing_id) DO UPDATE SET {changes};
            DELETE FROM shop_cards s WHERE (listings IS NULL OR s.listing_id = ANY(listings)) AND NOT EXISTS (
                SELECT FROM listings l JOIN skus k ON k.id = l.sku_id JOIN products p ON p.id = k.product_id
                JOIN organisations o ON o.id = l.producer_id
                WHERE l.id = s.listing_id AND l.status = 'listed' AND o.suspended_at IS NULL AND p.archived_at IS NULL
                  AND EXISTS (SELECT FROM price_tiers t WHERE t.listing_id = l.id)
                  AND EXISTS (SELECT FROM eligibility_bases e
                              WHERE e.product_id = p.id AND e.status IN ('in_force','revoked')));
        END $$""")


def _create_note() -> None:
    op.execute(f"""
        CREATE FUNCTION note_catalogue_change(listings bigint[], is_wide boolean) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            current text := pg_current_xact_id()::text;
            noted text[] := string_to_array(coalesce(current_setting('duikou.noted', true), ''), '/');
            count int := 0;
            listing bigint;
            at bigint;
        BEGIN
            IF noted[1] = current THEN
                count := noted[2]::int;
            END IF;
            IF is_wide OR count + coalesce(cardinality(listings), 0) >= {MOST_NOTED} THEN
                IF count < {MOST_NOTED} THEN
                    UPDATE catalogue_versions SET version = version + 1 WHERE id = 1 RETURNING version INTO at;
                    INSERT INTO catalogue_changes (version, listing_id) VALUES (at, NULL);
                    count := {MOST_NOTED};  -- everything is noted as changed; more of this transaction adds nothing
                END IF;
            ELSE
                FOREACH listing IN ARRAY coalesce(listings, '{{}}') LOOP
                    UPDATE catalogue_versions SET version = version + 1 WHERE id = 1 RETURNING version INTO at;
                    INSERT INTO catalogue_changes (version, listing_id) VALUES (at, listing);
                    count := count + 1;
                END LOOP;
            END IF;
            PERFORM set_config('duikou.noted', current || '/' || count, true);
            IF listings IS NOT NULL THEN
                PERFORM refresh_shop_cards(listings);
            END IF;
        END $$""")


def downgrade() -> None:
    """Drop them."""
    for name, table, *_ in TRIGGERS:
        op.execute(f"DROP TRIGGER {table}_{name} ON {table}")
        op.execute(f"DROP FUNCTION note_{name}()")
    op.execute("DROP FUNCTION note_catalogue_change(bigint[], boolean)")
    op.execute("DROP FUNCTION refresh_shop_cards(bigint[])")
