"""Cards made ready for the page: everything a template only has to print."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from catalog.shopfront.labels import CardWords, card_words, per_half_kilo_fen
from catalog.shopfront.queries import Card, schemes_on
from shop import clock
from shop.money import show_yuan


class ShownCard(NamedTuple):
    """A card in words; ``tags`` are (style, word)."""

    id: str
    title: str
    price: str
    unit: str
    pack: str
    county_code: str
    place: str
    producer: str
    least: str
    tags: list[tuple[str, str]]


def show_cards(cards: Iterable[Card]) -> list[ShownCard]:
    """Return cards in the request's language, with the papers in force today."""
    words, day = card_words(), clock.today().isoformat()
    return [_show(card, words, day) for card in cards]


def _show(card: Card, words: CardWords, day: str) -> ShownCard:
    half_kilo = per_half_kilo_fen(card.price_fen, card.net_weight_g)
    unit = words.units[card.unit]
    return ShownCard(
        id=str(card.public_id),
        title=card.title,
        price=show_yuan(card.price_fen),
        unit=unit,
        pack=card.pack_spec if half_kilo is None else f"{card.pack_spec} · {show_yuan(half_kilo)} {words.half_kilo}",
        county_code=card.county_code,
        place=f"{card.province} {card.county}",
        producer=card.producer,
        least=f"{_short(card.min_quantity)} {unit} {words.least}",
        tags=_tags(card, words, day),
    )


def _tags(card: Card, words: CardWords, day: str) -> list[tuple[str, str]]:
    tags = [] if card.has_stock else [("state state-bad", words.none_left)]
    tags += [("tag tag-accent", words.schemes[code]) for code in schemes_on(card.bases, day)]
    tags += [("tag", words.certificates[code]) for code in schemes_on(card.certificates, day)]
    if card.is_key_county:
        tags.append(("tag", words.key_county))
    if card.is_demo:
        tags.append(("tag tag-demo", words.demo))
    return tags


def _short(quantity: Decimal) -> str:
    """Return a quantity without trailing zeros."""
    return f"{quantity:,.3f}".rstrip("0").rstrip(".")
