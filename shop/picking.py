"""Acting on several rows of a list at once: what is picked is shown with its sum first, then each row by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response

from shop import money
from shop.db import db, transaction
from shop.errors import DomainError, NotFound
from shop.filters import read_id
from shop.forms import Form
from shop.i18n import _
from shop.returning import local_path

#: Rows of one act; a page of a list shows fewer.
MOST = 50


@dataclass(frozen=True)
class Pick:
    """A row that was picked: its number, what it is about, its sum, and where it is shown."""

    key: UUID
    number: str
    detail: str
    amount_fen: int | None
    address: str


@dataclass(frozen=True)
class Picking:
    """What is done with picked rows: the page's title, what it says before the last button, and that button."""

    title: str
    effect: Callable[[int, str], str]
    button: str
    act: Callable[[UUID], object]
    #: Where it leads afterwards, unless the list that it came from says so itself.
    back: str


def picked(load: Callable[[UUID], Pick]) -> list[Pick]:
    """Return the rows that the request names and the actor may see, each once."""
    keys = [key for each in request.values.getlist("pick") if (key := read_id(each)) is not None]
    return [found for key in list(dict.fromkeys(keys))[:MOST] if (found := _load(load, key)) is not None]


def _load(load: Callable[[UUID], Pick], key: UUID) -> Pick | None:
    try:
        return load(key)
    except NotFound:
        return None


def answer(picks: Sequence[Pick], what: Picking) -> str | Response:
    """Show what was picked, or act on it: a refused row stays as it was and is named, the others are done.

    The view wears ``@idempotent``: sent twice it acts once.
    """
    back = local_path(request.values.get("back")) or what.back
    if not picks:
        flash(_("请先勾选要办理的行。"), "warning")
        return redirect(back)
    total = money.show_yuan(sum(pick.amount_fen or 0 for pick in picks))
    form = Form()
    if form.validate_on_submit():
        with transaction():
            _tell(picks, list(act_on_each(picks, what.act)))
        return redirect(back)
    return render_template(
        "picked.html", picks=picks, what=what, effect=what.effect(len(picks), total), total=total, back=back, form=form
    )


def act_on_each(picks: Iterable[Pick], act: Callable[[UUID], object]) -> Iterable[tuple[Pick, str]]:
    """Act on each row in a savepoint of its own, the oldest first as locks are taken; tell why one was refused, or ``""``."""
    for pick in sorted(picks, key=lambda one: one.key):
        try:
            with db.session.begin_nested():
                act(pick.key)
        except DomainError as error:
            yield pick, error.detail or _("不能这样做。")
        else:
            yield pick, ""


def _tell(picks: Sequence[Pick], outcomes: Sequence[tuple[Pick, str]]) -> None:
    done = [pick for pick, refusal in outcomes if not refusal]
    total = money.show_yuan(sum(pick.amount_fen or 0 for pick in done))
    words = {"n": len(done), "all": len(picks), "sum": total}
    if any(pick.amount_fen is not None for pick in picks):
        told = _("已办理 %(n)s 条，共 %(all)s 条，合计 %(sum)s 元。", **words)
    else:
        told = _("已办理 %(n)s 条，共 %(all)s 条。", **words)
    flash(told, "success" if len(done) == len(picks) else "warning")
    for pick, refusal in outcomes:
        if refusal:
            flash(_("%(number)s 没有办理：%(why)s", number=pick.number, why=refusal), "error")
