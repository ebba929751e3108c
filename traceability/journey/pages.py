"""The page that a label opens: no login, no script, light enough for a slow phone."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from catalog.products import numbers
from catalog.shopfront import labels
from catalog.shopfront.reference import names as reference_names
from shop import clock
from shop.auth import public
from shop.i18n import _, language
from shop.translog import receipts
from shop.translog.handing import receipts_of
from traceability.journey import linked_pages, names, words
from traceability.journey.ancestors import ancestors_of
from traceability.journey.papers import papers_of
from traceability.journey.rows import show_journey, show_proofs
from traceability.journey.story import MAX_STEPS, NoSuchLotStory, Story, get_story, list_steps
from traceability.pieces.queries import Piece, get_piece
from traceability.proofs.source import LOG, key_of
from traceability.resolver import checks

bp = Blueprint("journey", __name__, template_folder="templates")
#: A serial number (AI 21) is not longer.
_SERIAL = 20


@bp.get("/trace/lots/<uuid:lot_id>")
@public
def show_lot(lot_id: UUID) -> Answer:
    """Tell where a lot comes from, what happened to it, and how that is proved: to people, or as data."""
    story, uri, number = _find(lot_id)
    piece, own = _piece_of(story, number)
    if (form := linked_pages.wanted()) != linked_pages.HTML:
        return linked_pages.answer(story, (uri, own), number, piece, form)
    steps = list_steps(uri, own)
    shown, kind = steps[:MAX_STEPS], story.category_code
    page = render_template(
        "journey/lot.html",
        story=story,
        papers=papers_of(story.key),
        ancestors=ancestors_of(story.key) if story.has_batch else (),
        count=len(shown),
        journey=show_journey(shown, story.county, kind, str(labels.UNITS[story.unit])),
        proofs=show_proofs(
            shown,
            kind,
            url_for(".show_lot", lot_id=lot_id) + "/receipts/",
            f"?{urlencode({checks.SERIAL: piece.serial})}" if piece and own else "",
        ),
        origins=words.origins(steps, story.county),
        has_more=len(steps) > MAX_STEPS,
        number=number,
        category=reference_names().category(kind, language()),
        is_expired=story.is_expired(clock.today()),
        piece=piece,
        is_checked=piece is not None and checks.is_checked(request.args.get(checks.CHECK, ""), lot_id, piece.serial),
        complaint="/complaints/new?" + urlencode(_on_label(story, number, piece.serial if piece else "")),
        labels=labels,
    )
    answer = make_response(page)
    answer.vary.add("Accept")
    if piece:  # what was checked just now was not a quarter of an hour later
        answer.cache_control.no_store = True
    return answer


@bp.get("/trace/lots/<uuid:lot_id>/receipts/<int:place>")
@public
def download_receipt(lot_id: UUID, place: int) -> Response:
    """Hand out the proof that a step of a lot stands in the log since it was recorded; without what only the parties know."""
    story, uri, number = _find(lot_id)
    steps = list_steps(uri, _piece_of(story, number)[1])[:MAX_STEPS]
    if not 1 <= place <= len(steps):
        raise NoSuchLotStory(_("没有这一步。"))
    key = key_of(steps[place - 1].event_id, is_declaration=False)
    (receipt,) = receipts_of(LOG, [key], with_facts=False)
    response = Response(receipt.text, content_type=receipts.MEDIA_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{LOG}-{receipt.index}.tlog-proof"'
    return response


def _find(lot_id: UUID) -> tuple[Story, str, str]:
    """Return what is told of a lot, what events call it, and the 14 digits of its goods."""
    story = get_story(lot_id)
    number = numbers.trade_number(story.sku_id, story.gtin)
    return story, names.lot_uri(number, story.code, story.key), number


def _piece_of(story: Story, number: str) -> tuple[Piece | None, str]:
    """Return what is known of the pack that the address names, and what events call it if it is of the lot."""
    serial = request.args.get(checks.SERIAL, "")[:_SERIAL]
    if not serial or not serial.isprintable():
        return None, ""
    uri = names.piece_uri(number, serial)
    piece = get_piece(serial, story.key, uri)
    return piece, uri if piece.is_known and not piece.is_elsewhere else ""


def _on_label(story: Story, number: str, serial: str) -> dict[str, str]:
    """Return what the label says, for whoever asks about the same goods."""
    said = {"number": number, "lot": names.lot_number(story.code, story.key)}
    return {**said, "serial": serial} if serial else said
