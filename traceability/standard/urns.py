"""EPC URNs: to what they identify, and back."""

import re

from biip import ParseError
from biip.gs1_prefixes import GS1CompanyPrefix

from traceability.standard.keys import PREFIX_LENGTHS, SCHEMES, Scheme, check_digit
from traceability.standard.links import Link, unescape

_URN = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.+)", re.ASCII | re.DOTALL)
_DIGITS = re.compile(r"\d+", re.ASCII)
_SERIAL = re.compile(r"(?:%[0-9A-Fa-f]{2}|[!'()*+,.0-9:;=A-Za-z_-])+", re.ASCII)
#: What a URN percent-encodes in a serial number; the rest stands as it is.
_ESCAPED = {ord(character): f"%{ord(character):02X}" for character in '"#%&/<>?'}
_PIECES = re.compile(r"\d{2}", re.ASCII)


def link_of(urn: str) -> Link | None:
    """Return what an EPC URN identifies, or ``None`` where no Digital Link exists for it.

    A pattern URN with ``*`` for the serial number, as classes of goods are written, identifies the class.
    """
    found = _URN.fullmatch(urn)
    scheme = SCHEMES.get(found[2]) if found else None
    if found is None or scheme is None or found[1] not in (scheme.space, "idpat"):
        return None
    fields = _fields(found[3], scheme)
    if fields is None:
        return None
    prefix, reference, pieces, serial = fields
    if found[1] == "idpat":
        return _class(scheme, prefix, reference, pieces) if serial == "*" and _is_reference(scheme, reference) else None
    if not _is_reference(scheme, reference) or not _is_serial(scheme, serial):
        return None
    return _link(scheme, prefix, reference, pieces, unescape(serial))


def urn_of(link: Link, prefix_length: int | None) -> str | None:
    """Write the URN of what a link identifies, or ``None`` where none says the same.

    That is so for keys without a scheme, without a known company prefix, with a wrong check digit (a URN has none),
    and for values that URNs cannot hold.
    """
    scheme = _scheme_of(link)
    prefix_length = prefix_length or _known_prefix_length(link)
    if scheme is None or prefix_length is None or prefix_length not in PREFIX_LENGTHS:
        return None
    key, serial = _unpacked(link, scheme)
    numbers = _numbers(scheme, key, prefix_length)
    if numbers is None:
        return None
    pieces = [key[-4:-2], key[-2:]] if scheme.pieces else []
    tail = [*pieces, "*" if serial is None else serial.translate(_ESCAPED)] if scheme.then else []
    space = "idpat" if scheme.then and serial is None else scheme.space
    urn = f"urn:epc:{space}:{scheme.name}:" + ".".join([*numbers, *tail])
    return urn if link_of(urn) == link else None


def _numbers(scheme: Scheme, key: str, prefix_length: int) -> tuple[str, str] | None:
    """Return company prefix and reference of a key."""
    if not scheme.digits:
        reference = key[prefix_length:]
        return (key[:prefix_length], reference.translate(_ESCAPED)) if reference else None
    digits = key[len(scheme.padding) : len(scheme.padding) + scheme.digits]
    lead, digits = (digits[0], digits[1:]) if scheme.leads else ("", digits)
    return digits[:prefix_length], lead + digits[prefix_length:]


def prefix_length_of(urn: str) -> int | None:
    """Return how many digits the company prefix of an EPC URN has."""
    found = _URN.fullmatch(urn)
    prefix = found[3].partition(".")[0] if found else ""
    return len(prefix) if _DIGITS.fullmatch(prefix) and len(prefix) in PREFIX_LENGTHS else None


def _fields(text: str, scheme: Scheme) -> tuple[str, str, str, str] | None:
    """Take the URN's body apart: company prefix, reference, pieces of an ITIP, serial number."""
    prefix, dot, rest = text.partition(".")
    if not dot or not _DIGITS.fullmatch(prefix) or len(prefix) not in PREFIX_LENGTHS:
        return None
    if scheme.name == "cpi":
        reference, dot, serial = rest.rpartition(".")
        return (prefix, reference, "", serial) if dot else None
    if not scheme.then:
        return prefix, rest, "", ""
    reference, dot, serial = rest.partition(".")
    pieces = ""
    if scheme.pieces:
        piece, _, serial = serial.partition(".")
        total, dot, serial = serial.partition(".")
        if not (_PIECES.fullmatch(piece) and _PIECES.fullmatch(total)):
            return None
        pieces = piece + total
    if not dot or (scheme.digits and len(prefix) + len(reference) != scheme.digits):
        return None
    return prefix, reference, pieces, serial


def _is_reference(scheme: Scheme, reference: str) -> bool:
    return bool(_SERIAL.fullmatch(reference) if not scheme.digits else not reference or _DIGITS.fullmatch(reference))


def _is_serial(scheme: Scheme, serial: str) -> bool:
    if not scheme.then:
        return not serial
    return bool((_DIGITS if scheme.name in ("cpi", "sgcn") else _SERIAL).fullmatch(serial))


def _key(scheme: Scheme, prefix: str, reference: str) -> str | None:
    """Put prefix and reference together as the key has them, with its check digit."""
    if not scheme.digits:
        return prefix + unescape(reference)
    if len(prefix) + len(reference) != scheme.digits or (scheme.leads and not reference):
        return None
    digits = reference[:1] + prefix + reference[1:] if scheme.leads else scheme.padding + prefix + reference
    return digits + check_digit(digits)


def _class(scheme: Scheme, prefix: str, reference: str, pieces: str) -> Link | None:
    key = _key(scheme, prefix, reference)
    return Link(scheme.ai, key + pieces) if key and scheme.then else None


def _link(scheme: Scheme, prefix: str, reference: str, pieces: str, serial: str) -> Link | None:
    key = _key(scheme, prefix, reference)
    if key is None:
        return None
    if scheme.then in ("", "*"):
        return Link(scheme.ai, key + serial)
    if scheme.name == "sgln" and serial == "0":
        return Link(scheme.ai, key)
    return Link(scheme.ai, key + pieces, scheme.then, serial)


def _scheme_of(link: Link) -> Scheme | None:
    """Find the scheme that a link's key and qualifier make."""
    for scheme in SCHEMES.values():
        qualifier = "" if scheme.then == "*" else scheme.then
        if scheme.ai == link.ai and link.qualifier in (qualifier, "") and scheme.name not in ("upui", "lgtin"):
            return scheme
        if scheme.ai == link.ai and link.qualifier and link.qualifier == qualifier:
            return scheme
    return None


def _unpacked(link: Link, scheme: Scheme) -> tuple[str, str | None]:
    """Separate a key from the serial number that stands in it or behind it; a class of goods has none."""
    if scheme.then == "*":
        length = len(scheme.padding) + scheme.digits + 1
        return link.value[:length], link.value[length:] or None
    if scheme.name == "sgln":
        return link.value, link.qualified or "0"
    return link.value, link.qualified or None


def _known_prefix_length(link: Link) -> int | None:
    """Return the length of a company prefix by GS1's published table of ranges."""
    skipped = 1 if link.ai in ("00", "01", "8003", "8006") else 0
    try:
        found = GS1CompanyPrefix.extract(link.value[skipped:])
    except ParseError:
        return None
    return len(found.value) if found else None
