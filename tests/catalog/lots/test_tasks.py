"""What the end of a day brings."""

from datetime import UTC, date, datetime

from sqlalchemy import select, text

from catalog.lots.tasks import end_of_day
from catalog.products.models import Sku
from shop import clock
from shop.db import db, transaction
from shop.notices.models import Notice
from tests import factories as make


def test_the_day_after_the_last_day_lots_expire_and_listings_pause(session, deliver):
    with transaction():
        producer = make.make_producer()
        product = make.make_product(producer, is_eligible=False)
        make.make_eligibility(product, valid_to=date(2026, 7, 15))
        listing = make.make_listing(producer, product=product, stock="0")
        make.make_lot(db.session.get_one(Sku, listing.sku_id), producer, "10", expires_on=date(2026, 7, 15))

    end_of_day()
    assert (listing.status, state()) == ("listed", ("open", 10, 10))
    with clock.stopped_at(datetime(2026, 7, 15, 16, 1, tzinfo=UTC)):
        end_of_day()
        end_of_day()

    db.session.refresh(listing)
    assert (listing.status, state()) == ("paused", ("closed", 0, 0))
    deliver()
    [notice] = db.session.scalars(select(Notice)).all()
    assert (notice.kind, notice.user_id, notice.values["title"]) == ("listing_paused", producer.user_id, listing.title)


def state():
    return tuple(
        db.session.execute(
            text("SELECT l.status, l.on_hand, s.on_hand FROM lots l JOIN sku_stock s ON s.sku_id = l.sku_id")
        ).one()
    )
