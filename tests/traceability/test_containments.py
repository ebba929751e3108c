"""What is in what, and from when until when, whatever the order in which events come."""

from __future__ import annotations

from itertools import permutations

import pytest

from shop.db import db, transaction
from tests.conftest import NOON
from tests.factories import make_organisation
from tests.traceability.events import declared, lot, observed, packed, rows, sgtin, sscc, store
from traceability.repository.derived import TraceGrant
from traceability.repository.storing import Writer

BOX, PALLET = sgtin("box"), sscc(1)


@pytest.fixture
def writer(session):
    with transaction():
        return Writer(make_organisation("producer").id, "620421")


@pytest.fixture
def other(session):
    with transaction():
        return Writer(make_organisation("producer").id, "620421")


def at(hour: int) -> str:
    return f"2026-07-14T{hour:02d}:00:00Z"


def intervals() -> list[tuple[str, str, int, int | None]]:
    """Child, parent, first and last hour."""
    return rows("""
        SELECT c.captured, p.captured, cast(extract(hour FROM lower(during) AT TIME ZONE 'UTC') AS int),
               cast(extract(hour FROM upper(during) AT TIME ZONE 'UTC') AS int)
        FROM trace_containments t JOIN trace_epcs c ON c.id = t.child_id JOIN trace_epcs p ON p.id = t.parent_id
        ORDER BY lower(during), c.captured""")


def test_a_child_is_inside_until_it_is_taken_out(writer):
    store(writer, packed(PALLET, BOX, sgtin(2), at=at(8)), packed(PALLET, BOX, action="DELETE", at=at(9)))

    assert intervals() == [(sgtin(2), PALLET, 8, None), (BOX, PALLET, 8, 9)]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_events_may_come_in_any_order(writer, order):
    events = [
        packed(PALLET, BOX, at=at(8)), packed(PALLET, BOX, action="DELETE", at=at(9)),
        packed(PALLET, BOX, at=at(10)), packed(PALLET, action="DELETE", at=at(11)),
    ]  # fmt: skip

    for number in order:
        store(writer, events[number])

    assert intervals() == [(BOX, PALLET, 8, 9), (BOX, PALLET, 10, 11)]


def test_emptying_a_parent_takes_out_all_its_children_and_no_others(writer):
    store(writer, packed(PALLET, BOX, sgtin(2), at=at(8)), packed(sscc(2), sgtin(3), at=at(8)))

    store(writer, packed(PALLET, action="DELETE", at=at(12)))

    assert intervals() == [(sgtin(2), PALLET, 8, 12), (sgtin(3), sscc(2), 8, None), (BOX, PALLET, 8, 12)]


def test_a_declaration_withdraws_what_its_event_did(writer):
    opening, closing = packed(PALLET, BOX, at=at(8)), packed(PALLET, BOX, action="DELETE", at=at(9))
    store(writer, opening, closing)

    store(writer, declared(closing))
    without_end = intervals()
    store(writer, declared(opening))

    assert (without_end, intervals()) == ([(BOX, PALLET, 8, None)], [])


@pytest.mark.parametrize("together", [True, False])
def test_a_declaration_that_comes_first_or_together_withdraws_as_well(writer, together):
    event = packed(PALLET, BOX, at=at(8))

    if together:
        store(writer, event, declared(event))
    else:
        store(writer, declared(event))
        store(writer, event)

    assert intervals() == []


def test_of_a_lot_a_part_may_leave_until_nothing_is_left(writer):
    def moved(action: str, hour: int, kilograms: float):
        element = {"epcClass": lot("A"), "quantity": kilograms, "uom": "KGM"}
        return packed(PALLET, action=action, at=at(hour), childQuantityList=[element])

    store(writer, moved("ADD", 8, 10), moved("ADD", 9, 5.5), moved("DELETE", 10, 12))
    store(writer, moved("DELETE", 11, 3.5))
    ended = intervals()
    store(writer, moved("ADD", 12, 1))

    assert (ended, intervals()) == (
        [(lot("A"), PALLET, 8, 11)],
        [(lot("A"), PALLET, 8, 11), (lot("A"), PALLET, 12, None)],
    )


def test_looking_at_a_pallet_changes_nothing(writer):
    store(writer, packed(PALLET, BOX, action="OBSERVE"), packed(None, BOX, action="OBSERVE"))

    assert intervals() == []


def test_what_comes_and_goes_at_once_was_inside_for_that_instant(writer):
    store(writer, packed(PALLET, BOX, at=at(8)), packed(PALLET, BOX, action="DELETE", at=at(8)))

    assert rows("SELECT isempty(during), upper_inc(during) FROM trace_containments") == [(False, True)]


def test_a_stranger_closes_nothing_and_who_was_given_the_goods_does(writer, other):
    store(writer, packed(PALLET, BOX, at=at(8)))

    store(other, packed(PALLET, action="DELETE", at=at(9)))
    by_a_stranger = intervals()
    [(pallet,)] = rows("SELECT id FROM trace_epcs WHERE captured = :urn", urn=PALLET)
    with transaction():
        db.session.add(
            TraceGrant(
                organisation_id=other.organisation_id, epc_id=pallet, granted_at=NOON,
                granted_by=writer.organisation_id, reason="shipment",
            )
        )  # fmt: skip
    store(other, packed(PALLET, action="DELETE", at=at(10)))

    assert (by_a_stranger, intervals()) == ([(BOX, PALLET, 8, None)], [(BOX, PALLET, 8, 9)])


def test_inputs_and_outputs_are_edges_until_they_are_declared_to_be_wrong(writer):
    event = observed(
        type="TransformationEvent", action=None, epcList=None, transformationID="urn:uuid:1",
        inputQuantityList=[{"epcClass": lot("IN"), "quantity": 10, "uom": "KGM"}], outputEPCList=[BOX],
    )  # fmt: skip
    edges = """SELECT e.captured, is_output, cast(quantity AS int), uom, transformation_id, withdrawn_by IS NULL
               FROM trace_transforms t JOIN trace_epcs e ON e.id = t.epc_id ORDER BY is_output"""

    store(writer, event)
    before = rows(edges)
    store(writer, declared(event))

    assert before == [(lot("IN"), False, 10, "KGM", "urn:uuid:1", True), (BOX, True, None, None, "urn:uuid:1", True)]
    assert rows(edges) == [(*edge[:5], False) for edge in before]
