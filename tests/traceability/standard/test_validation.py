"""What is a valid document, and how a fault is told."""

from copy import deepcopy

import pytest

from tests.traceability.examples import needs_examples, paths, published_schema, read
from traceability.standard.faults import MAX_FAULTS, Fault
from traceability.standard.limits import Limits
from traceability.standard.validation import problems_of_document, problems_of_event

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
TIMES = {"eventTime": "2026-05-01T09:00:00.000+08:00", "eventTimeZoneOffset": "+08:00"}


def object_event(**more):
    return {
        "type": "ObjectEvent",
        **TIMES,
        "epcList": ["urn:epc:id:sgtin:4012345.011111.9876"],
        "action": "ADD",
        **more,
    }


def packing(**more):
    event = {"type": "AggregationEvent", **TIMES, "action": "ADD", "parentID": "urn:epc:id:sscc:0614141.1234567890"}
    return event | {"childEPCs": ["urn:epc:id:sgtin:4012345.011111.9876"], **more}


def document(*events, **more):
    return {
        "@context": [CONTEXT, {"ex": "https://example.com/ns/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-01T09:00:00Z",
        "epcisBody": {"eventList": list(events)},
        **more,
    }


@needs_examples
def test_every_example_is_judged_as_the_published_schema_judges_it():
    judged = {path: (not problems_of_document(read(path)), published_schema().is_valid(read(path))) for path in paths()}

    assert {path: verdicts for path, verdicts in judged.items() if verdicts[0] is not verdicts[1]} == {}
    assert len(judged) == 58
    assert sum(ours for ours, _theirs in judged.values()) == 32


@pytest.mark.parametrize(
    ("made", "pointer", "detail"),
    [
        (document(object_event(bizStep="harvesting")), "/epcisBody/eventList/0/bizStep",
         '"harvesting" is none of the words that may stand here.'),
        (document(object_event(), object_event(variety="富士")), "/epcisBody/eventList/1/variety",
         '"variety" is no field here; a field of your own needs a namespace, as in ex:field.'),
        (document(object_event(eventTime="2026-05-01T09:00:00")), "/epcisBody/eventList/0/eventTime",
         '"2026-05-01T09:00:00" is no time with a zone, as in 2025-03-01T08:30:00.000+08:00.'),
        (document(object_event(action=None)), "/epcisBody/eventList/0/action", "null is not a text."),
        (document(object_event(epcList=["4012345"])), "/epcisBody/eventList/0/epcList/0",
         '"4012345" is no URI: a word of your own needs a namespace, as in ex:word.'),
        (document(object_event(action="OBSERVE", ilmd={"ex:a": 1})), "/epcisBody/eventList/0/action",
         '"OBSERVE" does not go with what else is there.'),
        (document(object_event(bizStep="urn:epcglobal:cbv:bizstep:shipping")), "/epcisBody/eventList/0/bizStep",
         '"urn:epcglobal:cbv:bizstep:shipping" is written as a bare word in JSON.'),
        (document(packing(childEPCs=[])), "/epcisBody/eventList/0",
         "An AggregationEvent needs childEPCs or childQuantityList unless its action is DELETE."),
        (document(object_event(epcList="x")), "/epcisBody/eventList/0/epcList", '"x" is not a list.'),
        (document("event"), "/epcisBody/eventList/0", 'An event is an object, not "event".'),
        (document({"eventTime": "x"}), "/epcisBody/eventList/0/type", "type is missing."),
        (document(object_event(type=7)), "/epcisBody/eventList/0/type", "7 is no type of event."),
        (document(object_event(type="Harvest")), "/epcisBody/eventList/0/type",
         '"Harvest" is no URI: a word of your own needs a namespace, as in ex:word.'),
        (document(epcisBody={}), "/epcisBody/eventList", "eventList is missing."),
        (document(epcisBody=[]), "/epcisBody", "a list is not an object."),
        (document(schemaVersion="two"), "/schemaVersion", '"two" is not written as the standard has it.'),
        ([], "", "A document is an object, not a list."),
        ("x" * 200, "", f'A document is an object, not "{"x" * 58}….'),
    ],
)  # fmt: skip
def test_a_fault_is_told_where_it_is_and_in_a_sentence(made, pointer, detail):
    assert problems_of_document(made) == [Fault(pointer, detail)]


@pytest.mark.parametrize("action", ["ADD", "DELETE"])
def test_packing_and_unpacking_name_the_parent(action):
    event = packing(action=action)
    del event["parentID"]

    assert problems_of_document(document(event)) == [
        Fault("/epcisBody/eventList/0/parentID", f"parentID is missing: it must be there when the action is {action}.")
    ]
    assert problems_of_document(document(event | {"action": "OBSERVE"})) == []


def test_an_event_that_stands_alone_brings_its_context():
    assert problems_of_event(object_event()) == [
        Fault("/@context", "@context is missing: an event that stands alone brings its own.")
    ]
    assert problems_of_event(object_event() | {"@context": CONTEXT}) == []
    assert problems_of_document(object_event() | {"@context": {"ex": "https://example.com/"}}) == []


def test_types_of_event_that_others_defined_are_taken():
    assert problems_of_document(document({"type": "ex:Harvest", **TIMES, "anything": [1]})) == []
    assert problems_of_document(document({"type": "ex:Harvest", "eventTime": "x"})) == [
        Fault("/epcisBody/eventList/0/eventTimeZoneOffset", "eventTimeZoneOffset is missing."),
        Fault(
            "/epcisBody/eventList/0/eventTime",
            '"x" is no time with a zone, as in 2025-03-01T08:30:00.000+08:00.',
        ),
    ]


def test_faults_are_bounded():
    many = document(*[object_event(bizStep="harvesting", variety=1, epcList=["x"] * 9) for _ in range(1000)])

    assert len(problems_of_document(many)) == MAX_FAULTS


def nested(levels):
    value: object = "x"
    for _ in range(levels):
        value = {"ex:a": value}
    return value


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ({"ex:deep": nested(100_000)}, "The object is nested deeper than 64 levels."),
        ({"ex:deep": nested(64)}, "The object is nested deeper than 64 levels."),
        ({f"ex:f{n}": n for n in range(100_000)}, "The object has more than 10000 members."),
        ({"ex:list": [0] * 300_000}, "The object has more than 200000 list elements."),
        ({"ex:text": "x" * 5_000_000}, "The object holds a text of more than 100000 characters."),
        ({"ex:" + "x" * 200_000: 1}, "The object holds a text of more than 100000 characters."),
        (
            {"ex:number": float("inf")},
            "The object holds a number that JSON does not have, or one out of all proportion.",
        ),
        ({"ex:number": 10**400}, "The object holds a number that JSON does not have, or one out of all proportion."),
        ({"@context": [{"a": "b:" + "y" * 499}]}, "The object declares a prefix of more than 500 characters."),
        (
            {"ex:in": {"@context": {"a": {"@id": "y" * 501}}}},
            "The object declares a prefix of more than 500 characters.",
        ),
        ({"ex:text": "a\0b"}, "The object holds a text with the character U+0000."),
        ({"ex:text": "\ud83d"}, "The object holds a text with half a surrogate pair."),
    ],
)
def test_what_could_exhaust_or_not_be_kept_is_refused_unread(more, detail):
    made = document(object_event(**more))

    assert problems_of_document(made) == [Fault("/epcisBody/eventList/0", detail)]


