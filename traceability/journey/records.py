"""What producers record of the state of goods, written as events: tests and temperatures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots.batches.models import Batch
from catalog.lots.models import Lot
from catalog.lots.records import temperatures
from catalog.lots.records.models import Passage, TemperatureRecord, TestReport
from catalog.lots.records.subjects import subject_of
from catalog.products.numbers import product_number
from shop.db import db
from shop.files.models import StoredFile
from shop.identity.models import Organisation
from traceability.journey import acts, described, events, names, writing
from traceability.journey.goods import lots_of
from traceability.journey.sensing import Seen, temperature_seen
from traceability.repository.storing import Writer

#: What goods' events the market wrote of a record. What has a name of its own is found by that alone.
_WRITTEN = text("""
    SELECT DISTINCT e.event_id, e.organisation_id, e.county_code, e.document
    FROM trace_epcs p JOIN trace_event_epcs x ON x.epc_id = p.id JOIN trace_events e ON e.id = x.event_id
    WHERE p.uri = :uri AND e.is_market AND NOT e.is_declaration
      AND (e.event_id = :name
           OR (:said <> '{}' AND e.event_id NOT LIKE 'urn:uuid:%' AND e.document @> cast(:said AS jsonb)))""")


class RecordUntold(LookupError):
    """What is taken back has not been told yet; the delivery is tried again."""


def take_test(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write that goods were tested; a repeat changes nothing."""
    at, producer = datetime.fromisoformat(told["recorded_at"]), UUID(told["producer_id"])
    write(events.tested(uri_of(told), told, at=at, producer=producer), told, recorded_at)


def take_temperatures(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write what a logger saw; a repeat changes nothing."""
    query = select(TemperatureRecord).where(TemperatureRecord.public_id == UUID(told["record_id"]))
    log = temperatures.read_again(db.session.scalars(query).one())
    readings = [Seen(each.at, each.celsius) for each in log.readings]
    event = temperature_seen(uri_of(told), told, readings, producer=UUID(told["producer_id"]))
    write(event, told, recorded_at)


def take_passage(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write where goods were on their way; a repeat changes nothing."""
    key = write(events.passed(uri_of(told), told), told, recorded_at)
    described.keep_place(key, told["producer_id"], told["place"], at=recorded_at)


def take_back_passage(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Declare the event of a passage wrong that was taken back; a repeat changes nothing.

    :raises RecordUntold: if it was not written yet.
    """
    declare(Passage, told["passage_id"], {}, told, recorded_at)


def take_back_test(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Declare the event of a test wrong whose report was taken back; a repeat changes nothing.

    :raises RecordUntold: if it was not written yet.
    """
    said = {"certificationInfo": [names.uuid_uri(told["report_id"])]}
    declare(TestReport, told["report_id"], said, told, recorded_at)


def take_back_temperatures(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Declare the event of a logger's file wrong that was taken back; a repeat changes nothing.

    :raises RecordUntold: if it was not written yet.
    """
    file = select(StoredFile.public_id).join(TemperatureRecord, TemperatureRecord.file_id == StoredFile.id)
    file_id = db.session.scalars(file.where(TemperatureRecord.public_id == UUID(told["record_id"]))).one()
    said = {"sensorElementList": [{"sensorMetadata": {"rawData": names.uuid_uri(file_id)}}]}
    declare(TemperatureRecord, told["record_id"], said, told, recorded_at)


def declare(
    table: Any, record_id: str, said: Mapping[str, Any], told: Mapping[str, Any], recorded_at: datetime
) -> None:
    """Declare wrong what the market wrote of a record: named by it, or found among the events of its goods."""
    record = db.session.scalars(select(table).where(table.public_id == UUID(record_id))).one()
    kind, thing_id = subject_of(record)
    uri = uri_of({"lot_id": None, "batch_id": None, f"{kind}_id": str(thing_id)})
    rows = db.session.execute(_WRITTEN, {"uri": uri, "said": json.dumps(said), "name": names.uuid_uri(record_id)}).all()
    if not rows:
        raise RecordUntold(record_id)
    for event_id, organisation_id, county, document in rows:
        event = {**document, "eventID": event_id}
        at = datetime.fromisoformat(told["occurred_at"])
        wrong = acts.declared_wrong(event, at, "incorrect_data")
        writing.write([wrong], Writer(organisation_id, county), at=recorded_at)


def write(event: events.Event, told: Mapping[str, Any], recorded_at: datetime) -> int:
    """Write an event in the name of who recorded it; returned is the key of the producer, who reads it as its own."""
    key = _key_of(told["producer_id"])
    keeper = told.get("keeper_id")
    writing.write([event], Writer(_key_of(keeper) if keeper else key, told["county"]), at=recorded_at)
    uri = event["quantityList"][0]["epcClass"]
    writing.grant(key, [uri], by=key, reason="own", ref=None, at=recorded_at)
    return key


def _key_of(public_id: str) -> int:
    return db.session.scalars(select(Organisation.id).where(Organisation.public_id == UUID(public_id))).one()


def uri_of(told: Mapping[str, Any]) -> str:
    """Return what events call the batch or lot that a record is about."""
    if told["lot_id"]:
        key = db.session.scalars(select(Lot.id).where(Lot.public_id == UUID(told["lot_id"]))).one()
        return lots_of([key])[key].uri
    row = db.session.execute(
        select(Batch.id, Batch.code, Batch.product_id).where(Batch.public_id == UUID(told["batch_id"]))
    ).one()
    return names.batch_uri(product_number(row.product_id), row.code, row.id)
