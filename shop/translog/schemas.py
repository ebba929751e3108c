"""Logs on the wire: hashes in base64, as checkpoints have them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from shop.api import Schema

_HASH = {"description": "SHA-256 in base64", "example": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
_MOST = 2**62


def _number(least: int, description: str, **options: Any) -> fields.Integer:
    options.setdefault("required", True)
    return fields.Integer(
        strict=False, validate=validate.Range(least, _MOST), metadata={"description": description}, **options
    )


class LogKeySchema(Schema):
    """A key of a log."""

    key = fields.String(required=True, metadata={"description": "`name+id+key`, as verifiers of signed notes take it"})
    signs = fields.Boolean(required=True, metadata={"description": "Whether it signs new checkpoints"})


class LogSchema(Schema):
    """A log as it was last signed."""

    name = fields.String(required=True, metadata={"example": "counted"})
    origin = fields.String(required=True, metadata={"description": "The first line of its checkpoints"})
    size = fields.Integer(required=True)
    root = fields.String(required=True, metadata=_HASH)
    checkpoint = fields.String(required=True, metadata={"description": "The signed note"})
    keys = fields.List(fields.Nested(LogKeySchema), required=True)


class LogListSchema(Schema):
    """All logs."""

    items = fields.List(fields.Nested(LogSchema), required=True)


class InclusionQuery(Schema):
    """Which leaf in which tree."""

    index = _number(0, "The leaf's place, from 0")
    size = _number(1, "The size of the tree; that of the last checkpoint unless told", required=False)


class ConsistencyQuery(Schema):
    """Which tree begins which."""

    first = _number(1, "The size of the older tree")
    second = _number(1, "The size of the newer tree; that of the last checkpoint unless told", required=False)


class InclusionSchema(Schema):
    """A proof that a leaf is in a tree (RFC 9162, 2.1.3)."""

    index = fields.Integer(required=True)
    size = fields.Integer(required=True)
    leaf_hash = fields.String(required=True, metadata=_HASH)
    root = fields.String(required=True, metadata=_HASH)
    proof = fields.List(fields.String(metadata=_HASH), required=True)


class ConsistencySchema(Schema):
    """A proof that one tree begins another (RFC 9162, 2.1.4)."""

    first = fields.Integer(required=True)
    second = fields.Integer(required=True)
    first_root = fields.String(required=True, metadata=_HASH)
    second_root = fields.String(required=True, metadata=_HASH)
    proof = fields.List(fields.String(metadata=_HASH), required=True)
