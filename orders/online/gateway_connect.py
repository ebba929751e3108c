"""Producers' accounts at Stripe, and money passed on to them and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orders.online import snapshots
from orders.online.gateway_stripe import CURRENCY, speaking


@dataclass(frozen=True, kw_only=True)
class AccountRequest:
    """Whose account it is to be."""

    name: str
    email: str
    #: ISO code of the country or region in which the receiving company is registered, in small letters.
    country: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class TransferRequest:
    """So much of a charge is to be passed on to an account."""

    amount_fen: int
    destination: str
    charge_ref: str
    #: The procurement's number.
    group: str
    metadata: Mapping[str, str]


def create_account(request: AccountRequest, key: str) -> snapshots.Account:
    """Open an account that can receive transfers once the provider knows whose it is."""
    with speaking() as api:
        made = api.v2.core.accounts.create(
            {
                "contact_email": request.email,
                "display_name": request.name,
                "dashboard": "express",
                "identity": {"country": request.country, "entity_type": "company"},
                "configuration": {
                    "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
                },
                "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
                "metadata": dict(request.metadata),
                "include": ["configuration.recipient", "requirements"],
            },
            {"idempotency_key": key},
        )
    return snapshots.read_account(made.to_dict())


def fetch_account(ref: str) -> snapshots.Account:
    """Return an account as it is now."""
    with speaking() as api:
        found = api.v2.core.accounts.retrieve(ref, {"include": ["configuration.recipient", "requirements"]})
    return snapshots.read_account(found.to_dict())


def make_account_link(ref: str, *, return_url: str, refresh_url: str) -> str:
    """Return the address at which a producer tells the provider about itself; it works once and for minutes."""
    with speaking() as api:
        link = api.v2.core.account_links.create(
            {
                "account": ref,
                "use_case": {
                    "type": "account_onboarding",
                    "account_onboarding": {"refresh_url": refresh_url, "return_url": return_url},
                },
            }
        )
    return str(link.url)


def create_transfer(request: TransferRequest, key: str) -> snapshots.Transfer:
    """Pass money of a charge on; it is there as soon as the charge's own money is."""
    with speaking() as api:
        made = api.v1.transfers.create(
            {
                "amount": request.amount_fen,
                "currency": CURRENCY,
                "destination": request.destination,
                "source_transaction": request.charge_ref,
                "transfer_group": request.group,
                "metadata": dict(request.metadata),
            },
            {"idempotency_key": key},
        )
    return snapshots.read_transfer(made.to_dict())


def fetch_transfer(ref: str) -> snapshots.Transfer:
    """Return a transfer as it is now."""
    with speaking() as api:
        found = api.v1.transfers.retrieve(ref)
    return snapshots.read_transfer(found.to_dict())


def reverse_transfer(ref: str, amount_fen: int, metadata: Mapping[str, str], key: str) -> snapshots.Reversal:
    """Take so much of a transfer back; refused if the account no longer has it."""
    with speaking() as api:
        made = api.v1.transfers.reversals.create(
            ref, {"amount": amount_fen, "metadata": dict(metadata)}, {"idempotency_key": key}
        )
    return snapshots.read_reversal(made.to_dict())
