"""Words by which a product is found: segmented Chinese in both scripts, pinyin, English."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

import opencc

from shop.pinyin import initials_of, pinyin_of

_HAN = re.compile(r"[㐀-䶿一-鿿]+")
_LATIN = re.compile(r"[a-z0-9]+")


@cache
def _segmenter() -> Any:
    """Load the segmenter when it is first needed: its dictionary takes every process 0.2 s and 30 MB."""
    return import_module("rjieba")


@cache
def _converter(direction: str) -> Any:
    return opencc.OpenCC(direction)


def to_simplified(text: str) -> str:
    """Return text in simplified script: 靖遠 is 靖远."""
    return str(_converter("t2s").convert(text))


def make_search_words(*texts: str) -> str:
    """Return the words to index, each once, in a stable order.

    Of Chinese: words as the segmenter cuts them, single characters, pairs of neighbours, the same in
    traditional script, pinyin of each word and of the whole, initials. Of Latin script: the words in lower case.
    """
    words: dict[str, None] = {}
    for text in texts:
        simple = to_simplified(text).lower()
        for run in _HAN.findall(simple):
            words.update(dict.fromkeys(_of_han(run)))
        words.update(dict.fromkeys(_LATIN.findall(simple)))
    return " ".join(words)


def _of_han(run: str) -> Iterable[str]:
    cut = [word for word in _segmenter().cut_for_search(run) if word.strip()]
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    simple = [run, *cut, *pairs, *run]
    yield from simple
    yield from (str(_converter("s2t").convert(word)) for word in simple)
    for word in (run, *cut):
        yield pinyin_of(word)
        yield initials_of(word)


def make_query(text: str) -> str | None:
    """Return what somebody typed as a ``tsquery`` over those words; ``None`` if nothing is in it to look for.

    All Chinese words must be there; Latin ones, pinyin among them, by their beginning.
    """
    simple = to_simplified(text).lower()
    terms: dict[str, None] = {}
    for run in _HAN.findall(simple):
        terms.update(dict.fromkeys(f"'{word}'" for word in _segmenter().cut(run) if word.strip()))
    terms.update(dict.fromkeys(f"'{word}':*" for word in _LATIN.findall(simple)))
    return " & ".join(terms) or None
