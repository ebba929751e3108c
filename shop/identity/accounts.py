"""What a person edits of themselves."""

from __future__ import annotations

from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.i18n import LOCALES
from shop.identity import codes
from shop.identity.models import User


def edit_profile(actor: Actor, name: str, locale: str) -> User:
    """Change the actor's name and language.

    :raises BadName: if the name is empty or too long.
    """
    user = db.session.get_one(User, actor.user_id)
    user.name = codes.read_name(name)
    user.locale = locale if locale in LOCALES else LOCALES[0]
    audit.record(actor, "identity.profile_edited", "user", user.id)
    return user


def locale_of(user_id: int) -> str:
    """Return the language that a person chose."""
    return db.session.get_one(User, user_id).locale
