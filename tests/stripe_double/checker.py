"""Checks a request's parameters against the types of the contract, and turns the text of forms into values.

Stricter than Stripe in one point: where Stripe leaves a list of words open, only the words known to the pinned
version pass, because a word that is not among them is a slip of the pen.
"""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, ForwardRef, Literal, NotRequired, Required, Union

from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

_OPTIONS = frozenset(RequestOptions.__annotations__)
_INTEGER = re.compile(r"-?\d+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Violation:
    """What is wrong with one parameter; ``where`` names it as Stripe does: ``line_items[0][price]``."""

    where: str
    message: str
    code: str = "parameter_invalid"

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@cache
def fields(shape: type) -> dict[str, Any]:
    """Name and resolved type of each parameter of a ``TypedDict``, the client's own options left out."""
    own = {name: hint for name, hint in shape.__annotations__.items() if name not in _OPTIONS}
    holder = types.SimpleNamespace(__annotations__=own)
    names = {**vars(typing), **vars(sys.modules[shape.__module__])}
    hints = typing.get_type_hints(holder, globalns=names, include_extras=True)
    return {name: _bare(hint) for name, hint in hints.items()}


def required(shape: type) -> list[str]:
    """The parameters that must be there."""
    keys: frozenset[str] = getattr(shape, "__required_keys__", frozenset())
    return [name for name in fields(shape) if name in keys]


def check(values: dict[str, Any], shape: type | None, *, form: bool) -> tuple[dict[str, Any], list[Violation]]:
    """The values in their types, and all that is wrong with them."""
    if shape is None:
        return {}, [Violation(name, "This operation takes no parameters.", "parameter_unknown") for name in values]
    checker = Checker(form=form)
    found = checker.fields(values, shape, "")
    return found, checker.violations


def _bare(hint: Any) -> Any:
    while typing.get_origin(hint) in (NotRequired, Required):
        hint = typing.get_args(hint)[0]
    return hint


def _join(where: str, name: str | int) -> str:
    return f"{where}[{name}]" if where else str(name)


class Checker:
    """One walk through a request; collects what is wrong."""

    def __init__(self, *, form: bool) -> None:
        self.form = form
        self.violations: list[Violation] = []

    def wrong(self, where: str, message: str, code: str = "parameter_invalid") -> Any:
        """Note it; there is no value then."""
        self.violations.append(Violation(where, message, code))
        return None

    def fields(self, values: Any, shape: type, where: str) -> dict[str, Any]:
        if not isinstance(values, dict):
            self.wrong(where, "Invalid object")
            return {}
        known, found = fields(shape), {}
        for name, value in values.items():
            if name in known:
                found[name] = self.value(value, known[name], _join(where, name))
            else:
                path = _join(where, name)
                self.wrong(path, f"Received unknown parameter: {path}", "parameter_unknown")
        for name in required(shape):
            if values.get(name) in (None, ""):
                path = _join(where, name)
                self.wrong(path, f"Missing required param: {path}.", "parameter_missing")
        return found

    def value(self, value: Any, hint: Any, where: str) -> Any:
        hint = _bare(hint)
        if isinstance(hint, str | ForwardRef):
            raise TypeError(f"The type of {where} is not resolved: {hint}")
        if is_typeddict(hint):
            return self.fields(value, hint, where)
        origin, parts = typing.get_origin(hint), typing.get_args(hint)
        if origin in (Union, types.UnionType):
            return self.union(value, parts, where)
        if origin is Literal:
            return self.word(value, parts, where)
        if origin is list:
            return self.items(value, parts[0], where)
        if origin in (dict, UntypedStripeObject):
            return self.mapping(value, parts[-1], where)
        return self.leaf(value, hint, where)

    def word(self, value: Any, words: tuple[Any, ...], where: str) -> Any:
        if value not in words:
            self.wrong(where, f"Invalid {where}: must be one of {', '.join(str(word) or repr('') for word in words)}")
        return value

    def items(self, value: Any, hint: Any, where: str) -> list[Any]:
        """A list; in forms it comes as a mapping of positions."""
        if self.form and isinstance(value, dict) and all(key.isdigit() for key in value):
            value = [value[key] for key in sorted(value, key=int)]
        if not isinstance(value, list):
            self.wrong(where, "Invalid array")
            return []
        return [self.value(one, hint, _join(where, position)) for position, one in enumerate(value)]

    def mapping(self, value: Any, hint: Any, where: str) -> dict[str, Any]:
        """Free names, such as metadata; an empty value unsets its name."""
        if not isinstance(value, dict):
            self.wrong(where, "Invalid object")
            return {}
        return {
            name: one if one == "" and hint is str else self.value(one, hint, _join(where, name))
            for name, one in value.items()
        }

    def union(self, value: Any, options: tuple[Any, ...], where: str) -> Any:
        """The first of the options that fits; if none does, what is wrong with the likeliest."""
        if value == "" and any(_is_unset(one) for one in options):
            return ""
        closed = [one for one in options if not (one is str and any(map(_is_words, options)))]
        tries = []
        for option in closed:
            checker = Checker(form=self.form)
            found = checker.value(value, option, where)
            if not checker.violations:
                return found
            tries.append((_depth(checker.violations), checker.violations))
        self.violations.extend(max(tries, key=lambda one: one[0])[1])
        return value

    def leaf(self, value: Any, hint: Any, where: str) -> Any:
        if hint is type(None):
            return value if value is None else self.wrong(where, "Must be null")
        if hint in (Any, object):
            return value
        if isinstance(value, dict | list):
            return self.wrong(where, "Invalid value: a plain value is expected")
        if hint is bool:
            return self.boolean(value, where)
        if hint in (int, float, Decimal):
            return self.number(value, hint, where)
        if hint is str:
            return self.text(value, where)
        raise TypeError(f"The type of {where} is unknown to the checker: {hint}")

    def boolean(self, value: Any, where: str) -> bool | None:
        if self.form and value in ("true", "false"):
            return bool(value == "true")
        return value if isinstance(value, bool) else self.wrong(where, f"Invalid boolean: {value}")

    def number(self, value: Any, hint: Any, where: str) -> Any:
        """Numbers of version 2 travel as text where they may be large, so text is taken in both."""
        text = "" if isinstance(value, bool) else str(value)
        fits = _INTEGER if hint is int else _NUMBER
        if not fits.fullmatch(text):
            return self.wrong(where, f"Invalid {'integer' if hint is int else 'number'}: {value}", "parameter_invalid")
        return text if hint is Decimal else hint(text)

    def text(self, value: Any, where: str) -> Any:
        if not isinstance(value, str):
            return self.wrong(where, f"Invalid string: {value}")
        if self.form and value == "":
            empty = f"You passed an empty string for '{where}'. We assume empty values are an attempt to unset a parameter; however '{where}' cannot be unset."
            return self.wrong(where, empty, "parameter_invalid_empty")
        return value


def _is_unset(option: Any) -> bool:
    return typing.get_origin(option) is Literal and "" in typing.get_args(option)


def _is_words(option: Any) -> bool:
    return typing.get_origin(option) is Literal and typing.get_args(option) != ("",)


def _depth(violations: list[Violation]) -> tuple[int, int]:
    """How far the walk came before it found fault: the option that was meant is the one it went deepest into."""
    return max(one.where.count("[") for one in violations), -len(violations)


def names(shape: type | None) -> Iterator[str]:
    """The top-level parameters of an operation."""
    yield from fields(shape) if shape else ()
