"""Who acts and what they may do: the actor, the guards every view wears, and the check that they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from shop.errors import Forbidden, Unauthenticated
from shop.i18n import _

View = TypeVar("View", bound=Callable[..., Any])
_ACTOR = "duikou.actor"

#: Endpoints of libraries, with the guard each has by itself.
EXTERNAL: dict[str, str] = {
    "api-docs.openapi_json": "public: the API's own description",
    "bootstrap.static": "public: style sheets and scripts",
}


@dataclass(frozen=True)
class Scope:
    """What an official may see.

    ``kind`` is ``all`` (operator), ``division`` (``divisions`` are codes; everything inside them),
    ``budget`` (units whose finance division and level are ``divisions`` / ``budget_level`` or whose
    superior is ``superior_id``), or ``own`` (the actor's own organisation only).
    """

    kind: str = "own"
    divisions: tuple[str, ...] = ()
    budget_level: str | None = None
    superior_id: int | None = None


@dataclass(frozen=True)
class Actor:
    """The person, the organisation they act for, and what they may do there now."""

    user_id: int
    user_public_id: UUID
    user_name: str
    organisation_id: int
    organisation_public_id: UUID
    organisation_name: str
    organisation_kind: str
    membership_id: int
    permissions: frozenset[str]
    roles: frozenset[str] = frozenset()
    scope: Scope = field(default_factory=Scope)
    #: The session or token the request came with: ``session:<id>`` or ``token:<id>``.
    via: str = ""

    @property
    def is_program(self) -> bool:
        """Whether the request came with a token, so from a program that need not be the person."""
        return self.via.startswith("token:")

    def may(self, permission: str) -> bool:
        """Say whether the actor holds ``permission``."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Refuse unless the actor holds ``permission``.

        :raises Forbidden: if not.
        """
        if permission not in self.permissions:
            raise Forbidden(_("需要权限：%(name)s。", name=permission), permission=permission)


def is_api_request() -> bool:
    """Say whether the request speaks to an interface for programs: problems as JSON, Bearer only."""
    return request.path.startswith(("/api/", "/epcis"))


def find_actor() -> Actor | None:
    """Return who sent the request, or ``None``; looked up once per request."""
    # Kept on the request, not in ``g``: an application context may be older than the request inside it.
    if _ACTOR not in request.environ:
        load = current_app.extensions.get("load_actor")
        request.environ[_ACTOR] = load() if load is not None else None
    actor: Actor | None = request.environ[_ACTOR]
    return actor


def public(view: View) -> View:
    """Mark a view that anyone may call."""
    view.guard = "public"  # type: ignore[attr-defined]
    return view


def requires(permission: str) -> Callable[[View], View]:
    """Guard a view by ``permission``; the view gets the :class:`Actor` as keyword ``actor``.

    ``"signed_in"`` asks only for somebody: a token of any scope passes it, so routes of the API wear it only where
    the service asks for the right, or where nothing of an organisation or a person leaves. Nobody signed in: 401 on the API, the sign-in page elsewhere.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            actor = find_actor()
            if actor is None:
                return _ask_to_sign_in()
            if permission != "signed_in":
                actor.require(permission)
            return view(*args, actor=actor, **kwargs)

        guarded.guard = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def _ask_to_sign_in() -> Response:
    if is_api_request():
        raise Unauthenticated(_("请提供有效的访问令牌。"))
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("identity_pages.sign_in", next=back))


def require_guards(app: Flask) -> None:
    """Refuse to start with a view that nobody guarded.

    :raises RuntimeError: naming the endpoints.
    """
    bare = sorted(
        endpoint
        for endpoint, view in app.view_functions.items()
        if not hasattr(view, "guard") and endpoint not in EXTERNAL
    )
    if bare:
        message = f"Views without @requires or @public: {', '.join(bare)}"
        raise RuntimeError(message)
