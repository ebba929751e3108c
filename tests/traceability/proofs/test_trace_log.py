"""The log of events: each a leaf, in the order of transactions; changed or removed ones are named by the monitor."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from shop import clock
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity import services as identity
from shop.translog.registry import get_source
from shop.translog.sealing import seal_log
from tests.conftest import NOON, count
from tests.factories import make_member, make_producer
from tests.traceability.events import declared, large, lot, observed, packed, sgtin, sscc, store
from tests.traceability.logged import settled
from traceability.proofs.source import key_of, read
from traceability.repository.storing import Writer

pytestmark = pytest.mark.committed


def kept(make: Callable[[], Actor]) -> Actor:
    with transaction():
        return make()


@pytest.fixture
def producer(committed_app) -> Actor:
    return kept(make_producer)


@pytest.fixture
def writer(producer) -> Writer:
    return Writer(producer.organisation_id, "620421")


def header(actor: Actor) -> dict[str, str]:
    with transaction():
        issued = identity.issue_token(actor.membership_id, "test", ("*",), at=clock.real_now())
    return {"Authorization": f"Bearer {issued.secret}"}


def entries() -> list[dict[str, Any]]:
    found = [
        json.loads(bytes(row[0]))
        for row in db.session.execute(text("SELECT entry FROM log_leaves ORDER BY leaf_index"))
    ]
    db.session.rollback()
    return found


def tamper(table: str, statement: str) -> None:
    """Do as the tables' owner could."""
    with transaction():
        db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        db.session.execute(text(statement))
        db.session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def monitor(app: Flask) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["log", "monitor", "trace"])
    return done.exit_code, done.stderr


def test_an_event_and_its_declaration_are_leaves_that_tell_when_but_neither_who_nor_what(
    committed_app, producer, writer
):
    event = observed(sgtin(1))
    store(writer, event)
    store(writer, declared(event))
    settled(2)

    first, second = entries()

    assert first == {
        "v": 1, "log": "trace", "event": event["eventID"], "declaration": False, "hash": first["hash"],
        "recorded_at": "2026-07-15T04:00:00+00:00", "commitment": first["commitment"],
    }  # fmt: skip
    assert (second["declaration"], second["previous"]) == (True, first["hash"])
    assert first["hash"].startswith("ni:///sha-256;")
    published = committed_app.test_client().get("/log/trace/tile/entries/000.p/2")
    assert published.data.count(b"recorded_at") == 2
    assert str(producer.organisation_public_id).encode() not in published.data
    assert monitor(committed_app) == (0, "")


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("trace_events", """UPDATE trace_events SET document = jsonb_set(document, '{action}', '"ADD"') WHERE event_id = '%s'"""),
        ("trace_events", "UPDATE trace_events SET event_time = event_time + interval '1 hour' WHERE event_id = '%s'"),
        ("trace_events", "UPDATE trace_events SET biz_step = 'https://ref.gs1.org/cbv/BizStep-x' WHERE event_id = '%s'"),
        ("trace_events", "UPDATE trace_events SET is_market = true WHERE event_id = '%s'"),
        ("trace_event_epcs", "UPDATE trace_event_epcs n SET quantity = 7 FROM trace_events e WHERE e.id = n.event_id AND e.event_id = '%s'"),
        ("trace_event_epcs", "DELETE FROM trace_event_epcs n USING trace_events e WHERE e.id = n.event_id AND e.event_id = '%s'"),
    ],
)  # fmt: skip
def test_an_event_that_was_changed_is_named(committed_app, writer, table, statement):
    element = {"epcClass": lot("A"), "quantity": 12.5, "uom": "KGM"}
    events = [observed(sgtin(1)), observed(sgtin(2), quantityList=[element]), packed(sscc(1), sgtin(1))]
    for event in events:
        store(writer, event)
    settled(3)
    tamper(table, statement % events[1]["eventID"])

    assert monitor(committed_app) == (
        1, f"trace: leaf 1: {events[1]['eventID']} is not what was logged (commitment differs)\n")  # fmt: skip


