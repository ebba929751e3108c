"""The officials' desk answers with figures that lead to their lines."""

from __future__ import annotations

import pytest

from shop.db import transaction
from tests.factories import make_member


@pytest.mark.committed
def test_an_official_without_data_is_told_so(committed_app, page_client):
    with transaction():
        actor = make_member("authority", "authority_viewer")
    client = page_client(committed_app, actor)

    for path in ("/official", "/official/totals?by=county&by=month", "/official/lines?county=620421"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "0.00" in answer.text or "还没有" in answer.text
    empty = client.get("/official").text
    assert ("有了第一笔，这里按月画图" in empty, "months.svg" in empty) == (True, False)
    chart = client.get("/official/months.svg")
    assert chart.content_type.startswith("image/svg+xml")
    assert client.get("/official/totals.xlsx").data[:2] == b"PK"
    assert client.get("/official/totals.csv").data.startswith(b"\xef\xbb\xbf")


@pytest.mark.committed
def test_what_cannot_be_read_in_the_address_is_named(committed_app, page_client):
    with transaction():
        actor = make_member("authority", "authority_viewer")
    client = page_client(committed_app, actor)

    assert client.get("/official?from=yesterday").status_code == 422
    assert client.get("/official?measure=profit").status_code == 422
    assert client.get("/official/totals?by=colour").status_code == 422


@pytest.mark.committed
def test_a_filter_for_what_is_not_there_finds_nothing(committed_app, page_client):
    with transaction():
        actor = make_member("authority", "authority_viewer")
    client = page_client(committed_app, actor)

    for wanted in (
        "county=999999", "producer=abc", "producer=019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f", "category=zz", "pairing=-1",
        "prefecture=x", "mode=x", "partner=x", "unit=none", "fund_source=x", "channel=x", "institution=1",
    ):  # fmt: skip
        for path in (
            "/official",
            "/official/totals",
            "/official/lines",
            "/official/lines.xlsx",
            "/official/totals.xlsx",
        ):
            assert client.get(f"{path}?{wanted}").status_code == 200, f"{path}?{wanted}"
