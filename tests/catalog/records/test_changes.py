"""A paper of a lot makes the shop's copies of the listing anew."""

import pytest
from sqlalchemy import text

from catalog.lots.records import commitments
from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import make_farm
from tests.conftest import NOON

pytestmark = pytest.mark.committed


def changes():
    rows = db.session.execute(text("SELECT listing_id FROM catalogue_changes ORDER BY version")).scalars().all()
    db.session.rollback()
    return rows


def test_a_certificate_of_a_batch_is_a_change_of_the_listings_of_its_product(committed_app):
    farm = make_farm(category_code="0501", name="静宁苹果")
    with transaction():
        listing = make.make_listing(farm.actor, product=farm.product, sku=farm.sku, stock="0").id
    batch = farm.harvest("100").public_id
    before = changes()

    with transaction():
        commitments.issue(commitments.NewCommitment(["own_promise"], "13800138000", batch=batch), farm.actor, at=NOON)

    assert changes() == [*before, listing]