def test_an_event_that_was_removed_is_named(committed_app, writer):
    events = [observed(sgtin(number)) for number in range(3)]
    store(writer, *events)
    settled(3)
    tamper("trace_events", f"DELETE FROM trace_events WHERE event_id = '{events[2]['eventID']}'")

    code, err = monitor(committed_app)

    assert code == 1
    assert err.endswith(f"{events[2]['eventID']} was logged and is gone\n")


def test_an_event_given_to_another_writer_is_named(committed_app, writer):
    event = observed(sgtin(1))
    store(writer, event)
    settled(1)
    other = kept(make_producer).organisation_id
    tamper("trace_events", f"UPDATE trace_events SET organisation_id = {other}")

    assert monitor(committed_app) == (
        1, f"trace: leaf 0: {event['eventID']} is not what was logged (commitment differs)\n")  # fmt: skip


def test_what_a_slower_transaction_commits_later_is_logged_later_and_never_missed(committed_app, writer):
    stored, go = threading.Event(), threading.Event()
    slow, quick = observed(sgtin(1)), observed(sgtin(2))

    def wait_and_commit() -> None:
        with committed_app.app_context(), clock.stopped_at(NOON), transaction():
            db.session.execute(text("SELECT pg_current_xact_id()"))
            stored.set()
            go.wait(60)
            db.session.execute(_COPY, {"id": slow["eventID"], "of": quick["eventID"]})

    thread = threading.Thread(target=wait_and_commit, daemon=True)
    thread.start()
    assert stored.wait(60)
    store(writer, quick)
    seal_log("trace")
    assert count("log_leaves") == 0
    db.session.rollback()
    go.set()
    thread.join(60)
    settled(2)

    assert [entry["event"] for entry in entries()] == [slow["eventID"], quick["eventID"]]
    assert monitor(committed_app)[0] == 0


_COPY = text("""
    INSERT INTO trace_events (event_id, is_declaration, type, action, event_time, record_time, tz_offset, has_sensors,
                              organisation_id, county_code, hash_id, context_id, document, content_sha256)
    SELECT :id, is_declaration, type, action, event_time, record_time, tz_offset, has_sensors, organisation_id, county_code,
           hash_id, context_id, document, content_sha256 FROM trace_events WHERE event_id = :of""")


_COPY_AT = text(str(_COPY).replace("content_sha256)", "content_sha256, xid)").replace(
    "content_sha256 FROM", "content_sha256, cast(:xid AS xid8) FROM"))  # fmt: skip


def test_an_event_slipped_in_beside_the_order_is_logged_and_with_triggers_off_named(committed_app, writer):
    event, early, late = observed(sgtin(1)), observed(sgtin(2)), observed(sgtin(3))
    store(writer, event)
    for each, xid in ((early, "0"), (late, str(2**60))):
        with transaction():
            db.session.execute(_COPY_AT, {"id": each["eventID"], "of": event["eventID"], "xid": xid})
    settled(3)
    assert [entry["event"] for entry in entries()] == [each["eventID"] for each in (event, early, late)]

    hidden = {
        "urn:uuid:00000000-0000-4000-8000-000000000001": "0",
        "urn:uuid:00000000-0000-4000-8000-000000000002": str(2**60),
    }
    with transaction():
        db.session.execute(text("ALTER TABLE trace_events DISABLE TRIGGER USER"))
        for name, xid in hidden.items():
            db.session.execute(_COPY_AT, {"id": name, "of": event["eventID"], "xid": xid})
        db.session.execute(text("ALTER TABLE trace_events ENABLE TRIGGER USER"))

    code, err = monitor(committed_app)
    assert code == 1
    assert err.splitlines() == [
        f"trace: {name} is there and can never be logged: its transaction is said to be {xid}"
        for name, xid in hidden.items()
    ]


