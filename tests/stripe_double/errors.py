"""Refusals as Stripe words them: type, code, param, message and status."""

from __future__ import annotations

from typing import Any

#: What Stripe calls its objects when one is not there.
NAMES = {
    "checkout.session": "checkout.session",
    "v2.core.account": "account",
    "balance_transaction": "balance transaction",
}


class Refusal(Exception):
    """An answer that is a refusal; ``extra`` are further members of the error, such as the payment intent."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type_: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.type, self.code, self.param, self.extra = (
            message,
            status,
            type_,
            code,
            param,
            extra,
        )

    def body(self) -> dict[str, Any]:
        members = {"code": self.code, "message": self.message, "param": self.param, "type": self.type, **self.extra}
        if self.code:
            members["doc_url"] = f"https://docs.stripe.com/error-codes/{self.code.replace('_', '-')}"
        return {"error": {name: value for name, value in members.items() if value is not None}}


def missing(kind: str, identifier: str, param: str | None = None) -> Refusal:
    """Not there: 404 for what the path names, 400 for what a parameter names."""
    return Refusal(
        f"No such {NAMES.get(kind, kind)}: '{identifier}'",
        status=404 if param in (None, "id") else 400,
        code="resource_missing",
        param=param or "id",
    )


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    return Refusal(message, param=param, code=code)


def wrong_state(kind: str, thing: dict[str, Any], verb: str) -> Refusal:
    """The move is not possible from the state in which the object is."""
    shown: dict[str, Any] = {thing["object"]: thing}
    return Refusal(
        f"You cannot {verb} this {kind} because it has a status of {thing['status']}.",
        code=f"{kind.replace(' ', '_')}_unexpected_state",
        **shown,
    )
