"""Forms for people: WTForms with CSRF, the idempotency key, and a service's refusal shown in the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from flask import flash
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField

from shop.clock import FIRST_YEAR, LAST_YEAR
from shop.errors import DomainError, Forbidden, NotFound, Unauthenticated
from shop.i18n import _, mark
from shop.problems import status_of


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
        #: Whether the refusal names its fields, and stands under them.
        self._is_pointed = False
        #: Fields that a refusal calls something else: ``{"occurred_at": "done_on"}``.
        self.names: dict[str, str] = {}
        #: Elements that a page draws itself, by what a refusal calls them: ``{"items/0/quantity": "quantity-…"}``.
        self.targets: dict[str, str] = {}
        #: What those elements are called, where a message does not say: ``{"line-0": "靖远枸杞"}``.
        self.called: dict[str, str] = {}
        self._elsewhere: list[tuple[str, str]] = []
        self._drawn: dict[str, list[str]] = {}
        self._status = 200
        self._headers: dict[str, str] = {}

    def validate(self, extra_validators: Any = None) -> bool:
        """Validate the fields; a day must lie where the API's days lie, so that counting with it cannot overflow."""
        valid = bool(super().validate(extra_validators))
        for field in self:
            if (
                isinstance(field, DateField)
                and field.data is not None
                and not FIRST_YEAR <= field.data.year <= LAST_YEAR
            ):
                field.errors = [*field.errors, _("日期须在1900年至2199年之间。")]
                valid = False
        return valid

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Keep a service's refusal for the page; what may not be seen, or not by that permission, still passes."""
        try:
            yield
        except (NotFound, Unauthenticated):
            raise
        except DomainError as error:
            if isinstance(error, Forbidden) and "permission" in error.members:
                raise
            self.refusal = error.detail or _("不能这样做。")
            self._is_pointed = self._point(error)
            self._status = status_of(error)
            if "retry_after_s" in error.members:
                self._headers = {"Retry-After": str(error.members["retry_after_s"])}
            self.idempotency_key.data = uuid4().hex

    def _point(self, error: DomainError) -> bool:
        """Put what was refused under the fields it names; say whether each of them is on this form."""
        given = [(each["pointer"].removeprefix("#/"), each["detail"]) for each in error.members.get("errors") or []]
        details = [(self.names.get(name, name), detail) for name, detail in given]
        for name, detail in details:
            if name in self._fields and detail not in self._fields[name].errors:
                self._fields[name].errors = [*self._fields[name].errors, detail]
            elif name in self.targets:
                target = self.targets[name]
                said = f"{self.called[target]}{mark(':')}{detail}" if target in self.called else detail
                self._elsewhere.append((target, said))
                self._drawn.setdefault(target, []).append(detail)
        return bool(details) and all(name in self._fields or name in self.targets for name, _detail in details)

    def draw(self, called: Mapping[str, str]) -> None:
        """Name elements that the page draws itself, as ``{"quantity-…": "靖远枸杞"}``: a refusal may point at each."""
        self.targets |= {target: target for target in called}
        self.called |= called

    def said_at(self, target: str) -> list[str]:
        """Return what was refused of an element that the page draws itself."""
        return self._drawn.get(target, [])

    def answer(self, page: str) -> tuple[str, int, dict[str, str]]:
        """Return the page that shows this form with the status of what was refused; 422 for wrong fields."""
        return page, 422 if self.errors and not self.refusal else self._status, self._headers

    def tell(self, done: str) -> None:
        """Say on the next page that it is ``done``, or what was refused: for buttons without fields."""
        flash(self.refusal or done, "error" if self.refusal else "success")

    def problems(self) -> list[tuple[str, str]]:
        """Return ``(field id, message)`` of everything wrong, for the list at the top."""
        found = [(field.id, str(message)) for field in self for message in _flat(field.errors)]
        return ([("", self.refusal)] if self.refusal and not self._is_pointed else []) + found + self._elsewhere


def _flat(errors: Any) -> Iterator[Any]:
    for error in errors.values() if isinstance(errors, dict) else errors:
        if isinstance(error, list | tuple | dict):
            yield from _flat(error)
        else:
            yield error
