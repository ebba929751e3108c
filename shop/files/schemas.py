"""The shape of files on the wire."""

from __future__ import annotations

from flask_smorest.fields import Upload
from marshmallow import fields

from shop.api import Schema
from shop.fields import Instant, PublicId


class UploadSchema(Schema):
    """A file in ``multipart/form-data``."""

    file = Upload(required=True, metadata={"description": "PDF, JPEG, PNG, OFD, XML, XLSX or CSV; at most 20 MB"})


class StoredFileSchema(Schema):
    """A stored file."""

    id = PublicId(attribute="public_id")
    name = fields.String()
    media_type = fields.String()
    size_bytes = fields.Integer()
    sha256 = fields.String(metadata={"description": "Lower-case hexadecimal"})
    uploaded_at = Instant()
