"""How transfers and their reversals are called for at the card provider, and where the answers go."""

from __future__ import annotations

from datetime import datetime

from orders.online import gateway_connect, gateway_listing, snapshots
from orders.online.calls import Call, Handler, handles, metadata_of
from orders.online.errors import ProviderRefused
from orders.online.gateway_connect import TransferRequest
from orders.settlement import reversals, transfers


def _make_transfer(call: Call) -> snapshots.Transfer:
    asked = call.params
    request = TransferRequest(
        amount_fen=asked["amount_fen"], destination=asked["destination"], charge_ref=asked["charge"],
        group=asked["group"], metadata=metadata_of(call),
    )  # fmt: skip
    return gateway_connect.create_transfer(request, call.key)


def _find_transfer(call: Call) -> snapshots.Transfer | None:
    listed = gateway_listing.list_transfers(call.created_at, group=call.params["group"])
    return gateway_listing.find_made_by(call.name, listed)


def _store_transfer(call: Call, answer: snapshots.Transfer, at: datetime) -> str:
    for standing in transfers.take(call.subject_id, answer.ref, at):
        # What was given back or disputed while the transfer was on its way could not be asked back before.
        reversals.ask_back(standing, at=at)
    return answer.ref


def _refuse_transfer(call: Call, refusal: ProviderRefused, at: datetime) -> None:
    transfers.fail(call.subject_id, refusal.detail or refusal.provider_code, at)


def _make_reversal(call: Call) -> snapshots.Reversal:
    asked = call.params
    return gateway_connect.reverse_transfer(asked["transfer"], asked["amount_fen"], metadata_of(call), call.key)


def _find_reversal(call: Call) -> snapshots.Reversal | None:
    return gateway_listing.find_made_by(call.name, gateway_listing.list_reversals(call.params["transfer"]))


def _store_reversal(call: Call, answer: snapshots.Reversal, at: datetime) -> str:
    reversals.take(call.subject_id, answer.ref, at)
    return answer.ref


def _refuse_reversal(call: Call, refusal: ProviderRefused, at: datetime) -> None:
    reversals.fail(call.subject_id, refusal.detail or refusal.provider_code, at)


handles("transfer", Handler(make=_make_transfer, find=_find_transfer, store=_store_transfer, refuse=_refuse_transfer))
handles(
    "reverse_transfer",
    Handler(make=_make_reversal, find=_find_reversal, store=_store_reversal, refuse=_refuse_reversal),
)
