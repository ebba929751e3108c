"""The English catalogue has every message of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shop", "catalog", "orders", "traceability", "admin")
FILLED_IN = re.compile(r"%\(\w+\)s|%%")
HAN = re.compile("[\u4e00-\u9fff]")
#: Chinese that English keeps beside its own words.
KEPT = {"圳品"}


@pytest.fixture(scope="module")
def messages() -> dict[str, str]:
    """Every message of the code, with a place where it is."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {**DEFAULT_KEYWORDS, "lazy": None}
    return {
        str(message): f"{package}/{name}:{line}"
        for package in PACKAGES
        for name, line, message, *_rest in extract_from_dir(ROOT / package, methods, options, keywords=keywords)
    }


@pytest.fixture(scope="module")
def english() -> dict[str, Message]:
    with (ROOT / "shop/translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        return {str(message.id): message for message in read_po(file) if message.id}


def test_every_message_of_the_code_has_english(messages, english):
    missing = {
        message: place
        for message, place in messages.items()
        if message not in english or not english[message].string or english[message].fuzzy
    }
    assert missing == {}, "run make messages, and fill in what it names"


def test_the_catalogue_has_no_message_that_the_code_has_not(messages, english):
    assert set(english) - set(messages) == set()


def test_english_fills_in_what_the_chinese_fills_in(english):
    differing = [
        message.id
        for message in english.values()
        if sorted(FILLED_IN.findall(message.id)) != sorted(FILLED_IN.findall(message.string))
    ]
    assert differing == []


def test_english_is_english_and_safe_within_markup(english):
    wrong = [
        message.id
        for message in english.values()
        if any(HAN.search(message.string.replace(word, "")) for word in KEPT)
        or ('"' in message.string and '"' not in message.id)
        or re.search(r"[<>&]", message.string)
    ]
    assert wrong == []


def test_chinese_is_written_with_chinese_punctuation(messages):
    """GB/T 15834: beside a Chinese character stands ，：；（）？！; code, amounts and addresses keep their own signs."""
    beside = re.compile(r"(?<=[\u4e00-\u9fff”》]) ?[,:;?!()](?!/)|[,:;?!()] ?(?=[\u4e00-\u9fff“《])")
    wrong = {message: place for message, place in messages.items() if beside.search(message)}
    assert wrong == {}


def test_the_header_says_no_date_and_no_address():
    head = (ROOT / "shop/translations/en/LC_MESSAGES/messages.po").read_text().split("\n\n", 1)[0]
    assert "charset=utf-8" in head
    assert "Date" not in head
    assert "@" not in head
