"""Capturing by the interface: jobs, error behaviours, single events, refusals."""

from __future__ import annotations

import json
from datetime import date
from urllib.parse import quote

import pytest

from shop.db import db, transaction
from tests.conftest import NOON
from tests.factories import make_member, make_organisation
from tests.ledger.filers import officials
from tests.traceability.events import CONTEXTS, declared, digest, document, observed, packed, rows, sgtin, sscc
from traceability.repository import tasks
from traceability.repository.derived import TraceGrant

CAPTURE, EVENTS = "/epcis/capture", "/epcis/events"
PROCEED = {"GS1-Capture-Error-Behaviour": "proceed"}


@pytest.fixture
def headers(client, bearer):
    return bearer(make_member("producer"))


def problem_of(answer):
    assert answer.content_type == "application/problem+json"
    found = json.loads(answer.get_data())
    assert found["status"] == answer.status_code
    return found["type"].removeprefix("epcisException:")


def capture(client, headers, *events, **changes):
    return client.post(CAPTURE, json=document(*events, **changes), headers=headers)


def job_of(client, headers, answer):
    assert answer.status_code == 202, answer.get_data(as_text=True)
    return client.get(answer.headers["Location"], headers=headers).get_json()


def stored_ids():
    return [event_id for (event_id,) in rows("SELECT event_id FROM trace_events ORDER BY id")]


def alone(event):
    return {"@context": CONTEXTS, **event}


def test_a_small_document_is_stored_before_the_answer(client, headers):
    events = [observed(), observed()]

    answer = capture(client, headers, *events)

    job = job_of(client, headers, answer)
    assert answer.get_data() == b""
    assert job == {
        "captureID": answer.headers["Location"].rpartition("/")[2], "createdAt": "2026-07-15T04:00:00.000Z",
        "finishedAt": "2026-07-15T04:00:00.000Z", "running": False, "success": True,
        "captureErrorBehaviour": "rollback", "errors": [], "events": 2, "stored": 2, "duplicates": 0,
    }  # fmt: skip
    assert stored_ids() == [event["eventID"] for event in events]


@pytest.mark.parametrize("media", ["application/json", "application/ld+json", "application/json; charset=utf-8"])
def test_json_and_json_ld_are_taken(client, headers, media):
    answer = client.post(CAPTURE, data=json.dumps(document(observed())), headers=headers, content_type=media)

    assert answer.status_code == 202


@pytest.mark.parametrize("media", ["application/xml", "text/xml", "text/plain", "multipart/form-data", ""])
@pytest.mark.parametrize("path", [CAPTURE, EVENTS])
def test_anything_else_is_not(client, headers, media, path):
    before = digest()

    answer = client.post(path, data=json.dumps(document(observed())), headers=headers, content_type=media)

    assert (answer.status_code, problem_of(answer)) == (415, "UnsupportedMediaTypeException")
    assert digest() == before


def test_a_query_document_is_taken_as_well(client, headers):
    event = observed()
    results = {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [event]}}
    body = document(type="EPCISQueryDocument", epcisBody={"queryResults": results})

    job = job_of(client, headers, client.post(CAPTURE, json=body, headers=headers))

    assert (job["stored"], stored_ids()) == (1, [event["eventID"]])


def test_under_rollback_a_taken_identifier_at_the_end_undoes_everything(client, headers):
    taken = observed()
    capture(client, headers, taken)
    before = digest("trace_events", "trace_epcs", "trace_event_epcs", "trace_names", "trace_contexts", "outbox_events")

    answer = capture(client, headers, observed(sgtin(8)), observed(sgtin(9)), taken | {"action": "ADD"})

    job = job_of(client, headers, answer)
    assert (job["running"], job["success"], job["stored"]) == (False, False, 0)
    assert [(error["type"], error["pointer"], error["eventID"]) for error in job["errors"]] == [
        ("epcisException:ResourceAlreadyExistsException", "#/epcisBody/eventList/2", taken["eventID"])
    ]
    assert digest(*before) == before


