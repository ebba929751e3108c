"""Files over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.files import services
from shop.files.models import StoredFile
from shop.files.pages import answer_download
from shop.files.schemas import StoredFileSchema, UploadSchema
from shop.ratelimit import limited

bp = Blueprint("files", __name__, url_prefix="/api/v1/files", description="Evidence: papers, invoices, photos")


@bp.route("", methods=["POST"])
@requires("files:store")
@limited
@bp.arguments(UploadSchema, location="files", content_type="multipart/form-data")
@bp.response(201, StoredFileSchema)
def upload(body: dict[str, Any], actor: Actor) -> StoredFile:
    """Store a file. The same content under the same name is stored once, so sending again is safe."""
    upload = body["file"]
    data = upload.stream.read(services.MAX_BYTES + 1)
    with transaction():
        return services.store(data, upload.filename or "", actor)


@bp.route("/<uuid:file_id>")
@requires("files:read")
@bp.response(200, {"type": "string", "format": "binary"}, content_type="*/*")
def download(actor: Actor, file_id: UUID) -> Response:
    """Read a file of the own organisation, or one that is evidence of something the caller sees."""
    with transaction():
        file = services.get_readable(file_id, actor)
    return answer_download(file)
