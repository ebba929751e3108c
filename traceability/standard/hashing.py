"""The event hash of CBV 2.0 (8.9): the same for an event however its JSON was ordered and its identifiers were written."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import isfinite

from traceability.standard.contexts import Context
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
from traceability.standard.identifiers import canonical, vocabulary
from traceability.standard.times import find_instant, in_milliseconds
from traceability.standard.words import OLDER_STEMS

VERSION = "CBV2.0"
_PLAIN_LINK = re.compile(r"https?://[^/]+(/[0-9A-Za-z'.;=_-]+)+", re.ASCII)
_LONG_VARIANT = re.compile(r"/(22|cpv)/.{21}")
_MAY_BE_NUMBER = frozenset("0123456789+-.")


def event_hash(event: Mapping[str, object], context: Context) -> str:
    """Return the hash ID of an event: a name for what it says, ``ni:///sha-256;…?ver=CBV2.0``.

    :param context: of the document; a context that the event itself brings is added to it.
    """
    digest = sha256(pre_hash(event, context).encode("utf-8", "surrogatepass")).hexdigest()
    return f"ni:///sha-256;{digest}?ver={VERSION}"


def pre_hash(event: Mapping[str, object], context: Context) -> str:
    """Return the text that is hashed: names and values in the standard's order, nothing between them."""
    context = context.within(event.get("@context"))
    parts = ["eventType=", str(event.get("type"))]
    rest: list[str] = []
    for name in EVENT:
        if name in event:
            known, left = _ordered(name, event[name], context)
            parts.append(known)
            rest += left
    for name, value in event.items():
        if name in TYPED:
            rest += _typed(name, value, context)
        elif name not in IGNORED and name not in EVENT_NAMES:
            rest += _free(name, value, context)
    return "".join([*parts, *sorted(rest)])


def declaration_text(event: Mapping[str, object], context: Context) -> str:
    """Return what an event's error declaration says, equal for equal ones however they were written.

    The hash leaves it out, as it leaves out who recorded the event. Empty if the event has none.
    """
    declaration = event.get("errorDeclaration")
    if not isinstance(declaration, Mapping):
        return ""
    said, context = dict(declaration), context.within(event.get("@context"))
    if at := find_instant(said.get("declarationTime")):
        said["declarationTime"] = at.isoformat()
    if isinstance(said.get("reason"), str):
        said["reason"] = vocabulary(str(said["reason"]), context, field="reason")
    return _content(said, context)


#: Names of a namespace that ends in a slash: only these stay where they stand, as the reference generator has it.
_IN_PLACE = re.compile(r"\{[^{}]*/\}")


def _ordered(name: str, value: object, context: Context) -> tuple[str, list[str]]:
    """Write a field whose place the standard gives, and what of it stands among what is sorted at the end."""
    if name in ELEMENTS:
        return _under(name, *_collected(ELEMENTS[name], value, context))
    if isinstance(value, dict):
        return _under(name, *_object(name, value, context)) if name in INNER else ("", _free(name, value, context))
    return _collected(name, value, context)


def _under(name: str, text: str, left: list[str]) -> tuple[str, list[str]]:
    """Put a name before what stands in its place and before what does not; nothing has none."""
    return name + text if text else "", [name + "".join(sorted(left))] if left else []


def _collected(name: str, values: object, context: Context) -> tuple[str, list[str]]:
    """Write each value under the same name, sorted."""
    found, left = [], []
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, dict):
            text, below = _under(name, *_object(name, value, context))
            left += below
        else:
            written = _field(name, value, context)
            text = f"{name}={written}" if written else ""
        found.append(text)
    found.sort()
    return "".join(found), left


def _object(name: str, value: Mapping[str, object], context: Context) -> tuple[str, list[str]]:
    """Write the members of an object in its order, and behind them what others added; and what stands at the end."""
    order = INNER.get(name, ())
    parts, left = [], []
    for member in order:
        if member in value:
            written, below = _ordered(member, value[member], context)
            parts.append(written)
            left += below
    added = {key: each for key, each in value.items() if key not in order and key not in COMMENTS}
    if added:
        texts = [text for key, each in added.items() for text in _free(key, each, context)]
        stays = _stay(value, context)
        parts += sorted(text for text in texts if stays and _IN_PLACE.match(text))
        left += [text for text in texts if not (stays and _IN_PLACE.match(text))]
    return "".join(parts), left