def test_the_head_is_bounded_too():
    assert problems_of_document(document(epcisHeader=nested(100_000))) == [
        Fault("", "The object is nested deeper than 64 levels.")
    ]
    assert problems_of_document(document(object_event(**{"ex:a": [[[[]]]]})), Limits(depth=3)) == [
        Fault("/epcisBody/eventList/0", "The object is nested deeper than 3 levels.")
    ]


def test_a_transformation_of_too_many_pairs_is_to_be_split():
    def made(inputs):
        given, gone = [[f"urn:epc:id:sgtin:4012345.01234{side}.{n}" for n in range(499)] for side in (1, 2)]
        given += [f"urn:epc:id:sgtin:4012345.012343.{n}" for n in range(inputs - 499)]
        event = {"type": "TransformationEvent", **TIMES, "inputEPCList": given, "outputEPCList": gone}
        return document(event | {"outputQuantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.L"}]})

    assert problems_of_document(made(500)) == []
    assert problems_of_document(made(501)) == [
        Fault("/epcisBody/eventList/0", "Inputs times outputs are more than 250000: split the event.")
    ]


@pytest.mark.parametrize(
    ("made", "pointer"),
    [
        (document(object_event(**{f"k{n}": n for n in range(9_000)})), "/epcisBody/eventList/0/k0"),
        (document(**{f"k{n}": n for n in range(50_000)}), "/k0"),
        (document(object_event(epcList=[f"{n}" for n in range(100_000)])), "/epcisBody/eventList/0/epcList/0"),
    ],
)
def test_of_thousands_of_faults_in_one_object_the_first_is_told_and_the_others_cost_nothing(made, pointer):
    assert [fault.pointer for fault in problems_of_document(made)] == [pointer]


def test_validation_changes_nothing():
    made = document(object_event(bizStep="harvesting"), packing())
    before = deepcopy(made)

    problems_of_document(made)

    assert made == before
