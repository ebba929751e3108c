"""Event hashes, against those of the reference generator."""

import random

import pytest

from tests.traceability.examples import EXAMPLES, expected_hashes, needs_examples, read
from traceability.standard.contexts import Context
from traceability.standard.hashing import event_hash, pre_hash
from traceability.standard.identifiers import urn_of
from traceability.standard.validation import events_of

EX = Context.of({"ex": "https://example.com/ns/"})


def event(**more):
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-05-01T09:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": ["urn:epc:id:sgtin:4012345.011111.9876"],
        "action": "OBSERVE",
        **more,
    }


def examples():
    """Each example event with its context, hash, text before hashing, and whether the generator slipped there."""
    for name, told in expected_hashes().items():
        document = read(EXAMPLES / "data" / name)
        for one, digest, text, slip in zip(
            events_of(document), told["ids"], told["prehash"], told["quirk"], strict=True
        ):
            yield one, Context.of(document.get("@context")), digest, text, slip


@needs_examples
def test_every_example_has_the_hash_that_the_reference_gives_it():
    ours = [(pre_hash(one, context), event_hash(one, context)) for one, context, *_, slip in examples() if not slip]

    assert ours == [(text, digest) for *_, digest, text, slip in examples() if not slip]
    assert len(ours) == 39


@needs_examples
def test_where_the_reference_leaves_a_prefix_of_the_standard_in_place_it_is_expanded():
    [(one, context, _digest, text, _slip)] = [each for each in examples() if each[4]]

    expanded = pre_hash(one, context)

    assert "cbvmda:lotNumber=LOTABC" in text
    assert "ilmd{http://ns.example.com/epcis-2/}userMasterData" in expanded
    assert "{urn:epcglobal:cbv:mda:}lotNumber=LOTABC" in expanded


@needs_examples
def test_the_order_of_members_says_nothing():
    shuffler = random.Random(20260501)  # noqa: S311

    def shuffled(value):
        if isinstance(value, dict):
            members = [(key, shuffled(each)) for key, each in value.items()]
            shuffler.shuffle(members)
            return dict(members)
        return [shuffled(each) for each in value] if isinstance(value, list) else value

    for one, context, *_ in examples():
        assert event_hash(shuffled(one), context) == event_hash(one, context)


def test_what_a_repository_adds_says_nothing():
    bare = event_hash(event(), EX)

    added = event(
        recordTime="2026-05-02T00:00:00Z",
        eventID="urn:uuid:1d0d1e5f-9f3b-4b8e-9a43-0d6a2f0f6a01",
        errorDeclaration={"declarationTime": "2026-05-03T00:00:00Z"},
    )

    assert event_hash(added, EX) == bare


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"bizStep": "shipping"}, {"bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"}),
        ({"bizStep": "shipping"}, {"bizStep": "urn:epcglobal:cbv:bizstep:shipping"}),
        ({"disposition": "in_transit"}, {"disposition": "cbv:Disp-in_transit"}),
        ({"eventTime": "2026-05-01T01:00:00Z"}, {"eventTime": "2026-05-01T09:00:00.000000+08:00"}),
        ({"epcList": ["https://example.cn/01/4012345111118/21/9876"]}, {}),
        ({"epcList": ["https://id.gs1.org/01/04012345111118/10/L7/21/9876?17=270101"]}, {}),
        ({"ex:weight": 25}, {"ex:weight": "25.00"}),
        ({"@context": {"other": "https://example.com/ns/"}, "other:field": "x"}, {"ex:field": "x"}),
        ({"rdfs:comment": "hello"}, {}),
        (
            {"bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:1"}, {"bizTransaction": "urn:x:2"}]},
            {"bizTransactionList": [{"bizTransaction": "urn:x:2"}, {"bizTransaction": "urn:x:1", "type": "po"}]},
        ),
    ],
)
def test_two_ways_to_write_the_same_have_one_hash(one, other):
    assert pre_hash(event(**one), EX) == pre_hash(event(**other), EX)


@pytest.mark.parametrize(
    "other",
    [
        {"eventTime": "2026-05-01T09:00:00.001+08:00"},
        {"eventTimeZoneOffset": "+09:00"},
        {"epcList": []},
        {"action": "ADD"},
        {"ex:field": None},
        {"ex:field": {"ex:a": {"ex:b": [1, [2, 3]]}}},
        {"readPoint": {"id": "urn:epc:id:sgln:4012345.00001.0", "ex:door": "3"}},
    ],
)
def test_what_differs_in_content_differs_in_hash(other):
    assert event_hash(event(**other), EX) != event_hash(event(), EX)


NAMESPACES = {
    "ex": "https://example.com/ns/", "hash": "https://example.com/ns#", "urn1": "urn:example:x:", "bare": "https://example.com/ns",
    "act": "https://example.com/transaction/",
}  # fmt: skip
PLACE, REPORT = {"id": "urn:epc:id:sgln:4012345.00001.0"}, {"type": "Temperature", "value": 26.0}
PLACED = "https://id.gs1.org/414/4012345000016"


