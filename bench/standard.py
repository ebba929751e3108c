"""What it costs to check an EPCIS event, to hash it and to read its identifiers: ``python -m bench.standard``."""

import time
from collections.abc import Callable, Sequence

from traceability.standard.contexts import Context
from traceability.standard.hashing import event_hash
from traceability.standard.links import link_of as link_of_link
from traceability.standard.urns import link_of as link_of_urn
from traceability.standard.validation import problems_of_document

EVENTS, ROUNDS = 500, 20
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://example.com/ns/"}]


def event(number: int) -> dict[str, object]:
    """Return a shipping of eight pieces, half of which the event before named."""
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-05-01T09:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": [f"urn:epc:id:sgtin:4012345.011111.{number * 4 + n}" for n in range(8)],
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": "urn:epc:id:sgln:0614141.00777.0"},
        "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:0614141073467:1152"}],
        "ex:note": "冷链运输",
    }


def best(work: Callable[[], object]) -> float:
    """Return the shortest time of some rounds, in seconds of this process."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def show(name: str, work: Callable[[], object], things: Sequence[object]) -> None:
    """Print the cost of one thing."""
    print(f"{name}: {best(work) / len(things) * 1e6:.1f} microseconds")


def main() -> None:
    """Measure and print."""
    events = [event(number) for number in range(EVENTS)]
    document = {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
                "creationDate": "2026-05-01T09:00:00Z", "epcisBody": {"eventList": events}}  # fmt: skip
    context = Context.of(CONTEXT)
    urns = [f"urn:epc:id:sgtin:4012345.011111.{n}" for n in range(EVENTS)]
    links = [f"https://example.cn/01/04012345111118/21/{n}" for n in range(EVENTS)]
    show("checking an event in a document of 500", lambda: problems_of_document(document), events)
    show("hashing an event", lambda: [event_hash(each, context) for each in events], events)
    show("reading an EPC URN", lambda: [link_of_urn(each) for each in urns], urns)
    show("reading a Digital Link", lambda: [link_of_link(each) for each in links], links)


if __name__ == "__main__":
    main()
