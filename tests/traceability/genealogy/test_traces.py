"""Traces as they are told: rules one by one, what is missing, who sees what, and the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from shop.auth import Actor, Scope
from shop.db import db, transaction
from tests.conftest import NOON
from tests.factories import make_member, make_producer
from tests.traceability.events import declared, lot, observed, packed, sgtin, sscc, store
from traceability.genealogy import answers, handovers
from traceability.genealogy.answers import Trace
from traceability.genealogy.bounded import TraceTooLarge
from traceability.genealogy.walk import walk
from traceability.repository.derived import TraceGrant
from traceability.repository.storing import Writer
from traceability.standard.identifiers import canonical

pytestmark = pytest.mark.usefixtures("session")

BOX, OTHER, PALLET, CONTAINER = sgtin("box"), sgtin("other"), sscc(1), sscc(2)


@pytest.fixture
def producer() -> Actor:
    with transaction():
        return make_producer()


@pytest.fixture
def writer(producer: Actor) -> Writer:
    return Writer(producer.organisation_id, "620421")


@pytest.fixture
def operator() -> Actor:
    with transaction():
        return make_member("operator", "operator_reviewer")


def at(hour: int) -> str:
    return f"2026-07-14T{hour:02d}:00:00Z"


def amount(name: str, quantity: float, uom: str = "KGM") -> dict[str, Any]:
    return {"epcClass": lot(name), "quantity": quantity, "uom": uom}


def harvested(name: str, quantity: float = 100, hour: int = 1) -> dict[str, Any]:
    return observed(
        action="ADD", epcList=None, quantityList=[amount(name, quantity)], eventTime=at(hour), bizStep="commissioning"
    )


def made(inputs: list[Any], outputs: list[Any], hour: int, process: str | None = None) -> dict[str, Any]:
    """A transformation of lots (with quantities) and items."""

    def of(parts: list[Any], kind: type) -> list[Any] | None:
        return [part for part in parts if isinstance(part, kind)] or None

    return observed(
        type="TransformationEvent", action=None, epcList=None, disposition=None, bizStep="commissioning", eventTime=at(hour),
        inputEPCList=of(inputs, str), inputQuantityList=of(inputs, dict), outputEPCList=of(outputs, str),
        outputQuantityList=of(outputs, dict), transformationID=process,
    )  # fmt: skip


def shipped(thing: str, hour: int, step: str = "shipping") -> dict[str, Any]:
    return observed(
        thing, eventTime=at(hour), bizStep=step,
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00001"}],
        destinationList=[{"type": "owning_party", "destination": "urn:epc:id:pgln:4012345.00002"}],
        bizTransactionList=[{"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000016:A123"}],
    )  # fmt: skip


def told(trace: Trace) -> dict[str, tuple[str, int]]:
    """Part and depth by the identifier as it was captured."""
    return {node.captured: (node.part, node.depth) for node in trace.nodes}


def event_ids(actor: Actor, client: Any, headers: dict[str, str], thing: str, direction: str) -> list[str]:
    answer = client.get(f"/api/v1/trace/{quote(thing, safe='')}?direction={direction}", headers=headers)
    assert answer.status_code == 200, answer.json
    return [
        event["eventID"] for event in answer.json["events"]["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    ]


def test_up_goes_to_the_ingredients_and_not_to_siblings(writer, operator):
    store(
        writer, harvested("A"), harvested("B"), harvested("C"),
        made([amount("A", 10), amount("B", 5)], [BOX, OTHER], 2), made([amount("C", 5)], [sgtin("third")], 3),
    )  # fmt: skip

    up = answers.trace(BOX, "up", operator)

    assert told(up) == {BOX: ("self", 0), lot("A"): ("thing", 1), lot("B"): ("thing", 1)}
    [step] = up.steps
    assert [(one.uri[-1], one.quantity, one.uom, one.reached) for one in step.inputs] == [
        ("A", Decimal(10), "KGM", True), ("B", Decimal(5), "KGM", True)]  # fmt: skip
    assert [one.reached for one in step.outputs] == [True, False]


def test_down_goes_to_what_became_of_it_and_not_to_co_ingredients(writer, operator):
    store(
        writer, harvested("A"), harvested("B"), made([amount("A", 10), amount("B", 5)], [amount("M", 12)], 2),
        made([amount("M", 12)], [BOX], 3), packed(PALLET, BOX, at=at(4)),
    )  # fmt: skip

    down = answers.trace(lot("A"), "down", operator)

    assert told(down) == {lot("A"): ("self", 0), lot("M"): ("thing", 1), BOX: ("thing", 2), PALLET: ("carrier", 3)}
    assert told(answers.trace(lot("B"), "up", operator)) == {lot("B"): ("self", 0)}


def test_what_happens_to_a_pallet_counts_while_the_box_is_on_it(writer, producer, client, bearer):
    before, while_on, after = (observed(PALLET, eventTime=at(hour)) for hour in (3, 5, 7))
    packing, leaving = packed(PALLET, BOX, OTHER, at=at(4)), packed(PALLET, BOX, action="DELETE", at=at(6))
    store(writer, before, packing, while_on, leaving, after)

    found = event_ids(producer, client, bearer(producer), BOX, "up")

    assert found == [packing["eventID"], while_on["eventID"], leaving["eventID"]]


def test_a_pallet_on_a_container_is_a_carrier_of_what_was_on_it_meanwhile(writer, operator):
    store(
        writer, packed(PALLET, BOX, at=at(1)), packed(PALLET, BOX, action="DELETE", at=at(3)),
        packed(CONTAINER, PALLET, at=at(2)), packed(CONTAINER, PALLET, action="DELETE", at=at(5)),
        packed(PALLET, OTHER, at=at(4)),
    )  # fmt: skip

    assert told(answers.trace(BOX, "down", operator)) == {
        BOX: ("self", 0), PALLET: ("carrier", 1), CONTAINER: ("carrier", 2)}  # fmt: skip
    assert told(answers.trace(PALLET, "down", operator)) == {
        PALLET: ("self", 0), BOX: ("thing", 1), OTHER: ("thing", 1), CONTAINER: ("carrier", 1)}  # fmt: skip


def test_what_is_in_a_box_that_is_used_up_is_an_ingredient(writer, operator):
    store(writer, packed(BOX, sgtin("jar"), at=at(1)), made([BOX], [sgtin("meal")], 2), packed(BOX, OTHER, at=at(3)))

    up = told(answers.trace(sgtin("meal"), "up", operator))

    assert up == {sgtin("meal"): ("self", 0), BOX: ("thing", 1), sgtin("jar"): ("thing", 2)}
    assert sgtin("meal") in told(answers.trace(sgtin("jar"), "down", operator))
    assert sgtin("meal") not in told(answers.trace(OTHER, "down", operator))


def test_events_of_one_process_belong_together(writer, operator):
    process = "urn:epc:id:gdti:4012345.00001.7"
    store(
        writer, made([amount("A", 5)], [], 2, process), made([amount("B", 5)], [], 3, process),
        made([], [amount("M", 9)], 4, process),
    )  # fmt: skip

    assert told(answers.trace(lot("M"), "up", operator)) == {
        lot("M"): ("self", 0), lot("A"): ("thing", 1), lot("B"): ("thing", 1)}  # fmt: skip
    assert told(answers.trace(lot("B"), "down", operator)) == {lot("B"): ("self", 0), lot("M"): ("thing", 1)}


def test_what_was_declared_wrong_leads_nowhere_and_is_not_told(writer, producer, operator, client, bearer):
    wrong = made([amount("A", 10)], [BOX], 2)
    harvest = harvested("A")
    store(writer, harvest, wrong, declared(wrong))

    assert told(answers.trace(lot("A"), "down", operator)) == {lot("A"): ("self", 0)}
    assert event_ids(producer, client, bearer(producer), lot("A"), "down") == [harvest["eventID"]]


def test_a_circle_ends(writer, operator):
    store(
        writer,
        made([BOX], [OTHER], 1),
        made([OTHER], [BOX], 2),
        packed(BOX, OTHER, at=at(3)),
        packed(OTHER, BOX, at=at(4)),
    )

    for direction in ("up", "down"):
        assert told(answers.trace(BOX, direction, operator)).keys() == {BOX, OTHER}


def test_a_class_without_a_lot_is_told_and_not_followed(writer, operator):
    salt = "urn:epc:idpat:sgtin:4012345.012345.*"
    element = {"epcClass": salt, "quantity": 1, "uom": "KGM"}
    store(writer, made([element, amount("A", 1)], [BOX], 2), made([element], [OTHER], 3))

    up = answers.trace(BOX, "up", operator)

    assert told(up)[salt] == ("class", 1)
    assert ("class_without_lot", canonical(salt)) in [(gap.kind, gap.subject) for gap in up.gaps]
    assert OTHER not in told(answers.trace(salt, "down", operator))


def test_what_is_missing_is_named(writer, operator):
    store(
        writer, harvested("A", 10), made([amount("A", 8)], [amount("M", 9000, "GRM")], 2),
        made([amount("A", 4), amount("X", 1)], [BOX], 3), packed(PALLET, BOX, at=at(4)), observed(OTHER),
    )  # fmt: skip
    event = answers.trace(lot("M"), "up", operator).steps[0].event_id
    link = "https://id.gs1.org"

    up = [
        (gap.kind, gap.subject, gap.expected, gap.found, gap.uom)
        for gap in answers.trace(lot("M"), "up", operator).gaps
    ]
    box = [(gap.kind, gap.subject) for gap in answers.trace(BOX, "up", operator).gaps]

    assert up == [
        ("more_out_than_in", event, Decimal(8), Decimal(9), "KGM"),
        ("more_used_than_made", f"{link}/01/04012345123456/10/A", Decimal(10), Decimal(12), "KGM"),
    ]
    assert box == [
        ("never_made", f"{link}/01/04012345123456/10/X"),
        ("never_opened", canonical(PALLET)),
        ("more_used_than_made", f"{link}/01/04012345123456/10/A"),
    ]
    assert [gap.kind for gap in answers.trace(OTHER, "up", operator).gaps] == ["never_made"]


def test_only_events_that_one_sees_are_followed(writer, producer, client, bearer):
    with transaction():
        buyer = make_producer()
    store(writer, harvested("A"), made([amount("A", 10)], [BOX], 2), packed(PALLET, BOX, at=at(3)))
    store(Writer(buyer.organisation_id, "621102"), made([BOX], [sgtin("meal")], 5))

    with transaction():
        db.session.add(TraceGrant(
            organisation_id=buyer.organisation_id, epc_id=answers.find_epc(BOX), granted_at=NOON,
            granted_by=producer.organisation_id, reason="order",
        ))  # fmt: skip

    seen = told(answers.trace(BOX, "up", buyer))
    assert seen.keys() == {BOX, lot("A"), PALLET}
    assert told(answers.trace(BOX, "down", producer)).keys() == {BOX, PALLET}
    assert told(answers.trace(BOX, "down", buyer)).keys() == {BOX, PALLET, sgtin("meal")}
    with transaction():
        stranger = make_producer()
    for thing in (BOX, lot("A"), sgtin("nothing")):
        answer = client.get(f"/api/v1/trace/{quote(thing, safe='')}?direction=up", headers=bearer(stranger))
        assert (answer.status_code, answer.json["type"]) == (404, "/problems/no-such-traced-thing")


def test_officials_follow_what_was_recorded_in_their_county(writer, operator):
    other = Writer(writer.organisation_id, "621102")
    store(writer, harvested("A"), made([amount("A", 10)], [BOX], 2))
    store(other, made([BOX], [OTHER], 3))
    official = Actor(**{**vars(operator), "scope": Scope("division", ("620421",))})

    assert told(answers.trace(lot("A"), "down", official)).keys() == {lot("A"), BOX}


def test_past_the_budget_nothing_is_told(writer, operator):
    store(writer, made([amount("A", 10)], [sgtin(number) for number in range(20)], 2))

    with pytest.raises(TraceTooLarge):
        answers.trace(lot("A"), "down", operator, budget=20)
    assert len(answers.trace(lot("A"), "down", operator, budget=22).nodes) == 21


def test_the_api_tells_a_trace_by_any_form_of_the_identifier(writer, producer, client, bearer):
    store(writer, harvested("A"), made([amount("A", 12.5)], [BOX], 2))
    link = "https://id.gs1.org/01/04012345987652/21/box"

    answer = client.get(
        f"/api/v1/trace/{quote(link, safe='')}?direction=up&max_events=1", headers=bearer(producer)
    ).json

    assert [(node["id"], node["captured"], node["kind"], node["part"]) for node in answer["nodes"]] == [
        (link, BOX, "instance", "self"), ("https://id.gs1.org/01/04012345123456/10/A", lot("A"), "lot", "thing")]  # fmt: skip
    assert answer["steps"][0]["inputs"] == [
        {"id": "https://id.gs1.org/01/04012345123456/10/A", "quantity": "12.5", "uom": "KGM", "reached": True}]  # fmt: skip
    assert (answer["events"]["type"], answer["events_left_out"]) == ("EPCISQueryDocument", 1)
    assert client.get(f"/api/v1/trace/{quote(link, safe='')}", headers=bearer(producer)).status_code == 422
    assert client.get(f"/api/v1/trace/{quote(link, safe='')}?direction=up").status_code == 401


def test_one_step_up_and_down_end_where_goods_change_hands(writer, producer, client, bearer):
    store(
        writer, harvested("A"), shipped(lot("A"), 2) | {"epcList": [], "quantityList": [amount("A", 100)]},
        made([amount("A", 10)], [BOX], 3), packed(PALLET, BOX, at=at(4)), shipped(PALLET, 5), shipped(PALLET, 6, "receiving"),
        packed(PALLET, BOX, action="DELETE", at=at(7)), shipped(PALLET, 8), made([BOX], [OTHER], 9),
    )  # fmt: skip

    box = handovers.nearest(BOX, "up", producer)
    product = handovers.nearest(OTHER, "up", producer)
    raw = handovers.nearest(lot("A"), "down", producer)

    assert [(each.at.hour, each.carrier is not None) for each in box] == [(6, True), (5, True)]
    assert [each.at.hour for each in product] == [6, 5]
    assert [each.at.hour for each in raw] == [2]
    headers = bearer(producer)
    told_ = client.get(f"/api/v1/trace/handovers/{quote(BOX, safe='')}?direction=up", headers=headers).json["items"][0]
    assert told_["thing"] == "https://id.gs1.org/01/04012345987652/21/box"
    assert (told_["sources"], told_["destinations"]) == (
        ["https://id.gs1.org/417/4012345000016"], ["https://id.gs1.org/417/4012345000023"])  # fmt: skip
    assert told_["documents"] == ["urn:epcglobal:cbv:bt:4012345000016:A123"]


def test_a_walk_from_what_nobody_recorded_is_empty():
    assert walk([-1], "down").ids == []
