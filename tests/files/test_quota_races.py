"""Uploads of one organisation at the same time are counted one after another."""

from __future__ import annotations

from functools import partial

import pytest

from shop.db import db, transaction
from shop.files import services
from shop.files.quota import UploadQuotaUsed
from tests.factories import make_member
from tests.purchase.races import at_once, number


@pytest.mark.committed
def test_of_eight_uploads_at_once_only_as_many_are_kept_as_there_is_room_for(committed_app):
    committed_app.config["UPLOAD_MB_PER_DAY"] = 1
    actor = make_member("producer")
    db.session.remove()

    def upload(n: int) -> bool:
        with committed_app.app_context():
            try:
                with transaction():
                    services.store(b"%PDF-1.7\n" + str(n).encode() * 400_000, "发票.pdf", actor)
            except UploadQuotaUsed:
                return False
            return True

    kept = at_once([partial(upload, n) for n in range(8)])

    assert (sum(kept), number("SELECT count(*) FROM stored_files")) == (2, 2)
