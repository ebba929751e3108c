"""Forms for people: WTForms with CSRF, the idempotency key, and a service's refusal shown in the form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from flask_wtf import FlaskForm
from wtforms import HiddenField

from shop.errors import DomainError, Forbidden, NotFound, Unauthenticated
from shop.i18n import _


class Form(FlaskForm):
    """Base of every form.

    Used so: ``with form.refusals(): with transaction(): services...; return redirect(...)``; after a refusal
    the flow goes on below the block, where the page is rendered again with the message.
    """

    idempotency_key = HiddenField(default=lambda: uuid4().hex)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: What a service refused, shown at the top of the form.
        self.refusal: str | None = None

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Keep a service's refusal for the page; what may not be seen still passes."""
        try:
            yield
        except (NotFound, Forbidden, Unauthenticated):
            raise
        except DomainError as error:
            self.refusal = error.detail or _("不能这样做。")
            self.idempotency_key.data = uuid4().hex

    def problems(self) -> list[tuple[str, str]]:
        """Return ``(field id, message)`` of everything wrong, for the list at the top."""
        found = [(field.id, str(message)) for field in self for message in _flat(field.errors)]
        return ([("", self.refusal)] if self.refusal else []) + found


def _flat(errors: Any) -> Iterator[Any]:
    for error in errors.values() if isinstance(errors, dict) else errors:
        if isinstance(error, list | tuple | dict):
            yield from _flat(error)
        else:
            yield error