def _stay(value: Mapping[str, object], context: Context) -> bool:
    """Tell whether what others added to an object may stand there.

    The reference generator (1.9.3) looks for it only where there are two members or more, and takes an object that
    names an action or an event's time for an event.
    """
    said = [(key, each) for key, each in value.items() if key not in COMMENTS and each != []]
    count = sum(len(each) if isinstance(each, list) else 1 for _, each in said)
    names = ("".join(context.split(key) or (key,)) for key, _ in said)
    return count > 1 and not any("eventTime" in name or "action" in name for name in names)


def _typed(name: str, values: object, context: Context) -> Iterable[str]:
    """Write a list of pairs of type and value, sorted; none when it is empty."""
    member, words = TYPED[name]
    pairs = []
    for pair in values if isinstance(values, list) else [values]:
        if not isinstance(pair, dict):
            return _free(name, values, context)
        kind = pair.get("type")
        text = (
            "" if kind is None else "type=" + _scalar(words.get(kind, kind) if isinstance(kind, str) else kind, context)
        )
        pairs.append(f"{text}{member}={_scalar(pair.get(member), context)}")
    return [name + "".join(sorted(pairs))] if pairs else []


def _free(key: str, value: object, context: Context) -> list[str]:
    """Write what the standard gives no place: one text for each value under the key."""
    if key in COMMENTS:
        return []
    namespaced = context.split(key)
    return _named(f"{{{namespaced[0]}}}{namespaced[1]}" if namespaced else key, value, context)


def _named(name: str, value: object, context: Context) -> list[str]:
    """Write values under a name that is already in its full form; what is named a list holds its elements."""
    values = value if isinstance(value, list) else [value]
    if name.endswith("List") and values:
        return [name + "".join(sorted(text for each in values for text in _named(name[:-4], [each], context)))]
    return [name + _content(each, context) for each in values]


def _content(value: object, context: Context) -> str:
    """Write one value: a text, or the sorted members of an object or of a list in a list."""
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
    """Write the value of a field of the standard: times in UTC, bare words in full."""
    if isinstance(value, str):
        if name in TIMES and (at := find_instant(value)):
            return in_milliseconds(at)
        words = WORDS.get(name)
        if words and value in words:
            return words[value]
    return _scalar(value, context)


def _scalar(value: object, context: Context) -> str:
    """Write a value so that equal ones look equal: prefixes expanded, numbers plain, identifiers as Digital Links."""
    if isinstance(value, str):
        if value.startswith("urn:epc:") and "urn" not in context.prefixes:
            return canonical(value.strip())
        split = context.split(value) if ":" in value else None
        value = (split[0] + split[1] if split else value).strip()
    text = _number(str(value))
    for older, stem in OLDER_STEMS.items() if "urn:epcglobal:cbv:" in text else ():
        text = text.replace(older, stem)
    return _linked(text) if text.startswith("http") else canonical(text)


def _linked(text: str) -> str:
    """Write a Digital Link in its canonical form, where the reference generator (1.9.3) does so.

    It leaves alone what has characters that are escaped, or should be, an end that says nothing or a long variant, and
    it keeps an extension 0.
    """
    form = canonical(text)
    path = text.partition("?")[0]
    if form == text or "." not in text or not _PLAIN_LINK.fullmatch(path) or _LONG_VARIANT.search(path):
        return text
    return f"{form}/254/0" if path.endswith("/254/0") else form


def _number(text: str) -> str:
    """Write a number without needless signs and zeros; leave other texts alone."""
    if text[:1] not in _MAY_BE_NUMBER and not text[:1].isdecimal():
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number):
        return text
    return str(int(number) if number.is_integer() else number)
