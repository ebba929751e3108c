"""The monitor makes containments and test reports anew from the events and names the rows that differ."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from catalog.lots.records import reports
from catalog.products.models import Sku
from shop import clock
from shop.db import db, transaction
from shop.files import services as files
from tests.catalog.batches.help import make_farm
from tests.conftest import NOON
from tests.factories import make_lot, make_organisation
from tests.purchase.world import make_world
from tests.traceability.events import declared, lot, packed, sgtin, sscc, store
from traceability.proofs.comparing import compare
from traceability.repository.derived import TraceGrant
from traceability.repository.storing import Writer
from traceability.standard.identifiers import canonical


def writer() -> Writer:
    with transaction():
        return Writer(make_organisation("producer").id, "620421")


def tamper(table: str, statement: str) -> None:
    """Do as the table's owner could."""
    with transaction():
        db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        db.session.execute(text(statement))
        db.session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def key_of(uri: str) -> int:
    return int(db.session.scalar(text("SELECT id FROM trace_epcs WHERE uri = :uri"), {"uri": canonical(uri)}) or 0)


def test_what_was_in_what_is_kept_as_the_events_tell_in_whatever_order_they_came(session):
    one, other = writer(), writer()
    mixed = packed(
        sscc(2), at="2026-07-14T05:00:00Z", childQuantityList=[{"epcClass": lot("A"), "quantity": 4, "uom": "KGM"}]
    )
    wrong = packed(sscc(4), sgtin(8))
    store(
        one, packed(sscc(1), sgtin(1), sgtin(2)), packed(sscc(1), sgtin(1), action="DELETE", at="2026-07-14T09:00:00Z")
    )
    store(one, packed(sscc(1), sgtin(1), at="2026-07-14T07:00:00Z"), mixed, wrong, declared(wrong))
    store(one, packed(sscc(3), sscc(1)), packed(sscc(3), sscc(2), at="2026-07-14T06:00:00Z"))
    store(other, packed(sscc(1), sgtin(2), action="DELETE", at="2026-07-14T10:00:00Z"))
    store(one, packed(sscc(3), action="DELETE", at="2026-07-14T11:00:00Z"))
    with transaction():  # what is given only now closes nothing that came before; and no event gives it
        db.session.add(TraceGrant(
            organisation_id=other.organisation_id, epc_id=key_of(sgtin(2)), granted_at=NOON + timedelta(hours=1),
            granted_by=one.organisation_id, reason="shipment",
        ))  # fmt: skip

    name = db.session.scalar(text("SELECT name FROM organisations WHERE id = :id"), {"id": other.organisation_id})
    assert list(compare()) == [f"{canonical(sgtin(2))} is kept as given to {name}: no event gives it"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trace_containments SET during = tstzrange(lower(during) - interval '1 hour', upper(during))",
        "UPDATE trace_containments SET during = tstzrange(lower(during), '2026-07-14T23:00:00Z'), closed_by = opened_by",
        "DELETE FROM trace_containments",
        "UPDATE trace_containments c SET child_id = e.id FROM trace_epcs e WHERE e.uri LIKE '%/21/5'",
    ],
)
def test_a_containment_that_was_changed_is_named(session, statement):
    store(writer(), packed(sscc(1), sgtin(1)), packed(sscc(1), action="DELETE", at="2026-07-14T09:00:00Z"))
    store(writer(), packed(sscc(2), sgtin(5), action="OBSERVE"))
    child, into = canonical(sgtin(1)), canonical(sscc(1))

    tamper("trace_containments", statement)

    found = list(compare())
    assert f"{child} in {into}: it is kept otherwise than the events tell when it was there" in found
    assert len(found) == (2 if "/21/5" in statement else 1)


def test_what_harvests_and_shipments_give_has_its_events(session, deliver):
    farm, world = make_farm(), make_world(stock="0")
    farm.pack(farm.harvest("100"), "10")
    with transaction():
        sku = db.session.get_one(Sku, world.listings[0].sku_id)
        goods = make_lot(sku, world.producer, "100", lot_code="A")
    world.ship(world.signed("10"), "6", lot_ids=(goods.public_id,))
    deliver()

    assert list(compare()) == []
    given = db.session.execute(text("SELECT reason, count(*) FROM trace_grants GROUP BY 1 ORDER BY 1")).all()
    assert [tuple(row) for row in given] == [("own", 3), ("shipment", 1)]


def test_a_test_report_that_was_changed_slipped_in_or_removed_is_named(session, deliver):
    farm = make_farm()
    batch = farm.harvest("100")
    with transaction():
        file = files.store(b"%PDF-1.7\n%%EOF\n", "r.pdf", farm.actor)
        new = reports.NewReport(
            kind="commissioned", laboratory="白银市检测中心", number="R-1", tested_on=NOON.date(), has_passed=True,
            items=[reports.Item("毒死蜱", "0.02", "0.01", has_passed=True)], batch=batch.public_id,
        )  # fmt: skip
        report = reports.record_report(new, file.id, farm.actor, at=NOON).public_id
    deliver()
    assert list(compare()) == []

    tamper("test_items", "UPDATE test_items SET result = '0.03'")
    [changed] = list(compare())
    tamper("test_items", "UPDATE test_items SET result = '0.01'")
    tamper("test_reports", "UPDATE test_reports SET laboratory = '省检测中心'")
    [also] = list(compare())
    slipped = "UPDATE test_reports SET public_id = gen_random_uuid(), laboratory = '白银市检测中心', recorded_at = recorded_at - interval '9 days'"
    tamper("test_reports", slipped)
    gone, without = list(compare())

    assert changed == also
    assert changed.startswith(f"test report {report}: it says something else than its event ")
    assert gone.endswith(f": the test report urn:uuid:{report} that it tells of is not there")
    assert without.endswith(": no event tells of it")
    assert clock.now() > NOON - timedelta(days=1)
