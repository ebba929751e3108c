"""Examples from JSON schemas, and the curl command of an operation."""

from __future__ import annotations

import json
import shlex
from typing import Any

#: Deeper schemas are cut: an example is to be read.
_DEEPEST = 6


def resolve(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a ``$ref`` within the document."""
    while "$ref" in node:
        target: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def make_example(spec: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Any:
    """Return a value that fits ``schema``: its own example, or one of its members'."""
    schema = resolve(spec, schema)
    told = [*schema.get("examples", ()), *(schema[name] for name in ("example", "default") if name in schema)]
    told += schema.get("enum", ())[:1]
    if told:
        return told[0]
    chosen = next((schema[name][0] for name in ("anyOf", "oneOf", "allOf") if schema.get(name)), None)
    return _make(spec, schema, depth) if chosen is None else make_example(spec, chosen, depth)


def _make(spec: dict[str, Any], schema: dict[str, Any], depth: int) -> Any:
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else next((one for one in kinds if one != "null"), "null")
    if kind == "object":
        members = schema.get("properties", {}) if depth < _DEEPEST else {}
        return {name: make_example(spec, one, depth + 1) for name, one in members.items() if not one.get("readOnly")}
    if kind == "array":
        return [make_example(spec, schema.get("items", {}), depth + 1)] if depth < _DEEPEST else []
    if kind == "string":
        return "…" * max(1, schema.get("minLength", 1))
    return {"integer": schema.get("minimum", 1), "number": 1.5, "boolean": True}.get(kind)


def body_schema(operation: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return media type and schema of an operation's body, if it takes one."""
    content = operation.get("requestBody", {}).get("content", {})
    for media_type, described in content.items():
        return media_type, described.get("schema", {})
    return None


def make_curl(spec: dict[str, Any], base: str, method: str, path: str) -> str:
    """Return a shell command that calls the operation, with its headers and an example of its body."""
    item = spec["paths"][path]
    operation = item[method]
    parameters = [resolve(spec, one) for one in [*item.get("parameters", []), *operation.get("parameters", [])]]
    for one in parameters:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(_value(spec, one)))
    asked = [f"{one['name']}={_value(spec, one)}" for one in parameters if one["in"] == "query" and one.get("required")]
    words = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    words.append(shlex.quote(f"{base}{path}" + (f"?{'&'.join(asked)}" if asked else "")))
    headers = ["Authorization: Bearer $TOKEN"] if operation.get("security") else []
    headers += [f"{one['name']}: {_value(spec, one)}" for one in parameters if one["in"] == "header"]
    lines = [" ".join(words)] + [f"-H '{header}'" if "$" not in header else f'-H "{header}"' for header in headers]
    taken = body_schema(operation)
    if taken is not None:
        lines += _body_lines(spec, *taken)
    return " \\\n  ".join(lines)


def _value(spec: dict[str, Any], parameter: dict[str, Any]) -> Any:
    if "example" in parameter:
        return parameter["example"]
    schema = parameter.get("schema", {})
    if schema.get("format") == "uuid":
        return "019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f"
    return make_example(spec, schema)


def _body_lines(spec: dict[str, Any], media_type: str, schema: dict[str, Any]) -> list[str]:
    if media_type == "multipart/form-data":
        members = resolve(spec, schema).get("properties", {})
        return [
            f"-F {name}=@file" if one.get("format") == "binary" else f"-F {name}=…" for name, one in members.items()
        ]
    document = json.dumps(make_example(spec, schema), ensure_ascii=False, indent=2)
    return ["-H 'Content-Type: application/json'", f"-d {shlex.quote(document)}"]
