"""Files for people: the download behind every link to a document."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

from flask import Blueprint, Response, send_file

from shop.auth import Actor, requires
from shop.db import transaction
from shop.files import services
from shop.files.models import StoredFile

bp = Blueprint("file_pages", __name__, url_prefix="/files")


@bp.get("/<uuid:file_id>")
@requires("signed_in")
def download(actor: Actor, file_id: UUID) -> Response:
    """Download a file that the reader may see."""
    with transaction():
        file = services.get_readable(file_id, actor)
    return answer_download(file)


def answer_download(file: StoredFile) -> Response:
    """Send a file as an attachment of its sniffed type; nothing uploaded is ever shown as a page of ours."""
    response = send_file(
        BytesIO(services.read_bytes(file)),
        mimetype=file.media_type,
        as_attachment=True,
        download_name=file.name,
        etag=file.sha256,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
