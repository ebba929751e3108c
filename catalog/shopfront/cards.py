"""Cards as HTML: made here and not by a template, because a page shows two dozen and they are most of its work."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from markupsafe import Markup, escape

from catalog.shopfront.labels import CardWords, card_words, per_half_kilo_fen
from catalog.shopfront.queries import Card, schemes_on
from shop import clock
from shop.money import show_yuan

_LIST = """\
<ul class="offers">
%s</ul>
"""
#: The last place is for tags, which are markup already; the others are escaped.
_CARD = """<li class="offer">
<h3><a href="/products/%s">%s</a></h3>
<p><span class="price">%s</span> %s <small>%s</small></p>
<p class="small"><a href="/products?county=%s">%s</a> · %s</p>
<p class="small">%s</p>
<p class="tags">%s</p>
</li>
"""
_ESCAPED = _CARD.count("%s") - 1
#: Stands between texts that are escaped together; no text of a database can hold it.
_BETWEEN = "\0"


def show_cards(cards: Iterable[Card]) -> Markup:
    """Return cards in the request's language, with the papers in force today; nothing for none."""
    words, day = card_words(), clock.today().isoformat()
    cards = list(cards)
    if not cards:
        return Markup()
    texts = [text for card in cards for text in _texts(card, words)]
    safe = str(escape(_BETWEEN.join(texts))).split(_BETWEEN)
    places = range(0, len(safe), _ESCAPED)
    shown = [
        _CARD % (*safe[place : place + _ESCAPED], _tags(card, words, day))
        for place, card in zip(places, cards, strict=True)
    ]
    return Markup(_LIST % "".join(shown))  # noqa: S704  escaped above


def _texts(card: Card, words: CardWords) -> tuple[str, ...]:
    """Return what a card says, in the order of its places."""
    half_kilo = per_half_kilo_fen(card.price_fen, card.net_weight_g)
    unit = words.units[card.unit]
    return (
        str(card.public_id),
        card.title,
        show_yuan(card.price_fen),
        f"{words.yuan}/{unit}",
        card.pack_spec if half_kilo is None else f"{card.pack_spec} · {show_yuan(half_kilo)} {words.half_kilo}",
        card.county_code,
        f"{card.province} {card.county}",
        card.producer,
        f"{_short(card.min_quantity)} {unit} {words.least}",
    )


def _tags(card: Card, words: CardWords, day: str) -> str:
    """Return a card's tags as markup: stock, the papers in force on the day, the county, the demo's mark."""
    tags = "" if card.has_stock else words.none_left
    for code in schemes_on(card.bases, day):
        tags += words.schemes[code]
    for code in schemes_on(card.certificates, day):
        tags += words.certificates[code]
    if card.is_key_county:
        tags += words.key_county
    return tags + words.demo if card.is_demo else tags


def _short(quantity: Decimal) -> str:
    """Return a quantity without trailing zeros."""
    return f"{quantity:,.3f}".rstrip("0").rstrip(".")
