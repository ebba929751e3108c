"""Which function answers which operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.stripe_double.world import Thing, World


@dataclass(frozen=True)
class Call:
    """One request to the API, already checked against the contract."""

    ids: dict[str, str]
    params: dict[str, Any]
    account: str | None = None
    path: str = ""
    expand: list[str] = field(default_factory=list)


Handler = Callable[[World, Call], Thing]
ROUTES: dict[tuple[str, str], Handler] = {}


def route(method: str, template: str) -> Callable[[Handler], Handler]:
    """Declare what answers an operation; the template is written as the ``stripe`` package writes it."""

    def register(handler: Handler) -> Handler:
        ROUTES[method, template] = handler
        return handler

    return register
