"""Views that use every part of the kernel once; what they write is an outbox event."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint as PageBlueprint
from flask import redirect, request
from marshmallow import fields, validate
from sqlalchemy import text

from shop import fields as own
from shop.api import Blueprint, Schema
from shop.auth import Actor, public, requires
from shop.db import db, require_no_transaction, transaction
from shop.errors import Conflict, Forbidden, NotFound
from shop.etag import check_version, if_match
from shop.idempotency import idempotent
from shop.outbox.services import publish
from shop.paging import Page, PageQuery, decode_cursor, make_page

bp = Blueprint("samples", __name__, url_prefix="/api/v1/samples", description="Samples")
pages = PageBlueprint("sample_pages", __name__)
KNOWN = UUID("019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f")
#: How often a view's body has run, for tests of replays.
runs: list[str] = []


class SampleQuery(PageQuery):
    county = own.DivisionCode(load_default=None)


class MakeSampleSchema(Schema):
    title = fields.String(required=True, validate=validate.Length(1, 50))
    price = own.Money(required=True)
    quantity = own.Quantity(required=True)
    day = own.Day(load_default=None, allow_none=True)


class NoteSchema(Schema):
    why = fields.String(load_default="", validate=validate.Length(max=100))


class SampleSchema(Schema):
    id = own.PublicId(required=True)
    title = fields.String(required=True)
    price = own.Money(required=True)
    made_at = own.Instant(required=True)


class SampleListSchema(Schema):
    items = fields.List(fields.Integer(), required=True)
    next = fields.String(required=True, allow_none=True)


class SampleIsBusy(Conflict):
    """The sample is in use."""

    code = "sample-is-busy"


def _sample(title: str, fen: int) -> dict[str, Any]:
    return {"id": KNOWN, "title": title, "price": fen, "made_at": datetime(2026, 7, 15, 4, tzinfo=UTC)}


@bp.route("")
@public
@bp.arguments(SampleQuery, location="query")
@bp.response(200, SampleListSchema)
def list_samples(query: dict[str, Any]) -> Page[int]:
    """List samples."""
    after = decode_cursor(query["cursor"], int)
    first = after[0] + 1 if after else 1
    limit = query["limit"]
    return make_page([n for n in range(first, 8) if n < first + limit + 1], limit, lambda n: (n,))


@bp.route("", methods=["POST"])
@requires("samples:edit")
@idempotent
@bp.arguments(MakeSampleSchema)
@bp.response(201, SampleSchema)
def make_sample(body: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Make a sample."""
    runs.append(body["title"])
    with transaction():
        publish("samples.sample_made", organisations=[actor.organisation_id], title=body["title"])
        if body["title"] == "busy":
            raise SampleIsBusy("It is busy.", by="somebody")
    return _sample(body["title"], body["price"])


@bp.route("/<uuid:sample_id>", methods=["PATCH"])
@requires("samples:edit")
@bp.arguments(NoteSchema)
@bp.response(200, SampleSchema)
def change_sample(body: dict[str, Any], actor: Actor, sample_id: UUID) -> dict[str, Any]:
    """Change a sample."""
    check_version(if_match(), 3)
    if sample_id != KNOWN:
        raise NotFound
    return _sample(body["why"], 1)


@bp.route("/<uuid:sample_id>", methods=["DELETE"])
@requires("signed_in")
@bp.response(204)
def drop_sample(actor: Actor, sample_id: UUID) -> None:
    """Drop a sample."""


@bp.route("/bug", methods=["POST"])
@public
@bp.response(200, SampleSchema)
def fall_over() -> None:
    """Fall over."""
    message = "a bug"
    raise ZeroDivisionError(message)


@pages.post("/samples/send")
@public
def send_form() -> str:
    require_no_transaction()
    return "sent"


@pages.post("/samples/paper")
@public
@idempotent
def send_paper() -> Any:
    """Keep a file, whose first attempt loses a race if ``loses`` says so."""
    data = request.files["paper"].read()
    runs.append(data.decode())
    with transaction():
        publish("samples.sample_made", organisations=[], title=data.decode())
        if request.form.get("loses") and len(runs) == 1:
            db.session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40P01'; END $$"))
    return redirect("/samples/kept")


@bp.route("/raw", methods=["POST"])
@public
@bp.response(200, SampleSchema)
def send_raw() -> dict[str, Any]:
    """Read the body as it is; the first attempt loses a race."""
    data = request.get_data()
    runs.append(data.decode())
    if len(runs) == 1:
        with transaction():
            db.session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40P01'; END $$"))
    return _sample(data.decode(), 1)


@pages.post("/samples/busy")
@public
def press_busy() -> str:
    """A button without a form around it, refused for what ``why`` says."""
    refusal = {"gone": NotFound, "mine": Forbidden}.get(request.form.get("why", ""), SampleIsBusy)
    raise refusal("It is busy.")
