"""The OpenAPI document of the whole application is sound."""

from __future__ import annotations

import re

import jsonschema_rs
import pytest

from shop.apidocs.samples import make_example

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/api/openapi.json").json


def operations(document):
    return [
        (path, method, item[method]) for path, item in document["paths"].items() for method in METHODS & item.keys()
    ]


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_leads_somewhere(document):
    for reference in references(document):
        target = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_every_schema_is_a_json_schema_of_2020(document):
    for name, schema in document["components"]["schemas"].items():
        dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        assert jsonschema_rs.meta.is_valid({**dialect, **schema}), name


def test_every_operation_is_named_once_and_says_what_it_does(document):
    found = operations(document)
    names = [operation["operationId"] for _, _, operation in found]

    assert len(set(names)) == len(names)
    assert [name for name, (_, _, operation) in zip(names, found, strict=True) if not operation.get("summary")] == []
    assert [
        path for path, _, operation in found if not any(status.startswith("2") for status in operation["responses"])
    ] == []


def test_every_path_parameter_is_described(document):
    for path, item in document["paths"].items():
        described = {one["name"] for one in item.get("parameters", []) if one.get("in") == "path"}
        assert described == set(re.findall(r"{(\w+)}", path)), path


def test_every_body_has_an_example_that_fits(document):
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": document["components"]}
    wrong = []
    for path, method, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            schema = content["application/json"]["schema"]
            example = content["application/json"].get("example") or make_example(document, schema)
            errors = jsonschema_rs.validator_for({**whole, **schema}).iter_errors(example)
            wrong += [f"{method} {path} {error.instance_path}: {error.message}" for error in errors]

    assert wrong == []


def test_what_stands_against_a_line_is_announced_as_it_is_told(document):
    told = document["components"]["schemas"]["ErrorDetail"]["properties"]

    assert set(told) == {"pointer", "detail", "code", "available"}


def test_approving_a_version_that_was_edited_since_is_an_announced_answer(document):
    operation = document["paths"]["/api/v1/procurements/{procurement_id}/approve"]["post"]

    assert operation["responses"]["412"] == {"$ref": "#/components/responses/PRECONDITION_FAILED"}
