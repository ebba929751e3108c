"""What the settings say of the card provider."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app

#: The largest sum of one payment at the provider.
MOST_FEN = 99_999_999


@dataclass(frozen=True)
class CardSettings:
    """Keys, secrets and addresses of the card provider."""

    secret_key: str = field(repr=False)
    publishable_key: str
    webhook_secrets: tuple[str, ...] = field(repr=False)
    thin_secrets: tuple[str, ...] = field(repr=False)
    api_base: str
    js_url: str


def card_settings() -> CardSettings:
    """Return the settings of this application."""
    config = current_app.config
    return CardSettings(
        secret_key=config["STRIPE_SECRET_KEY"],
        publishable_key=config["STRIPE_PUBLISHABLE_KEY"],
        webhook_secrets=tuple(config["STRIPE_WEBHOOK_SECRETS"]),
        thin_secrets=tuple(config["STRIPE_THIN_SECRETS"]),
        api_base=config["STRIPE_API_BASE"],
        js_url=config["STRIPE_JS_URL"],
    )


def is_on() -> bool:
    """Say whether there is payment by card at all."""
    return bool(card_settings().secret_key)


def serves(fen: int) -> bool:
    """Say whether a sum is offered to be paid by card: more than one payment can be is paid by bank alone."""
    return is_on() and 0 < fen <= MOST_FEN


def address(path: str) -> str:
    """Return the public address of a page of ours."""
    return f"{current_app.config['BASE_URL']}{path}"