@pytest.mark.parametrize(
    ("more", "text"),
    [
        # What others added to a part of an event stands there if their namespace ends in a slash, and else at the end.
        ({"readPoint": PLACE | {"ex:door": "3"}}, f"readPointid={PLACED}{{https://example.com/ns/}}door=3"),
        ({"readPoint": PLACE | {"hash:door": "3"}}, f"readPointid={PLACED}readPoint{{https://example.com/ns#}}door=3"),
        ({"readPoint": PLACE | {"urn1:door": "3"}}, f"readPointid={PLACED}readPoint{{urn:example:x:}}door=3"),
        ({"readPoint": PLACE | {"https://a.b/door": "3"}}, f"readPointid={PLACED}readPointhttps://a.b/door=3"),
        ({"readPoint": PLACE | {"act:door": "3"}}, f"readPointid={PLACED}readPoint{{https://example.com/transaction/}}door=3"),
        (
            {"bizLocation": PLACE | {"bare:door": {"bare:n": "3"}}, "ex:a": "1", "hash:a": "2"},
            (f"bizLocationid={PLACED}bizLocation{{https://example.com/ns}}door{{https://example.com/ns}}n=3"
            "{https://example.com/ns#}a=2{https://example.com/ns/}a=1"),
        ),
        # It does not stand alone in its place.
        (
            {"sensorElementList": [{"sensorMetadata": {"ex:m": "1"}, "sensorReport": [REPORT]}]},
            ("sensorElementListsensorElementsensorReporttype=https://gs1.org/voc/Temperaturevalue=26"
            "sensorElementListsensorElementsensorMetadata{https://example.com/ns/}m=1"),
        ),
        (
            {"sensorElementList": [{"sensorMetadata": {"ex:m": ["1", "2"]}, "sensorReport": [REPORT]}]},
            ("sensorElementListsensorElementsensorMetadata{https://example.com/ns/}m=1{https://example.com/ns/}m=2"
            "sensorReporttype=https://gs1.org/voc/Temperaturevalue=26"),
        ),
        (
            {"sensorElementList": [{"sensorReport": [REPORT | {"hash:r": "2"}, REPORT | {"hash:r": "1", "ex:r": "0"}], "hash:e": "3"}]},
            ("sensorElementListsensorElementsensorReporttype=https://gs1.org/voc/Temperaturevalue=26"
            "sensorReporttype=https://gs1.org/voc/Temperaturevalue=26{https://example.com/ns/}r=0"
            "sensorElementListsensorElementsensorReport{https://example.com/ns#}r=1sensorReport{https://example.com/ns#}r=2"
            "{https://example.com/ns#}e=3"),
        ),
        ({"ex:a": "１２"}, "{https://example.com/ns/}a=12"),
    ],
    ids=str,
)  # fmt: skip
def test_what_others_added_stands_where_the_reference_generator_has_it(more, text):
    empty = pre_hash(event(), Context.of(NAMESPACES))

    assert pre_hash(event(**more), Context.of(NAMESPACES)) == empty + text


@pytest.mark.parametrize(
    ("captured", "hashed"),
    [
        ("https://a.b/c/gtin/4012345111118/lot/L7/ser/9?17=270101", "https://id.gs1.org/01/04012345111118/21/9"),
        ("https://a.b/01/04012345111118/22/2A/10/L/21/9", "https://id.gs1.org/01/04012345111118/21/9"),
        ("https://id.gs1.org/414/4012345123455/254/12", "https://id.gs1.org/414/4012345123455/254/12"),
        ("https://a.b/gln/4012345123455/254/0", "https://id.gs1.org/414/4012345123455/254/0"),
        *((uri, uri) for uri in (
            "https://id.gs1.org/01/04012345111118/21/a(b)", "https://a.b/01/04012345111118/21/a%2Fb",
            "https://a.b/01/04012345111118/21/9#f", "https://a.b/01/04012345111118/21/9/", "https://localhost/01/04012345111118",
            "https://a.b/01/04012345111118/22/2A/10/LOT123/21/SERIAL1234", "https://id.gs1.org/414/4012345123455/254/0",
        )),
        ("urn:epc:id:sgtin:4012345.011111.a%2Fb", "https://id.gs1.org/01/04012345111118/21/a%2Fb"),
        ("urn:epc:id:sgln:4012345.12345.0", "https://id.gs1.org/414/4012345123456"),
    ],
)  # fmt: skip
def test_links_are_rewritten_where_the_reference_generator_does_so(captured, hashed):
    assert f"epcListepc={hashed}action=" in pre_hash(event(epcList=[captured]), EX)


def test_a_type_that_others_defined_is_hashed_as_it_is_written():
    assert pre_hash(event(type="ex:Pressing"), EX).startswith("eventType=ex:PressingeventTime=")


def test_the_text_before_hashing_reads_as_the_standard_has_it():
    one = event(
        bizStep="harvesting",
        ilmd={"ex:variety": "富士", "ex:grades": ["B", "A"]},
        readPoint={"id": "urn:epc:id:sgln:4012345.00001.7", "ex:door": "03"},
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225"}],
    )

    assert pre_hash(one, EX) == (
        "eventType=ObjectEventeventTime=2026-05-01T01:00:00.000ZeventTimeZoneOffset=+08:00"
        "epcListepc=https://id.gs1.org/01/04012345111118/21/9876action=OBSERVEbizStep=harvesting"
        "readPointid=https://id.gs1.org/414/4012345000016/254/7{https://example.com/ns/}door=3"
        "ilmd{https://example.com/ns/}grades=A{https://example.com/ns/}grades=B{https://example.com/ns/}variety=富士"
        "sourceListtype=https://ref.gs1.org/cbv/SDT-owning_partysource=https://id.gs1.org/417/4012345002256"
    )


@needs_examples
def test_urns_and_digital_links_have_one_hash():
    def translated(value):
        if isinstance(value, dict):
            return {key: each if key == "@context" else translated(each) for key, each in value.items()}
        if isinstance(value, list):
            return [translated(each) for each in value]
        return (urn_of(value) or value) if isinstance(value, str) and value.startswith("https://id.gs1.org/") else value

    changed = 0
    for one, context, *_ in examples():
        other = translated(one)
        changed += other != one
        assert event_hash(other, context) == event_hash(one, context)

    assert changed == 11
