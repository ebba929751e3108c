"""From a request's parameters to a question, and from an answer to what is sent; pages and API share it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from orders.ledger import lines, questions
from orders.ledger.labels import key_of, label_rows, name_of
from orders.ledger.questions import Condition, Question
from orders.ledger.schemas import first_day, split_by
from orders.ledger.totals import Totals, answer
from shop import clock
from shop.auth import Actor
from shop.errors import Invalid
from shop.geo.queries import get_county
from shop.i18n import _

#: Before this day nothing was traded here.
_BEGINNING = date(2016, 1, 1)


class BadQuestion(Invalid):
    """A day, measure or dimension in a page's address cannot be read."""

    code = "bad-question"


def question_of(query: Mapping[str, Any], actor: Actor) -> Question:
    """Return the question that a loaded ``FilterSchema`` asks for an actor; days that were left out are resolved.

    A later page of a list is asked as of the seal, and over the days, of the first: its cursor carries them.

    :raises AsOfUnknown: if nothing is sealed in the place asked for.
    :raises BadCursor: if the cursor is not one of such a list.
    """
    query = _pinned(query)
    to_on = query.get("to_on") or max(clock.today(), query.get("from_on") or clock.today())
    return Question(
        measure=query["measure"],
        from_on=query.get("from_on") or first_day(to_on),
        to_on=to_on,
        by=tuple(split_by(query.get("by", ""))),
        filters=conditions_of(query["filters"]),
        visible=questions.visible_to(actor),
        as_of=questions.resolve_as_of(query.get("as_of")),
    )


def read_place(written: str | None) -> int | None:
    """Return the place of the seals that a page's address is held at; ``None``: the newest.

    :raises BadQuestion: if it is not one.
    """
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and len(written) < 18):  # noqa: PLR2004  BIGINT
        raise BadQuestion(_("截至序号须为整数。"), parameter=written[:20])
    return int(written)


def _pinned(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a query with what its cursor holds still; an instant was resolved when the first page was answered."""
    pin = lines.pin_of(query.get("cursor"))
    if pin is None:
        return query
    as_of = query.get("as_of")
    days = {"from_on": pin.from_on, "to_on": pin.to_on}
    return {**days, **query, "as_of": as_of if isinstance(as_of, int) else pin.as_of}


def conditions_of(filters: Mapping[str, str]) -> tuple[Condition, ...]:
    """Return the conditions of filters by public value; several values of one stand with commas."""
    return tuple(
        Condition(name, tuple(key_of(name, value) for value in values.split(","))) for name, values in filters.items()
    )


def shown(totals: Totals, filters: Mapping[str, str]) -> dict[str, Any]:
    """Return what the API sends of an answer."""
    question = totals.question
    labels = label_rows(question.by, [row.keys for row in totals.rows])
    return {
        "measure": question.measure, "by": question.by, "from_on": question.from_on, "to_on": question.to_on,
        "filters": filters, "as_of": {"seq": question.as_of, "at": totals.as_of_at}, "rule_version": totals.rule_version,
        "total_fen": totals.total_fen, "control_total": totals.check,
        "rows": [
            {"keys": dict(zip(question.by, keys, strict=True)), "amount_fen": row.amount_fen}
            for row, keys in zip(totals.rows, labels, strict=True)
        ],
    }  # fmt: skip


def named_filters(filters: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the filters with the names of what they ask for."""
    return [(name, "、".join(_name(name, value) for value in values.split(","))) for name, values in filters.items()]


def _name(dimension: str, value: str) -> str:
    key = key_of(dimension, value)
    return value if key == "-1" else name_of(dimension, key).name


def county_totals(code: str) -> dict[str, Any]:
    """Return what counted for a county, by year.

    :raises NoSuchCounty: if it is not an assisted one.
    """
    county = get_county(code)
    question = Question(
        "counted", _BEGINNING, clock.today(), ("year",), (Condition("county", (code,)),),
        as_of=questions.resolve_as_of(None),
    )  # fmt: skip
    totals = answer(question)
    return {
        "code": county.code, "name": county.name, "as_of": {"seq": question.as_of, "at": totals.as_of_at},
        "total_fen": totals.total_fen,
        "years": [{"year": row.keys[0], "amount_fen": row.amount_fen} for row in totals.rows],
    }  # fmt: skip
