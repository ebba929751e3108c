"""What the database notes of each visible change, and the shop's row of a listing."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from bench.catalogue import fill
from catalog.shopfront import services
from shop.db import db

pytestmark = pytest.mark.committed


@pytest.fixture
def shop(throwaway_url):
    with psycopg.connect(throwaway_url, autocommit=True) as connection:
        fill(connection, 60)
        yield connection


def noted(shop, *statements):
    """Return the listings that a transaction of these statements notes, ``None`` for everything."""
    before = shop.execute("SELECT version FROM catalogue_versions").fetchone()[0]
    with shop.transaction():
        for statement in statements:
            shop.execute(statement)
    rows = shop.execute("SELECT listing_id FROM catalogue_changes WHERE version > %s ORDER BY version", (before,))
    found = [row[0] for row in rows.fetchall()]
    assert shop.execute("SELECT version FROM catalogue_versions").fetchone()[0] == before + len(found)
    return found


def card(shop, listing, column):
    row = shop.execute(f"SELECT {column} FROM shop_cards WHERE listing_id = %s", (listing,)).fetchone()
    return row[0] if row else None


def test_a_price_names_its_listing_and_changes_its_row(shop):
    first = "listing_id = 7 AND min_quantity < 100"
    assert noted(shop, f"UPDATE price_tiers SET price_fen = 4321 WHERE {first}") == [7]
    assert card(shop, 7, "price_fen") == 4321


def test_stock_is_noted_when_it_runs_out_and_when_it_comes_back_only(shop):
    listing = shop.execute("SELECT min(listing_id) FROM shop_cards WHERE has_stock").fetchone()[0]

    assert noted(shop, f"UPDATE sku_stock SET reserved = 1 WHERE sku_id = {listing}") == []
    assert noted(shop, f"UPDATE sku_stock SET reserved = on_hand WHERE sku_id = {listing}") == [listing]
    assert card(shop, listing, "has_stock") is False
    assert noted(shop, f"UPDATE sku_stock SET reserved = 0 WHERE sku_id = {listing}") == [listing]
    assert card(shop, listing, "has_stock") is True


@pytest.mark.parametrize(
    ("statement", "gone"),
    [
        ("UPDATE listings SET status = 'paused' WHERE id = 3", True),
        (
            "UPDATE organisations SET suspended_at = now() WHERE id = (SELECT producer_id FROM listings WHERE id = 3)",
            True,
        ),
        ("UPDATE products SET archived_at = now() WHERE id = 3", True),
        ("DELETE FROM eligibility_bases WHERE product_id = 3", True),
        ("UPDATE products SET name = '新名' WHERE id = 3", False),
        ("UPDATE producers SET intro = '新介绍'", False),
    ],
)
def test_what_may_change_other_pages_notes_everything_once(shop, statement, gone):
    assert noted(shop, statement, "UPDATE products SET description = description || '。' WHERE id < 9") == [None]
    assert (card(shop, 3, "listing_id") is None) is gone


def test_a_listing_that_comes_back_has_its_row_again(shop):
    noted(shop, "UPDATE listings SET status = 'paused' WHERE id = 3")
    noted(shop, "UPDATE listings SET status = 'listed' WHERE id = 3")
    assert card(shop, 3, "listing_id") == 3


def test_many_changes_at_once_note_everything(shop):
    found = noted(shop, "UPDATE price_tiers SET price_fen = price_fen + 1")
    assert found[-1] is None
    assert len(found) == 50


def test_a_change_that_is_undone_notes_nothing(shop):
    before = shop.execute("SELECT version FROM catalogue_versions").fetchone()
    with shop.transaction(force_rollback=True):
        shop.execute("UPDATE price_tiers SET price_fen = 1 WHERE listing_id = 7")
        shop.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert shop.execute("SELECT version FROM catalogue_versions").fetchone() == before


def test_two_changes_of_one_listing_at_a_time_both_reach_its_row(shop, throwaway_url):
    """The second waits for the first at the version's row, and then sees what it has committed."""
    listing = shop.execute("SELECT min(listing_id) FROM shop_cards WHERE has_stock").fetchone()[0]
    with psycopg.connect(throwaway_url) as first, psycopg.connect(throwaway_url) as second:
        first.execute("UPDATE price_tiers SET price_fen = 99 WHERE listing_id = %s", (listing,))
        second.execute("UPDATE sku_stock SET reserved = on_hand WHERE sku_id = %s", (listing,))
        first.execute("SET CONSTRAINTS ALL IMMEDIATE")
        first.commit()
        second.commit()
    assert (card(shop, listing, "price_fen"), card(shop, listing, "has_stock")) == (99, False)


def test_rows_made_anew_are_the_rows_that_triggers_kept(shop):
    noted(shop, "UPDATE price_tiers SET price_fen = price_fen + 7 WHERE listing_id < 20")
    noted(shop, "UPDATE listings SET status = 'paused' WHERE id = 5")
    kept = shop.execute("SELECT * FROM shop_cards ORDER BY listing_id").fetchall()
    shop.execute("TRUNCATE shop_cards")
    shop.execute("SELECT refresh_shop_cards(NULL)")
    assert shop.execute("SELECT * FROM shop_cards ORDER BY listing_id").fetchall() == kept


def test_old_changes_are_forgotten_and_the_last_kept(session):
    db.session.execute(text("DELETE FROM catalogue_changes"))
    db.session.execute(text("UPDATE catalogue_versions SET version = 20000"))
    for version in (1, 10_000, 10_001, 20_000):
        db.session.execute(text("INSERT INTO catalogue_changes (version) VALUES (:v)"), {"v": version})
    assert services.forget_changes() == 2
    left = db.session.execute(text("SELECT version FROM catalogue_changes ORDER BY 1")).scalars().all()
    assert left == [10_001, 20_000]
