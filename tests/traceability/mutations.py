"""Seeded changes of documents: what people and programs get wrong, and what only looks wrong."""

from copy import deepcopy

from traceability.standard import words
from traceability.standard.fields import EVENTS
from traceability.standard.schema import COMMON, DEFINITIONS, DOCUMENT_SCHEMAS, FIELDS

NAMES = sorted(
    {*COMMON, *FIELDS, *EVENTS, "EPCISDocument", "set", "unset", "epcClass", "quantity", "uom", "epcisHeader"}
    | {name for each in DEFINITIONS.values() for name in each.get("properties", ())}
    | {name for each in DOCUMENT_SCHEMAS.values() for name in each["properties"]}
)
WORDS = sorted(words.FULL_OF_ANY)
TEXTS = (
    "", " ", "x", "shipping", "Shipping", "ADD", "DELETE", "OBSERVE", "add", "ex:thing", "ex:", ":", "a b:c", "urn:x",
    "http://", "https://example.com/a b", "https://example.com/ä", "https://[::1]/", "urn:epcglobal:cbv:bizstep:shipping",
    "https://ns.gs1.org/cbv/BizStep-shipping", "https://ref.gs1.org/cbv/Disp-active", "cbv:BTT-po", "gs1:Temperature",
    "https://gs1.org/voc/Temperature", "http://www.gs1.org/voc/ALARM_CONDITION", "_:document1", "mailto:a@b.cn",
    "2026-05-01T09:00:00+08:00", "2026-05-01T09:00:00", "2026-05-01", "2026-02-30T09:00:00Z", "2026-05-01t09:00:00z",
    "2026-05-01T09:00:60Z", "2026-05-01 09:00:00Z", "2026-05-01T09:00:00.1234567891Z", "2026-05-01T09:00:00+0800",
    "+08:00", "-14:00", "+14:30", "+8:00", "Z", "2.0", "2", "2.0.1", "2.", "v2", "KGM", "kg", "KILO", "f0f0F0", "xyz",
    "中文", "urn:epc:id:sgtin:4012345.011111.9876", "%zz:x", "a%zz:x", "a:%zz", "a:<x>", "ex:a\\b", "ex:{x}", "2x:y", "a+b.c-1:x",
)  # fmt: skip
OTHERS: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2.5,
    1e300,
    2**70,
    [],
    {},
    [[]],
    [None],
    ["x", "x"],
    [{}],
    {"id": "urn:x:1"},
)


def places(value, found=None, path=()):
    """Every place in a document, as the path to it."""
    found = [] if found is None else found
    found.append(path)
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in members:
        places(each, found, (*path, key))
    return found


def reached(document, path):
    for key in path:
        document = document[key]
    return document


def _value(rng, documents):
    """A value to put somewhere: a text, a word, something of another type, or a piece of another document."""
    kind = rng.randrange(5)
    if kind == 0:
        return rng.choice(WORDS)
    if kind == 1:
        return deepcopy(rng.choice(OTHERS))
    if kind == 2:
        other = rng.choice(documents)
        return deepcopy(reached(other, rng.choice(places(other))))
    return rng.choice(TEXTS)


def _name(rng):
    return rng.choice(
        [rng.choice(NAMES), rng.choice(NAMES), rng.choice(TEXTS), f"ex:f{rng.randrange(9)}", "field", "rdfs:comment"]
    )


def mutated(document, rng, documents):
    """Return a copy with one to three changes."""
    changed = deepcopy(document)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        path = rng.choice(places(changed))
        if not path:
            continue
        parent, key = reached(changed, path[:-1]), path[-1]
        change = rng.randrange(7)
        if change == 0:
            del parent[key]
        elif change == 1 and isinstance(parent, dict):
            parent[_name(rng)] = parent.pop(key)
        elif change == 2 and isinstance(parent, dict):
            parent[_name(rng)] = _value(rng, documents)
        elif change == 3 and isinstance(parent, list):
            parent.insert(key, deepcopy(rng.choice([parent[key], _value(rng, documents)])))
        elif change == 4:
            parent[key] = [parent[key]]
        elif change == 5:
            parent[key] = {"id": parent[key]}
        else:
            parent[key] = _value(rng, documents)
    return changed
