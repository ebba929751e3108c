"""What the monitor makes anew from the logged events and compares with what is kept: containments, grants and test reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import text

from shop import clock
from shop.db import db
from traceability.repository import containments
from traceability.repository.containments import Act, Interval, Pair
from traceability.repository.fields import Field, Role

_AT_ONCE = 500
#: A report whose event is not there after so long never had one: deliveries are tried again for hours.
_TOLD_WITHIN = timedelta(days=2)
#: Whatever something was put into, as events tell or as it is kept.
_PARENTS = text("""
    WITH RECURSIVE p (id) AS (
        SELECT least((SELECT min(epc_id) FROM trace_event_epcs WHERE role = :parent AND epc_id > :after),
                     (SELECT min(parent_id) FROM trace_containments WHERE parent_id > :after))
        UNION ALL
        SELECT least((SELECT min(epc_id) FROM trace_event_epcs WHERE role = :parent AND epc_id > p.id),
                     (SELECT min(parent_id) FROM trace_containments WHERE parent_id > p.id))
        FROM p WHERE p.id IS NOT NULL)
    SELECT id FROM p WHERE id IS NOT NULL LIMIT :limit""")
_PAIRS = text("""
    SELECT c.epc_id, r.epc_id FROM trace_event_epcs r
    JOIN trace_event_epcs c ON c.event_id = r.event_id AND c.role = ANY (:children)
    WHERE r.epc_id = ANY (:parents) AND r.role = :parent
    UNION SELECT child_id, parent_id FROM trace_containments WHERE parent_id = ANY (:parents) ORDER BY 1, 2""")
_KEPT = text("""
    SELECT child_id, parent_id, lower(during), upper(during), upper_inc(during), opened_by, closed_by
    FROM trace_containments WHERE parent_id = ANY (:parents) ORDER BY 1, 2, 3, 6""")
_NAMES = text(
    "SELECT coalesce(max(uri) FILTER (WHERE id = :child), 'no identifier'), max(uri) FILTER (WHERE id = :into) FROM trace_epcs WHERE id IN (:child, :into)"
)
_CAME = text("SELECT max(record_time) FROM trace_events WHERE id = ANY (:ids)")
_GIVEN = text("""
    SELECT organisation_id, epc_id FROM trace_grants
    WHERE epc_id = ANY (:ids) AND organisation_id = ANY (:organisations) AND granted_at <= :at""")
#: What the market's events tell of tests, beside the reports that they name.
_REPORTS = text("""
    SELECT e.event_id, e.document #>> '{certificationInfo,0}' AS name, r.public_id
    FROM trace_events e LEFT JOIN test_reports r ON 'urn:uuid:' || r.public_id = e.document #>> '{certificationInfo,0}'
    LEFT JOIN stored_files f ON f.id = r.file_id
    WHERE e.is_market AND NOT e.is_declaration AND e.biz_step = 'https://ref.gs1.org/cbv/BizStep-inspecting'
      AND e.document ? 'duikou:laboratory' AND (
        (r.kind, r.laboratory, r.number, cast(r.tested_on AS text), cast(r.expires_on AS text), r.has_passed, f.sha256)
          IS DISTINCT FROM
        (e.document ->> 'duikou:kind', e.document ->> 'duikou:laboratory', e.document ->> 'duikou:number',
         e.document ->> 'duikou:testedOn', e.document ->> 'duikou:expiresOn',
         cast(e.document ->> 'duikou:hasPassed' AS bool), coalesce(e.document ->> 'duikou:fileSha256', f.sha256))
        OR e.document -> 'duikou:items' IS DISTINCT FROM (
            SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                       'duikou:name', i.name, 'duikou:allowed', nullif(i.allowed, ''),
                       'duikou:result', nullif(i.result, ''), 'duikou:hasPassed', i.has_passed)) ORDER BY i.position)
            FROM test_items i WHERE i.report_id = r.id))
    ORDER BY e.id""")
_UNTOLD = text("""
    SELECT r.public_id FROM test_reports r WHERE r.recorded_at < :before AND 'urn:uuid:' || r.public_id NOT IN (
        SELECT coalesce(e.document #>> '{certificationInfo,0}', '') FROM trace_events e
        WHERE e.is_market AND NOT e.is_declaration AND e.biz_step = 'https://ref.gs1.org/cbv/BizStep-inspecting')
    ORDER BY r.id""")
#: What made somebody be given goods; events of the market tell it.
_REASONS = text("""
    SELECT DISTINCT g.organisation_id, o.public_id, o.name, g.reason, g.reason_ref
    FROM trace_grants g JOIN organisations o ON o.id = g.organisation_id ORDER BY 1, 4, 5""")
#: Goods that were given for a reason, and neither they nor what was made of them is in an event of that reason.
_GROUNDLESS = text("""
    WITH RECURSIVE up (epc_id) AS (
        SELECT n.epc_id FROM trace_events e JOIN trace_event_epcs n ON n.event_id = e.id
        WHERE e.is_market AND NOT e.is_declaration AND CASE
            WHEN :reason = 'own' THEN e.organisation_id = :organisation
            ELSE cast(e.document AS text) LIKE '%urn:uuid:' || :party || '%' AND e.id IN (
                SELECT event_id FROM trace_event_attributes
                WHERE field = :field AND left(value, 200) = 'urn:uuid:' || cast(cast(:ref AS uuid) AS text)) END
        UNION
        SELECT i.epc_id FROM up JOIN trace_transforms o ON o.epc_id = up.epc_id AND o.is_output
        JOIN trace_transforms i ON i.event_id = o.event_id AND NOT i.is_output)
    SELECT t.uri FROM trace_grants g JOIN trace_epcs t ON t.id = g.epc_id
    WHERE g.organisation_id = :organisation AND g.reason = :reason AND g.reason_ref IS NOT DISTINCT FROM cast(:ref AS uuid)
      AND g.epc_id NOT IN (SELECT epc_id FROM up) ORDER BY 1""")
_Row = tuple[Any, ...]


def compare() -> Iterator[str]:
    """Name what is kept otherwise than the events tell it; inside the monitor's snapshot."""
    after = 0
    while parents := list(db.session.scalars(_PARENTS, {"parent": Role.PARENT, "after": after, "limit": _AT_ONCE})):
        after = parents[-1]
        yield from _containments(parents)
    yield from _grants()
    for event_id, name, report in db.session.execute(_REPORTS):
        if report is None:
            yield f"{event_id}: the test report {name} that it tells of is not there"
        else:
            yield f"test report {report}: it says something else than its event {event_id}"
    for (report,) in db.session.execute(_UNTOLD, {"before": clock.now() - _TOLD_WITHIN}):
        yield f"test report {report}: no event tells of it"


def _containments(parents: Sequence[int]) -> Iterator[str]:
    """Name what is kept to have been in these otherwise than events tell."""
    children = [Role.CHILD, Role.CHILD_QUANTITY]
    values = {"parents": list(parents), "parent": Role.PARENT, "children": children}
    pairs: list[Pair] = [(row[0], row[1]) for row in db.session.execute(_PAIRS, values)]
    kept: dict[Pair, list[_Row]] = defaultdict(list)
    for child, parent, *row in db.session.execute(_KEPT, {"parents": list(parents)}):
        kept[child, parent].append(tuple(row))
    acts = containments.acts_between(pairs)
    told = {pair: list(group) for pair, group in groupby(acts, key=lambda act: act.pair)}
    now = _rows_of(containments.intervals_of(acts))
    for pair in pairs:
        if kept[pair] != now[pair] and kept[pair] != _as_it_came(told.get(pair, [])):
            child, into = db.session.execute(_NAMES, {"child": pair[0], "into": pair[1]}).one()
            yield f"{child} in {into}: it is kept otherwise than the events tell when it was there"


def _grants() -> Iterator[str]:
    """Name goods that somebody may read of without an event that gave them."""
    for organisation_id, party, name, reason, ref in db.session.execute(_REASONS).all():
        values = {"organisation": organisation_id, "party": str(party), "reason": reason, "ref": ref}
        for uri in db.session.scalars(_GROUNDLESS, values | {"field": Field.BIZ_TRANSACTION}):
            yield f"{uri} is kept as given to {name}: no event gives it"


def _rows_of(intervals: Iterable[Interval]) -> dict[Pair, list[_Row]]:
    """Return intervals as their rows are read."""
    found: dict[Pair, list[_Row]] = defaultdict(list)
    for each in intervals:
        opened, closed = each.opened, each.closed
        end, closer = (closed.at, closed.event) if closed else (None, None)
        found[each.pair].append((opened.at, end, end == opened.at, opened.event, closer))
    return found


def _as_it_came(acts: Sequence[Act]) -> list[_Row]:
    """Return the rows of one pair as they were made when its last event came: what was given later closed nothing."""
    if not acts:
        return []
    last: datetime = db.session.execute(_CAME, {"ids": [act.event for act in acts]}).scalar_one()
    values = {"ids": list(acts[0].pair), "organisations": [act.organisation_id for act in acts], "at": last}
    given = {(row[0], row[1]) for row in db.session.execute(_GIVEN, values)}
    return _rows_of(containments.intervals_of(acts, given))[acts[0].pair]
