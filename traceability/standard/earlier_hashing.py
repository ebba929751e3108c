"""The event hash as it was counted before, so that an event which was captured then is known again.

It differs from :mod:`traceability.standard.hashing` where others added fields to places and sensor elements, in links
that are not written as the standard writes them, in types that others defined and in digits that are not ASCII. What
is kept carries these hashes: nothing here may ever change, so it shares no rule with the hash of today, only the order.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import isfinite

from traceability.standard.contexts import Context
from traceability.standard.fields import EVENTS
from traceability.standard.hash_fields import (
    COMMENTS,
    ELEMENTS,
    EVENT,
    EVENT_NAMES,
    IGNORED,
    INNER,
    TIMES,
    TYPED,
    WORDS,
)
from traceability.standard.identifiers import canonical
from traceability.standard.keys import SHORT_NAMES
from traceability.standard.times import find_instant, in_milliseconds
from traceability.standard.words import OLDER_STEMS

_VERSION = "CBV2.0"
_MAY_BE_NUMBER = frozenset("0123456789+-.")
#: What both hashes may write differently, by the JSON of an event: sensors, places with more than their identifier, a
#: prefix that takes URNs over; texts with a colon, names of fields aside, that are neither URN, time, Digital Link as
#: the standard writes it nor any other link; texts that begin with a digit which is not ASCII.
_ODD = re.compile(
    r'"(?:sensorElementList|urn)":|"(?:readPoint|bizLocation)":\{(?!"id":"[^"]*"\})|'
    r'(?<=[:\[,])"(?!urn:|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]'
    r"|https://id\.gs1\.org(?!/(?:[^\"]*/)?(?:22|cpv|254/0)[/\"])(?:/[0-9A-Za-z._~';=-]+)+\""
    rf'|https?://(?![^"]*/(?:[0-9]{{2,4}}|{"|".join(SHORT_NAMES)})/)[^"]*"'
    r'|[+-][0-9]{2}:[0-9]{2}")[^":]*:[^"]*"(?!:)'
    r'|"\s*(?![0-9])\d'
)


def earlier_hash(event: Mapping[str, object], context: Context) -> str:
    """Return the hash ID that an event had before.

    :param context: of the document; a context that the event itself brings is added to it.
    """
    digest = sha256(_pre_hash(event, context).encode("utf-8", "surrogatepass")).hexdigest()
    return f"ni:///sha-256;{digest}?ver={_VERSION}"


def may_differ(kind: str, text: str, context: Context) -> bool:
    """Tell whether an event's earlier hash may be another than today's; quickly, and sooner once too often.

    :param kind: the event's type.
    :param text: the event as JSON without needless spaces.
    :param context: of its document.
    """
    return kind not in EVENTS or "urn" in context.prefixes or "\\" in text or _ODD.search(text) is not None


def _pre_hash(event: Mapping[str, object], context: Context) -> str:
    context = context.within(event.get("@context"))
    parts = ["eventType=", _scalar(event.get("type"), context)]
    rest: list[str] = []
    for name in EVENT:
        if name in event:
            known = _ordered(name, event[name], context)
            if known is None:
                rest += _free(name, event[name], context)
            else:
                parts.append(known)
    for name, value in event.items():
        if name in TYPED:
            rest += _typed(name, value, context)
        elif name not in IGNORED and name not in EVENT_NAMES:
            rest += _free(name, value, context)
    return "".join([*parts, *sorted(rest)])


def _ordered(name: str, value: object, context: Context) -> str | None:
    if name in ELEMENTS:
        inner = _collected(ELEMENTS[name], value, context)
        return name + inner if inner else ""
    if name in INNER and isinstance(value, dict):
        inner = _object(name, value, context)
        return name + inner if inner else ""
    return None if isinstance(value, dict) else _collected(name, value, context)


def _collected(name: str, values: object, context: Context) -> str:
    found = []
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, dict):
            text = _object(name, value, context)
        else:
            written = _field(name, value, context)
            text = "=" + written if written else ""
        if text:
            found.append(name + text)
    return "".join(sorted(found))


def _object(name: str, value: Mapping[str, object], context: Context) -> str:
    order = INNER.get(name, ())
    parts = [_ordered(member, value[member], context) for member in order if member in value]
    extra = [text for key, each in value.items() if key not in order for text in _free(key, each, context)]
    return "".join([*(part for part in parts if part), *sorted(extra)])


def _typed(name: str, values: object, context: Context) -> Iterable[str]:
    member, words = TYPED[name]
    pairs = []
    for pair in values if isinstance(values, list) else [values]:
        if not isinstance(pair, dict):
            return _free(name, values, context)
        kind = pair.get("type")
        kind = words.get(kind, kind) if isinstance(kind, str) else kind
        text = "" if kind is None else "type=" + _scalar(kind, context)
        pairs.append(f"{text}{member}={_scalar(pair.get(member), context)}")
    return [name + "".join(sorted(pairs))] if pairs else []


def _free(key: str, value: object, context: Context) -> list[str]:
    if key in COMMENTS:
        return []
    namespaced = context.split(key)
    return _named(f"{{{namespaced[0]}}}{namespaced[1]}" if namespaced else key, value, context)


def _named(name: str, value: object, context: Context) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if name.endswith("List") and values:
        return [name + "".join(sorted(text for each in values for text in _named(name[:-4], [each], context)))]
    return [name + _content(each, context) for each in values]


def _content(value: object, context: Context) -> str:
    if isinstance(value, dict):
        inner = context.within(value.get("@context"))
        text = _text(value["#text"], inner) if "#text" in value else ""
        return text + "".join(sorted(text for key, each in value.items() for text in _free(key, each, inner)))
    if isinstance(value, list):
        return "".join(sorted(_content(each, context) for each in value))
    return _text(value, context)


def _text(value: object, context: Context) -> str:
    written = _scalar(value, context)
    return "=" + written if written else ""


def _field(name: str, value: object, context: Context) -> str:
    if isinstance(value, str):
        if name in TIMES and (at := find_instant(value)):
            return in_milliseconds(at)
        words = WORDS.get(name)
        if words and value in words:
            return words[value]
    return _scalar(value, context)


def _scalar(value: object, context: Context) -> str:
    if isinstance(value, str):
        split = context.split(value) if ":" in value else None
        value = (split[0] + split[1] if split else value).strip()
    text = _number(str(value))
    for older, stem in OLDER_STEMS.items() if "urn:epcglobal:cbv:" in text else ():
        text = text.replace(older, stem)
    return canonical(text)


def _number(text: str) -> str:
    if text[:1] not in _MAY_BE_NUMBER:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number):
        return text
    return str(int(number) if number.is_integer() else number)