def test_under_proceed_each_good_event_is_stored_and_exactly_the_others_are_reported(client, headers):
    taken = observed()
    capture(client, headers, taken)
    good, invalid, late = observed(), observed(action="HIDE"), observed(eventTime="2026-07-17T08:00:00Z")

    answer = capture(client, headers | PROCEED, good, invalid, taken | {"action": "ADD"}, late, taken, "no event")

    job = job_of(client, headers, answer)
    assert (job["success"], job["events"], job["stored"], job["duplicates"]) == (False, 6, 1, 1)
    assert [(error["status"], error["pointer"].rpartition("/")[2], error.get("eventID")) for error in job["errors"]] == [
        (400, "1", invalid["eventID"]), (409, "2", taken["eventID"]), (400, "3", late["eventID"]), (400, "5", None),
    ]  # fmt: skip
    assert stored_ids() == [taken["eventID"], good["eventID"]]


def test_under_proceed_a_document_that_is_no_document_is_refused_at_once(client, headers):
    before = digest()

    answer = capture(client, headers | PROCEED, observed(), schemaVersion="two")

    assert (answer.status_code, problem_of(answer)) == (400, "ValidationException")
    assert digest() == before


@pytest.mark.parametrize("behaviour", ["all", "greedy", ""])
def test_there_are_two_error_behaviours(client, headers, behaviour):
    answer = capture(client, headers | {"GS1-Capture-Error-Behaviour": behaviour}, observed())

    assert answer.status_code == 400


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
def test_a_large_document_waits_for_a_worker(client, headers, deliver, behaviour):
    events = [observed(sgtin(n)) for n in range(501)]

    answer = capture(client, headers | {"GS1-Capture-Error-Behaviour": behaviour}, *events)
    waiting = job_of(client, headers, answer)
    deliver()
    done = job_of(client, headers, answer)

    assert (waiting["running"], waiting["success"], waiting["stored"]) == (True, True, 0)
    assert "finishedAt" not in waiting
    assert (done["running"], done["success"], done["stored"], done["errors"]) == (False, True, 501, [])
    assert stored_ids() == [event["eventID"] for event in events]
    assert rows("SELECT payload FROM trace_jobs") == [(None,)]


@pytest.mark.parametrize(("behaviour", "stored", "failed"), [("rollback", 0, 2), ("proceed", 500, 2)])
def test_what_a_worker_cannot_store_is_reported_by_the_job(client, headers, behaviour, stored, failed):
    events = [observed(sgtin(n)) for n in range(502)]
    events[7]["eventTime"] = events[500]["eventTime"] = "2026-07-17T08:00:00Z"

    answer = capture(client, headers | {"GS1-Capture-Error-Behaviour": behaviour}, *events)
    tasks.work_on_jobs()

    job = job_of(client, headers, answer)
    assert (job["running"], job["success"], job["stored"], len(job["errors"])) == (False, False, stored, failed)
    assert [error["pointer"] for error in job["errors"]] == ["#/epcisBody/eventList/7", "#/epcisBody/eventList/500"]
    assert len(stored_ids()) == stored


def test_jobs_are_listed_by_pages_that_new_jobs_do_not_move(client, headers):
    made = [capture(client, headers, observed()).headers["Location"].rpartition("/")[2] for _ in range(5)]

    first = client.get(f"{CAPTURE}?perPage=2", headers=headers)
    capture(client, headers, observed())
    link = first.headers["Link"]
    second = client.get(link[1 : link.index(">")], headers=headers)
    link = second.headers["Link"]
    third = client.get(link[1 : link.index(">")], headers=headers)

    found = [[job["captureID"] for job in page.get_json()] for page in (first, second, third)]
    assert found == [made[:2:-1], made[2:0:-1], made[:1]]
    assert first.headers["GS1-Next-Page-Token-Expires"].endswith("Z")
    assert "Link" not in third.headers


def test_a_page_token_is_good_for_its_owner_only(client, headers, bearer):
    for _ in range(2):
        capture(client, headers, observed())
    link = client.get(f"{CAPTURE}?perPage=1", headers=headers).headers["Link"]

    answer = client.get(link[1 : link.index(">")], headers=bearer(make_member("producer")))

    assert (answer.status_code, problem_of(answer)) == (400, "QueryParameterException")


