"""The operations of the pinned API version and what each takes, read from the installed ``stripe`` package.

Stripe generates that package from its own description of the API: every method of a service class names a
verb, a path and the ``TypedDict`` of its parameters. So the contract is always that of the version which the
application runs with, and nothing has to be shipped or brought up to date beside it.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path

from stripe import api_version

#: The services whose operations the double knows.
SERVICES = (
    "stripe._balance_service",
    "stripe._balance_transaction_service",
    "stripe._charge_service",
    "stripe._customer_service",
    "stripe._dispute_service",
    "stripe._event_service",
    "stripe._invoice_item_service",
    "stripe._invoice_payment_service",
    "stripe._invoice_service",
    "stripe._payment_intent_service",
    "stripe._payment_method_service",
    "stripe._payout_service",
    "stripe._refund_service",
    "stripe._transfer_reversal_service",
    "stripe._transfer_service",
    "stripe.checkout._session_service",
    "stripe.v2.core._account_link_service",
    "stripe.v2.core._account_service",
    "stripe.v2.core._event_service",
)
VERSION: str = api_version


@dataclass(frozen=True)
class Operation:
    """One verb on one path, and the name of the class that describes its parameters."""

    name: str
    method: str
    template: str
    module: str | None
    params: str | None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.template))

    @cached_property
    def shape(self) -> type | None:
        """The ``TypedDict`` of the parameters, or None if the operation takes none."""
        if self.module is None or self.params is None:
            return None
        found = getattr(importlib.import_module(self.module), self.params)
        assert isinstance(found, type)
        return found

    @property
    def is_v2(self) -> bool:
        return self.template.startswith("/v2/")

    @property
    def in_query(self) -> bool:
        return self.method != "post"


@cache
def operations() -> dict[tuple[str, str], Operation]:
    """Every operation by verb and path template."""
    return {(one.method, one.template): one for service in SERVICES for one in _read_service(service)}


@cache
def _ordered() -> tuple[Operation, ...]:
    """Paths that are all words first, so that ``/search`` is not taken for an identifier."""
    return tuple(sorted(operations().values(), key=lambda one: (one.template.count("{"), one.template)))


def find(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation that a request asks for, with the identifiers of its path."""
    for operation in _ordered():
        if operation.method == method.lower() and (match := operation.pattern.fullmatch(path)):
            return operation, match.groupdict()
    return None


def _read_service(module: str) -> Iterator[Operation]:
    tree = ast.parse(_source(module))
    modules = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for service in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for function in (node for node in service.body if isinstance(node, ast.FunctionDef)):
            for method, template in _requests(function):
                params = _params_class(function)
                yield Operation(
                    f"{service.name}.{function.name}", method, template, modules.get(params) if params else None, params
                )


def _source(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


def _requests(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """Verb and path template of the one call that the method makes."""
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "_request":
            verb, path = call.args[:2]
            words = [node.value for node in ast.walk(path) if isinstance(node, ast.Constant)]
            assert isinstance(verb, ast.Constant)
            yield str(verb.value), next(str(word) for word in words if str(word).startswith("/v"))


def _params_class(function: ast.FunctionDef) -> str | None:
    """The name inside ``params: Optional["RefundCreateParams"]``."""
    for argument in [*function.args.posonlyargs, *function.args.args]:
        if argument.arg == "params" and argument.annotation is not None:
            return next(
                node.value
                for node in ast.walk(argument.annotation)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            )
    return None
