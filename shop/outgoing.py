"""The port for messages to a person's phone or mailbox; by default they are files in ``DATA_DIR/outbox``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from flask import Flask, current_app
from uuid6 import uuid7

from shop import clock
from shop.db import require_no_transaction
from shop.logs import log


@dataclass(frozen=True)
class Message:
    """What somebody is told outside the site; ``to`` is E.164 or an e-mail address, never both."""

    phone: str | None
    email: str | None
    subject: str
    text: str


Carrier = Callable[[Message], None]


def send(message: Message) -> None:
    """Hand a message to the carrier of its kind; call after the commit that it tells of.

    A carrier that fails is logged and not asked again: whoever waits for the message asks for another.
    """
    require_no_transaction()
    kind = "sms" if message.phone else "mail"
    carry: Carrier = current_app.extensions["carriers"][kind]
    try:
        carry(message)
    except Exception:  # noqa: BLE001  a carrier may fail in any way; the fact it tells of stands
        log.exception("message not sent", kind=kind)


def write_mail(message: Message) -> None:
    """Write a mail as ``.eml`` into the outgoing folder."""
    mail = EmailMessage(policy=SMTP)
    mail["To"], mail["Subject"], mail["From"] = message.email or "", message.subject, "duikou@localhost"
    mail["Date"] = clock.real_now()
    mail.set_content(message.text)
    _write(mail.as_bytes(), ".eml")


def write_sms(message: Message) -> None:
    """Write a short message as text into the outgoing folder."""
    _write(f"To: {message.phone}\n\n{message.text}\n".encode(), ".sms.txt")


def _write(data: bytes, suffix: str) -> None:
    """Write a file that only the application's account can read; it appears whole."""
    folder = Path(current_app.config["DATA_DIR"]) / "outbox"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = str(uuid7())
    draft = folder / f".{name}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    draft.replace(folder / f"{name}{suffix}")


def init_app(app: Flask) -> None:
    """Choose the carriers; an installation with a mail server or an SMS contract puts its own here."""
    app.extensions.setdefault("carriers", {"mail": write_mail, "sms": write_sms})
