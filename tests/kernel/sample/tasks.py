"""Subscribers that note what they hear."""

from typing import Any

from shop.db import db
from shop.logs import request_id
from shop.outbox.services import subscribe

#: (title, request id) of what was heard, and titles at which the subscriber falls over.
heard: list[tuple[str, str]] = []
poison: set[str] = set()


class Poisoned(Exception):
    """The subscriber was told to fall over."""


@subscribe("samples.sample_made")
def on_sample_made(*, title: str, **_: Any) -> None:
    """Note the sample."""
    heard.append((title, request_id.get()))
    if title in poison:
        raise Poisoned(title)
    db.session.connection()
