"""The settings: the environment read once into one frozen object."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class BadSetting(Exception):
    """A setting is missing or cannot be read; the message names it."""


def _complete(env: Mapping[str, str]) -> Mapping[str, str]:
    missing = [name for name in ("DATABASE_URL", "BROKER_URL", "SECRET_KEY") if not env.get(name)]
    if missing:
        message = f"Missing settings: {', '.join(missing)}. `duikou up` provides them; see docs/settings.md."
        raise BadSetting(message)
    return env


def _flag(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    message = f"{name} must be a whole number of 0 or more, not {env.get(name)!r}."
    try:
        number = int(env.get(name) or default)
    except ValueError as error:
        raise BadSetting(message) from error
    if number < 0:
        raise BadSetting(message)
    return number


def clock_offset(env: Mapping[str, str]) -> float:
    """Return the seconds between real and business time from ``CLOCK_OFFSET_S`` or ``CLOCK_START``."""
    start, offset = env.get("CLOCK_START"), env.get("CLOCK_OFFSET_S")
    if not start and not offset:
        return 0.0
    if _flag(env, "PRODUCTION"):
        message = "CLOCK_START is refused when PRODUCTION=1."
        raise BadSetting(message)
    try:
        if offset:
            return float(offset)
        at = datetime.fromisoformat(str(start))
        return (at - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError) as error:
        message = "CLOCK_START must be an instant with an offset, such as 2026-12-31T23:59:50+08:00."
        raise BadSetting(message) from error


def metrics_folder(env: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder in which the processes of this machine keep their figures, made if needed; ``None``: each its own.

    The library that counts reads the same variable when it is imported, before there are settings.
    """
    named = (os.environ if env is None else env).get("PROMETHEUS_MULTIPROC_DIR")
    if not named:
        return None
    folder = Path(named)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = f"PROMETHEUS_MULTIPROC_DIR {folder} cannot be used: {error.strerror}."
        raise BadSetting(message) from error
    return folder


