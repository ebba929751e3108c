"""One request to the API: contract, faults, idempotency, the work itself under the lock, the answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stripe import api_version

from tests.stripe_double import checker, contract, faults, forms, lists
from tests.stripe_double.contract import Operation
from tests.stripe_double.errors import Refusal
from tests.stripe_double.idempotency import Answer, Keys
from tests.stripe_double.routes import ROUTES, Call
from tests.stripe_double.world import Thing, World


@dataclass(frozen=True)
class Request:
    """What came over the wire."""

    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]


class ConnectionLost(Exception):
    """The answer is not to reach the caller."""


class Api:
    """Answers for one world."""

    def __init__(self, world: World, faults_: faults.Faults) -> None:
        self._world, self._faults, self._keys = world, faults_, Keys(world)

    def answer(self, request: Request) -> Answer:
        """The answer to a request, or :class:`ConnectionLost`."""
        with self._world.lock:
            request_id = self._world.new_id("req", 14)
        try:
            answer = self._checked(request, request_id)
        except Refusal as refusal:
            answer = Answer(refusal.status, refusal.body())
        key = request.headers.get("Idempotency-Key")
        echoed = {"Idempotency-Key": key} if key else {}
        headers = {"Request-Id": request_id, "Stripe-Version": api_version, **echoed, **answer.headers}
        return Answer(answer.status, answer.body, headers)

    def broke(self, request: Request, error: Exception) -> None:
        """The double itself is at fault: let the test know."""
        self._note(request, f"The double broke: {error!r}")

    def _checked(self, request: Request, request_id: str) -> Answer:
        _require_key(request)
        found = contract.find(request.method, request.path)
        if found is None or (found[0].method, found[0].template) not in ROUTES:
            raise self._violation(request, "This double does not play that operation.", status=404)
        operation, ids = found
        if request.headers.get("Stripe-Version") != api_version:
            raise self._violation(request, f"The version is not {api_version}.")
        params = self._params(request, operation)
        account = request.headers.get("Stripe-Account") or request.headers.get("Stripe-Context") or None
        call = Call(ids, params, account, request.path, params.get("expand") or [])
        fault = self._faults.take(request.method, request.path)
        if fault and fault.kind == "error_before":
            raise _broken()
        if fault and fault.kind == "rate_limit":
            raise Refusal("Too many requests.", status=429, type_="invalid_request_error", code="rate_limit")
        answer = self._once(request, operation, call, fault, request_id)
        if fault and fault.kind == "lost":
            raise ConnectionLost
        return answer

    def _params(self, request: Request, operation: Operation) -> dict[str, Any]:
        """The parameters in their types; what is outside the contract is refused and remembered."""
        form = operation.in_query or not operation.is_v2
        text = request.query if operation.in_query else request.body
        try:
            values = forms.decode(text) if form else forms.read_json(text)
        except (ValueError, TypeError) as error:
            raise self._violation(request, f"The body cannot be read: {error}") from error
        found, wrong = checker.check(values, operation.shape, form=form)
        if wrong:
            self._note(request, "; ".join(map(str, wrong)))
            raise Refusal(wrong[0].message, code=wrong[0].code, param=wrong[0].where)
        return found

    def _note(self, request: Request, message: str) -> None:
        with self._world.lock:
            self._world.violations.append(f"{request.method.upper()} {request.path}: {message}")

    def _violation(self, request: Request, message: str, status: int = 400) -> Refusal:
        self._note(request, message)
        return Refusal(message, status=status)

    def _once(
        self, request: Request, operation: Operation, call: Call, fault: faults.Fault | None, request_id: str
    ) -> Answer:
        """Run it, unless its key has been used."""
        name = request.headers.get("Idempotency-Key")
        if operation.in_query or not name:
            return self._with_fault(operation, call, fault, request_id, None)
        digest = hashlib.sha256(json.dumps(call.params, sort_keys=True).encode()).hexdigest()
        key = (call.account, name)
        kept = self._keys.claim(key, (request.method, request.path, digest), days=30 if operation.is_v2 else 1)
        if kept:
            return Answer(kept.status, kept.body, {**kept.headers, "Idempotent-Replayed": "true"})
        try:
            answer = self._with_fault(operation, call, fault, request_id, name)
        except BaseException:
            self._keys.release(key)
            raise
        if operation.is_v2 and answer.status >= 400:
            self._keys.release(key)
        else:
            self._keys.keep(key, Answer(answer.status, answer.body, {"Original-Request": request_id}))
        return answer

    def _with_fault(
        self, operation: Operation, call: Call, fault: faults.Fault | None, request_id: str, key: str | None
    ) -> Answer:
        if fault:
            faults.wait(fault)
        answer = self._run(operation, call, {"id": request_id, "idempotency_key": key})
        if fault and fault.kind == "error_after":
            refusal = _broken()
            return Answer(refusal.status, refusal.body())
        return answer

    def _run(self, operation: Operation, call: Call, request: Thing) -> Answer:
        """The work itself, alone in the world."""
        with self._world.lock:
            self._world.request = request
            try:
                thing = ROUTES[operation.method, operation.template](self._world, call)
                return Answer(200, lists.show(self._world, thing, call.expand))
            except Refusal as refusal:
                return Answer(refusal.status, lists.show(self._world, refusal.body(), []))
            finally:
                self._world.request = None


def _require_key(request: Request) -> None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not secret.startswith(("sk_", "rk_")):
        raise Refusal("Invalid API Key provided.", status=401, code="api_key_invalid")


def _broken() -> Refusal:
    return Refusal("An unknown error occurred", status=500, type_="api_error")