def test_one_event_is_stored_at_once_and_the_same_again_once(client, headers):
    event = observed()

    first = client.post(EVENTS, json=alone(event), headers=headers)
    again = client.post(EVENTS, json=alone(event), headers=headers)
    other = client.post(EVENTS, json=alone(event | {"action": "ADD"}), headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert (
        first.headers["Location"]
        == again.headers["Location"]
        == f"http://localhost{EVENTS}/{quote(event['eventID'], safe='')}"
    )
    assert (other.status_code, problem_of(other)) == (409, "ResourceAlreadyExistsException")
    assert stored_ids() == [event["eventID"]]


@pytest.mark.parametrize("form", ["Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates"])
@pytest.mark.parametrize("has_id", [True, False])
def test_an_event_that_comes_by_the_other_door_or_as_it_was_answered_is_the_same(client, headers, form, has_id):
    report = {"type": "Temperature", "value": 4.0, "uom": "CEL", "deviceID": "urn:epc:id:giai:4012345.A7"}
    event = observed(
        sgtin(2), "https://id.gs1.org/01/04012345987652/21/1", sensorElementList=[{"sensorReport": [report]}],
        bizTransactionList=[{"type": "po", "bizTransaction": "urn:epc:id:gdti:4012345.00001.9"}], **{"ex:weight": 25.0},
    )  # fmt: skip
    if not has_id:
        del event["eventID"]
    capture(client, headers, event, declared(event))
    before = digest("trace_events", "trace_event_epcs", "trace_contexts")

    answered = client.get(EVENTS, headers={**headers, "GS1-EPC-Format": form}).get_json()
    whole = client.post(CAPTURE, json=answered, headers=headers)
    singly = [client.post(EVENTS, json=alone(each), headers=headers) for each in (event, declared(event))]

    told = job_of(client, headers, whole)
    assert (told["success"], told["stored"], told["duplicates"]) == (True, 0, 2)
    assert [answer.status_code for answer in singly] == [201, 201]
    assert digest(*before) == before


def test_an_event_without_identifier_is_found_by_its_hash(client, headers):
    made = client.post(EVENTS, json=alone(observed(eventID=None)), headers=headers)

    found = client.get(made.headers["Location"], headers=headers).get_json()

    [event] = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert event["eventID"].startswith("ni:///sha-256;")
    assert made.headers["Location"].endswith(quote(event["eventID"], safe=""))


def test_an_event_comes_with_its_declaration(client, headers):
    event = observed()
    capture(client, headers, event, declared(event))

    found = client.get(f"{EVENTS}/{event['eventID']}", headers=headers).get_json()

    listed = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert ["errorDeclaration" in each for each in listed] == [False, True]


def test_a_record_time_that_comes_is_ignored_and_ours_is_sent(client, headers):
    event = observed(recordTime="2020-01-01T00:00:00.000Z")
    capture(client, headers, event)

    found = client.get(f"{EVENTS}/{event['eventID']}", headers=headers).get_json()

    assert found["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["recordTime"] == "2026-07-15T04:00:00.000Z"


@pytest.mark.parametrize(
    ("form", "epcs", "place"),
    [
        (None, ["https://id.gs1.org/01/04012345987652/21/7", "https://id.gs1.org/01/04012345987652/21/8"], "https://id.gs1.org/414/4012345000016"),
        ("Always_GS1_Digital_Link", ["https://id.gs1.org/01/04012345987652/21/7", "https://id.gs1.org/01/04012345987652/21/8"], "https://id.gs1.org/414/4012345000016"),
        ("Always_EPC_URN", [sgtin(7), sgtin(8)], "urn:epc:id:sgln:4012345.00001.0"),
        ("No_Preference", [sgtin(7), "https://id.gs1.org/01/04012345987652/21/8"], "urn:epc:id:sgln:4012345.00001.0"),
        ("Never_Translates", [sgtin(7), "https://id.gs1.org/01/04012345987652/21/8"], "urn:epc:id:sgln:4012345.00001.0"),
    ],
)  # fmt: skip
def test_identifiers_are_written_as_the_client_likes_them(client, headers, form, epcs, place):
    event = observed(sgtin(7), "https://id.gs1.org/01/04012345987652/21/8")
    capture(client, headers, event, observed(sgtin(8)))

    asked = headers | ({"GS1-EPC-Format": form} if form else {})
    found = client.get(f"{EVENTS}/{event['eventID']}", headers=asked).get_json()

    [sent] = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert (sent["epcList"], sent["readPoint"]["id"]) == (epcs, place)


def test_an_aggregation_needs_its_parent_unless_it_only_looks(client, headers):
    refused = capture(client, headers, packed(None, sgtin(1)))
    taken = capture(client, headers, packed(None, sgtin(1), action="OBSERVE"))

    assert (refused.status_code, problem_of(refused), taken.status_code) == (400, "ValidationException", 202)


def test_an_event_more_than_a_day_ahead_is_refused(client, headers):
    ahead = capture(client, headers, observed(), observed(eventTime="2026-07-16T04:00:01Z"))
    tomorrow = capture(client, headers, observed(eventTime="2026-07-16T04:00:00Z"))

    assert (ahead.status_code, problem_of(ahead), tomorrow.status_code) == (400, "ValidationException", 202)
    assert json.loads(ahead.get_data())["errors"][0]["pointer"] == "#/epcisBody/eventList/1/eventTime"


def test_master_data_of_the_header_is_kept_the_last_word_counting(client, headers):
    def header(name):
        site = {"id": "urn:epc:id:sgln:4012345.00001.0", "attributes": [{"id": "cbvmda:name", "attribute": name}],
                "children": ["urn:epc:id:sgln:4012345.00002.0"]}  # fmt: skip
        vocabulary = {"type": "urn:epcglobal:epcis:vtype:BusinessLocation", "vocabularyElementList": [site]}
        return {"epcisMasterData": {"vocabularyList": [vocabulary]}}

    capture(client, headers, observed(), epcisHeader=header("old"))
    capture(client, headers | PROCEED, observed(), epcisHeader=header("Barn"))

    assert rows("SELECT uri, attributes, children FROM trace_master_data") == [
        (
            "https://id.gs1.org/414/4012345000016",
            [{"id": "urn:epcglobal:cbv:mda:name", "attribute": "Barn"}],
            ["https://id.gs1.org/414/4012345000023"],
        )
    ]


def test_another_organisations_events_and_jobs_are_not_there(client, headers, bearer):
    event = observed()
    job = capture(client, headers, event).headers["Location"]
    stranger = bearer(make_member("producer"))

    for address in (job, f"{EVENTS}/{event['eventID']}"):
        answer = client.get(address, headers=stranger)
        assert (answer.status_code, problem_of(answer)) == (404, "NoSuchResourceException")
    assert client.get(CAPTURE, headers=stranger).get_json() == []


def test_who_was_given_the_goods_reads_the_events_that_name_them(client, headers, bearer):
    about, other = observed(sgtin(7)), observed(sgtin(8))
    capture(client, headers, about, other)
    buyer = make_member("institution")
    [(epc_id, writer)] = rows("""SELECT e.id, (SELECT organisation_id FROM trace_jobs) FROM trace_epcs e
                                 WHERE captured = :urn""", urn=sgtin(7))  # fmt: skip
    with transaction():
        db.session.add(
            TraceGrant(organisation_id=buyer.organisation_id, epc_id=epc_id, granted_at=NOON, granted_by=writer, reason="order")
        )  # fmt: skip

    seen = [client.get(f"{EVENTS}/{event['eventID']}", headers=bearer(buyer)).status_code for event in (about, other)]

    assert seen == [200, 404]


def test_officials_see_the_events_of_their_county_and_the_operator_all(client, bearer):
    with transaction():
        organisation = make_organisation("producer", division_code="620421")
    here = make_member("producer", organisation=organisation)
    event = observed()
    capture(client, bearer(here), event)
    own, elsewhere = officials("620421")[0], officials("120101")[0]
    operator = make_member("operator", "operator_auditor")

    seen = [
        client.get(f"{EVENTS}/{event['eventID']}", headers=bearer(actor)).status_code
        for actor in (own, elsewhere, operator)
    ]

    assert seen == [200, 404, 200]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", CAPTURE, "trace:read"), ("GET", CAPTURE, "trace:read"), ("POST", EVENTS, "trace:read"),
        ("GET", f"{EVENTS}/urn:x:1", "trace:capture"), ("GET", "/epcis/", "trace:capture"),
    ],
)  # fmt: skip
def test_a_token_does_what_its_scopes_allow(client, bearer, method, path, scope):
    headers = bearer(make_member("producer"), scope)

    answer = client.open(path, method=method, json=document(observed()) if method == "POST" else None, headers=headers)
    nobody = client.open(path, method=method)

    assert (answer.status_code, problem_of(answer)) == (403, "SecurityException")
    assert (nobody.status_code, problem_of(nobody)) == (401, "SecurityException")


