"""What every operation of the API document says by itself: who may call it, its headers, its refusals."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from apispec import APISpec

_READS = frozenset({"get", "head", "options"})
_IDEMPOTENCY_KEY = {
    "required": True,
    "description": "The same key sent again within 48 hours answers what was answered first.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f",
}
_IF_MATCH = {
    "required": True,
    "description": "The `ETag` that was read; 412 if the thing has changed since, 428 without.",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,18}"$'},
    "example": '"3"',
}


@dataclass(frozen=True)
class Wears:
    """What a view wears and its route holds."""

    name: str
    #: A permission, ``signed_in`` or ``public``.
    guard: str
    is_idempotent: bool
    #: It reads ``If-Match``.
    is_conditional: bool
    #: It answers 429 to who asks too often.
    is_limited: bool
    has_path_values: bool


def look_at(view: Callable[..., Any] | None, *, name: str, path: str) -> Wears:
    """Return what ``view`` wears; that it reads ``If-Match`` is seen in its code."""
    code = getattr(inspect.unwrap(view), "__code__", None) if view else None
    used = code.co_names if code else ()
    return Wears(
        name=name,
        guard=getattr(view, "guard", "public"),
        is_idempotent=getattr(view, "is_idempotent", False),
        is_conditional="if_match" in used,
        is_limited=getattr(view, "is_limited", False),
        has_path_values="<" in path,
    )


def register_components(spec: APISpec) -> None:
    """Add the security scheme and the shared headers to the document."""
    spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "description": "A token made under /account/tokens."}
    )
    spec.components.parameter("IdempotencyKey", "header", {"name": "Idempotency-Key", **_IDEMPOTENCY_KEY}, lazy=True)
    spec.components.parameter("IfMatch", "header", {"name": "If-Match", **_IF_MATCH}, lazy=True)


def document(doc: dict[str, Any], doc_info: dict[str, Any], *, method: str, **_: Any) -> dict[str, Any]:
    """Add security, headers and refusals to an operation; what its view says itself comes first."""
    wears: Wears = doc_info["wears"]
    is_read = method in _READS
    doc["operationId"] = wears.name if is_read else f"{wears.name}_{method}"
    doc["security"] = [] if wears.guard == "public" else [{"bearer": []}]
    if wears.guard not in ("public", "signed_in"):
        doc["x-permission"] = wears.guard
    parameters = doc.setdefault("parameters", [])
    if wears.is_idempotent:
        parameters.append("IdempotencyKey")
    if wears.is_conditional:
        parameters.append("IfMatch")
    if not parameters:
        del doc["parameters"]
    responses = doc.setdefault("responses", {})
    for status in refusals(
        wears, is_read=is_read, has_body="requestBody" in doc, has_arguments="arguments" in doc_info
    ):
        responses.setdefault(status, HTTPStatus(status).name)
    return doc


def refusals(wears: Wears, *, is_read: bool, has_body: bool, has_arguments: bool) -> list[int]:
    """Return the statuses of every refusal that such an operation may answer with."""
    found = [400]
    if wears.guard != "public":
        found += [401, 403]
    if wears.has_path_values or has_arguments or not is_read:
        found.append(404)
    if not is_read:
        found += [409, 422, 503]
    if has_body:
        found += [413, 415]
    if has_arguments:
        found.append(422)
    if wears.is_conditional:
        found += [412, 428]
    if wears.is_limited or (wears.guard == "public" and not is_read):
        found.append(429)
    return sorted(set(found))
