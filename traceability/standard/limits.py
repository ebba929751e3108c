"""Bounds of what is looked at: deep, wide and giant JSON is refused before anything recurses into it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from traceability.standard.faults import Fault


@dataclass(frozen=True, slots=True)
class Limits:
    """How large one event, or the head of a document, may be."""

    #: Levels of objects and lists within each other.
    depth: int = 64
    #: Members of all its objects together.
    members: int = 10_000
    #: Elements of all its lists together.
    elements: int = 200_000
    #: Characters of one text, or of one name.
    characters: int = 100_000


DEFAULT = Limits()


def excess(value: object, limits: Limits = DEFAULT) -> str | None:
    """Say how a value goes beyond the limits, or that it cannot be stored; ``None`` if all is well.

    It walks level by level, so that no depth can exhaust the stack, and stops at the first limit.
    """
    members = elements = 0
    level: list[object] = [value]
    for _depth in range(limits.depth + 1):
        below: list[object] = []
        for each in level:
            if isinstance(each, dict):
                members += len(each)
                if members > limits.members:
                    return f"has more than {limits.members} members"
                below += each
                below += each.values()
            elif isinstance(each, list):
                elements += len(each)
                if elements > limits.elements:
                    return f"has more than {limits.elements} list elements"
                below += each
            elif wrong := _scalar_excess(each, limits):
                return wrong
        if not below:
            return None
        level = below
    return f"is nested deeper than {limits.depth} levels"


def _scalar_excess(value: object, limits: Limits) -> str | None:
    """Say what is wrong with a value that holds no others."""
    if isinstance(value, str):
        if len(value) > limits.characters:
            return f"holds a text of more than {limits.characters} characters"
        if "\0" in value:
            return "holds a text with the character U+0000"
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            return "holds a text with half a surrogate pair"
    elif isinstance(value, float) and not math.isfinite(value):
        return "holds a number that JSON does not have"
    elif isinstance(value, int) and not -MAX_NUMBER < value < MAX_NUMBER:
        return "holds a number out of all proportion"
    return None


#: Beyond this a double is infinite.
MAX_NUMBER = 10**308


def faults_of(value: object, pointer: str, limits: Limits) -> Iterable[Fault]:
    """Return the excess as a fault at ``pointer``, or nothing."""
    wrong = excess(value, limits)
    return [Fault(pointer, f"The object {wrong}.")] if wrong else []
