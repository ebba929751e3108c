"""What officials and the operator see of a lot: its tests, papers, temperatures and certificates, with their files."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template

from catalog.lots.recording.labels import WORDS
from catalog.lots.records.commitments import quantity_words
from catalog.lots.records.queries import records_of_subject
from catalog.lots.records.subjects import find_watched
from shop import clock
from shop.auth import Actor, requires

bp = Blueprint("watching_pages", __name__, template_folder="templates")


@bp.get("/<any(official, operator):desk>/lots/<uuid:lot_id>/records")
@requires("trace:read")
def show(actor: Actor, desk: str, lot_id: UUID) -> str:
    """Show what is known of a lot over whose goods the actor watches."""
    subject = find_watched(lot_id, actor)
    known = records_of_subject(subject, clock.today())
    return render_template(
        "recording/watched.html", known=known, desk=desk, words=WORDS, quantity=quantity_words(subject)
    )