def test_a_session_cookie_is_no_key_to_the_interface(client, login):
    answer = login(make_member("producer")).get(CAPTURE)

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/epcis/", CAPTURE, f"{CAPTURE}/x", EVENTS, f"{EVENTS}/ni:///sha-256;x"])
def test_every_resource_tells_what_it_can_do(client, session, path):
    answer = client.options(path)

    assert answer.status_code == 204
    told = {name: answer.headers[name] for name in ("GS1-EPCIS-Version", "GS1-EPCIS-Min", "GS1-CBV-Max")}
    assert set(told.values()) == {"2.0"}
    assert "Always_EPC_URN" in answer.headers["GS1-EPC-Format"]
    assert answer.headers["Duikou-Not-Supported"] == "xml, soap, websocket"
    assert answer.headers["Allow"].endswith("OPTIONS")


def test_the_limits_of_a_capture_are_told(client, session):
    answer = client.options(CAPTURE)

    assert answer.headers["GS1-EPCIS-Capture-Limit"] == "10000"
    assert answer.headers["GS1-EPCIS-Capture-File-Size-Limit"] == "20971520"
    assert answer.headers["GS1-Capture-Error-Behaviour"] == "all"
    assert answer.headers["Allow"] == "GET, POST, OPTIONS"


@pytest.mark.parametrize(
    ("name", "asked", "status"),
    [
        ("GS1-EPCIS-Min", "2.0", 200), ("GS1-EPCIS-Min", "2.1", 406), ("GS1-EPCIS-Max", "1.2", 406),
        ("GS1-EPCIS-Max", "2.0.0", 200), ("GS1-CBV-Min", "3", 406), ("GS1-CBV-Max", "2", 200), ("GS1-EPCIS-Min", "x", 406),
        ("GS1-EPCIS-Version", "1.2", 406), ("Accept", "application/xml", 406), ("Accept", "application/xml, */*;q=0.1", 200),
        ("Accept", "application/ld+json", 200), ("GS1-EPC-Format", "Sometimes", 406),
        ("Accept", "application/json; charset=utf-8", 200), ("Accept", 'application/ld+json;profile="x", text/html;q=0.1', 200),
        ("Accept", "application/json;profile=https://example.com/p", 200), ("Accept", "text/html; charset=utf-8", 406),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_not_acceptable(client, headers, name, asked, status):
    event = observed()
    capture(client, headers, event)

    answer = client.get(f"{EVENTS}/{event['eventID']}", headers=headers | {name: asked})

    assert answer.status_code == status
    if status == 406:
        assert problem_of(answer) == "NotAcceptableException"
    elif name == "Accept":
        assert answer.content_type == ("application/ld+json" if "ld+json" in asked else "application/json")


def test_the_first_address_lists_the_resources(client, headers):
    found = client.get("/epcis/", headers=headers).get_json()

    assert (found["type"], found["member"][:2], len(found["member"])) == ("Collection", ["capture", "events"], 9)


def test_what_is_not_there_is_no_resource(client, headers):
    for path in ("/epcis/nothing", f"{CAPTURE}/7", f"{EVENTS}/urn:uuid:none"):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, problem_of(answer)) == (404, "NoSuchResourceException")


def test_a_membership_that_ends_ends_its_jobs(client, bearer):
    member = make_member("producer")
    headers = bearer(member)
    answer = capture(client, headers, *(observed(sgtin(n)) for n in range(501)))
    with transaction():
        db.session.execute(
            db.text("UPDATE memberships SET valid_to = :day WHERE id = :id"),
            {"day": date(2026, 7, 14), "id": member.membership_id},
        )

    tasks.work_on_jobs()

    assert rows("SELECT failed, stored, finished_at IS NULL FROM trace_jobs") == [(501, 0, False)]
    assert answer.status_code == 202
    assert stored_ids() == []


def test_a_job_that_kills_every_worker_is_given_up(client, headers):
    answer = capture(client, headers, *(observed(sgtin(n)) for n in range(501)))
    with transaction():
        db.session.execute(db.text("UPDATE trace_jobs SET tries = 5"))

    tasks.work_on_jobs()

    job = job_of(client, headers, answer)
    assert (job["running"], job["success"], job["stored"]) == (False, False, 0)
    assert [error["type"] for error in job["errors"]] == ["epcisException:ImplementationException"]


def test_a_job_that_is_given_up_under_proceed_names_every_event_that_is_not_stored(client, headers):
    events = [observed(sgtin(n)) for n in range(503)]
    del events[502]["eventID"]
    answer = capture(client, headers | PROCEED, *events)
    with transaction():
        db.session.execute(db.text("UPDATE trace_jobs SET tries = 5, done = 500, stored = 500"))

    tasks.work_on_jobs()

    job = job_of(client, headers, answer)
    assert (job["running"], job["success"], job["stored"]) == (False, False, 500)
    assert [(error["status"], error["pointer"], error.get("eventID")) for error in job["errors"]] == [
        (500, f"#/epcisBody/eventList/{place}", event.get("eventID")) for place, event in enumerate(events) if place >= 500
    ]  # fmt: skip


def test_a_document_that_kills_whoever_reads_it_is_not_read_to_name_its_events(client, headers):
    answer = capture(client, headers | PROCEED, *(observed(sgtin(n)) for n in range(501)))
    with transaction():
        db.session.execute(db.text("UPDATE trace_jobs SET tries = 6, payload = 'no document'"))

    tasks.work_on_jobs()

    job = job_of(client, headers, answer)
    assert (job["running"], job["success"], job["stored"], len(job["errors"])) == (False, False, 0, 1)


def test_a_pallet_that_comes_by_digital_link_is_the_one_that_came_as_urn(client, headers):
    capture(client, headers, packed(sscc(1), sgtin(1)))
    link = rows("SELECT uri FROM trace_epcs WHERE captured = :urn", urn=sscc(1))[0][0]

    capture(client, headers, packed(link, sgtin(1), action="DELETE", at="2026-07-14T09:00:00Z"))

    assert rows("SELECT upper_inf(during) FROM trace_containments") == [(False,)]


def test_what_a_list_of_jobs_is_asked_wrongly_is_a_wrong_parameter(client, headers):
    asked = [
        client.get(f"{CAPTURE}?{query}", headers=headers) for query in ("perPage=x", "perPage=0", "nextPageToken=x")
    ]

    assert [(answer.status_code, problem_of(answer), answer.get_json()["parameter"]) for answer in asked] == [
        (400, "QueryParameterException", name) for name in ("perPage", "perPage", "nextPageToken")
    ]  # fmt: skip


def test_an_address_that_is_too_long_is_refused_as_such(client, headers):
    answer = client.get(f"{EVENTS}?EQ_eventID={'x' * 65_536}", headers=headers)

    assert (answer.status_code, problem_of(answer)) == (414, "URITooLongException")


def test_how_xml_would_write_words_is_announced_and_taken_and_nothing_else(client, headers):
    told = client.options(EVENTS).headers["GS1-CBV-XML-Format"]
    answers = [
        client.get(EVENTS, headers={**headers, "GS1-CBV-XML-Format": form})
        for form in (*told.split(", "), "ALWAYS_URN", "x")
    ]

    assert told == "No_Preference, Always_Web_URI, Always_URN, Never_Translates"
    assert [answer.status_code for answer in answers] == [200] * 5 + [406]
    assert problem_of(answers[-1]) == "NotAcceptableException"


def test_identifiers_of_devices_and_raw_data_are_written_as_asked_and_traces_too(client, headers):
    device, data = "urn:epc:id:giai:4012345.A7", "urn:epc:id:gdti:4012345.00001.9"
    report = {"type": "Temperature", "uom": "CEL", "value": 4, "deviceID": device}
    element = {"sensorMetadata": {"deviceID": device, "rawData": data}, "sensorReport": [report]}
    capture(client, headers, observed(sgtin(7), sensorElementList=[element]))
    trace = f"/api/v1/trace/{quote(sgtin(7), safe='')}?direction=up"

    def of(answer):
        found = answer.get_json()
        [event] = found.get("events", found)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        [told] = event["sensorElementList"]
        return (
            event["epcList"][0],
            told["sensorMetadata"]["deviceID"],
            told["sensorMetadata"]["rawData"],
            told["sensorReport"][0]["deviceID"],
        )

    links = (
        "https://id.gs1.org/01/04012345987652/21/7", "https://id.gs1.org/8004/4012345A7",
        "https://id.gs1.org/253/40123450000169", "https://id.gs1.org/8004/4012345A7",
    )  # fmt: skip
    urns = (sgtin(7), device, data, device)
    assert of(client.get(EVENTS, headers=headers)) == links
    assert of(client.get(EVENTS, headers={**headers, "GS1-EPC-Format": "Never_Translates"})) == urns
    assert of(client.get(trace, headers=headers)) == urns
    assert of(client.get(trace, headers={**headers, "GS1-EPC-Format": "Always_GS1_Digital_Link"})) == links
    assert client.get(trace, headers={**headers, "GS1-EPC-Format": "x"}).status_code == 406
