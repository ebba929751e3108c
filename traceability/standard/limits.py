"""Bounds of what is looked at: deep, wide and giant JSON is refused before anything recurses into it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from traceability.standard.faults import Fault

#: Beyond this a double is infinite.
MAX_NUMBER = 10**308


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
    #: Characters that a prefix of a context stands for: each name that begins with it is written out in full.
    namespace: int = 500
    #: What one context declares: every part that brings another begins with it.
    prefixes: int = 1_000


DEFAULT = Limits()


def excess(value: object, limits: Limits = DEFAULT) -> str | None:
    """Say how a value goes beyond the limits, or that it cannot be stored; ``None`` if all is well.

    It walks level by level, so that no depth can exhaust the stack, and stops at the first limit.
    """
    members = elements = declared = longest = 0
    level: list[object] = [value]
    for _depth in range(limits.depth + 1):
        below: list[object] = []
        texts: list[str] = []
        for each in level:
            kind = type(each)
            if kind is str:
                texts.append(each)  # type: ignore[arg-type]
            elif kind is dict:
                members += len(each)  # type: ignore[arg-type]
                texts += each  # type: ignore[arg-type]
                below += each.values()  # type: ignore[attr-defined]
                if "@context" in each:  # type: ignore[operator]
                    count, length = _declared(each["@context"])  # type: ignore[index]
                    declared, longest = max(declared, count), max(longest, length)
            elif kind is list:
                elements += len(each)  # type: ignore[arg-type]
                below += each  # type: ignore[arg-type]
            elif kind is not bool and each is not None and _is_no_number(each):
                return "holds a number that JSON does not have, or one out of all proportion"
        if members > limits.members:
            return f"has more than {limits.members} members"
        if elements > limits.elements:
            return f"has more than {limits.elements} list elements"
        if wrong := _wrong_text(texts, limits.characters) or _giant(declared, longest, limits):
            return wrong
        if not below:
            return None
        level = below
    return f"is nested deeper than {limits.depth} levels"


def size(value: object) -> int:
    """Return how many members and elements a value within the limits has, at all levels."""
    found, level = 0, [value]
    while level:
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        found += len(level)
    return found


def _giant(declared: int, longest: int, limits: Limits) -> str | None:
    if declared > limits.prefixes:
        return f"has a context of more than {limits.prefixes} prefixes and addresses"
    return f"declares a prefix of more than {limits.namespace} characters" if longest > limits.namespace else None


def _declared(context: object) -> tuple[int, int]:
    """Return how much a context declares, and the length of the longest text that a prefix stands for."""
    given = context if isinstance(context, list) else [context]
    parts = [part for part in given if isinstance(part, dict)]
    meanings = [each.get("@id") if isinstance(each, dict) else each for part in parts for each in part.values()]
    return len(given) + len(meanings), max((len(each) for each in meanings if isinstance(each, str)), default=0)


def _is_no_number(value: object) -> bool:
    if isinstance(value, int):
        return not -MAX_NUMBER < value < MAX_NUMBER
    return not isinstance(value, float) or not math.isfinite(value)


def _wrong_text(texts: list[str], characters: int) -> str | None:
    """Say what is wrong with one of the texts; all are looked at together, which is much quicker than one by one."""
    together = "".join(texts)
    if len(together) > characters and any(len(text) > characters for text in texts):
        return f"holds a text of more than {characters} characters"
    if "\0" in together:
        return "holds a text with the character U+0000"
    return None if together.isascii() or _is_encodable(together) else "holds a text with half a surrogate pair"


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def faults_of(value: object, pointer: str, limits: Limits) -> Iterable[Fault]:
    """Return the excess as a fault at ``pointer``, or nothing."""
    wrong = excess(value, limits)
    return [Fault(pointer, f"The object {wrong}.")] if wrong else []
