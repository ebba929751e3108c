"""What goes into transformations and comes out of them: a projection of the events, written with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shop.db import fetch
from shop.pipelining import Statement
from traceability.repository.copying import NULL, copy_rows, escaped
from traceability.repository.dictionary import Epcs
from traceability.repository.drafts import Draft
from traceability.repository.fields import Role

_IN = (Role.INPUT, Role.INPUT_QUANTITY)
_OUT = (Role.OUTPUT, Role.OUTPUT_QUANTITY)
_TYPE = "TransformationEvent"
#: Each declaration takes back the event of its own organisation that it repeats; what the market wrote, only its own.
_WITHDRAWN = Statement("""
    SELECT o.id, d.id FROM trace_events d JOIN trace_events o
      ON o.event_id = d.event_id AND NOT o.is_declaration AND o.organisation_id = d.organisation_id
     AND (d.is_market OR NOT o.is_market)
    WHERE d.event_id = ANY (cast(:ids AS text[])) AND d.is_declaration""")
_WITHDRAW = Statement("""
    UPDATE trace_transforms t SET withdrawn_by = n.by
    FROM unnest(cast(:events AS bigint[]), cast(:by AS bigint[])) AS n (event_id, by)
    WHERE t.event_id = n.event_id AND t.withdrawn_by IS NULL""")


def contended(stored: Mapping[int, Draft], epcs: Epcs) -> set[int]:
    """Return an identifier that a transformation and its error declaration both name, so that one waits for the other."""
    return {
        min(epcs.ids[each.uri] for each in draft.named)
        for draft in stored.values()
        if draft.type == _TYPE and draft.named
    }


def add(stored: Mapping[int, Draft], epcs: Epcs) -> None:
    """Write the edges of new transformations, and take back those that are declared to be wrong."""
    concerned = [draft.event_id for draft in stored.values() if draft.type == _TYPE]
    if not concerned:
        return
    columns = "event_id, ordinal, transformation_id, epc_id, is_output, quantity, uom"
    copy_rows("trace_transforms", columns, lines_of(stored, epcs))
    if withdrawn := fetch(_WITHDRAWN, {"ids": concerned}):
        fetch(_WITHDRAW, {"events": [event for event, _ in withdrawn], "by": [by for _, by in withdrawn]})


def lines_of(stored: Mapping[int, Draft], epcs: Epcs) -> Iterator[str]:
    """Yield the edges of transformations, as COPY reads them."""
    for id_, draft in stored.items():
        if draft.type != _TYPE or draft.is_declaration:
            continue
        for n, each in enumerate(draft.named):
            if each.role in _IN or each.role in _OUT:
                quantity = NULL if each.quantity is None else each.quantity
                yield (
                    f"{id_}\t{n}\t{escaped(draft.transformation_id)}\t{epcs.ids[each.uri]}"
                    f"\t{each.role in _OUT}\t{quantity}\t{escaped(each.uom)}"
                )
