"""The top-level resources: values, what there is of one, its events."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from shop.db import db, transaction
from tests.conftest import NOON
from tests.factories import make_member
from tests.ledger.filers import officials
from tests.traceability.asking.questions import FARM, PALLET, ask, capture, everything, found_in, problem_of
from tests.traceability.events import observed, rows, sgtin
from traceability.asking.values import RESOURCES
from traceability.repository.derived import TraceGrant
from traceability.standard.identifiers import canonical


@pytest.fixture
def headers(client, bearer):
    return bearer(make_member("producer"))


@pytest.fixture
def events(client, headers):
    made = everything()
    capture(client, headers, *made.values())
    return made


def path_to(name, value, end=""):
    return f"/epcis/{name}/{quote(value, safe='')}{end}"


def members(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json()["type"] == "Collection"
    return answer.get_json()["member"]


def test_each_resource_lists_the_values_of_the_events(client, headers, events):
    found = {name: members(ask(client, headers, f"/epcis/{name}")) for name in RESOURCES}

    assert found["eventTypes"] == ["AggregationEvent", "ObjectEvent", "TransactionEvent", "TransformationEvent"]
    assert found["bizSteps"] == [
        "commissioning", "creating_class_instance", "inspecting", "packing", "shipping", "storing",
    ]  # fmt: skip
    assert found["dispositions"] == ["active", "in_transit", "non_conformant"]
    assert found["epcs"] == sorted(canonical(uri) for uri in (PALLET, *(sgtin(number) for number in (1, 2, 3, 4))))
    assert found["bizLocations"] == [canonical(FARM)]
    assert len(found["readPoints"]) == 4


def test_values_come_in_the_form_that_is_asked_for(client, headers, events):
    urns = members(ask(client, headers | {"GS1-EPC-Format": "Always_EPC_URN"}, "/epcis/epcs"))

    assert sorted(urns) == sorted([PALLET, *(sgtin(number) for number in (1, 2, 3, 4))])


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("Never_Translates", ["urn:epc:id:sgln:4012345.00001.7", "https://example.com/ns/hall"]),
        ("Always_EPC_URN", ["urn:epc:id:sgln:4012345.00001.7", "https://example.com/ns/hall"]),
        ("Always_GS1_Digital_Link", ["https://id.gs1.org/414/4012345000016/254/7", "https://example.com/ns/hall"]),
    ],
)
@pytest.mark.parametrize(("resource", "member"), [("readPoints", "readPoint"), ("bizLocations", "bizLocation")])
def test_places_come_in_the_form_that_is_asked_for(client, headers, resource, member, form, expected):
    places = ("urn:epc:id:sgln:4012345.00001.7", "ex:hall")
    capture(client, headers, *(observed(**{"readPoint": None, member: {"id": place}}) for place in places))

    found = members(ask(client, headers | {"GS1-EPC-Format": form}, f"/epcis/{resource}"))

    assert sorted(found) == sorted(expected)


def test_values_are_paged(client, headers, events):
    first = ask(client, headers, "/epcis/bizSteps", perPage=4)
    second = client.get(first.headers["Link"].partition(";")[0].strip("<>"), headers=headers)
    token = first.headers["Link"].partition("nextPageToken=")[2].partition(">")[0]

    assert (len(members(first)), members(second)) == (4, ["shipping", "storing"])
    assert "Link" not in second.headers
    moved = client.get(f"/epcis/readPoints?nextPageToken={token}", headers=headers)
    assert problem_of(moved) == (400, "QueryParameterException", "nextPageToken")


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("eventTypes", "TransactionEvent", 1), ("bizSteps", "shipping", 1), ("bizSteps", "cbv:BizStep-inspecting", 2),
        ("dispositions", "active", 1), ("epcs", sgtin(1), 4), ("epcs", canonical(sgtin(1)), 4), ("epcs", PALLET, 2),
        ("bizLocations", FARM, 2), ("readPoints", canonical(FARM), 1),
    ],
)  # fmt: skip
def test_a_value_leads_to_its_events(client, headers, events, name, value, count):
    assert members(ask(client, headers, path_to(name, value))) == ["events"]
    assert len(found_in(ask(client, headers, path_to(name, value, "/events")))) == count
    assert found_in(ask(client, headers, path_to(name, value, "/events"), EQ_bizStep="repairing")) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eventTypes", "SaleEvent"),
        ("bizSteps", "repairing"),
        ("bizSteps", "nonsense"),
        ("epcs", sgtin(77)),
        ("epcs", "x"),
    ],
)
@pytest.mark.parametrize("end", ["", "/events"])
def test_a_value_that_no_event_has_is_not_there(client, headers, events, name, value, end):
    assert problem_of(ask(client, headers, path_to(name, value, end)))[:2] == (404, "NoSuchResourceException")


def test_another_organisation_finds_no_values(client, bearer, events):
    stranger = bearer(make_member("producer"))

    assert [members(ask(client, stranger, f"/epcis/{name}")) for name in RESOURCES] == [[]] * len(RESOURCES)
    assert ask(client, stranger, path_to("epcs", sgtin(1))).status_code == 404


def test_officials_operators_and_who_was_given_goods_list_what_their_events_name(client, bearer, events):
    buyer = make_member("institution")
    ((epc_id, writer),) = rows(
        "SELECT e.id, min(o.organisation_id) FROM trace_epcs e, trace_events o WHERE e.uri = :uri GROUP BY e.id",
        uri=canonical(sgtin(4)),
    )
    with transaction():
        db.session.add(
            TraceGrant(organisation_id=buyer.organisation_id, epc_id=epc_id, granted_at=NOON, granted_by=writer, reason="order")
        )  # fmt: skip
    everybody = make_member("operator", "operator_auditor")

    assert members(ask(client, bearer(buyer), "/epcis/epcs")) == [canonical(sgtin(3)), canonical(sgtin(4))]
    assert members(ask(client, bearer(buyer), "/epcis/bizSteps")) == ["creating_class_instance"]
    assert len(members(ask(client, bearer(everybody), "/epcis/epcs"))) == 5
    assert members(ask(client, bearer(officials("120101")[0]), "/epcis/epcs")) == []


def test_a_list_of_values_takes_no_parameters_of_queries(client, headers):
    refused = ask(client, headers, "/epcis/epcs", EQ_action="ADD")

    assert problem_of(refused) == (400, "QueryParameterException", "EQ_action")


@pytest.mark.parametrize("path", ["bizSteps", "bizSteps/shipping", "bizSteps/shipping/events", "queries", "queries/q"])
def test_options_tell_what_can_be_done(client, path):
    answer = client.options(f"/epcis/{path}")

    assert answer.status_code == 204
    assert "GET" in answer.headers["Allow"]
    assert answer.headers["Duikou-Not-Supported"] == "xml, soap, websocket"


@pytest.mark.parametrize(
    "epc", ["https://id.gs1.org/01/04012345987652/21/A%2F1", "https://id.gs1.org/01/04012345987652/21/A%2525", sgtin(1)]
)
@pytest.mark.parametrize("path", ["/epcis/epcs/{}/events", "/epcis/events"])
def test_the_link_to_the_next_page_names_the_same_identifier(client, headers, epc, path):
    capture(client, headers, observed(epc), observed(epc), observed(sgtin(7)))
    asked = {"perPage": 1} if "{}" in path else {"perPage": 1, "MATCH_epc": epc}

    first = ask(client, headers, path.format(quote(epc, safe="")), **asked)
    link = first.headers["Link"].partition(">")[0][1:]
    second = client.get(link, headers=headers)

    assert link.startswith(f"http://localhost{path.format(quote(epc, safe=''))}?")
    assert [len(found_in(answer)) for answer in (first, second)] == [1, 1]
    assert "Link" not in second.headers
    assert {event["epcList"][0] for answer in (first, second) for event in found_in(answer)} == {canonical(epc)}
