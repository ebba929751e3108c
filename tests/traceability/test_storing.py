"""Events as they are stored: columns, identifiers, attributes, duplicates."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shop.db import transaction
from tests.factories import make_organisation
from tests.traceability.events import CONTEXTS, declared, digest, lot, observed, rows, sgtin, store, without_nothing
from traceability.repository.fields import Role
from traceability.repository.storing import Writer


@pytest.fixture
def writer(session):
    with transaction():
        return Writer(make_organisation("producer").id, "620421")


@pytest.fixture
def other(session):
    with transaction():
        return Writer(make_organisation("producer").id, "620421")


def test_an_event_is_found_by_its_columns_in_canonical_form(writer):
    event = observed(sgtin(7), bizLocation={"id": "urn:epc:id:sgln:4012345.00002.0"})

    outcome = store(writer, event)

    [(key, draft)] = outcome.stored.items()
    assert rows("SELECT event_id, type, action, biz_step, disposition, read_point, biz_location, event_time, tz_offset FROM trace_events WHERE id = :id", id=key) == [
        (
            event["eventID"], "ObjectEvent", "OBSERVE", "https://ref.gs1.org/cbv/BizStep-shipping",
            "https://ref.gs1.org/cbv/Disp-in_transit", "https://id.gs1.org/414/4012345000016",
            "https://id.gs1.org/414/4012345000023", datetime(2026, 7, 14, tzinfo=UTC), "+08:00",
        )
    ]  # fmt: skip
    assert rows("SELECT uri, captured, kind, gs1_key FROM trace_epcs") == [
        ("https://id.gs1.org/01/04012345987652/21/7", sgtin(7), "instance", "01/04012345987652")
    ]
    assert draft.hash_id.startswith("ni:///sha-256;")


def test_urn_and_digital_link_are_one_identifier_whose_urn_is_kept(writer):
    link = "https://id.gs1.org/01/04012345987652/21/7"
    store(writer, observed(link))

    store(writer, observed(sgtin(7)), observed(f"{link}?17=270101"))

    assert rows("SELECT uri, captured FROM trace_epcs") == [(link, sgtin(7))]
    assert rows("SELECT count(DISTINCT event_id), count(DISTINCT epc_id) FROM trace_event_epcs") == [(3, 1)]


def test_quantities_keep_their_digits_and_unit(writer):
    element = {"epcClass": lot("A1"), "quantity": 12.375, "uom": "KGM"}

    store(writer, observed(epcList=None, quantityList=[element, {"epcClass": lot("A2")}]))

    assert rows("SELECT role, quantity, uom FROM trace_event_epcs ORDER BY ordinal") == [
        (Role.QUANTITY, Decimal("12.375"), "KGM"),
        (Role.QUANTITY, None, None),
    ]


def test_sensor_values_are_kept_in_base_units_beside_what_came(writer):
    report = {"type": "Temperature", "value": 26.0, "uom": "CEL", "sDev": 0.5, "ex:probe": "front"}
    element = {"sensorMetadata": {"time": "2026-07-14T08:00:00Z"}, "sensorReport": [report]}

    store(writer, observed(sensorElementList=[element]))

    found = rows("""SELECT n.name, field, value, num, time, uom FROM trace_event_attributes a
                    JOIN trace_names n ON n.id = a.name_id ORDER BY field, n.name""")
    assert found == [
        ("time", 6, "2026-07-14T08:00:00Z", None, datetime(2026, 7, 14, 8, tzinfo=UTC), None),
        ("sDev", 7, "0.5", Decimal("0.5"), None, "CEL"),
        ("type", 7, "https://gs1.org/voc/Temperature", None, None, None),
        ("uom", 7, "CEL", None, None, None),
        ("value", 7, "26.0", Decimal("299.15"), None, "CEL"),
        ("https://example.com/ns/probe", 25, "front", None, None, None),
    ]


def test_extensions_are_kept_by_their_full_name_at_any_depth(writer):
    store(writer, observed(**{"ex:farm": {"ex:plot": ["7", {"ex:row": 3}]}, "ex:note": True}))

    found = rows("""SELECT n.name, field, value, num FROM trace_event_attributes a
                    JOIN trace_names n ON n.id = a.name_id ORDER BY ordinal""")
    assert found == [
        ("https://example.com/ns/farm", 20, None, None),
        ("https://example.com/ns/plot", 120, "7", Decimal(7)),
        ("https://example.com/ns/plot", 120, None, None),
        ("https://example.com/ns/row", 120, "3", Decimal(3)),
        ("https://example.com/ns/note", 20, "true", None),
    ]


def test_a_type_that_others_defined_is_kept_whatever_the_standards_names_mean_in_it(writer):
    event = observed(type="ex:Weighing", action={"ex:by": "hand"}, epcList="all", bizStep=7)

    outcome = store(writer, event)

    assert (len(outcome.stored), outcome.taken) == (1, [])
    assert rows("SELECT type, action, biz_step FROM trace_events") == [("https://example.com/ns/Weighing", None, None)]


def test_the_same_event_again_is_known_and_stored_once(writer):
    event = observed()
    store(writer, event)
    before = digest()

    again = store(writer, event | {"recordTime": "2020-01-01T00:00:00Z"}, dict(reversed(event.items())))

    assert (again.stored, len(again.known), again.taken) == ({}, 2, [])
    assert digest() == before


#: Two ways to write one event, each beside an event that names two packs and weighs 25.
OTHER_WAYS = (
    {"epcList": [sgtin(2), sgtin(1)]},
    {"epcList": ["https://id.gs1.org/01/04012345987652/21/1", "https://example.cn/01/04012345987652/21/2?17=270101"]},
    {"ex:weight": 25.0},
    {"ex:weight": None, "@context": {"other": "https://example.com/ns/"}, "other:weight": 25},
    {"eventTime": "2026-07-14T00:00:00Z"},
    {"@context": CONTEXTS},
    {"rdfs:comment": "again"},
)


@pytest.mark.parametrize("way", OTHER_WAYS, ids=str)
@pytest.mark.parametrize("has_id", [True, False])
def test_the_same_event_written_in_another_way_is_known(writer, way, has_id):
    event = observed(sgtin(1), sgtin(2), **{"ex:weight": 25})
    if not has_id:
        del event["eventID"]
    store(writer, event)
    before = digest()

    again = store(writer, without_nothing(event | way))

    assert (again.stored, len(again.known), again.taken) == ({}, 1, [])
    assert digest() == before


def test_two_ways_to_write_one_event_in_one_document_are_one_event(writer):
    event = observed(sgtin(1), sgtin(2))

    outcome = store(writer, event, event | {"epcList": [sgtin(2), sgtin(1)]})

    assert (len(outcome.stored), len(outcome.known), outcome.taken) == (1, 1, [])


@pytest.mark.parametrize(
    "way",
    [
        {"declarationTime": "2026-07-14T20:00:00+08:00"}, {"reason": "https://ref.gs1.org/cbv/ER-incorrect_data"},
        {"correctiveEventIDs": ["urn:x:2", "urn:x:1"]}, {"ex:by": None, "@context": {"o": "https://example.com/ns/"}, "o:by": "王"},
    ],
    ids=str,
)  # fmt: skip
def test_the_same_error_declaration_written_in_another_way_is_known(writer, way):
    event = observed()
    more = {"correctiveEventIDs": ["urn:x:1", "urn:x:2"], "ex:by": "王"}
    own = {"@context": {"o": "https://example.com/ns/"}} if "o:by" in way else {}
    way = {name: value for name, value in way.items() if name != "@context"}
    store(writer, event, declared(event, **more))
    before = digest()

    again = store(writer, declared(event | own, **without_nothing(more | way)))

    assert (again.stored, len(again.known), again.taken) == ({}, 1, [])
    assert digest() == before


@pytest.mark.parametrize(
    "change",
    [
        {"declarationTime": "2026-07-14T12:00:01Z"},
        {"reason": "did_not_occur"},
        {"ex:by": "李"},
        {"correctiveEventIDs": []},
    ],
    ids=str,
)
def test_another_error_declaration_of_one_event_is_a_conflict(writer, change):
    event, more = observed(), {"correctiveEventIDs": ["urn:x:1"], "ex:by": "王"}
    store(writer, event, declared(event, **more))
    before = digest()

    outcome = store(writer, declared(event, **more | change))

    assert (outcome.stored, outcome.known, len(outcome.taken)) == ({}, [], 1)
    assert digest() == before


def test_another_event_under_a_taken_identifier_changes_nothing(writer):
    event = observed()
    store(writer, event)
    before = digest()

    outcome = store(writer, observed(), event | {"action": "ADD"}, observed())

    assert [draft.place for draft in outcome.taken] == [1]
    assert digest() == before


def test_what_is_not_taken_is_stored_when_each_event_stands_for_itself(writer):
    event = observed()
    store(writer, event)

    outcome = store(writer, observed(), event | {"action": "ADD"}, observed(), event, is_whole=False)

    assert [draft.place for draft in outcome.taken] == [1]
    assert [draft.place for draft in outcome.stored.values()] == [0, 2]
    assert [draft.place for draft in outcome.known] == [3]


def test_an_identifier_of_another_organisation_is_taken_even_for_the_same_event(writer, other):
    event = observed()
    store(writer, event)

    same, declaration = store(other, event), store(other, declared(event))

    assert (len(same.taken), len(declaration.taken)) == (1, 1)
    assert rows("SELECT count(*) FROM trace_events") == [(1,)]


def test_an_event_without_identifier_has_its_hash_as_one(writer):
    event = observed(eventID=None)

    first = store(writer, event)
    again = store(writer, event, event | {"eventID": next(iter(first.stored.values())).hash_id})

    assert len(again.known) == 2
    assert rows("SELECT event_id = hash_id FROM trace_events") == [(True,)]


def test_an_error_declaration_shares_its_events_identifier_and_both_are_kept(writer):
    event = observed()
    declaration = declared(event, correctiveEventIDs=["urn:uuid:1"], **{"ex:by": "Wang"})

    first, second = store(writer, event), store(writer, declaration)

    assert (len(first.stored), len(second.stored)) == (1, 1)
    assert rows("SELECT event_id, is_declaration, declared_at, declared_reason FROM trace_events ORDER BY id") == [
        (event["eventID"], False, None, None),
        (event["eventID"], True, datetime(2026, 7, 14, 12, tzinfo=UTC), "https://ref.gs1.org/cbv/ER-incorrect_data"),
    ]
    assert rows(
        "SELECT n.name, field, value FROM trace_event_attributes a JOIN trace_names n ON n.id = a.name_id ORDER BY ordinal"
    ) == [
        ("correctiveEventIDs", 5, "urn:uuid:1"),
        ("https://example.com/ns/by", 22, "Wang"),
    ]


def test_the_batch_is_told_to_other_parts(writer):
    outcome = store(writer, observed(), observed(), observed())

    [payload] = rows("SELECT payload, organisation_ids FROM outbox_events WHERE topic = 'traceability.events_captured'")
    first = min(outcome.stored)
    assert payload == ({"job_id": None, "first_id": first, "last_id": first + 2, "count": 3}, [])
