"""The page that a label opens: no login, no script, light enough for a slow phone."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flask import Blueprint, render_template, request, url_for

from catalog.products import numbers
from catalog.shopfront import labels
from catalog.shopfront.reference import names as reference_names
from shop import clock
from shop.auth import public
from shop.i18n import language
from traceability.journey import names, words
from traceability.journey.story import MAX_STEPS, get_story, list_steps
from traceability.resolver.targets import Goods, Target, offer

bp = Blueprint("journey", __name__, template_folder="templates")


@bp.get("/trace/lots/<uuid:lot_id>")
@public
def show_lot(lot_id: UUID) -> str:
    """Tell where a lot comes from, what happened to it, and how that is proved."""
    story = get_story(lot_id)
    number = numbers.trade_number(story.sku_id, story.gtin)
    uri = names.lot_uri(number, story.code, story.key)
    steps = list_steps(uri)
    return render_template(
        "journey/lot.html",
        story=story,
        steps=steps[:MAX_STEPS],
        has_more=len(steps) > MAX_STEPS,
        number=number,
        uri=uri,
        category=reference_names().category(story.category_code, language()),
        is_expired=story.is_expired(clock.today()),
        serial=request.args.get("serial", ""),
        labels=labels,
        step_word=words.step_word,
    )


@offer
def _of_lots(goods: Goods) -> Iterable[Target]:
    """Offer the page of a lot that we know."""
    if goods.lot_id:
        title = f"{goods.product_name} {goods.lot}"
        yield Target("traceability", url_for("journey.show_lot", lot_id=goods.lot_id, serial=goods.serial), title)
