"""Cards of the shop are made by a plan that is kept: planning its subselects anew took ten times what running them does."""

from types import ModuleType

from alembic import context, op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_SHOWN = """
    FROM listings l JOIN skus k ON k.id = l.sku_id JOIN products p ON p.id = k.product_id
    JOIN organisations o ON o.id = l.producer_id
    JOIN assisted_counties c ON c.code = p.county_code JOIN divisions d ON d.code = c.province_code
    WHERE {condition} AND l.status = 'listed' AND o.suspended_at IS NULL AND p.archived_at IS NULL
      AND EXISTS (SELECT FROM price_tiers t WHERE t.listing_id = l.id)
      AND EXISTS (SELECT FROM eligibility_bases e WHERE e.product_id = p.id AND e.status IN ('in_force','revoked'))"""


def _catalogue_changes() -> ModuleType:
    revision = context.script.get_revision("0010")
    return revision.module


def upgrade() -> None:
    """Replace the function by one whose conditions suit an index whatever is asked."""
    card = _catalogue_changes().CARD
    columns, values = ", ".join(card), ", ".join(card.values())
    changes = ", ".join(f"{column} = excluded.{column}" for column in card if column != "listing_id")
    op.execute(f"""
        CREATE OR REPLACE FUNCTION refresh_shop_cards(listings bigint[]) RETURNS void LANGUAGE plpgsql
        SET plan_cache_mode = force_generic_plan AS $$
        DECLARE
            -- all, if none is named
            wanted bigint[] := coalesce(listings, ARRAY(SELECT id FROM listings UNION SELECT listing_id FROM shop_cards));
        BEGIN
            INSERT INTO shop_cards ({columns})
            SELECT {values} {_SHOWN.format(condition="l.id = ANY(wanted)")}
            ON CONFLICT (listing_id) DO UPDATE SET {changes};
            DELETE FROM shop_cards s WHERE s.listing_id = ANY(wanted) AND NOT EXISTS (
                SELECT {_SHOWN.format(condition="l.id = s.listing_id")});
        END $$""")


def downgrade() -> None:
    """Make the function as it was."""
    op.execute("DROP FUNCTION refresh_shop_cards(bigint[])")
    _catalogue_changes()._create_refresh()  # noqa: SLF001
