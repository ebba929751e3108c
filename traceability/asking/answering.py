"""A request for events as an answer: parameters, page, document, and the link to the next page."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request

from shop import clock
from shop.auth import Actor
from shop.pipelining import Sent
from traceability.asking import reading, searching
from traceability.asking.refusals import BadParameter
from traceability.asking.simple import Parameters, Query, read_query
from traceability.repository import bounds, queries
from traceability.repository.documents import Stored, query_document
from traceability.repository.protocol import (
    DEFAULT_PER_PAGE,
    MAX_PER_PAGE,
    answer,
    epc_format,
    next_link,
    page_token,
    read_page_token,
)

EVENTS, VALUES, QUERIES, SUBSCRIPTIONS = "events", "values", "queries", "subscriptions"
_DIGITS = 9


@dataclass(frozen=True)
class Paging:
    """How much of an answer is asked for, and from where on."""

    per_page: int
    token: str | None


def paging_of(parameters: dict[str, list[str]]) -> Paging:
    """Take what is about pages out of the parameters of a request.

    :raises BadParameter: if a page's size is no number.
    """
    size = parameters.pop("perPage", [str(DEFAULT_PER_PAGE)])
    token = parameters.pop("nextPageToken", None)
    text = size[0]
    if len(size) != 1 or not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS and int(text) > 0):
        raise BadParameter("perPage", "takes a whole number of 1 or more.")
    return Paging(min(int(text), MAX_PER_PAGE), None if token is None else "|".join(token))


def held_by(paging: Paging, list_: str, digest: str, actor: Actor) -> dict[str, Any] | None:
    """Return what the page token says, or ``None`` for a first page.

    :raises BadParameter: for a token of another query or another organisation, or one that is too old.
    """
    if paging.token is None:
        return None
    held = read_page_token(list_, actor, paging.token)
    if held is None or held.get("query") != digest:
        raise BadParameter("nextPageToken", "is not a token of this query, or no longer.")
    return held


def prefixes_asked() -> dict[str, str]:
    """Return the prefixes that the request declares."""
    return reading.extensions_of(request.headers.get("GS1-Extensions", ""))


def in_time() -> AbstractContextManager[None]:
    """Let no statement of the block take longer than the setting allows."""
    return searching.in_bounded_time(current_app.config["EPCIS_QUERY_MILLISECONDS"])


def paging_only() -> Paging:
    """Return the paging of a list that takes no other parameters.

    :raises BadParameter: for any other.
    """
    parameters = reading.split(list(request.args.items(multi=True)))
    paging = paging_of(parameters)
    for name in parameters:
        raise BadParameter(name, "there is no such query parameter here.")
    return paging


def link_to_next(list_: str, digest: str, after: str, actor: Actor) -> dict[str, str]:
    """Return the headers that lead to the page of a list behind ``after``."""
    token = page_token(list_, actor, {"query": digest, "after": after})
    return next_link(*token, request.args.items(multi=True))


def answer_events(
    actor: Actor,
    fixed: Parameters = (),
    extensions: Mapping[str, str] | None = None,
    *,
    query_name: str = "SimpleEventQuery",
) -> Response:
    """Answer the query that the request asks.

    :param fixed: parameters beside those of the address.
    :param extensions: prefixes that these use.
    """
    form = epc_format()
    parameters = reading.split(list(request.args.items(multi=True)))
    paging = paging_of(parameters)
    prefixes = dict(extensions or {}) | prefixes_asked()
    with in_time():
        now = bounds.ask_bound()
        query = read_query([*fixed, *parameters.items()], prefixes, actor)
        events, ids, headers = _page(query, actor, paging, now)
        urns = queries.urns_of(ids) if form == "Always_EPC_URN" else {}
    document = query_document(events, at=clock.now(), form=form, urns=urns, query_name=query_name)
    return answer(document, headers=headers)


def _page(query: Query, actor: Actor, paging: Paging, now: Sent) -> tuple[list[Stored], list[int], dict[str, str]]:
    """Return the events of the page with their keys, and the headers that lead to the next.

    A page ends early where its events are large.

    :param now: the bound of a first page.
    """
    held = held_by(paging, EVENTS, query.digest, actor)
    if held is None:
        bound, after, left = bounds.told_bound(now), None, query.limit
        searching.check_count(query, actor, bound)
    else:
        bound, after, left = held["bound"], held["after"], held["left"]
    size = paging.per_page if left is None else min(paging.per_page, left)
    page, more = searching.find_page(query, actor, bound=bound, after=after, size=size)
    ids = [int(keys[-1]) for keys in page]
    events = searching.load(ids)
    count = len(events)
    if count == len(page) and (not more or left == size):
        return events, ids, {}
    rest = None if left is None else left - count
    values = {"query": query.digest, "bound": bound, "after": page[count - 1], "left": rest}
    headers = next_link(*page_token(EVENTS, actor, values), request.args.items(multi=True))
    return events, ids[:count], headers
