"""The API's reference: one page with every operation, one page for each group of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, render_template

from shop.apidocs.samples import body_schema, make_curl, make_example, resolve
from shop.auth import public
from shop.errors import NotFound
from shop.i18n import _

bp = Blueprint("api_reference", __name__, url_prefix="/api/docs", template_folder="templates")
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """An operation as it is shown."""

    id: str
    tag: str
    method: str
    path: str
    summary: str
    description: str
    permission: str
    is_open: bool
    parameters: list[dict[str, Any]]
    #: (name, type, whether required, description) of the body's members.
    members: list[tuple[str, str, bool, str]]
    #: (status, description, example as text) of what it answers.
    answers: list[tuple[str, str, str]]
    curl: str


def list_operations() -> list[Operation]:
    """Return every operation, in the document's order; made once for each application."""
    found: list[Operation] | None = current_app.extensions.get("api_operations")
    if found is None:
        spec = json.loads(json.dumps(current_app.extensions["api"].spec.to_dict()))
        found = [
            _show(spec, method, path) for path, item in spec["paths"].items() for method in _METHODS if method in item
        ]
        current_app.extensions["api_operations"] = found
    return found


def _show(spec: dict[str, Any], method: str, path: str) -> Operation:
    item = spec["paths"][path]
    operation = item[method]
    parameters = [resolve(spec, one) for one in [*item.get("parameters", []), *operation.get("parameters", [])]]
    taken = body_schema(operation)
    return Operation(
        id=operation["operationId"],
        tag=operation["tags"][0],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        permission=operation.get("x-permission", ""),
        is_open=not operation.get("security"),
        parameters=[{**one, "kind": kind_of(one.get("schema", {}))} for one in parameters],
        members=_members(spec, taken[1]) if taken else [],
        answers=[_answer(spec, status, answer) for status, answer in operation["responses"].items()],
        curl=make_curl(spec, current_app.config["BASE_URL"], method, path),
    )


def _members(spec: dict[str, Any], schema: dict[str, Any]) -> list[tuple[str, str, bool, str]]:
    schema = resolve(spec, schema)
    required = schema.get("required", [])
    return [
        (name, kind_of(resolve(spec, one)), name in required, resolve(spec, one).get("description", ""))
        for name, one in schema.get("properties", {}).items()
    ]


def _answer(spec: dict[str, Any], status: str, answer: dict[str, Any]) -> tuple[str, str, str]:
    answer = resolve(spec, answer)
    for media_type, described in answer.get("content", {}).items():
        if media_type == "application/json":
            example = described.get("example") or make_example(spec, described.get("schema", {}))
            return status, answer.get("description", ""), json.dumps(example, ensure_ascii=False, indent=2)
    return status, answer.get("description", ""), ""


def kind_of(schema: dict[str, Any]) -> str:
    """Return a schema's type in a few words: ``string (date)``, ``array``."""
    kinds = schema.get("type", "object")
    words = kinds if isinstance(kinds, str) else " | ".join(kinds)
    return f"{words} ({schema['format']})" if "format" in schema else words


@bp.get("")
@public
def list_groups() -> str:
    """Show every operation in one list."""
    groups: dict[str, list[Operation]] = {}
    for operation in list_operations():
        groups.setdefault(operation.tag, []).append(operation)
    words = {tag["name"]: tag.get("description", "") for tag in current_app.extensions["api"].spec.to_dict()["tags"]}
    return render_template("apidocs/groups.html", groups=groups, words=words)


@bp.get("/<tag>")
@public
def show_group(tag: str) -> str:
    """Show the operations of a group in full."""
    operations = [operation for operation in list_operations() if operation.tag == tag]
    if not operations:
        raise NotFound(_("没有这组接口。"))
    return render_template("apidocs/group.html", tag=tag, operations=operations)
