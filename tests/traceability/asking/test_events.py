"""GET /epcis/events: every parameter, the form of the answer, refusals, and who sees what."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from shop.db import db, transaction
from tests.conftest import NOON
from tests.factories import make_member, make_organisation
from tests.ledger.filers import officials
from tests.traceability.asking.questions import (
    EX,
    FARM,
    FIELD,
    GROWER,
    PALLET,
    PO,
    SHOP,
    all_pages,
    ask,
    capture,
    everything,
    found_in,
    keys_in,
    problem_of,
)
from tests.traceability.events import CONTEXT, large, lot, observed, rows, sgtin
from traceability.repository.derived import TraceGrant
from traceability.standard.identifiers import canonical

OPEN = "urn:epc:idpat:sgtin:4012345.098765.*"
MASTER = {
    "epcisHeader": {
        "epcisMasterData": {
            "vocabularyList": [
                {
                    "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
                    "vocabularyElementList": [
                        {
                            "id": FARM, "children": [FIELD],
                            "attributes": [{"id": "cbvmda:countryCode", "attribute": "CN"}],
                        },
                        {"id": FIELD, "children": [FARM]},
                    ],
                }
            ]
        }
    }
}  # fmt: skip


@pytest.fixture
def headers(client, bearer):
    return bearer(make_member("producer"))


@pytest.fixture
def events(client, headers):
    made = everything()
    capture(client, headers, *made.values(), **MASTER)
    return made


@pytest.mark.parametrize(
    ("more", "sizes"),
    [({}, [16, 2]), ({"orderBy": "eventTime", "eventCountLimit": 17}, [16, 1]), ({"orderBy": "eventTime", "eventCountLimit": 16}, [16])],
)  # fmt: skip
def test_a_page_of_large_events_ends_early_and_the_next_goes_on(client, headers, more, sizes):
    events = [large(sgtin(n)) for n in range(18)]
    capture(client, headers, *events)

    pages = all_pages(client, headers, perPage=1000, **more)

    assert [len(page) for page in pages] == sizes
    assert len(set(flat(pages))) == sum(sizes)


EXPIRY = "cbvmda:itemExpirationDate"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({f"LT_ILMD_{EXPIRY}": "2026-08-02"}, [0]),
        ({f"LT_ILMD_{EXPIRY}": "2026-08-01"}, []),
        ({f"LE_ILMD_{EXPIRY}": "2026-08-01"}, [0]),
        ({f"GE_ILMD_{EXPIRY}": "2026-08-01"}, [2, 1, 0]),
        ({f"GT_ILMD_{EXPIRY}": "2026-08-01"}, [2, 1]),
        ({f"EQ_ILMD_{EXPIRY}": "2026-08-01"}, [0]),
        ({f"EQ_ILMD_{EXPIRY}": "2026-12-31"}, [1]),
        ({f"EQ_ILMD_{EXPIRY}": "2026-12-31T00:00:00Z"}, [1]),
        ({f"LT_ILMD_{EXPIRY}": "2026-08-01T00:00:00.001Z"}, [0]),
        ({f"GE_ILMD_{EXPIRY}": "2027-01-01T00:00:00+08:00"}, [2]),
    ],
    ids=str,
)
def test_dates_of_goods_are_compared(client, headers, asked, found):
    dates = ("2026-08-01", "2026-12-31", "2027-01-01T00:00:00+08:00")
    events = [observed(sgtin(n), action="ADD", ilmd={EXPIRY: date}) for n, date in enumerate(dates)]
    for hour, event in enumerate(events, 1):
        event["eventTime"] = f"2026-07-14T{hour:02d}:00:00Z"
    capture(client, headers, *events)

    answer = ask(client, headers | EX, **asked)

    assert keys_in(answer) == [(events[place]["eventID"], False) for place in found]


def test_identifiers_of_sensors_with_a_prefix_are_found_in_both_forms(client, headers):
    report: dict[str, Any] = {
        "type": "Temperature", "value": 4, "uom": "CEL", "uriValue": "ex:u1", "microorganism": "ex:m1",
        "chemicalSubstance": "ex:c1",
    }  # fmt: skip
    metadata = {"deviceID": "ex:d1", "bizRules": "ex:b1", "dataProcessingMethod": "ex:p1"}
    event = observed(sensorElementList=[{"sensorMetadata": metadata, "sensorReport": [report]}])
    capture(client, headers, event)

    for name in ("uriValue", "microorganism", "chemicalSubstance", "deviceID", "bizRules", "dataProcessingMethod"):
        value = (report | metadata)[name]
        for written in (value, value.replace("ex:", "https://example.com/ns/")):
            assert keys_in(ask(client, headers | EX, **{f"EQ_{name}": written})) == [(event["eventID"], False)]
    assert keys_in(ask(client, headers | EX, EQ_deviceID="ex:d2")) == []


def test_master_data_is_found_by_numbers_and_by_texts(client, headers):
    said = [{"id": "cbvmda:latitude", "attribute": 48.5}, {"id": "cbvmda:floor", "attribute": 3},
            {"id": "cbvmda:site", "attribute": "7"}]  # fmt: skip
    element = {"id": FARM, "attributes": said}
    vocabulary = {"type": "urn:epcglobal:epcis:vtype:BusinessLocation", "vocabularyElementList": [element]}
    event = observed(readPoint={"id": FARM})
    capture(client, headers, event, epcisHeader={"epcisMasterData": {"vocabularyList": [vocabulary]}})

    def found(name, value):
        return len(found_in(ask(client, headers, **{f"EQATTR_readPoint_cbvmda:{name}": value})))

    assert [found("latitude", each) for each in ("48.5", "48.50", "1|48.5", "48", "x")] == [1, 1, 1, 0, 0]
    assert [found("floor", each) for each in ("3", "3.0", "4")] == [1, 1, 0]
    assert [found("site", each) for each in ("7", "8")] == [1, 0]


def test_a_named_query_takes_several_numbers_for_equality(client, headers, events):
    for name, query in (
        ("q", {"EQ_quantity": [11, 12]}),
        ("k", {"EQ_quantity_KGM": [0.45]}),
        ("v", {"EQ_value_CEL": [4.5, 9]}),
    ):
        assert client.post("/epcis/queries", json={"name": name, "query": query}, headers=headers).status_code == 201

    found = {name: names_of(events, ask(client, headers, f"/epcis/queries/{name}/events")) for name in ("q", "k", "v")}
    refused = client.post("/epcis/queries", json={"name": "r", "query": {"GE_quantity": [1, 2]}}, headers=headers)

    assert found == {"q": ["stored"], "k": ["pressed"], "v": ["stored"]}
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("parameter", "list_"),
    [
        ("MATCH_epcClass", "quantityList"), ("MATCH_inputEPCClass", "inputQuantityList"),
        ("MATCH_outputEPCClass", "outputQuantityList"), ("MATCH_anyEPCClass", "quantityList"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("asked", "is_found"),
    [(OPEN, True), ("urn:epc:idpat:sgtin:4012345.*.*", True), ("urn:epc:idpat:sgtin:*.*.*", True),
     ("urn:epc:idpat:sgtin:4012346.*.*", False)],
)  # fmt: skip
def test_classes_are_found_by_patterns(client, headers, parameter, list_, asked, is_found):
    changes: dict[str, Any] = {list_: [{"epcClass": OPEN, "quantity": 5}], "epcList": []}
    if list_ != "quantityList":
        changes |= {"type": "TransformationEvent", "action": None, "epcList": None, "inputEPCList": [sgtin(3)]}
        changes["outputEPCList"] = [sgtin(4)]
    event = observed(**changes)
    capture(client, headers, event)

    assert keys_in(ask(client, headers, **{parameter: asked})) == [(event["eventID"], False)] * is_found


def flat(pages):
    return [key for page in pages for key in page]


def names_of(events, answer):
    """The names of the events of an answer, newest first and a declaration before what it declares."""
    names = {(event["eventID"], "errorDeclaration" in event): name for name, event in events.items()}
    return [names[key] for key in keys_in(answer)]


ASKED = [
    ({}, "withdrawn wrong stored pressed sold boxed picked"),
    ({"eventType": "AggregationEvent|TransformationEvent"}, "pressed boxed"),
    ({"EQ_action": "ADD"}, "sold boxed picked"),
    ({"EQ_action": "ADD|OBSERVE", "EQ_bizStep": "inspecting|shipping"}, "withdrawn wrong sold"),
    ({"EQ_bizStep": "urn:epcglobal:cbv:bizstep:storing"}, "stored"),
    ({"EQ_bizStep": "https://ref.gs1.org/cbv/BizStep-storing"}, "stored"),
    ({"EQ_bizStep": "cbv:BizStep-storing"}, "stored"),
    ({"EQ_bizStep": "https://example.com/steps/none"}, ""),
    ({"EQ_disposition": "active"}, "picked"),
    ({"GE_eventTime": "2026-07-14T09:00:00Z", "LT_eventTime": "2026-07-14T11:00:00.000Z"}, "sold boxed"),
    ({"GE_eventTime": "2026-07-14T21:00:00+08:00"}, "withdrawn wrong"),
    ({"GE_recordTime": "2026-07-15T04:00:00Z"}, "withdrawn wrong stored pressed sold boxed picked"),
    ({"LT_recordTime": "2026-07-15T04:00:00Z"}, ""),
    ({"EQ_readPoint": FIELD}, "picked"),
    ({"EQ_readPoint": canonical(FARM) + "|" + SHOP}, "sold boxed"),
    ({"EQ_bizLocation": FARM}, "boxed picked"),
    ({"WD_readPoint": FARM}, "boxed picked"),
    ({"WD_readPoint": FIELD}, "boxed picked"),
    ({"WD_bizLocation": SHOP}, ""),
    ({"MATCH_epc": sgtin(1)}, "withdrawn wrong boxed picked"),
    ({"MATCH_epc": canonical(sgtin(1))}, "withdrawn wrong boxed picked"),
    ({"MATCH_epc": "https://shop.example/gtin/04012345987652/ser/1"}, "withdrawn wrong boxed picked"),
    ({"MATCH_epc": f"{sgtin(2)}|{sgtin(99)}", "EQ_action": "ADD"}, "sold boxed picked"),
    ({"MATCH_epc": PALLET}, ""),
    ({"MATCH_parentID": PALLET}, "sold boxed"),
    ({"MATCH_inputEPC": sgtin(3)}, "pressed"),
    ({"MATCH_outputEPC": sgtin(3)}, ""),
    ({"MATCH_outputEPC": sgtin(4)}, "pressed"),
    ({"MATCH_anyEPC": PALLET}, "sold boxed"),
    ({"MATCH_anyEPC": OPEN}, "withdrawn wrong pressed sold boxed picked"),
    ({"MATCH_outputEPC": "urn:epc:idpat:sgtin:4012345.*.*"}, "pressed"),
    ({"MATCH_anyEPC": "urn:epc:idpat:sgtin:4012346.*.*"}, ""),
    ({"MATCH_epcClass": lot("B")}, "stored"),
    ({"MATCH_epcClass": canonical(lot("B"))}, "stored"),
    ({"MATCH_inputEPCClass": lot("A")}, "pressed"),
    ({"MATCH_outputEPCClass": lot("B")}, "pressed"),
    ({"MATCH_anyEPCClass": lot("B")}, "stored pressed"),
    ({"MATCH_anyEPC": lot("B")}, ""),
    ({"EQ_quantity": "12"}, "stored"),
    ({"GT_quantity": "12"}, "pressed"),
    ({"GE_quantity": "12"}, "stored pressed"),
    ({"LT_quantity": "12"}, "pressed"),
    ({"EQ_quantity_KGM": "0.5"}, "pressed"),
    ({"EQ_quantity_GRM": "450"}, "pressed"),
    ({"GT_quantity_KGM": "0.5"}, ""),
    ({"LE_quantity_GRM": "400"}, ""),
    ({"EQ_transformationID": "urn:uuid:3b1cf2b4-0000-4000-8000-000000000001"}, "pressed"),
    ({"EQ_bizTransaction_po": PO}, "sold"),
    ({"EQ_bizTransaction_urn:epcglobal:cbv:btt:po": PO}, "sold"),
    ({"EQ_bizTransaction_inv": PO}, ""),
    ({"EQ_source_owning_party": GROWER}, "sold"),
    ({"EQ_source_owning_party": canonical(GROWER)}, "sold"),
    ({"EQ_destination_possessing_party": SHOP}, "sold"),
    ({"EQ_persistentDisposition_set": "completeness_verified"}, "stored"),
    ({"EQ_persistentDisposition_unset": "completeness_verified"}, ""),
    ({"EXISTS_errorDeclaration": "true"}, "withdrawn"),
    ({"EXISTS_errorDeclaration": ""}, "withdrawn"),
    ({"EXISTS_errorDeclaration": "false", "EQ_bizStep": "inspecting"}, "wrong"),
    ({"GE_errorDeclarationTime": "2026-07-14T12:00:00Z"}, "withdrawn"),
    ({"GE_errorDeclaration_Time": "2026-07-14T12:00:00Z"}, "withdrawn"),
    ({"LT_errorDeclarationTime": "2026-07-14T12:00:00Z"}, ""),
    ({"EQ_errorReason": "incorrect_data"}, "withdrawn"),
    ({"EQ_errorReason": "did_not_occur"}, ""),
    ({"EQ_correctiveEventID": "urn:uuid:corrective"}, "withdrawn"),
    ({"EXISTS_sensorElementList": "true"}, "stored"),
    ({"EQ_type": "Temperature"}, "stored"),
    ({"EQ_type": "gs1:Illuminance"}, "stored"),
    ({"EQ_deviceID": "urn:epc:id:giai:4000001.111"}, "stored"),
    ({"EQ_deviceID": canonical("urn:epc:id:giai:4000001.111")}, "stored"),
    ({"EQ_value_CEL": "4.5"}, "stored"),
    ({"EQ_value_KEL": "277.65"}, "stored"),
    ({"GT_value_FAH": "40"}, "stored"),
    ({"GT_value_FAH": "40.1"}, ""),
    ({"EQ_value_CEL": "4|4.5"}, "stored"),
    ({"EQ_quantity": "11|12"}, "stored"),
    ({"EQ_quantity_KGM": "0.45|0.7"}, "pressed"),
    ({"GE_value_GRM": "0"}, ""),
    ({"LE_maxValue_KEL": "278.15"}, "stored"),
    ({"EQ_sDev_KEL": "0.5"}, "stored"),
    ({"GE_minValue_CEL": "0"}, ""),
    ({"GE_percRank": "0"}, ""),
    ({"GE_time": "2026-07-14T11:30:00Z", "LT_time": "2026-07-14T11:31:00Z"}, "stored"),
    ({"LT_startTime": "2026-07-14T11:30:00Z"}, ""),
    ({"EQ_booleanValue": "true"}, "stored"),
    ({"EQ_booleanValue": "false"}, ""),
    ({"EQ_stringValue": "dim|bright"}, "stored"),
    ({"EQ_ex:season": "7"}, "picked"),
    ({"EQ_ex:season": "7.0"}, "picked"),
    ({"GT_ex:season": "7"}, ""),
    ({"LE_ex:season": "7"}, "picked"),
    ({"EXISTS_ex:season": ""}, "picked"),
    ({"EXISTS_ex:season": "false", "EQ_action": "ADD"}, "sold boxed"),
    ({"EQ_https://example.com/ns/season": "7"}, "picked"),
    ({"EXISTS_ex:variety": ""}, ""),
    ({"EQ_ILMD_ex:variety": "Fuji|Gala"}, "picked"),
    ({"EXISTS_ILMD_ex:more": ""}, "picked"),
    ({"EQ_ILMD_ex:sugar": "12.5"}, ""),
    ({"GE_INNER_ILMD_ex:sugar": "12.5"}, "picked"),
    ({"EXISTS_INNER_ex:sugar": ""}, ""),
    ({"EQ_readPoint_ex:hall": "north"}, "boxed"),
    ({"EQ_bizLocation_ex:hall": "north"}, ""),
    ({"EQ_SENSORREPORT_ex:lamp": "off"}, "stored"),
    ({"EXISTS_SENSORELEMENT_ex:lamp": ""}, ""),
    ({"EQ_ERROR_DECLARATION_ex:by": "desk"}, "withdrawn"),
    ({"HASATTR_readPoint": "cbvmda:countryCode"}, "boxed"),
    ({"HASATTR_bizLocation": "urn:epcglobal:cbv:mda:countryCode|cbvmda:other"}, "boxed picked"),
    ({"EQATTR_bizLocation_cbvmda:countryCode": "CN"}, "boxed picked"),
    ({"EQ_ATTR_bizLocation_cbvmda:countryCode": "DE"}, ""),
    ({"HASATTR_epcClass": "cbvmda:countryCode"}, ""),
    ({"orderBy": "eventTime", "orderDirection": "ASC", "eventCountLimit": "2"}, "picked boxed"),
    ({"orderBy": "recordTime", "eventCountLimit": "3"}, "withdrawn wrong stored"),
    ({"orderBy": "ex:season", "eventCountLimit": "1"}, "picked"),
    ({"orderBy": "ex:season", "orderDirection": "ASC", "eventCountLimit": "1"}, "picked"),
    ({"maxEventCount": "7"}, "withdrawn wrong stored pressed sold boxed picked"),
]  # fmt: skip


def test_every_parameter_finds_what_it_should(client, headers, events):
    for parameters, expected in ASKED:
        answer = ask(client, headers | EX, **parameters)

        assert (parameters, " ".join(names_of(events, answer))) == (parameters, expected)


def test_an_event_is_found_by_its_identifier_with_its_declaration(client, headers, events):
    answer = ask(client, headers, EQ_eventID=events["wrong"]["eventID"])

    assert names_of(events, answer) == ["withdrawn", "wrong"]


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"EQ_nothing": "x"}, "EQ_nothing"),
        ({"eventtype": "ObjectEvent"}, "eventtype"),
        ({"eventType": "SaleEvent"}, "eventType"),
        ({"eventType": ""}, "eventType"),
        ({"EQ_action": "add"}, "EQ_action"),
        ({"EQ_bizStep": "shiping"}, "EQ_bizStep"),
        ({"EQ_bizStep": ""}, "EQ_bizStep"),
        ({"GE_eventTime": "2026-07-14"}, "GE_eventTime"),
        ({"GE_eventTime": "2026-07-14T08:00:00"}, "GE_eventTime"),
        ({"GE_eventTime": "2026-07-14T08:00:00Z|2026-07-15T08:00:00Z"}, "GE_eventTime"),
        ({"GE_eventTime": "9999-12-31T23:59:59-14:00"}, "GE_eventTime"),
        ({"GT_eventTime": "2026-07-14T08:00:00Z"}, "GT_eventTime"),
        ({"EQ_readPoint": "nowhere"}, "EQ_readPoint"),
        ({"MATCH_epc": ""}, "MATCH_epc"),
        ({"MATCH_anything": sgtin(1)}, "MATCH_anything"),
        ({"GE_quantity": "much"}, "GE_quantity"),
        ({"GE_quantity": "NaN"}, "GE_quantity"),
        ({"GE_quantity": "1" * 40}, "GE_quantity"),
        ({"GE_quantity": "1e999"}, "GE_quantity"),
        ({"GE_value_CEL": "warm"}, "GE_value_CEL"),
        ({"GE_value_CEL": "4|5"}, "GE_value_CEL"),
        *(
            ({f"{sign}_{name}": "4.5"}, f"{sign}_{name}")
            for sign in ("EQ", "GE")
            for name in ("value", "minValue", "maxValue", "meanValue", "sDev", "percValue")
        ),
        ({"GT_ILMD_cbvmda:itemExpirationDate": "2026-02-30"}, "GT_ILMD_cbvmda:itemExpirationDate"),
        ({"EQ_bizTransaction_": PO}, "EQ_bizTransaction_"),
        ({"EQ_bizTransaction_order": PO}, "EQ_bizTransaction_order"),
        ({"EXISTS_errorDeclaration": "perhaps"}, "EXISTS_errorDeclaration"),
        ({"EQ_unknown:field": "1"}, "EQ_unknown:field"),
        ({"GT_ex:season": "late"}, "GT_ex:season"),
        ({"HASATTR_anywhere": "cbvmda:countryCode"}, "HASATTR_anywhere"),
        ({"orderBy": "bizStep"}, "orderBy"),
        ({"orderDirection": "ASC"}, "orderDirection"),
        ({"orderBy": "eventTime", "orderDirection": "UP"}, "orderDirection"),
        ({"eventCountLimit": "5"}, "eventCountLimit"),
        ({"orderBy": "eventTime", "eventCountLimit": "0"}, "eventCountLimit"),
        ({"orderBy": "eventTime", "eventCountLimit": "5", "maxEventCount": "5"}, "maxEventCount"),
        ({"maxEventCount": "-1"}, "maxEventCount"),
        ({"perPage": "0"}, "perPage"),
        ({"perPage": "ten"}, "perPage"),
        ({"perPage": "9" * 5000}, "perPage"),
        ({"perPage": "²"}, "perPage"),
        ({"nextPageToken": "invented"}, "nextPageToken"),
        ({"nextPageToken": ""}, "nextPageToken"),
        ({"EQ_eventID": "x" * 2001}, "EQ_eventID"),
        ({"MATCH_anyEPC": "|".join(sgtin(number) for number in range(1001))}, "MATCH_anyEPC"),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_name(client, headers, parameters, name):
    answer = ask(client, headers | EX, **parameters)

    assert problem_of(answer) == (400, "QueryParameterException", name)


def test_a_parameter_that_stands_twice_is_refused(client, headers):
    answer = client.get("/epcis/events?EQ_action=ADD&EQ_action=OBSERVE", headers=headers)

    assert problem_of(answer) == (400, "QueryParameterException", "EQ_action")


def test_a_header_of_extensions_that_cannot_be_read_is_refused(client, headers):
    answer = ask(client, headers | {"GS1-Extensions": "ex"})

    assert problem_of(answer) == (400, "QueryParameterException", "GS1-Extensions")


@pytest.mark.parametrize("value", ["%", "_", "\\", "'; DROP TABLE trace_events; --", "urn:epc:idpat:sgtin:%.*.*"])
def test_what_is_special_to_the_database_is_only_text(client, headers, events, value):
    answer = ask(client, headers, MATCH_anyEPC=f"urn:x:{value}", EQ_eventID=value)

    assert found_in(answer) == []


def test_more_results_than_max_event_count_are_refused(client, headers, events):
    answer = ask(client, headers, maxEventCount=6)

    assert problem_of(answer)[:2] == (413, "QueryTooLargeException")


@pytest.mark.parametrize(
    ("form", "first"),
    [
        ("", canonical(sgtin(1))),
        ("Always_GS1_Digital_Link", canonical(sgtin(1))),
        ("Always_EPC_URN", sgtin(1)),
        ("Never_Translates", sgtin(1)),
        ("No_Preference", sgtin(1)),
    ],
)
def test_identifiers_are_answered_in_the_form_that_is_asked_for(client, headers, events, form, first):
    answer = ask(client, headers | ({"GS1-EPC-Format": form} if form else {}), EQ_bizStep="commissioning")

    assert found_in(answer)[0]["epcList"][0] == first
    assert answer.get_json()["epcisBody"]["queryResults"]["queryName"] == "SimpleEventQuery"
    assert answer.get_json()["@context"][0] == CONTEXT


def test_pages_lead_to_the_next_until_there_is_none(client, headers, events):
    pages = all_pages(client, headers, perPage=3)

    assert [len(page) for page in pages] == [3, 3, 1]
    assert flat(pages) == keys_in(ask(client, headers))


@pytest.mark.parametrize("order", ["eventTime", "recordTime", "ex:season"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_every_order_can_be_paged(client, headers, order, direction):
    made = [observed(sgtin(n), **{"ex:season": value}) for n, value in enumerate([3, "a", 11, None, 3.5, "b", 3])]
    capture(client, headers, *made)

    pages = all_pages(client, headers | EX, orderBy=order, orderDirection=direction, perPage=2)

    assert [len(page) for page in pages] == [2, 2, 2, 1]
    found = [[event["eventID"] for event in made].index(event_id) for event_id, _ in flat(pages)]
    if order == "ex:season":
        rising = [1, 5, 0, 6, 4, 2]
        # Newer events of the same value come first when the order falls; what has no value is always last.
        assert found == ([*rising, 3] if direction == "ASC" else [*reversed(rising), 3])
    assert sorted(found) == list(range(7))


def test_a_limit_holds_over_pages(client, headers, events):
    pages = all_pages(client, headers, orderBy="eventTime", eventCountLimit=5, perPage=2)

    assert [len(page) for page in pages] == [2, 2, 1]


def test_a_token_belongs_to_its_query_and_its_organisation(client, bearer, headers, events):
    link = ask(client, headers, perPage=2)
    token = link.headers["Link"].partition("nextPageToken=")[2].partition(">")[0]
    other = bearer(make_member("producer"))

    moved = client.get(f"/epcis/events?EQ_action=ADD&perPage=2&nextPageToken={token}", headers=headers)
    foreign = client.get(f"/epcis/events?perPage=2&nextPageToken={token}", headers=other)
    changed = client.get(f"/epcis/events?perPage=2&nextPageToken={token[:-3]}abc", headers=headers)

    refused = (400, "QueryParameterException", "nextPageToken")
    assert [problem_of(each) for each in (moved, foreign, changed)] == [refused] * 3
    assert client.get(f"/epcis/events?perPage=3&nextPageToken={token}", headers=headers).status_code == 200
    assert link.headers["GS1-Next-Page-Token-Expires"].endswith("Z")


def test_a_token_can_be_released_by_its_owner_only(client, bearer, headers, events):
    link = ask(client, headers, perPage=2)
    token = link.headers["Link"].partition("nextPageToken=")[2].partition(">")[0]

    own = client.delete(f"/epcis/nextPageToken/{token}", headers=headers)
    foreign = client.delete(f"/epcis/nextPageToken/{token}", headers=bearer(make_member("producer")))

    assert own.status_code == 204
    assert problem_of(foreign)[:2] == (404, "NoSuchResourceException")


def test_another_organisation_finds_nothing_whatever_it_asks(client, bearer, headers, events):
    stranger = bearer(make_member("producer"))

    for parameters, _expected in ASKED:
        assert found_in(ask(client, stranger | EX, **parameters)) == []


def test_who_was_given_goods_finds_the_events_that_name_them(client, bearer, headers, events):
    buyer = make_member("institution")
    ((epc_id,),) = rows("SELECT id FROM trace_epcs WHERE uri = :uri", uri=canonical(sgtin(2)))
    ((writer,),) = rows("SELECT DISTINCT organisation_id FROM trace_events")
    with transaction():
        db.session.add(
            TraceGrant(organisation_id=buyer.organisation_id, epc_id=epc_id, granted_at=NOON, granted_by=writer, reason="order")
        )  # fmt: skip
    given = bearer(buyer)

    assert names_of(events, ask(client, given)) == ["sold", "boxed", "picked"]
    assert names_of(events, ask(client, given, MATCH_anyEPC=OPEN)) == ["sold", "boxed", "picked"]
    assert names_of(events, ask(client, given, EQ_bizStep="packing|storing")) == ["boxed"]
    assert flat(all_pages(client, given, perPage=1)) == keys_in(ask(client, given))


def test_officials_find_the_events_of_their_county(client, bearer):
    with transaction():
        here = make_member("producer", organisation=make_organisation("producer", division_code="620421"))
    event = observed()
    capture(client, bearer(here), event)
    headers = [bearer(official) for official in (officials("620421")[0], officials("120101")[0])]

    assert [len(found_in(ask(client, each))) for each in headers] == [1, 0]


def test_asking_needs_the_right_to_read(client, bearer, headers):
    without = bearer(make_member("producer"), "trace:capture")

    assert problem_of(ask(client, without))[:2] == (403, "SecurityException")
    assert ask(client, {}).status_code == 401


def test_identifiers_that_need_encoding_are_found(client, headers):
    event = observed(eventID="https://example.com/events/1%2F2?x=1&y=2")
    capture(client, headers, event)

    encoded = client.get(f"/epcis/events?EQ_eventID={quote(event['eventID'], safe='')}", headers=headers)

    assert keys_in(encoded) == [(event["eventID"], False)]
