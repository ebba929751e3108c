"""The values of query parameters: texts to words, identifiers, times and numbers, or a refusal that names the parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shop.auth import Actor
from traceability.asking.refusals import BadParameter
from traceability.repository.drafts import same
from traceability.standard.contexts import Context
from traceability.standard.fields import ACTIONS, EVENTS
from traceability.standard.identifiers import vocabulary
from traceability.standard.times import find_instant

#: Beyond these a query is no question of a person or a program any more.
MAX_PARAMETERS, MAX_VALUES, MAX_LENGTH = 50, 1000, 2000
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)
_FLAGS: Mapping[str, bool] = {
    "": True, "true": True, "1": True, "null": True, "none": True, "false": False, "0": False,
}  # fmt: skip
_EXTENSION = re.compile(r"\s*([A-Za-z][\w.-]*)\s*=\s*(\S+?)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """One parameter: its name, its values, and with what they are read."""

    name: str
    values: Sequence[str]
    context: Context
    actor: Actor

    def refuse(self, detail: str) -> BadParameter:
        """Return the refusal of this parameter."""
        return BadParameter(self.name, detail)

    @property
    def only(self) -> str:
        """The one value that the parameter takes.

        :raises BadParameter: for none or several.
        """
        if len(self.values) != 1:
            raise self.refuse("takes one value.")
        return self.values[0]

    def words(self, field: str) -> list[str]:
        """Return values as full names of a vocabulary's words."""
        return [self.word(value, field) for value in self.values]

    def word(self, value: str, field: str) -> str:
        """Return the full name of one word, however it is written."""
        found = vocabulary(value, self.context, field=field)
        if ":" not in found:
            raise self.refuse(f"{value[:100]!r} is neither a word of the vocabulary nor a URI.")
        return found

    def identifiers(self) -> list[str]:
        """Return values as canonical identifiers."""
        if any(":" not in value for value in self.values):
            raise self.refuse("takes URIs.")
        return [same(value, self.context) for value in self.values]

    def actions(self) -> list[str]:
        """Return values as actions."""
        if any(value not in ACTIONS for value in self.values):
            raise self.refuse(f"is one of {', '.join(ACTIONS)}.")
        return list(self.values)

    def types(self) -> list[str]:
        """Return values as types of events; those that others defined by their full names."""
        found = [value if value in EVENTS else self.context.expand(value) for value in self.values]
        if None in found:
            raise self.refuse(f"is one of {', '.join(EVENTS)}, or a URI.")
        return [each for each in found if each]

    def moment(self) -> datetime:
        """Return the value as an instant."""
        found = find_instant(self.only)
        if found is None:
            raise self.refuse("takes a time with a zone, like 2026-07-14T08:00:00.000+08:00.")
        return found

    def numbers(self, comparison: str) -> list[Decimal]:
        """Return the values as numbers: several where equality is asked for, else one."""
        return [self._number(value) for value in (self.values if comparison == "EQ" else [self.only])]

    def _number(self, value: str) -> Decimal:
        found = number_of(value)
        if found is None:
            raise self.refuse("takes a number.")
        return found

    def flag(self) -> bool:
        """Return whether the thing has to be there; no value asks for it too."""
        found = _FLAGS.get(self.only.lower())
        if found is None:
            raise self.refuse("is true or false.")
        return found

    def full_name(self, name: str) -> str:
        """Return the full name of a field of somebody's own."""
        prefix, _colon, local = name.partition(":")
        if not (local.startswith("//") or prefix == "urn" or prefix in self.context.prefixes):
            raise self.refuse(f"the prefix {prefix[:50]!r} is not declared in GS1-Extensions.")
        return self.context.expand(name) or name


def number_of(text: str) -> Decimal | None:
    """Return what a text says as a number, or ``None``."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def extensions_of(header: str) -> dict[str, str]:
    """Return the prefixes that a GS1-Extensions header declares.

    :raises BadParameter: if it is not written ``prefix=namespace, …``.
    """
    found: dict[str, str] = {}
    for part in header.split(",") if header.strip() else ():
        said = _EXTENSION.fullmatch(part)
        if not said or len(part) > MAX_LENGTH or len(found) >= MAX_PARAMETERS:
            raise BadParameter("GS1-Extensions", "is written prefix=namespace, prefix=namespace.")
        found[said[1]] = said[2]
    return found


def split(parameters: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the parameters of an address with their values, which stand between bars.

    :raises BadParameter: for a parameter that stands there twice.
    """
    found: dict[str, list[str]] = {}
    for name, value in parameters:
        if name in found:
            raise BadParameter(name, "stands in the address twice; several values are written a|b.")
        found[name] = value.split("|")
    return found


def check_size(parameters: Mapping[str, Sequence[str]]) -> None:
    """Refuse more than anybody needs to ask, and what no text can be."""
    if len(parameters) > MAX_PARAMETERS:
        raise BadParameter(list(parameters)[MAX_PARAMETERS], f"a query has at most {MAX_PARAMETERS} parameters.")
    for name, values in parameters.items():
        if len(values) > MAX_VALUES or any(len(value) > MAX_LENGTH for value in values):
            raise BadParameter(name, f"has more than {MAX_VALUES} values, or one of more than {MAX_LENGTH} characters.")
        if any("\0" in text or not _is_encodable(text) for text in (name, *values)):
            raise BadParameter(name.encode(errors="replace").decode(), "holds a character that no text has.")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
