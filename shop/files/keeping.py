"""Files of a page's form are stored by themselves first, so that a form that is refused need not have them sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, request

from shop.auth import Actor
from shop.db import transaction
from shop.errors import DomainError
from shop.files import services
from shop.filters import read_id

View = TypeVar("View", bound=Callable[..., Any])
_KEPT = "duikou.kept_files"
#: What the hidden field of a stored file is called: this and the name of its file field.
PREFIX = "kept-"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that is there already, as the form shows it."""

    id: UUID
    name: str


def keep_files(view: View) -> View:
    """Store what a form sends before the view reads it, each file by itself. Goes under ``@requires``, over ``@idempotent``.

    What cannot be stored is refused where the view asks for it with :func:`kept_file`.
    """

    @wraps(view)
    def keeping(*args: Any, actor: Actor, **kwargs: Any) -> Any:
        if request.method == "POST":
            request.environ[_KEPT] = _stored_before(actor) | _stored_now(actor)
        return view(*args, actor=actor, **kwargs)

    return keeping  # type: ignore[return-value]


def _stored_now(actor: Actor) -> dict[str, KeptFile | DomainError]:
    found: dict[str, KeptFile | DomainError] = {}
    for name, upload in request.files.items():
        if not upload.filename:
            continue
        data = upload.stream.read(services.MAX_BYTES + 1)
        upload.stream.seek(0)  # the key of the form is of its files' content too
        try:
            with transaction():
                stored = services.store(data, upload.filename, actor)
                found[name] = KeptFile(stored.public_id, stored.name)
        except DomainError as error:
            found[name] = error
    return found


def _stored_before(actor: Actor) -> dict[str, KeptFile | DomainError]:
    found: dict[str, KeptFile | DomainError] = {}
    for field, typed in request.form.items():
        if field.startswith(PREFIX):
            stored = services.find_own(read_id(typed), actor)
            if stored is not None:
                found[field.removeprefix(PREFIX)] = KeptFile(stored.public_id, stored.name)
    return found


def kept_file(name: str) -> UUID | None:
    """Return the file that the form has under a name, sent now or kept from before; ``None`` without one.

    :raises DomainError: if it could not be stored: too large, of no kind that is taken, or above the day's quota.
    """
    found = _kept().get(name)
    if isinstance(found, DomainError):
        raise found
    return found.id if found else None


def offer_file(name: str, public_id: UUID | None, actor: Actor) -> None:
    """Let a form begin with a file, as if it had been sent before; one of another organisation is sent anew."""
    stored = services.find_own(public_id, actor)
    if stored is not None:
        request.environ[_KEPT] = {**_kept(), name: KeptFile(stored.public_id, stored.name)}


def _kept() -> Mapping[str, KeptFile | DomainError]:
    found: Mapping[str, KeptFile | DomainError] = request.environ.get(_KEPT, {})
    return found


def _shown(name: str) -> KeptFile | None:
    found = _kept().get(name)
    return found if isinstance(found, KeptFile) else None


def init_app(app: Flask) -> None:
    """Let forms show what they have."""
    app.jinja_env.globals["shown_file"] = _shown
