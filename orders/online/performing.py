"""Making one call: claimed in one transaction, made outside of any, its answer stored in another."""

from __future__ import annotations

from typing import Any

from orders.online import calls
from orders.online.calls import KEPT, UNSURE, Call, Handler
from orders.online.errors import ProviderAway, ProviderRefused
from shop import clock
from shop.db import transaction
from shop.logs import log


def perform(call_id: int | None = None) -> str:
    """Make a call that waits: this one, or the one that has waited longest.

    :return: ``done``, ``failed`` (refused for good), ``pending`` (put off), or nothing if none is free.
    """
    with transaction():
        call = calls.claim(clock.real_now(), call_id)
    if call is None:
        return ""
    try:
        return _make(call, calls.handler_of(call.kind))
    except ProviderAway as away:
        return _put_off(call, away.detail or "no answer", doubt=KEPT if away.is_kept else UNSURE * away.may_be_done)
    except Exception as error:  # noqa: BLE001  whatever went wrong here, the call is still to be made or stored
        log.exception("call failed", kind=call.kind, key=call.key)
        return _put_off(call, repr(error))


def perform_all(most: int = 100) -> int:
    """Make calls that wait until none is free; returns how many were tried."""
    for made in range(most):
        if not perform():
            return made
    return most


def _make(call: Call, handler: Handler) -> str:
    try:
        answer = _look_up(call, handler)
        if answer is None:
            answer = handler.make(_with_a_key_that_works(call))
    except ProviderRefused as refusal:
        with transaction():
            handler.refuse(call, refusal, clock.now())
            _settle(call, "failed", error=f"{refusal.provider_code}: {refusal.detail}")
        return "failed"
    with transaction():
        ref = handler.store(call, answer, clock.now())
        _settle(call, "done", answer_ref=ref)
    return "done"


def _settle(call: Call, status: str, **values: str) -> None:
    """Note the outcome; if somebody else has stored it since the claim ran out, what was done here is undone.

    :raises RuntimeError: then.
    """
    if not calls.settle(call, status, **values):
        message = "The call was settled meanwhile."
        raise RuntimeError(message)


def _look_up(call: Call, handler: Handler) -> Any:
    if handler.find is None or not call.must_be_looked_up(clock.real_now()):
        return None
    return handler.find(call)


def _with_a_key_that_works(call: Call) -> Call:
    """Take another key once the provider has kept a breakdown under this one, and looking has shown that nothing was done."""
    if not call.error.startswith(KEPT):
        return call
    with transaction():
        return calls.renew_key(call)


def _put_off(call: Call, error: str, *, doubt: str = "") -> str:
    """Note the error; that a try may have been done stays noted until somebody has looked."""
    was_unsure = call.error.startswith(UNSURE)
    with transaction():
        calls.put_off(call, (doubt or UNSURE * was_unsure) + error, clock.real_now())
    return "pending"
