"""The API layer: flask-smorest with RFC 9457 problems, one document at ``/api/openapi.json``."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import flask_smorest
from flask import Flask, Response
from marshmallow import INCLUDE, RAISE, fields
from marshmallow import Schema as MarshmallowSchema
from sqlalchemy import RowMapping

from shop import fields as own_fields
from shop import operations, parsing, problems

#: The members of the document that are not generated.
_INFO = {
    "description": "Marketplace and ledger for consumption assistance. Amounts are strings of yuan, quantities carry "
    "their unit, instants are RFC 3339 in +08:00, days are Shanghai's, identifiers are UUIDv7. Every refusal is a "
    "problem document (RFC 9457). Lists are paged by `limit` and `cursor`.",
    "license": {"name": "Proprietary"},
}


#: What is dumped by its keys.
_MAPPINGS = (dict, RowMapping)


class Schema(MarshmallowSchema):
    """Base of the API's schemas: unknown members are refused, members keep their order."""

    class Meta:
        """Marshmallow's options."""

        unknown = RAISE

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a mapping's key or a value's attribute; Marshmallow tries one after the other, for every member."""
        if "." in attr:
            return super().get_attribute(obj, attr, default)
        return obj.get(attr, default) if isinstance(obj, _MAPPINGS) else getattr(obj, attr, default)


class ErrorDetail(Schema):
    """One thing wrong in a request."""

    pointer = fields.String(
        required=True, metadata={"description": "JSON pointer to the member", "example": "#/lines/0"}
    )
    detail = fields.String(required=True)
    code = fields.String(
        metadata={"description": "What kind of wrong, where one place has several", "example": "unavailable"}
    )
    available = fields.String(metadata={"description": "What is left, where it is too little", "example": "3"})


class ProblemSchema(MarshmallowSchema):
    """A refusal as RFC 9457 says; further members depend on the type."""

    class Meta:
        """Extension members are allowed."""

        unknown = INCLUDE

    type = fields.String(required=True, metadata={"example": "/problems/out-of-stock"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    instance = fields.String()
    errors = fields.List(fields.Nested(ErrorDetail))


class Blueprint(flask_smorest.Blueprint):
    """A blueprint of API routes under ``/api/v1``; what its views wear is documented by itself."""

    ARGUMENTS_PARSER = parsing.Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(operations.document)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        *args: Any,
        **options: Any,
    ) -> None:
        """Register the route, and note what its view wears for the document."""
        super().add_url_rule(rule, endpoint, view_func, *args, **options)
        name = self._endpoints[-1]
        wears = operations.look_at(view_func, name=f"{self.name}_{name}", path=f"{self.url_prefix or ''}{rule}")
        for method, info in self._docs[name].items():
            if method != "parameters":
                info["wears"] = wears

    def arguments(self, schema: Any, *, location: str = "json", **kwargs: Any) -> Any:
        """Read the request by ``schema``; a JSON body is required if the schema requires anything.

        The schema is made once here, not anew for every request.
        """
        schema = schema() if isinstance(schema, type) else schema
        if location == "json":
            kwargs["required"] = parsing.needs_body(schema)
        return super().arguments(schema, location=location, **kwargs)


class Api(flask_smorest.Api):
    """flask-smorest whose errors are problems."""

    ERROR_SCHEMA = ProblemSchema
    #: Each operation lists its refusals; nothing is left to a default.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def handle_http_exception(self, error: Any) -> Any:
        """Answer as a problem or a page, never as flask-smorest's own shape."""
        return problems.answer_http_error(error)

    def _register_responses(self) -> None:
        """Offer one problem response for each status of a refusal."""
        for status in HTTPStatus:
            if status >= HTTPStatus.BAD_REQUEST:
                content = {problems.MEDIA_TYPE: {"schema": ProblemSchema, "example": problems.example(status)}}
                response = {"description": status.phrase, "content": content}
                self.spec.components.response(status.name, response, lazy=True)


def init_app(app: Flask) -> None:
    """Start the API and its document."""
    app.config.setdefault("OPENAPI_URL_PREFIX", "/api")
    app.config.setdefault("OPENAPI_JSON_PATH", "openapi.json")
    app.config["API_TITLE"], app.config["API_VERSION"] = "Duikou", "v1"
    app.config["OPENAPI_VERSION"] = "3.1.0"
    instance = Api(spec_kwargs={"info": _INFO, "servers": [{"url": "/"}]})
    for field in own_fields.OWN:
        instance.register_field(field, field.json_type, field.json_format)
    instance.init_app(app)
    instance.ma_plugin.converter.add_attribute_function(own_fields.describe_field)
    operations.register_components(instance.spec)
    app.extensions["api"] = instance
    parsing.init_app(app)
    app.after_request(_drop_empty_body)


def _drop_empty_body(response: Response) -> Response:
    """Send nothing with 204: flask-smorest would send ``null``."""
    if response.status_code == HTTPStatus.NO_CONTENT:
        response.set_data(b"")
        response.headers.pop("Content-Type", None)
    return response
