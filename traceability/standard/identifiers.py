"""What two ways of writing have in common: the canonical form of identifiers and words, and what they identify."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from traceability.standard import links, urns
from traceability.standard.contexts import Context
from traceability.standard.links import Link
from traceability.standard.words import CBV, FULL, FULL_OF_ANY, OLDER_STEMS, VOC

#: What a key without qualifier identifies.
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "00": "instance", "01": "class", "253": "document", "255": "class", "401": "document", "402": "document",
        "414": "place", "417": "party", "8003": "class", "8004": "instance", "8006": "class", "8010": "class",
        "8017": "party", "8018": "party",
    }
)  # fmt: skip
#: What a qualifier makes of it.
_QUALIFIED = MappingProxyType(
    {"21": "instance", "235": "instance", "8011": "instance", "10": "lot", "254": "place", "8019": "party"}
)
#: URNs that have no Digital Link.
_OTHER_URNS = (
    ("urn:epcglobal:cbv:bt:", "document"),
    ("urn:epcglobal:cbv:loc:", "place"),
    ("urn:epcglobal:cbv:pty:", "party"),
    ("urn:epcglobal:cbv:obj:", "instance"),
    ("urn:epcglobal:cbv:cls:", "class"),
    ("urn:epc:id:", "instance"),
    ("urn:epc:class:", "class"),
    ("urn:epc:idpat:", "class"),
)
#: Digits of a GRAI and a GCN before the serial number.
_UNSERIALISED = MappingProxyType({"8003": 14, "255": 13})
#: No GS1 key is that long, whatever address stands before it.
MAX_IDENTIFIER = 500
#: How identifiers with a canonical form begin.
_FORMS = ("urn:epc:", "https://", "http://")


def canonical(uri: str) -> str:
    """Return one form for all ways to write an identifier: its Digital Link on id.gs1.org, or the text itself."""
    if not uri.startswith(_FORMS) or len(uri) > MAX_IDENTIFIER:
        return uri
    return _remembered(uri)


def link_of(uri: str) -> Link | None:
    """Return what an EPC URN or a Digital Link identifies, or ``None`` for anything else."""
    if len(uri) > MAX_IDENTIFIER or not uri.isprintable():
        return None
    return urns.link_of(uri) if uri.startswith("urn:") else links.link_of(uri)


@lru_cache(maxsize=10_000)
def _remembered(uri: str) -> str:
    """Remember what was asked last: each event names its identifiers several times."""
    link = link_of(uri)
    return link.uri if link else uri


def urn_of(canonical_uri: str, captured: str | None = None) -> str | None:
    """Return the EPC URN of an identifier, or ``None`` where there is none or nobody knows the company prefix.

    :param captured: how it was written when it came: a URN tells where the company prefix ends.
    """
    if captured is not None and captured.startswith("urn:") and canonical(captured) == canonical_uri:
        return captured
    link = link_of(canonical_uri)
    return urns.urn_of(link, urns.prefix_length_of(captured) if captured else None) if link else None


def to_urn(canonical_uri: str, captured: str | None = None) -> str:
    """Return the EPC URN of an identifier, or the canonical form where there is no URN."""
    return urn_of(canonical_uri, captured) or canonical_uri


def kind(uri: str) -> str:
    """Tell what an identifier names: instance, class, lot, place, party, document, or other."""
    link = link_of(uri)
    if link is None:
        return next((kind for start, kind in _OTHER_URNS if uri.startswith(start)), "other")
    if link.qualifier in _QUALIFIED:
        return _QUALIFIED[link.qualifier]
    if link.ai in _UNSERIALISED and len(link.value) > _UNSERIALISED[link.ai]:
        return "instance"
    return _KINDS[link.ai]


def vocabulary(word_or_uri: str, context: Context | None = None, *, field: str | None = None) -> str:
    """Return the canonical form of a word of CBV or of GS1's web vocabulary, whatever way it was written.

    :param context: expands prefixed names; GS1's own prefixes are known without it.
    :param field: one of the lists in :data:`words.FULL`, to look no further than there.
    """
    full = (FULL[field] if field else FULL_OF_ANY).get(word_or_uri)
    if full:
        return full
    name = (context or _PLAIN).expand(word_or_uri) or word_or_uri
    for older, stem in OLDER_STEMS.items():
        if name.startswith(older):
            return stem + name[len(older) :]
    for older, base in _OLDER_BASES:
        if name.startswith(older):
            return base + name[len(older) :]
    return name


_PLAIN = Context.of()
#: Addresses under which the vocabularies stood before, or stand as well.
_OLDER_BASES = (
    ("http://ref.gs1.org/cbv/", CBV),
    ("https://ns.gs1.org/cbv/", CBV),
    ("http://ns.gs1.org/cbv/", CBV),
    ("http://gs1.org/voc/", VOC),
    ("https://www.gs1.org/voc/", VOC),
    ("http://www.gs1.org/voc/", VOC),
)
