"""Browsers in which somebody has signed in before: a signed cookie that strangers' tries do not count against."""

from __future__ import annotations

import hashlib

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from shop.identity.sign_in import account_key

COOKIE = "duikou_known"
_KEPT_S = 180 * 86_400
#: People who share a browser.
_MOST = 10


def is_known(contact: str) -> bool:
    """Say whether somebody has signed in with this number or address in the browser that asks."""
    return _mark(contact) in _marks()


def remember(response: Response, contact: str) -> None:
    """Let the browser be known for a number or address with which somebody has just given the right password."""
    marks = [_mark(contact), *(mark for mark in _marks() if mark != _mark(contact))][:_MOST]
    value = _signer().dumps(marks)
    secure = bool(current_app.config["PRODUCTION"])
    response.set_cookie(COOKIE, value, max_age=_KEPT_S, path="/sign-in", httponly=True, samesite="Lax", secure=secure)


def _marks() -> list[str]:
    try:
        found = _signer().loads(request.cookies.get(COOKIE, ""))
    except BadSignature:
        return []
    return found if isinstance(found, list) else []


def _mark(contact: str) -> str:
    return hashlib.sha256(account_key(contact).encode()).hexdigest()[:24]


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt="known-browser")
