"""Who watches over goods without acting for their producer: officials of the goods' county, and the operator."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, true

from shop.auth import Actor
from shop.identity.queries import Column, within


def watched_by(actor: Actor, county: Column) -> ColumnElement[bool]:
    """Return the condition that an actor watches over goods of a county, as it reads events of their journey."""
    if not actor.may("trace:read"):
        return false()
    if actor.scope.kind == "division":
        return within(county, actor.scope.divisions)
    return true() if actor.scope.kind == "all" else false()
