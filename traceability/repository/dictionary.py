"""What many events name, kept once: identifiers, names of attributes, lists of contexts.

New entries are added in the order of their keys, so that two captures that bring the same ones wait for each other in
one order and never in a circle; nobody locks an entry that is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from shop.db import fetch
from shop.pipelining import Statement
from traceability.standard.identifiers import kind, link_of
from traceability.standard.keys import GTIN_DIGITS
from traceability.standard.links import CANONICAL

_FIND_EPCS = Statement("SELECT uri, id, captured FROM trace_epcs WHERE uri = ANY (cast(:uris AS text[]))")
_ADD_EPCS = Statement("""
    INSERT INTO trace_epcs (uri, captured, kind, gs1_key)
    SELECT * FROM unnest(cast(:uris AS text[]), cast(:captured AS text[]), cast(:kinds AS text[]), cast(:keys AS text[]))
           AS n (uri, captured, kind, gs1_key) ORDER BY uri COLLATE "C"
    ON CONFLICT DO NOTHING RETURNING uri, id""")
_FIND_NAMES = Statement("SELECT name, id FROM trace_names WHERE name = ANY (cast(:names AS text[]))")
_ADD_NAMES = Statement("""
    INSERT INTO trace_names (name) SELECT name FROM unnest(cast(:names AS text[])) AS n (name) ORDER BY name COLLATE "C"
    ON CONFLICT DO NOTHING RETURNING name, id""")
_FIND_CONTEXTS = Statement(
    "SELECT encode(sha256, 'hex'), id FROM trace_contexts WHERE sha256 = ANY (cast(:keys AS bytea[]))"
)
_ADD_CONTEXTS = Statement("""
    INSERT INTO trace_contexts (sha256, contexts)
    SELECT * FROM unnest(cast(:keys AS bytea[]), cast(:contexts AS jsonb[])) AS n (key, contexts) ORDER BY key
    ON CONFLICT DO NOTHING RETURNING encode(sha256, 'hex'), id""")


_GOODS = f"{CANONICAL}01/"
#: What goods are by the qualifier behind their GTIN.
_GOODS_KINDS = {"": "class", "10": "lot", "21": "instance", "235": "instance"}


class Epcs:
    """Keys of identifiers, and which of them this transaction has added."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.added: set[int] = set()
        #: Identifiers that have come as a URN for the first time: key to URN.
        self.better_known: dict[int, str] = {}


def take_epcs(captured: Mapping[str, str]) -> Epcs:
    """Return the keys of identifiers, adding those that are new.

    :param captured: canonical form to the form that was captured.
    """
    epcs = Epcs()
    for uri, id_, form in fetch(_FIND_EPCS, {"uris": list(captured)}) if captured else ():
        epcs.ids[uri] = id_
        if captured[uri].startswith("urn:") and not form.startswith("urn:"):
            epcs.better_known[id_] = captured[uri]
    missing = [uri for uri in captured if uri not in epcs.ids]
    if missing:
        made: dict[str, int] = dict(fetch(_ADD_EPCS, described(missing, captured)))
        epcs.ids.update(made)
        epcs.added.update(made.values())
        late = [uri for uri in missing if uri not in made]
        epcs.ids.update({uri: id_ for uri, id_, _form in fetch(_FIND_EPCS, {"uris": late})} if late else {})
    return epcs


def described(uris: Sequence[str], captured: Mapping[str, str]) -> dict[str, list[str | None]]:
    """Return the columns of new identifiers."""
    known = [_known_of(uri) for uri in uris]
    return {
        "uris": list(uris),
        "captured": [captured[uri] for uri in uris],
        "kinds": [kind_ for kind_, _ in known],
        "keys": [key for _, key in known],
    }


def _known_of(uri: str) -> tuple[str, str | None]:
    """Return the kind and the GS1 key of a canonical form; of most, goods and logistic units, they can be read off."""
    if uri.startswith(_GOODS):
        end = len(_GOODS) + GTIN_DIGITS
        qualifier = uri[end + 1 :].partition("/")[0]
        if qualifier in _GOODS_KINDS:
            return _GOODS_KINDS[qualifier], uri[len(CANONICAL) : end]
    link = link_of(uri)
    return kind(uri), f"{link.ai}/{link.value}" if link else None


def take_names(names: Collection[str]) -> dict[str, int]:
    """Return the keys of attributes' names, adding those that are new."""
    return _take(list(names), _FIND_NAMES, _ADD_NAMES, lambda missing: {"names": missing}, "names")


def context_key(contexts: Sequence[Any]) -> str:
    """Return what tells one list of contexts from another."""
    text = json.dumps(contexts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def take_contexts(lists: Iterable[Sequence[Any]]) -> dict[str, int]:
    """Return the keys of lists of contexts by :func:`context_key`, adding those that are new."""
    texts = {rf"\x{context_key(each)}": json.dumps(each, ensure_ascii=False) for each in lists}
    found = _take(
        list(texts), _FIND_CONTEXTS, _ADD_CONTEXTS,
        lambda missing: {"keys": missing, "contexts": [texts[key] for key in missing]}, "keys", prefix=r"\x",
    )  # fmt: skip
    return {key.removeprefix(r"\x"): id_ for key, id_ in found.items()}


def _take(
    keys: list[str], find: Statement, add: Statement, values_of: Any, parameter: str, *, prefix: str = ""
) -> dict[str, int]:
    """Find keys, add what is missing, and find again what another transaction added in between."""
    found: dict[str, int] = {}
    if keys:
        found.update((prefix + key, id_) for key, id_ in fetch(find, {parameter: keys}))
    missing = [key for key in keys if key not in found]
    if missing:
        found.update((prefix + key, id_) for key, id_ in fetch(add, values_of(missing)))
    late = [key for key in missing if key not in found]
    if late:
        found.update((prefix + key, id_) for key, id_ in fetch(find, {parameter: late}))
    return found


_LOCK = Statement("""
    SELECT FROM trace_epcs WHERE id = ANY (cast(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE""")
_NOTE_URNS = Statement("""
    UPDATE trace_epcs e SET captured = n.urn FROM unnest(cast(:ids AS bigint[]), cast(:urns AS text[])) AS n (id, urn)
    WHERE e.id = n.id AND e.captured NOT LIKE 'urn:%'""")


def lock(ids: Collection[int]) -> None:
    """Lock identifiers until the transaction ends, in the order of their keys."""
    if ids:
        fetch(_LOCK, {"ids": sorted(ids)})


def note_urns(urns: Mapping[int, str]) -> None:
    """Keep the URN of identifiers that had come as Digital Links only; their rows are locked."""
    if urns:
        fetch(_NOTE_URNS, {"ids": list(urns), "urns": list(urns.values())})
