"""The EPCIS interface: capture, single events, discovery."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Response, current_app, request

from shop import clock, problems
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import NotFound
from traceability.repository import captures, queries, services
from traceability.repository.documents import query_document
from traceability.repository.protocol import (
    CONTEXT,
    DEFAULT_PER_PAGE,
    JSON,
    JSON_LD,
    MAX_PER_PAGE,
    answer,
    discover,
    epc_format,
    make_blueprint,
    next_link,
    page_token,
    read_page_token,
)
from traceability.repository.refusals import BadParameter, CaptureTooLarge, NotValid, UnsupportedDocument
from traceability.repository.rules import MAX_EVENT_BYTES
from traceability.standard.faults import Fault

bp = make_blueprint("epcis", __name__)
#: The resources of the standard.
TOP_LEVEL = (
    "capture", "events", "eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions", "queries",
)  # fmt: skip


def capture_limits() -> dict[str, str]:
    """Return the headers that tell how much one capture may hold."""
    return {
        "GS1-EPCIS-Capture-Limit": str(current_app.config["EPCIS_CAPTURE_LIMIT"]),
        "GS1-EPCIS-Capture-File-Size-Limit": str(file_bytes()),
    }


def file_bytes() -> int:
    """Return how many bytes the request's body may have: one event is smaller than a document."""
    most = int(current_app.config["EPCIS_CAPTURE_FILE_SIZE_LIMIT"])
    return min(most, 2 * MAX_EVENT_BYTES) if request.path.startswith("/epcis/events") else most


discover(bp, "/", "GET")
discover(bp, "/capture", "GET", "POST", headers=lambda: capture_limits() | {"GS1-Capture-Error-Behaviour": "all"})
discover(bp, "/capture/<capture_id>", "GET")
discover(bp, "/events", "GET", "POST", headers=capture_limits)
discover(bp, "/events/<path:event_id>", "GET")


@bp.get("/")
@requires("trace:read")
def list_resources(actor: Actor) -> Response:  # noqa: ARG001
    """List the top-level resources."""
    return answer({"@context": CONTEXT, "type": "Collection", "member": list(TOP_LEVEL)})


@bp.post("/capture")
@requires("trace:capture")
def capture(actor: Actor) -> Response:
    """Take a document as a capture job."""
    behaviour = request.headers.get("GS1-Capture-Error-Behaviour", "rollback").strip().lower()
    if behaviour not in ("rollback", "proceed"):
        raise NotValid([Fault("", "GS1-Capture-Error-Behaviour is rollback or proceed.")])
    raw = _body()
    document = services.read_document(raw, behaviour=behaviour, most=current_app.config["EPCIS_CAPTURE_LIMIT"])
    with transaction():
        job = services.capture_document(raw, document, behaviour, actor, at=clock.now())
    return Response(status=202, headers={"Location": f"{request.url_root}epcis/capture/{job}"})


@bp.get("/capture")
@requires("trace:capture")
def list_jobs(actor: Actor) -> Response:
    """List the organisation's capture jobs, newest first."""
    token, before = request.args.get("nextPageToken"), None
    if token is not None:
        held = read_page_token("capture", actor, token)
        if held is None:
            raise BadParameter("nextPageToken", "is not a token of this list, or no longer.")
        before = held["before"]
    jobs, last = queries.list_jobs(actor, limit=_per_page(), before=before)
    if last is None:
        return answer(jobs)
    return answer(jobs, headers=next_link(*page_token("capture", actor, {"before": last}), request.args.items()))


@bp.get("/capture/<capture_id>")
@requires("trace:capture")
def show_job(actor: Actor, capture_id: str) -> Response:
    """Tell what has become of a capture."""
    try:
        key = UUID(capture_id)
    except ValueError as error:
        raise NotFound("There is no such capture job.") from error
    return answer(queries.get_job(key, actor))


@bp.post("/events")
@requires("trace:capture")
def create_event(actor: Actor) -> Response:
    """Store one event."""
    event = captures.read(_body())
    with transaction():
        event_id = services.capture_event(event, actor, at=clock.now())
    return Response(status=201, headers={"Location": f"{request.url_root}epcis/events/{quote(event_id, safe='')}"})


@bp.get("/events/<path:event_id>")
@requires("trace:read")
def show_event(actor: Actor, event_id: str) -> Response:
    """Send an event with its error declarations."""
    form = epc_format()
    found = queries.get_event(event_id, actor)
    urns = queries.urns_of([key for key, _ in found]) if form == "Always_EPC_URN" else {}
    return answer(query_document([event for _, event in found], at=clock.now(), form=form, urns=urns))


def _per_page() -> int:
    try:
        asked = int(request.args.get("perPage", DEFAULT_PER_PAGE))
    except ValueError:
        asked = 0
    if asked < 1:
        raise BadParameter("perPage", "is a whole number of 1 or more.")
    return min(asked, MAX_PER_PAGE)


def _body() -> bytes:
    """Return the request's body, looked at before it is read: its media type, its length.

    :raises UnsupportedDocument: for anything but JSON in UTF-8, uncompressed.
    :raises CaptureTooLarge: for more bytes than a capture may have; of what comes without a length no more is read.
    """
    if request.mimetype not in (JSON, JSON_LD) or request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedDocument("The body is application/json or application/ld+json, not compressed.")
    most = file_bytes()
    too_large = CaptureTooLarge(f"The document is larger than {most} bytes.")
    if (request.content_length or 0) > most:
        raise too_large
    request.max_content_length = most + 1  # what comes in pieces is cut there
    raw = request.get_data()  # kept: a view that lost a race reads it again
    if len(raw) > most:
        raise too_large
    return raw


@bp.errorhandler(CaptureTooLarge)
def refuse_too_large(error: CaptureTooLarge) -> Any:
    """Tell the limits with the refusal."""
    response = problems.answer_domain_error(error)
    response.headers.update(capture_limits())
    return response
