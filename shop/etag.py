"""Edits of a version: ``ETag`` out, ``If-Match`` in."""

from __future__ import annotations

from flask import request

from shop.errors import DomainError
from shop.i18n import _


class PreconditionRequired(DomainError):
    """An edit came without ``If-Match``."""

    code = "precondition-required"
    http_status = 428


class VersionChanged(DomainError):
    """Somebody else has changed it since it was read."""

    code = "version-changed"
    http_status = 412


def format_etag(version: int) -> str:
    """Return the entity tag of a row's version."""
    return f'"{version}"'


def if_match() -> int:
    """Return the version that the request edits.

    :raises PreconditionRequired: without ``If-Match``.
    :raises VersionChanged: if the header cannot be one of ours.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise PreconditionRequired(_("请在 If-Match 中给出所读到的 ETag。"))
    digits = given.removeprefix("W/").strip('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:  # noqa: PLR2004  BIGINT
        raise VersionChanged(_("内容已被修改，请重新读取后再改。"))
    return int(digits)


def check_version(expected: int, actual: int) -> None:
    """Refuse an edit of another version than the caller read.

    :raises VersionChanged: if they differ.
    """
    if expected != actual:
        raise VersionChanged(_("内容已被修改，请重新读取后再改。"))
