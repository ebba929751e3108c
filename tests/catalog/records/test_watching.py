"""Officials of the goods' county and the operator read tests, papers and temperatures; others do not know of them."""

from __future__ import annotations

import io
import re

import pytest

from catalog.lots.models import Lot
from shop.db import db, transaction
from shop.identity.models import AuthorityScope
from tests import factories as make
from tests.catalog.batches.help import make_farm

PDF = b"%PDF-1.7\n%%EOF\n"
LOG = "时间,温度\n2026-07-14 08:00,3\n2026-07-14 09:00,6\n".encode()


def make_official(division_code: str, *roles: str):
    with transaction():
        office = make.make_organisation("authority", division_code=division_code)
        scope = AuthorityScope(
            organisation_id=office.id, kind="division", division_code=division_code, valid_from=make.LONG_AGO.date()
        )
        db.session.add(scope)
    return make.make_member("authority", *roles, organisation=office)


@pytest.fixture
def lot(session, login) -> Lot:
    """A lot of Jingyuan with a test of its batch, and a paper and temperatures of its own."""
    farm = make_farm(category_code="0801", name="靖远羊羔肉")
    batch = farm.harvest("100", code="S1")
    lot = farm.pack(batch, "40", code="L1")
    desk, of_lot = login(farm.actor), f"/producer/records/lot/{lot.public_id}"
    report = {
        "kind": "commissioned", "laboratory": "检测中心", "number": "J1", "tested_on": "2026-07-14",
        "items": "克伦特罗,不得检出,未检出,合格", "file": (io.BytesIO(PDF), "b.pdf"),
    }  # fmt: skip
    paper = {
        "kind": "quarantine", "number": "62-1", "issuer": "监督所", "issued_on": "2026-07-14",
        "file": (io.BytesIO(PDF + b"2"), "a.pdf"),
    }  # fmt: skip
    for where, values in (
        (f"/producer/records/batch/{batch.public_id}/test", report), (f"{of_lot}/meat", paper),
        (f"{of_lot}/temperature", {"file": (io.BytesIO(LOG), "t.csv")}),
    ):  # fmt: skip
        assert desk.post(where, data=values).status_code == 302
    return lot


def test_officials_of_the_county_and_the_operator_open_the_files_and_nobody_outside_the_scope(lot, login):
    where = "/{}/lots/" + f"{lot.public_id}/records"
    county = login(make_official("620421", "authority_viewer"))
    page = county.get(where.format("official"))
    files = re.findall(r'href="(/files/[^"]+)"', page.text)

    opened = [county.get(file) for file in files]

    assert (page.status_code, len(files), "克伦特罗" in page.text, "撤回" in page.text) == (200, 3, True, False)
    assert [answer.status_code for answer in opened] == [200] * 3
    assert sorted(answer.data for answer in opened) == sorted([PDF, PDF + b"2", LOG])
    for actor, desk in (
        (make_official("620000"), "official"),
        (make.make_member("operator", "operator_reviewer"), "operator"),
    ):
        watching = login(actor)
        assert [watching.get(path).status_code for path in (where.format(desk), *files)] == [200] * 4
    for actor, desk in (
        (make_official("520000"), "official"),
        (make_official("120101"), "official"),
        (make.make_member("operator", "operator_finance"), "operator"),
        (make.make_member(), "official"),
        (make_farm().actor, "official"),
    ):
        other = login(actor)
        assert other.get(where.format(desk)).status_code in (403, 404)
        assert [other.get(file).status_code for file in files] == [404] * 3
    assert login(make_official("520000")).get(where.format("official")).status_code == 404
    assert county.get("/official/lots/019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f/records").status_code == 404
