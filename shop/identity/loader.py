"""From a request to its actor: the session cookie on pages, the Bearer token on interfaces for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app, request
from sqlalchemy import text

from shop import clock, hotreads
from shop.auth import Actor, is_api_request
from shop.db import db, in_transaction, transaction
from shop.identity.queries import ACTOR_SQL, actor_from
from shop.identity.services import TOKEN_PREFIX, hash_secret
from shop.pipelining import Statement
from shop.security import SIGNED_IN

COOKIE = SIGNED_IN
#: Where the request keeps that its session may do nothing before a second factor is set up.
NEEDS_SECOND_FACTOR = "duikou.needs_second_factor"
_WITH_SECOND_FACTOR = ("authority", "operator")
#: How exactly "last seen" is kept: a write at most this often.
SEEN_EVERY = timedelta(minutes=10)

_ACTOR = (
    "user_id", "user_public_id", "user_name", "organisation_id", "organisation_public_id", "organisation_name",
    "organisation_kind", "suspended_at", "membership_id", "roles", "permissions", "scopes",
)  # fmt: skip
_BY_TOKEN = Statement(f"""
    SELECT a.*, t.id AS token_id, t.scopes AS token_scopes, t.last_used_on
      FROM api_tokens t CROSS JOIN LATERAL ({ACTOR_SQL} AND m.id = t.membership_id) a
     WHERE t.token_hash = :hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > :now)""")
_TOKEN_NAMES = (*_ACTOR, "token_id", "token_scopes", "last_used_on")

#: The chosen organisation, or the oldest membership where that has ended.
_BY_SESSION = Statement(f"""
    SELECT a.*, s.id AS session_id, s.second_factor_at, s.last_seen_at
      FROM user_sessions s CROSS JOIN LATERAL (
           {ACTOR_SQL} AND m.user_id = s.user_id
           ORDER BY m.id IS NOT DISTINCT FROM s.membership_id DESC, m.id LIMIT 1) a
     WHERE s.token_hash = :hash AND s.revoked_at IS NULL AND s.expires_at > :now""")
_SESSION_NAMES = (*_ACTOR, "session_id", "second_factor_at", "last_seen_at")


def load_actor() -> Actor | None:
    """Return who sent the request; cookies are ignored on the API and Bearer tokens on pages."""
    return _from_token() if is_api_request() else _from_session()


def _from_token() -> Actor | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret.startswith(TOKEN_PREFIX):
        return None
    row = _read(_BY_TOKEN, _TOKEN_NAMES, secret)
    if row is None:
        return None
    if row["last_used_on"] != clock.today() and not in_transaction():
        _write("UPDATE api_tokens SET last_used_on = :on WHERE id = :id", id=row["token_id"], on=clock.today())
    return actor_from(row, via=f"token:{row['token_id']}", scopes=row["token_scopes"])


def _from_session() -> Actor | None:
    secret = request.cookies.get(COOKIE, "")
    row = _read(_BY_SESSION, _SESSION_NAMES, secret) if secret else None
    if row is None:
        return None
    now = clock.real_now()
    if row["last_seen_at"] < now - SEEN_EVERY and not in_transaction():
        _write("UPDATE user_sessions SET last_seen_at = :at WHERE id = :id", id=row["session_id"], at=now)
    via = f"session:{row['session_id']}"
    if (
        current_app.config["REQUIRE_SECOND_FACTOR"]
        and row["organisation_kind"] in _WITH_SECOND_FACTOR
        and row["second_factor_at"] is None
    ):
        request.environ[NEEDS_SECOND_FACTOR] = True
        return actor_from(row, via=via, scopes=())
    return actor_from(row, via=via)


def _read(statement: Statement, names: Sequence[str], secret: str) -> Mapping[str, Any] | None:
    """Read beside the session: no transaction is begun and ended for it."""
    values = {"hash": hash_secret(secret), "now": clock.real_now(), "on": clock.today()}
    rows = hotreads.run(statement, values)
    return dict(zip(names, rows[0], strict=True)) if rows else None


def _write(statement: str, **values: int | datetime | Any) -> None:
    with transaction():
        db.session.execute(text(statement), values)


def init_app(app: Flask) -> None:
    """Tell the guards how to find the actor."""
    app.extensions["load_actor"] = load_actor
