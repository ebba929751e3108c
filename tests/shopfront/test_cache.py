"""Kept pages: never older than the request, and made again only when they must be."""

from __future__ import annotations

import psycopg
import pytest

from bench.catalogue import fill
from catalog.shopfront.cache import Built, PageStore
from shop.app import create_app
from shop.db import db
from tests.conftest import make_settings

pytestmark = pytest.mark.committed
NEWEST = 60


@pytest.fixture
def shop(throwaway_url):
    with psycopg.connect(throwaway_url, autocommit=True) as connection:
        fill(connection, NEWEST)
        yield connection


@pytest.fixture
def visitor(shop, throwaway_url, tmp_path):
    app = create_app(make_settings(throwaway_url, DATA_DIR=tmp_path, PAGE_CACHE=True, HOT_READS=True))
    yield app.test_client(use_cookies=False)
    app.extensions["hot_reads"].close()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def kept(visitor):
    return {key.split(" ", 1)[1] for key in visitor.application.extensions["page_store"].pages}


def page(visitor, path):
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    return answer.text


def set_price(shop, listing, fen):
    shop.execute("UPDATE price_tiers SET price_fen = %s WHERE listing_id = %s AND min_quantity < 100", (fen, listing))


def test_a_new_price_is_on_the_next_page_and_only_pages_that_show_it_are_made_again(shop, visitor):
    public_id, county = shop.execute(
        "SELECT public_id, county_code FROM shop_cards WHERE listing_id = %s", (NEWEST,)
    ).fetchone()
    other = shop.execute("SELECT min(county_code) FROM shop_cards WHERE county_code <> %s", (county,)).fetchone()[0]
    for path in ("/products?", f"/products?county={other}", f"/products/{public_id}?"):
        page(visitor, path)
    assert len(kept(visitor)) == 3

    set_price(shop, NEWEST, 7_654_321)

    assert "76,543.21" in page(visitor, f"/products/{public_id}")
    assert kept(visitor) == {f"/products?county={other}", f"/products/{public_id}?"}
    assert "76,543.21" in page(visitor, "/products")


def test_a_price_that_enters_a_list_by_price_makes_it_anew(shop, visitor):
    dearest = shop.execute("SELECT listing_id, public_id FROM shop_cards ORDER BY price_fen DESC LIMIT 1").fetchone()
    assert str(dearest[1]) not in page(visitor, "/products?sort=price")
    set_price(shop, dearest[0], 1)
    assert str(dearest[1]) in page(visitor, "/products?sort=price")


def test_stock_on_a_listings_page_is_what_is_free_now(shop, visitor):
    listing, public_id = shop.execute(
        "SELECT listing_id, public_id FROM shop_cards WHERE has_stock ORDER BY 1 LIMIT 1"
    ).fetchone()
    page(visitor, f"/products/{public_id}")
    shop.execute("UPDATE sku_stock SET reserved = on_hand - 3 WHERE sku_id = %s", (listing,))
    assert "· 3 " in page(visitor, f"/products/{public_id}")


def test_what_is_paused_is_gone_at_once(shop, visitor):
    public_id = shop.execute("SELECT public_id FROM shop_cards WHERE listing_id = %s", (NEWEST,)).fetchone()[0]
    assert str(public_id) in page(visitor, "/products")
    shop.execute("UPDATE listings SET status = 'paused' WHERE id = %s", (NEWEST,))
    assert str(public_id) not in page(visitor, "/products")


def test_languages_are_kept_apart(visitor):
    assert '<html lang="zh-Hans">' in page(visitor, "/products")
    assert '<html lang="en">' in visitor.get("/products?lang=en").text
    assert '<html lang="en">' in visitor.get("/products", headers={"Cookie": "lang=en"}).text
    assert '<html lang="zh-Hans">' in page(visitor, "/products")


def test_the_store_forgets_the_oldest_when_it_is_full():
    store = PageStore(kept_bytes=10, version=1)
    for name in "abc":
        store.keep(name, 1, Built(b"12345", listings=(1,)))
    assert list(store.pages) == ["b", "c"]
    assert store.size == 10


def test_a_page_made_before_a_change_that_others_know_of_is_not_kept():
    store = PageStore(version=2)
    store.keep("a", 1, Built(b"old"))
    assert store.pages == {}
