"""The acts of pages: a form's button, the service behind it, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import flash, redirect
from werkzeug.wrappers import Response

from shop.db import transaction
from shop.forms import Form

Answer = str | Response | tuple[str, int, dict[str, str]]
F = TypeVar("F", bound=Form)


def act_on(form: F, act: Callable[[], object], *, done: str, back: str, page: Callable[[F], str]) -> Answer:
    """Act if the form is filled in, say that it is ``done`` and go ``back``; else show the page with what is wrong."""
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                act()
            flash(done, "success")
            return redirect(back)
    return form.answer(page(form))
