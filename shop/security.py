"""Security headers, form tokens and session cookies."""

from __future__ import annotations

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf import CSRFProtect

#: Holds the secret of who is signed in; Flask's own signed cookie holds only the form token and messages.
SIGNED_IN = "duikou_session"
#: What a browser and those between keep of the pages of who is signed in: nothing, so that Back shows nobody's after
#: signing out, and no page with a key or version that was used.
KEEP_NOTHING = ("Cache-Control", "private, no-store")
#: They change nothing, so they need no form token.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=()",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
}


class LazySessions(SecureCookieSessionInterface):
    """Flask's signed sessions, at no cost for requests that bring none and leave none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of the cookie; without one an empty session, before anything is signed."""
        if f"{app.config['SESSION_COOKIE_NAME']}=" not in request.environ.get("HTTP_COOKIE", ""):
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the session's cookie, if anything has looked at the session."""
        if session.accessed or session.modified:
            super().save_session(app, session, response)


class LazyCsrf(CSRFProtect):
    """Flask-WTF's protection of forms, asked only of methods that change something."""

    def protect(self, apply_exemptions: bool = False) -> None:  # noqa: FBT001, FBT002  the library's signature
        """Refuse a form without its token."""
        if request.method not in SAFE_METHODS:
            super().protect(apply_exemptions=apply_exemptions)


def headers_of(app: Flask) -> dict[str, str]:
    """Return the headers of every answer that has not set them itself."""
    if not app.config["PRODUCTION"]:
        return HEADERS
    return {**HEADERS, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def init_app(app: Flask) -> None:
    """Set cookie flags and the kind of session."""
    app.config.update(
        SESSION_COOKIE_NAME="duikou",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=bool(app.config["PRODUCTION"]),
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.session_interface = LazySessions()
