"""EPC patterns: ``urn:epc:idpat:…`` with ``*`` for what may be anything, as a condition on canonical identifiers."""

import re
from dataclasses import dataclass, replace
from enum import Enum

from traceability.standard import urns
from traceability.standard.keys import PREFIX_LENGTHS, SCHEMES, Scheme, check_digit
from traceability.standard.links import CANONICAL, escape, unescape

_PATTERN = re.compile(r"urn:epc:idpat:([a-z]+):(.+)", re.ASCII)
_SPECIAL = re.compile(r"([\\%_])")


class Open(Enum):
    """A place of a pattern that is not given: some text, or none or some."""

    SOME = "_%"
    MAYBE = "%"


#: A text, a number of unknown digits, or an open place.
Piece = str | int | Open
_EXPRESSIONS = {Open.SOME: "[^/]+", Open.MAYBE: ".*"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the canonical identifiers that match look like, piece by piece."""

    pieces: tuple[Piece, ...]

    @property
    def prefix(self) -> str:
        """The text with which every match begins, for a range of an index."""
        return str(self.pieces[0])

    @property
    def like(self) -> str:
        r"""The pattern for SQL's ``LIKE``, with ``\`` as escape."""
        return "".join(
            piece.value
            if isinstance(piece, Open)
            else "_" * piece
            if isinstance(piece, int)
            else _SPECIAL.sub(r"\\\1", piece)
            for piece in self.pieces
        )

    def matches(self, canonical: str) -> bool:
        """Tell whether a canonical identifier matches."""
        expression = "".join(
            _EXPRESSIONS[piece]
            if isinstance(piece, Open)
            else f"[0-9]{{{piece}}}"
            if isinstance(piece, int)
            else re.escape(piece)
            for piece in self.pieces
        )
        return re.fullmatch(expression, canonical) is not None


def pattern_of(uri: str, *, of_classes: bool = False) -> Pattern | None:
    """Return what an EPC pattern asks for, or ``None`` if ``uri`` is no pattern of a scheme with Digital Links.

    A ``*`` may stand for the serial number, then for the reference before it too, then for all: nothing that is given
    follows one. A pattern without any asks for one thing.

    :param of_classes: it asks for classes, which have the ``*`` themselves where things have a serial number
        (EPCIS 2.0, 8.2.7.1.1); lots are classes already.
    """
    found = _PATTERN.fullmatch(uri)
    scheme = SCHEMES.get(found[1]) if found else None
    if found is None or scheme is None:
        return None
    if "*" not in found[2]:
        link = urns.link_of(f"urn:epc:{scheme.space}:{scheme.name}:{found[2]}")
        return Pattern((link.uri,)) if link else None
    given, star, stars = found[2].partition("*")
    fields = given.removesuffix(".").split(".") if given else []
    if f".{star}{stars}" != ".*" * (_fields_of(scheme) - len(fields)) or (given and not given.endswith(".")):
        return None
    if of_classes and scheme.space == "id" and scheme.then:
        scheme = replace(scheme, then="")
    pieces = _pieces(scheme, fields)
    return Pattern(_joined([f"{CANONICAL}{scheme.ai}/", *pieces])) if pieces is not None else None


def _fields_of(scheme: Scheme) -> int:
    return 2 + bool(scheme.then) + 2 * scheme.pieces


def _pieces(scheme: Scheme, given: list[str]) -> list[Piece] | None:
    """Return the pieces behind the application identifier, or ``None`` if what is given does not fit the scheme."""
    if given and not (_are_digits(given[0]) and len(given[0]) in PREFIX_LENGTHS):
        return None
    if not scheme.digits:
        reference: list[Piece] = [escape(unescape("".join(given))), *([] if given[1:] else [Open.SOME])]
        return [*reference, f"/{scheme.then}/", Open.SOME] if scheme.then else reference
    key = _key(scheme, given)
    return None if key is None else [*key, *_behind(scheme, given)]


def _behind(scheme: Scheme, given: list[str]) -> list[Piece]:
    """Return the pieces behind a key of fixed length."""
    if scheme.name == "sgln" and scheme.then:
        # A place without extension is written without it.
        return [Open.MAYBE]
    inner: list[Piece] = [*given[2:], *([2] * (2 - len(given[2:])))] if scheme.pieces else []
    if scheme.then in ("", "*"):
        return [*inner, Open.SOME] if scheme.then else inner
    return [*inner, f"/{scheme.then}/", Open.SOME]


def _key(scheme: Scheme, given: list[str]) -> list[Piece] | None:
    """Return the pieces of the key: whole with its check digit, or the company prefix among unknown digits."""
    if len(given) > 1:
        prefix, reference = given[0], given[1]
        if not _are_digits(prefix + reference) or len(prefix) + len(reference) != scheme.digits:
            return None
        digits = reference[:1] + prefix + reference[1:] if scheme.leads else scheme.padding + prefix + reference
        return [digits + check_digit(digits)]
    if not given:
        return [scheme.padding, scheme.digits + 1]
    rest = scheme.digits - len(given[0]) + 1
    return [1, given[0], rest - 1] if scheme.leads else [scheme.padding + given[0], rest]


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Put neighbouring texts together and leave out empty pieces."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if isinstance(piece, str) and isinstance(last, str):
            found[-1] = last + piece
        elif piece not in ("", 0):
            found.append(piece)
    return tuple(found)
