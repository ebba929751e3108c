"""Lists of values and the broadest queries are read from indexes, however many events there are."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ClauseElement, Executable, text
from sqlalchemy.ext.compiler import compiles

from shop.db import db, transaction
from tests.factories import make_member
from tests.ledger.filers import officials
from tests.traceability.asking.questions import capture, everything
from tests.traceability.events import rows
from traceability.asking import searching, values
from traceability.asking.simple import read_query
from traceability.asking.values import RESOURCES
from traceability.repository import bounds

#: Each asks for all there is, or for what an index of another table finds.
BROAD = (
    (), (("GE_recordTime", ["2000-01-01T00:00:00Z"]),), (("orderBy", ["eventTime"]), ("orderDirection", ["ASC"])),
    (("orderBy", ["recordTime"]),), (("LT_eventTime", ["2100-01-01T00:00:00Z"]), ("EQ_action", ["OBSERVE"])),
    (("MATCH_anyEPC", ["urn:epc:idpat:sgtin:4012345.*.*"]),), (("MATCH_anyEPCClass", ["urn:epc:idpat:sgtin:4012345.*.*"]),),
    (("eventType", ["ObjectEvent"]),), (("EQ_bizStep", ["shipping", "packing"]),),
)  # fmt: skip


class Explained(Executable, ClauseElement):
    """The plan of a statement instead of its rows."""

    inherit_cache = False

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(Explained)
def _explain(element: Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN {compiler.process(element.statement, **options)}"


@pytest.fixture(params=["operator", "authority", "producer"])
def actor(request, session):
    return officials("620421")[0] if request.param == "authority" else make_member(request.param)


def scanned(statement: Any) -> list[str]:
    """Return the tables of the trace that a statement has to read from one end to the other."""
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    lines = [row[0] for row in db.session.execute(Explained(statement))]
    db.session.rollback()
    return [line.strip() for line in lines if "Seq Scan on trace_" in line]


@pytest.mark.parametrize("most", [0, values.MOST_READ])
@pytest.mark.parametrize("name", RESOURCES)
def test_a_list_of_values_reads_no_table_as_a_whole(actor, name, most, monkeypatch):
    monkeypatch.setattr(values, "MOST_READ", most - 1)
    resource = RESOURCES[name]
    find = values._epcs if resource.column is None else values._kept

    assert scanned(find(resource, actor, "https://id.gs1.org/").limit(31)) == []


@pytest.mark.parametrize("parameters", BROAD, ids=str)
def test_a_broad_query_reads_no_table_as_a_whole(actor, parameters):
    query = read_query(parameters, {}, actor)

    assert scanned(searching._keys(query, actor, bounds.current_bound(), None, 31)) == []


def test_values_are_kept_with_the_events_and_gathered_again_the_same(client, bearer):
    actor = make_member("producer")
    capture(client, bearer(actor), *everything().values())
    kept = rows("SELECT kind, value, organisation_id, county_code FROM trace_values ORDER BY 1, 2, 3, 4")

    with transaction():
        db.session.execute(text("DELETE FROM trace_values"))
        db.session.execute(text("SELECT trace_fill_values()"))

    assert rows("SELECT kind, value, organisation_id, county_code FROM trace_values ORDER BY 1, 2, 3, 4") == kept
    assert {row[2] for row in kept} == {actor.organisation_id}
    assert len([row for row in kept if row[0] == "biz_step"]) == 6