def test_edges_of_transformations_that_no_event_tells_are_named(committed_app, writer):
    flour, bread, kept_out = (
        transformed([sgtin(number)], [sgtin(number + 1)], output=[lot(number)]) for number in (1, 3, 5)
    )
    store(writer, flour, bread, kept_out)
    store(writer, declared(kept_out))
    settled(4)
    assert monitor(committed_app) == (0, "")

    of = "(SELECT id FROM trace_events WHERE event_id = '%s' AND NOT is_declaration)"
    with transaction():
        for statement in (
            f"DELETE FROM trace_transforms WHERE event_id = {of % flour['eventID']} AND is_output",
            f"UPDATE trace_transforms SET withdrawn_by = 1 WHERE event_id = {of % bread['eventID']} AND NOT is_output",
            f"UPDATE trace_transforms SET withdrawn_by = NULL WHERE event_id = {of % kept_out['eventID']}",
            "INSERT INTO trace_transforms (event_id, ordinal, epc_id, is_output) VALUES (99, 0, 1, true)",
        ):
            db.session.execute(text(statement))

    code, err = monitor(committed_app)
    assert code == 1
    assert sorted(err.splitlines()) == sorted(
        f"trace: {event}: {edges} of its inputs and outputs are not kept as the event tells them"
        for event, edges in (
            (flour["eventID"], 2), (bread["eventID"], 1), (kept_out["eventID"], 3), ("no event 99", 1),
        )
    )  # fmt: skip


def test_lots_of_packs_that_no_event_tells_are_named(committed_app, writer):
    def numbered(serial: int, number: str) -> dict[str, Any]:
        return observed(sgtin(serial), action="ADD", ilmd={"cbvmda:lotNumber": number, "ex:more": "x"})

    lost, moved, gained, plain = numbered(1, "A"), numbered(2, "B"), observed(sgtin(3)), numbered(4, "C")
    store(writer, lost, moved, gained, plain, observed(sgtin(5), action="ADD", ilmd={"ex:more": "x"}))
    store(writer, declared(plain))
    settled(6)
    assert monitor(committed_app) == (0, "")

    of = "(SELECT id FROM trace_events WHERE event_id = '%s' AND NOT is_declaration)"
    other = "(SELECT lot_id FROM trace_event_lots WHERE event_id = %s)" % (of % plain["eventID"])
    for statement in (
        f"DELETE FROM trace_event_lots WHERE event_id = {of % lost['eventID']}",
        f"UPDATE trace_event_lots SET lot_id = {other} WHERE event_id = {of % moved['eventID']}",
        f"INSERT INTO trace_event_lots VALUES ({of % gained['eventID']}, {other})",
        "INSERT INTO trace_event_lots VALUES (99999, 1), (99999, 2)",
    ):
        tamper("trace_event_lots", statement)

    code, err = monitor(committed_app)
    assert code == 1
    assert err.splitlines() == [
        *(f"trace: {each['eventID']}: the lots of its packs are not kept as the event tells them" for each in (lost, moved, gained)),
        "trace: no event 99999: 2 lots are kept as those of its packs",
    ]  # fmt: skip


def transformed(inputs: list[str], outputs: list[str], output: list[str]) -> dict[str, Any]:
    return {
        "type": "TransformationEvent", "eventTime": "2026-07-14T08:00:00Z", "eventTimeZoneOffset": "+08:00",
        "eventID": observed()["eventID"], "inputEPCList": inputs, "outputEPCList": outputs,
        "outputQuantityList": [{"epcClass": each, "quantity": 2.5, "uom": "KGM"} for each in output],
    }  # fmt: skip


def test_large_numbers_are_logged_as_the_canonical_form_knows_them(committed_app, writer):
    store(writer, observed(sgtin(1), **{"ex:large": 2**70, "ex:small": -0.5, "ex:list": [1, True, None]}))
    settled(1)

    [record] = get_source("trace").read(0, 10).records

    assert record.facts is not None
    assert record.facts["event"]["ex:large"] == float(2**70)
    assert record.facts["event"]["ex:list"] == [1, True, None]
    db.session.rollback()


