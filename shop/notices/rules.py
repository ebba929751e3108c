"""Which event tells whom what: rules that features register, one sentence each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask

#: Kinds of organisation that sell.
SELLERS = ("producer", "agent")
BUYERS = ("institution",)


@dataclass(frozen=True)
class NoticeRule:
    """Members who hold ``permission`` in an organisation of ``audience`` that the event concerns are told ``sentence``.

    ``sentence`` (lazily translated) and ``link`` name the event's values: ``%(number)s`` and ``{order_id}``.
    """

    topic: str
    #: One template each, unique within the topic and audience: ``order_placed``.
    kind: str
    permission: str
    sentence: Any
    audience: Sequence[str] = (*BUYERS, *SELLERS)
    link: str = ""
    #: Names the event's value that tells things apart about which a person is told once; empty: each event is told.
    once_per: str = ""
    #: Names the event's value with the public id of who is not told, having done it.
    but: str = ""
    #: Names the event's value without which nobody is told.
    needs: str = ""
    #: Names the event's value with which another rule tells it.
    unless: str = ""


class _Blank(defaultdict[str, str]):
    """Values of an event; one that it lacks shows as a dash."""

    def __missing__(self, key: str) -> str:
        return "—"


def flatten(payload: Mapping[str, Any]) -> dict[str, str]:
    """Return the values that a sentence can show: texts, numbers and amounts of money."""
    flat: dict[str, str] = {}
    for name, value in payload.items():
        if isinstance(value, Mapping) and "amount" in value:
            flat[name] = str(value["amount"])
        elif isinstance(value, str | int) and not isinstance(value, bool):
            flat[name] = str(value)
    return flat


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill ``%(name)s`` of a sentence; a value that is not there shows as a dash."""
    return template % _Blank(None, values)


def fill_link(template: str, values: Mapping[str, str]) -> str:
    """Fill ``{name}`` of a link; one whose value is not there leads nowhere."""
    try:
        return template.format_map(values)
    except KeyError:
        return ""


def add_rules(app: Flask, rules: Sequence[NoticeRule]) -> list[str]:
    """Register a feature's rules; returns the topics that were not heard before."""
    by_topic: dict[str, list[NoticeRule]] = app.extensions.setdefault("notice_rules", {})
    new = []
    for rule in rules:
        if rule.topic not in by_topic:
            new.append(rule.topic)
        by_topic.setdefault(rule.topic, []).append(rule)
    return new


def find_sentence(app: Flask, kind: str) -> str:
    """Return the sentence of a kind in the reader's language; ``""`` if its feature is not mounted any more."""
    rules = (rule for rules in app.extensions.get("notice_rules", {}).values() for rule in rules)
    return next((str(rule.sentence) for rule in rules if rule.kind == kind), "")
