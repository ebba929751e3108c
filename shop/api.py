"""The API layer: flask-smorest with RFC 9457 problems, one document at ``/api/openapi.json``."""

from __future__ import annotations

from typing import Any

import flask_smorest
from flask import Flask
from marshmallow import Schema as MarshmallowSchema
from marshmallow import fields

from shop import fields as own_fields
from shop import problems


class Schema(MarshmallowSchema):
    """Base of the API's schemas: unknown members are refused, members keep their order."""

    class Meta:
        """Marshmallow's options."""

        ordered = True


class ErrorDetail(Schema):
    """One thing wrong in a request."""

    pointer = fields.String(
        required=True, metadata={"description": "JSON pointer to the member", "example": "#/lines/0"}
    )
    detail = fields.String(required=True)


class ProblemSchema(MarshmallowSchema):
    """A refusal as RFC 9457 says; further members depend on the type."""

    type = fields.String(required=True, metadata={"example": "/problems/out-of-stock"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    instance = fields.String()
    errors = fields.List(fields.Nested(ErrorDetail))


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A blueprint of API routes under ``/api/v1``."""


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest whose errors are problems."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: Any) -> Any:
        """Answer as a problem or a page, never as flask-smorest's own shape."""
        return problems.answer_http_error(error)


api = Api(
    spec_kwargs={
        "title": "Duikou",
        "version": "v1",
        "openapi_version": "3.1.0",
        "info": {
            "description": "Marketplace and ledger for consumption assistance. Amounts are strings of yuan, "
            "instants RFC 3339 in +08:00, identifiers UUIDv7.",
            "license": {"name": "Proprietary"},
        },
    }
)


def init_app(app: Flask) -> None:
    """Start the API and its document."""
    app.config.setdefault("OPENAPI_URL_PREFIX", "/api")
    app.config.setdefault("OPENAPI_JSON_PATH", "openapi.json")
    app.config["API_TITLE"], app.config["API_VERSION"] = "Duikou", "v1"
    app.config["OPENAPI_VERSION"] = "3.1.0"
    instance = Api(spec_kwargs=api._spec_kwargs)  # noqa: SLF001  one spec per application
    for field in own_fields.OWN:
        instance.register_field(field, field.json_type, field.json_format)
    instance.init_app(app)
    instance.ma_plugin.converter.add_attribute_function(own_fields.describe_field)
    instance.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    app.extensions["api"] = instance
