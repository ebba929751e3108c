"""Signed-in browsers: their rows begin, move to another organisation and end."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from shop.db import db
from shop.identity.models import UserSession
from shop.identity.services import hash_secret

_MAX_AGENT = 200


def open_session(
    user_id: int,
    *,
    at: datetime,
    days: int,
    membership_id: int | None = None,
    second_factor_at: datetime | None = None,
    user_agent: str = "",
) -> str:
    """Begin a session and return the secret for its cookie.

    :param at: real time; the session ends ``days`` later whatever happens.
    """
    secret = secrets.token_urlsafe(32)
    db.session.add(
        UserSession(
            token_hash=hash_secret(secret),
            user_id=user_id,
            membership_id=membership_id,
            second_factor_at=second_factor_at,
            created_at=at,
            last_seen_at=at,
            expires_at=at + timedelta(days=days),
            user_agent=user_agent[:_MAX_AGENT],
        )
    )
    return secret
