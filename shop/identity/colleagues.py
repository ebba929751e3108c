"""Pages that wait for a second person say who of one's organisation can be that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask

from shop import clock
from shop.auth import find_actor
from shop.identity.holders import list_holders


@dataclass(frozen=True)
class Colleagues:
    """Who of one's organisation can do what waits for another person."""

    names: Sequence[str]
    #: The reader may invite somebody who can.
    may_invite: bool


def colleagues_who(permission: str, but: Sequence[int | None] = ()) -> Colleagues:
    """Return who of the reader's organisation holds a permission today, those left out who may not be the second."""
    actor = find_actor()
    if actor is None:
        return Colleagues((), may_invite=False)
    names = list_holders(actor.organisation_id, permission, clock.today(), but=but)
    return Colleagues(names, actor.may("members:manage"))


def init_app(app: Flask) -> None:
    """Let templates ask."""
    app.jinja_env.globals["colleagues_who"] = colleagues_who