@dataclass(frozen=True)
class Settings:
    """Everything the environment can say; ``docs/settings.md`` explains each."""

    DATABASE_URL: str = field(repr=False)
    BROKER_URL: str = field(repr=False)
    SECRET_KEY: str = field(repr=False)
    PRODUCTION: bool = False
    TESTING: bool = False
    #: Folder of content-addressed files, outgoing mail and logs of the embedded default.
    DATA_DIR: Path = Path("data")
    #: Folder of the private keys of the transparency logs; empty is ``log-keys`` in the data folder.
    LOG_KEYS: str = ""
    #: Public address used in links and codes.
    BASE_URL: str = "http://127.0.0.1:8000"
    CLOCK_OFFSET_S: float = 0.0
    #: Outbound webhooks may reach loopback and private addresses.
    WEBHOOK_ALLOW_PRIVATE: bool = False
    #: Second factor required of officials and operators; on in production.
    REQUIRE_SECOND_FACTOR: bool = False
    #: Demo accounts and demo data may be shown.
    DEMO: bool = True
    MAX_CONTENT_LENGTH: int = 20 * 1024 * 1024
    SESSION_DAYS: int = 14
    CONFIRM_WITHIN_DAYS: int = 7
    SIGN_WITHIN_DAYS: int = 15
    #: Goods that nobody accepts or rejects so many days after they left are owed as if accepted then; new contracts say so.
    ACCEPT_WITHIN_DAYS: int = 15
    #: A buyer is reminded so many days before a payment is due; 0 is on the day.
    REMIND_BEFORE_DAYS: int = 3
    #: Days after which a buyer is reminded of an invoice that nobody has checked.
    REMIND_UNCHECKED_AFTER_DAYS: int = 7
    #: A pay-first order of which nothing is paid is cancelled so many days after its due day; 0 is never.
    CANCEL_UNPAID_AFTER_DAYS: int = 15
    #: Days before another account that two persons agreed on is paid to.
    ACCOUNT_COOLING_DAYS: int = 3
    #: Proxies in front whose X-Forwarded headers are believed.
    TRUSTED_PROXIES: int = 0
    #: What an organisation may upload in a day; 0 is any amount.
    UPLOAD_MB_PER_DAY: int = 1024
    #: What differs between a rail and the books becomes an exception after so many days.
    RECONCILE_AFTER_DAYS: int = 3
    #: Events and deliveries that are done are deleted after so many days.
    OUTBOX_KEPT_DAYS: int = 30
    #: Events and bytes that one EPCIS capture may hold.
    EPCIS_CAPTURE_LIMIT: int = 10_000
    EPCIS_CAPTURE_FILE_SIZE_LIMIT: int = 20 * 1024 * 1024
    #: No statement of an EPCIS query runs longer.
    EPCIS_QUERY_MILLISECONDS: int = 10_000
    #: Anonymous pages are kept in the process and checked against the database at each request.
    PAGE_CACHE: bool = True
    #: The hottest reads use connections of their own beside the session.
    HOT_READS: bool = True
    #: Adds ``/bench/null``, the limit that pages are measured against.
    BENCH: bool = False
    DB_POOL: int = 5
    #: What this process is called in the figures.
    PROCESS_NAME: str = "web"
    #: Without it there is no payment by card anywhere.
    STRIPE_SECRET_KEY: str = field(default="", repr=False)
    STRIPE_PUBLISHABLE_KEY: str = ""
    #: What its events are signed with: the current secret, the previous one, those of further endpoints.
    STRIPE_WEBHOOK_SECRETS: tuple[str, ...] = field(default=(), repr=False)
    STRIPE_THIN_SECRETS: tuple[str, ...] = field(default=(), repr=False)
    #: Where its API answers; tests have one of their own.
    STRIPE_API_BASE: str = "https://api.stripe.com"
    #: Its script on the payment page, which it wants loaded from its own address.
    STRIPE_JS_URL: str = "https://js.stripe.com/endive/stripe.js"

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the environment.

        :raises BadSetting: if a needed value is missing or malformed.
        """
        env = os.environ if env is None else env
        missing = [name for name in ("DATABASE_URL", "BROKER_URL", "SECRET_KEY") if not env.get(name)]
        if missing:
            message = f"Missing settings: {', '.join(missing)}. `duikou up` provides them; see docs/settings.md."
            raise BadSetting(message)
        production = _flag(env, "PRODUCTION")
        return cls(
            DATABASE_URL=_psycopg(env["DATABASE_URL"]),
            BROKER_URL=env["BROKER_URL"],
            SECRET_KEY=env["SECRET_KEY"],
            PRODUCTION=production,
            DATA_DIR=Path(env.get("DUIKOU_DATA") or "data").absolute(),
            LOG_KEYS=env.get("LOG_KEYS", "").strip(),
            BASE_URL=(env.get("BASE_URL") or "http://127.0.0.1:8000").rstrip("/"),
            CLOCK_OFFSET_S=clock_offset(env),
            WEBHOOK_ALLOW_PRIVATE=_flag(env, "WEBHOOK_ALLOW_PRIVATE"),
            REQUIRE_SECOND_FACTOR=production, DEMO=not production,
            MAX_CONTENT_LENGTH=_number(env, "MAX_CONTENT_LENGTH", cls.MAX_CONTENT_LENGTH),
            SESSION_DAYS=_number(env, "SESSION_DAYS", cls.SESSION_DAYS),
            CONFIRM_WITHIN_DAYS=_number(env, "CONFIRM_WITHIN_DAYS", cls.CONFIRM_WITHIN_DAYS),
            SIGN_WITHIN_DAYS=_number(env, "SIGN_WITHIN_DAYS", cls.SIGN_WITHIN_DAYS),
            ACCEPT_WITHIN_DAYS=_number(env, "ACCEPT_WITHIN_DAYS", cls.ACCEPT_WITHIN_DAYS),
            REMIND_BEFORE_DAYS=_number(env, "REMIND_BEFORE_DAYS", cls.REMIND_BEFORE_DAYS),
            REMIND_UNCHECKED_AFTER_DAYS=_number(env, "REMIND_UNCHECKED_AFTER_DAYS", cls.REMIND_UNCHECKED_AFTER_DAYS),
            CANCEL_UNPAID_AFTER_DAYS=_number(env, "CANCEL_UNPAID_AFTER_DAYS", cls.CANCEL_UNPAID_AFTER_DAYS),
            ACCOUNT_COOLING_DAYS=_number(env, "ACCOUNT_COOLING_DAYS", cls.ACCOUNT_COOLING_DAYS),
            TRUSTED_PROXIES=_number(env, "TRUSTED_PROXIES", cls.TRUSTED_PROXIES),
            UPLOAD_MB_PER_DAY=_number(env, "UPLOAD_MB_PER_DAY", cls.UPLOAD_MB_PER_DAY),
            RECONCILE_AFTER_DAYS=_number(env, "RECONCILE_AFTER_DAYS", cls.RECONCILE_AFTER_DAYS),
            OUTBOX_KEPT_DAYS=_number(env, "OUTBOX_KEPT_DAYS", cls.OUTBOX_KEPT_DAYS),
            EPCIS_CAPTURE_LIMIT=_number(env, "EPCIS_CAPTURE_LIMIT", cls.EPCIS_CAPTURE_LIMIT),
            EPCIS_CAPTURE_FILE_SIZE_LIMIT=_number(
                env, "EPCIS_CAPTURE_FILE_SIZE_LIMIT", cls.EPCIS_CAPTURE_FILE_SIZE_LIMIT
            ),
            EPCIS_QUERY_MILLISECONDS=_number(env, "EPCIS_QUERY_MILLISECONDS", cls.EPCIS_QUERY_MILLISECONDS),
            PAGE_CACHE=env.get("PAGE_CACHE", "1") != "0", BENCH=_flag(env, "BENCH"),
            DB_POOL=_number(env, "DB_POOL", cls.DB_POOL), PROCESS_NAME=env.get("PROCESS_NAME") or cls.PROCESS_NAME,
            **_stripe(env),
        )  # fmt: skip


def _stripe(env: Mapping[str, str]) -> dict[str, Any]:
    """Return what the environment says of the card provider."""
    return {
        "STRIPE_SECRET_KEY": env.get("STRIPE_SECRET_KEY", "").strip(),
        "STRIPE_PUBLISHABLE_KEY": env.get("STRIPE_PUBLISHABLE_KEY", "").strip(),
        "STRIPE_WEBHOOK_SECRETS": _words(env, "STRIPE_WEBHOOK_SECRETS"),
        "STRIPE_THIN_SECRETS": _words(env, "STRIPE_THIN_SECRETS"),
        "STRIPE_API_BASE": (env.get("STRIPE_API_BASE") or Settings.STRIPE_API_BASE).rstrip("/"),
        "STRIPE_JS_URL": env.get("STRIPE_JS_URL") or Settings.STRIPE_JS_URL,
    }


def _words(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word for part in env.get(name, "").split(",") if (word := part.strip()))


def _psycopg(url: str) -> str:
    """Return ``url`` with the driver SQLAlchemy must use."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url
