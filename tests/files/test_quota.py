"""An organisation stores no more in a day than it may."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from shop import clock
from shop.db import transaction
from shop.errors import Conflict
from shop.files import blobs, services
from shop.files.quota import UploadQuotaUsed
from tests.conftest import NOON, count
from tests.factories import make_member

#: 0.6 MB, so that two are more than the one megabyte of these tests.
PAGE = b"%PDF-1.7\n" + b"x" * 600_000


@pytest.fixture(autouse=True)
def one_megabyte(app, session):
    before = app.config["UPLOAD_MB_PER_DAY"]
    app.config["UPLOAD_MB_PER_DAY"] = 1
    yield
    app.config["UPLOAD_MB_PER_DAY"] = before


def store(actor, data: bytes, name: str = "发票.pdf"):
    with transaction():
        return services.store(data, name, actor)


def test_what_would_be_too_much_is_refused_and_leaves_nothing():
    actor = make_member("producer")
    store(actor, PAGE)

    with pytest.raises(UploadQuotaUsed) as refused:
        store(actor, PAGE + b"2")

    # From noon in Shanghai it is twelve hours to the next day.
    assert refused.value.members == {"retry_after_s": 43_200, "limit_bytes": 1_048_576, "used_bytes": 600_009}
    assert (count("stored_files"), blobs.path_of(blobs.digest(PAGE + b"2")).exists()) == (1, False)


def test_what_is_stored_and_then_refused_leaves_no_bytes_that_nobody_counts():
    actor = make_member("producer")

    def store_and_refuse():
        with transaction():
            services.store(PAGE + b"refused", "发票.pdf", actor)
            raise Conflict

    with pytest.raises(Conflict):
        store_and_refuse()

    assert (count("stored_files"), blobs.path_of(blobs.digest(PAGE + b"refused")).exists()) == (0, False)


def test_the_same_file_again_another_organisation_and_another_day_are_not_refused(app):
    actor = make_member("producer")
    first = store(actor, PAGE)

    assert store(actor, PAGE).id == first.id
    store(make_member("producer"), PAGE + b"2")
    with clock.stopped_at(NOON + timedelta(hours=12)):
        store(actor, PAGE + b"3")
    app.config["UPLOAD_MB_PER_DAY"] = 0
    store(actor, PAGE + b"4")

    assert count("stored_files") == 4


def test_the_api_says_when_there_is_room_again(client, bearer):
    actor = make_member("producer")
    store(actor, b"%PDF-1.7\n" + b"x" * 1_048_000)

    def send(size: int):
        data = {"file": (io.BytesIO(b"%PDF-1.7\n" + b"x" * size), "a.pdf")}
        return client.post("/api/v1/files", data=data, headers=bearer(actor))

    assert send(100).status_code == 201
    refused = send(1000)

    assert (refused.status_code, refused.json["type"]) == (429, "/problems/upload-quota-used")
    assert "已达上限（1 MB）" in refused.json["detail"]
    assert refused.headers["Retry-After"] == "43200"