def test_a_batch_ends_with_a_whole_transaction(committed_app, writer):
    store(writer, *(observed(sgtin(number)) for number in range(5)))
    store(writer, observed(sgtin(9)))
    settled(6)

    batch = read(0, 2)
    rest = read(batch.place, 2)
    empty = read(rest.place, 2)

    assert (len(batch.records), len(rest.records), len(empty.records)) == (5, 1, 0)
    assert empty.place == rest.place
    db.session.rollback()


def test_a_log_that_is_ahead_of_its_server_misses_nothing_in_silence(committed_app, writer):
    store(writer, observed(sgtin(1)))
    settled(1)
    with transaction():
        db.session.execute(text("UPDATE log_marks SET place = 1000000000000"))
    store(writer, observed(sgtin(2)))

    done = committed_app.test_cli_runner().invoke(args=["log", "seal", "trace"])

    assert (done.exit_code, count("log_leaves")) == (3, 1)
    assert "事务编号" in done.stderr
    db.session.rollback()


def receipt(client: FlaskClient, event: dict[str, Any], actor: Actor, **query: str) -> Any:
    return client.get(
        "/api/v1/trace/receipts", query_string={"event": event["eventID"], **query}, headers=header(actor)
    )


def test_an_event_s_receipt_is_for_its_writer_and_is_proved_offline(committed_app, producer, writer, tmp_path):
    event = observed(sgtin(1))
    store(writer, event)
    store(writer, declared(event))
    settled(2)
    client = committed_app.test_client()
    path = tmp_path / "event.tlog-proof"

    answer = receipt(client, event, producer)
    path.write_bytes(answer.data)
    key = client.get("/log/trace/key").text.strip()
    done = committed_app.test_cli_runner().invoke(args=["receipt", "verify", str(path), "--key", key])
    entry, facts, _words = done.stdout.splitlines()

    assert (answer.status_code, done.exit_code) == (200, 0)
    assert json.loads(entry)["event"] == event["eventID"]
    assert {**json.loads(facts)["event"], "eventID": event["eventID"]} == event
    assert json.loads(facts)["party"] == str(producer.organisation_public_id)
    assert json.loads(facts)["names"] == [[1, "https://id.gs1.org/01/04012345987652/21/1", None, None]]
    declaration = receipt(client, event, producer, declaration="true")
    assert declaration.headers["Content-Disposition"] == 'attachment; filename="trace-1.tlog-proof"'


def test_another_s_event_has_no_receipt(committed_app, writer):
    event = observed(sgtin(1))
    store(writer, event)
    settled(1)
    client = committed_app.test_client()
    stranger = kept(make_producer)

    refused, unknown = receipt(client, event, stranger), receipt(client, observed(), stranger)

    assert (refused.status_code, refused.json["type"]) == (404, "/problems/no-such-trace-event")
    assert (unknown.status_code, unknown.json["type"]) == (404, "/problems/no-such-trace-event")
    assert receipt(client, event, kept(lambda: make_member("producer", "producer_finance"))).status_code == 403
    assert client.get("/api/v1/trace/receipts?event=x").status_code == 401
    assert client.get("/api/v1/trace/receipts", headers=header(stranger)).status_code == 422


def test_keys_of_an_event_and_its_declaration_differ():
    assert key_of("urn:x", is_declaration=True) != key_of("urn:x", is_declaration=False)


def test_a_batch_of_large_events_ends_early_and_all_are_logged(committed_app, writer):
    for first in range(0, 24, 4):
        store(writer, *(large(sgtin(n)) for n in range(first, first + 4)))
    settled(24)

    batches, after = [], 0
    while records := (batch := read(after, 2_000)).records:
        batches.append(len(records))
        after = batch.place
    db.session.rollback()

    assert batches == [20, 4]
    assert monitor(committed_app) == (0, "")
