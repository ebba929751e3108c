"""Idempotency keys: a POST that is sent again answers what it answered the first time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Response, current_app, request
from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop import clock
from shop.auth import find_actor, is_api_request
from shop.db import Base, db, fetch, joined_transaction, send
from shop.errors import DomainError, Invalid
from shop.i18n import _
from shop.pipelining import Statement

View = TypeVar("View", bound=Callable[..., Any])
KEPT = timedelta(hours=48)
_KEY = re.compile(r"[!-~]{1,255}\Z")
#: Name of the hidden field that carries the key on pages.
FIELD = "idempotency_key"


class IdempotencyKey(Base):
    """A key an actor used, what for, and what was answered."""

    __tablename__ = "idempotency_keys"

    organisation_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str]
    body_hash: Mapped[bytes]
    status: Mapped[int | None]
    headers: Mapped[list[Any] | None]
    answer: Mapped[bytes | None]
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)


class IdempotencyKeyMissing(DomainError):
    """A POST that creates or moves something came without ``Idempotency-Key``."""

    code = "idempotency-key-missing"


class IdempotencyKeyReused(Invalid):
    """The key was used before, for another request."""

    code = "idempotency-key-reused"


def idempotent(view: View) -> View:
    """Run the view in one transaction under the request's key; a repeat replays the kept answer.

    Goes under ``@requires``. Claiming the key is the first statement, so that a concurrent repeat waits
    for the first and then replays. Only 2xx (and a page's redirect) is kept: after a refusal the key is free.
    The view's own ``transaction()`` joins. A page's form carries the key in a hidden field.

    :raises IdempotencyKeyMissing: on the API without the header.
    :raises IdempotencyKeyReused: for the same key with another route or body.
    """

    @wraps(view)
    def keyed(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key", "") or request.form.get(FIELD, "")
        if not _KEY.match(key):
            if not is_api_request():
                return view(*args, **kwargs)
            raise IdempotencyKeyMissing(_("请求头 Idempotency-Key 必填，1 至 255 个可见字符。"))
        return _run_once(key, lambda: view(*args, **kwargs))

    keyed.is_idempotent = True  # type: ignore[attr-defined]
    return keyed  # type: ignore[return-value]


_KEEP = Statement("""
    UPDATE idempotency_keys SET status = :status, headers = cast(:headers AS jsonb), answer = :answer
    WHERE organisation_id = :org AND user_id = :user AND key = :key""")
_CLAIM = Statement("""INSERT INTO idempotency_keys (organisation_id, user_id, key, route, body_hash, created_at)
                VALUES (:org, :user, :key, :route, :hash, :now)
                ON CONFLICT (organisation_id, user_id, key) DO UPDATE
                   SET route = excluded.route, body_hash = excluded.body_hash, status = NULL, headers = NULL,
                       answer = NULL, created_at = excluded.created_at
                   WHERE idempotency_keys.created_at < :expired
                RETURNING 1""")


class _Refused(Exception):
    """Carries a non-2xx answer out of the transaction, which it rolls back."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def _run_once(key: str, run: Callable[[], Any]) -> Response:
    actor = find_actor()
    who = {"org": actor.organisation_id if actor else 0, "user": actor.user_id if actor else 0, "key": key}
    route = f"{request.method} {request.path}"
    body = request.get_data() if is_api_request() else repr(sorted(_form_items())).encode()
    body_hash = hashlib.sha256(body).digest()
    try:
        with joined_transaction():
            kept = _claim(who, route, body_hash)
            if kept is not None:
                return kept
            response: Response = current_app.make_response(run())
            _keep(who, response)
            return response
    except _Refused as refused:
        return refused.response


def _keep(who: dict[str, Any], response: Response) -> None:
    """Keep a 2xx answer and a page's redirect under the key; anything else undoes the transaction."""
    if response.status_code >= 400 or (response.status_code == 200 and not is_api_request()):  # noqa: PLR2004
        raise _Refused(response)
    # Leaves with the commit.
    send(
        _KEEP,
        {**who, "status": response.status_code, "answer": response.get_data(), "headers": _kept_headers(response)},
    )


def _form_items() -> list[tuple[str, ...]]:
    """Return what a page's form holds: its fields, and of each file name and content."""
    fields: list[tuple[str, ...]] = [(k, v) for k, v in request.form.items(multi=True) if k != "csrf_token"]
    for name, files in request.files.lists():
        for file in files:
            digest = hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]
            file.stream.seek(0)
            fields.append((name, file.filename or "", digest))
    return fields


def _kept_headers(response: Response) -> str:
    names = ("Content-Type", "Location", "ETag")
    return current_app.json.dumps([[n, response.headers[n]] for n in names if n in response.headers])


def _claim(who: dict[str, Any], route: str, body_hash: bytes) -> Response | None:
    """Insert the key; if it was there, return the kept answer or refuse."""
    now = clock.real_now()
    if fetch(_CLAIM, {**who, "route": route, "hash": body_hash, "now": now, "expired": now - KEPT}):
        return None
    row = db.session.execute(
        text("""SELECT route, body_hash, status, headers, answer FROM idempotency_keys
                WHERE organisation_id = :org AND user_id = :user AND key = :key"""),
        who,
    ).one()
    if row.route != route or bytes(row.body_hash) != body_hash:
        if not is_api_request():
            raise IdempotencyKeyReused(
                _("这张表单已经提交过一次，改动后的内容没有提交。请在这张新表单上填写后再提交。")
            )
        raise IdempotencyKeyReused(_("此 Idempotency-Key 已用于另一个请求。"))
    response = Response(bytes(row.answer or b""), row.status)
    for name, value in row.headers or []:
        response.headers[name] = value
    response.headers["Idempotency-Replayed"] = "true"
    return response


def forget_old_keys(at: datetime) -> int:
    """Delete keys older than 48 h; returns how many."""
    result: Any = db.session.execute(text("DELETE FROM idempotency_keys WHERE created_at < :old"), {"old": at - KEPT})
    return int(result.rowcount)
