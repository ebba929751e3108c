"""Rules of the platform beyond the standard: whose goods an event may name, how late it may be, how long its words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from catalog.producers.queries import producers_of
from catalog.products.numbers import is_own, owners_of
from shop import clock
from shop.auth import Actor
from shop.db import fetch
from shop.pipelining import Statement
from traceability.repository.drafts import Draft
from traceability.repository.fields import MADE_ITEMS
from traceability.repository.refusals import EpcisRefusal, EventIdTaken, ForeignKey, NotValid, NotYoursToTakeBack
from traceability.standard.faults import Fault
from traceability.standard.links import CANONICAL

#: Clocks differ, and a day has begun elsewhere.
MOST_AHEAD = timedelta(days=1)
#: How identifiers of events end that the market alone gives.
RESERVED = "&by=market"
#: Bytes of one event as it is kept: answers, messages and logs hold hundreds of them.
MAX_EVENT_BYTES = 1_000_000
#: Bytes of a text that is found by an index.
LONGEST = 2000
_GTIN = f"{CANONICAL}01/"
_DIGITS = 14
_UUID = "urn:uuid:"
_ACT = re.compile(_UUID + r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: Acts and records whose events the market has not written yet; afterwards the event itself has the identifier.
_ACTS = Statement("""
    SELECT cast(t.public_id AS text)
    FROM (SELECT public_id FROM batch_acts UNION ALL SELECT public_id FROM passages
          UNION ALL SELECT public_id FROM temperature_records) t
    WHERE t.public_id = ANY (cast(:ids AS uuid[]))""")
_MARKETS = Statement("""
    SELECT event_id FROM trace_events
    WHERE is_market AND NOT is_declaration AND event_id = ANY (cast(:ids AS text[]))""")
_GIVEN = Statement("""
    SELECT e.uri FROM trace_grants g JOIN trace_epcs e ON e.id = g.epc_id
    WHERE g.organisation_id = :organisation AND e.uri = ANY (cast(:uris AS text[]))""")

#: Packs that whoever makes the goods put into a lot which was given.
_OF_GIVEN_LOTS = Statement(f"""
    SELECT e.uri FROM trace_epcs e
    JOIN trace_event_epcs n ON n.epc_id = e.id AND n.role IN {tuple(map(int, MADE_ITEMS))}
    JOIN trace_event_lots l ON l.event_id = n.event_id
    JOIN trace_grants g ON g.epc_id = l.lot_id AND g.organisation_id = :organisation
    JOIN trace_epcs t ON t.id = l.lot_id AND left(t.uri, {len(_GTIN) + _DIGITS}) = left(e.uri, {len(_GTIN) + _DIGITS})
    JOIN trace_events v ON v.id = l.event_id AND (v.is_market OR trace_is_maker(v.organisation_id, e.id))
    WHERE e.uri = ANY (cast(:uris AS text[])) AND NOT EXISTS (
        SELECT FROM trace_events d WHERE d.event_id = v.event_id AND d.is_declaration
          AND d.organisation_id = v.organisation_id AND (d.is_market OR NOT v.is_market))""")


def refusals_of(drafts: Sequence[Draft], actor: Actor, base: str, *, at: datetime) -> dict[int, EpcisRefusal]:
    """Return why events are refused, by their places in the document; empty if none is.

    :param base: pointer to the list of events; an event that stands alone has place 0 and no list.
    """
    found: dict[int, EpcisRefusal] = {}
    foreign, market, reserved = _foreign(drafts, actor, at), _of_market(drafts), _reserved(drafts)
    for draft in drafts:
        pointer = f"{base}/{draft.place}" if base else ""
        if faults := list(_faults_of(draft, pointer, at)):
            found[draft.place] = NotValid(faults)
        elif draft.is_declaration and draft.event_id in market:
            detail = f"{draft.event_id} was written by the market; what it tells is undone there."
            found[draft.place] = _refusal(NotYoursToTakeBack, pointer, detail)
        elif draft.event_id in reserved:
            found[draft.place] = _refusal(
                EventIdTaken, pointer, f"{draft.event_id} is the identifier of another event."
            )
        elif foreign and (uris := [each.captured for each in draft.named if each.uri in foreign]):
            errors = [{"pointer": f"#{pointer}", "detail": f"{uri} belongs to another organisation."} for uri in uris]
            found[draft.place] = ForeignKey(f"{uris[0]} is registered to another organisation.", errors=errors)
    return found


def _refusal(kind: type[EpcisRefusal], pointer: str, detail: str) -> EpcisRefusal:
    return kind(detail, errors=[{"pointer": f"#{pointer}", "detail": detail}])


def _of_market(drafts: Sequence[Draft]) -> Collection[str]:
    """Return the events of the market that error declarations are of."""
    ids = [draft.event_id for draft in drafts if draft.is_declaration]
    return {event_id for (event_id,) in fetch(_MARKETS, {"ids": ids})} if ids else ()


def _reserved(drafts: Sequence[Draft]) -> Collection[str]:
    """Return identifiers that the market gives: of acts, whose events may not have been written yet, or by their form."""
    acts = {draft.event_id.lower(): draft.event_id for draft in drafts if _ACT.fullmatch(draft.event_id)}
    found = {draft.event_id for draft in drafts if draft.event_id.endswith(RESERVED)}
    if acts:
        ids = [name[len(_UUID) :] for name in acts]
        found |= {acts[f"{_UUID}{public_id}"] for (public_id,) in fetch(_ACTS, {"ids": ids})}
    return found


def _faults_of(draft: Draft, pointer: str, at: datetime) -> Iterator[Fault]:
    if draft.event_time > at + MOST_AHEAD:
        yield Fault(f"{pointer}/eventTime", "eventTime lies more than a day in the future.")
    if len(draft.text) > MAX_EVENT_BYTES // 4 and len(draft.text.encode()) > MAX_EVENT_BYTES:
        yield Fault(pointer, f"An event has at most {MAX_EVENT_BYTES} bytes of JSON: split it.")
    if any(len(text) > LONGEST // 4 and len(text.encode()) > LONGEST for text in _found_by_index(draft)):
        yield Fault(pointer, f"An identifier or a name is longer than {LONGEST} bytes.")


def _found_by_index(draft: Draft) -> Iterator[str]:
    for text in (draft.event_id, draft.type, draft.biz_step, draft.disposition, draft.read_point, draft.biz_location):
        yield text or ""
    yield draft.transformation_id or ""
    yield from (each.uri for each in draft.named)
    yield from (each.name for each in draft.attributes)


def _foreign(drafts: Sequence[Draft], actor: Actor, at: datetime) -> Collection[str]:
    """Return the identifiers whose GTIN is another's and which nothing gave to the actor's organisation.

    A number of the platform's own that it has not given out is everybody else's: it will be somebody's.
    """
    uris = {each.uri for draft in drafts for each in draft.named if each.uri.startswith(_GTIN)}
    owners = owners_of({_number(uri) for uri in uris})
    mine = {actor.organisation_id, *producers_of(actor, clock.business_day(at))}
    foreign = {uri for uri in uris if not _is_of(owners, mine, _number(uri))}
    if foreign:
        asked = [*foreign, *{_GTIN + _number(uri) for uri in foreign}]
        given = {uri for (uri,) in fetch(_GIVEN, {"organisation": actor.organisation_id, "uris": asked})}
        foreign = {uri for uri in foreign if uri not in given and _GTIN + _number(uri) not in given}
    if packs := [uri for uri in foreign if uri.startswith("/21/", len(_GTIN) + _DIGITS)]:
        foreign -= {uri for (uri,) in fetch(_OF_GIVEN_LOTS, {"organisation": actor.organisation_id, "uris": packs})}
    return foreign


def _is_of(owners: Mapping[str, int], mine: Collection[int], number: str) -> bool:
    if number in owners:
        return owners[number] in mine
    return not is_own(number)


def _number(uri: str) -> str:
    return uri[len(_GTIN) : len(_GTIN) + _DIGITS]
