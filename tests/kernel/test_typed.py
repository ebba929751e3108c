"""What people type: width and signs of a keyboard do not matter, and no pattern says one sign twice."""

from __future__ import annotations

import ast
import re
import re._parser as patterns  # type: ignore[import-not-found]
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop import typed
from shop.filters import several

ROOT = Path(__file__).parents[2]
PACKAGES = ("shop", "catalog", "orders", "traceability", "admin")


def test_wide_signs_letters_and_digits_are_narrow_ones():
    assert typed.fold("\uff0c\uff1b\uff1a\uff08\uff11\uff09\uff21\uff0e\u3000x") == ",;:(1)A. x"


@pytest.mark.parametrize("text", ["靖采(2026)12号", "靖采\uff082026\uff0912号", "靖采\u3014\uff12026\u301512 号"])
def test_names_and_numbers_are_compared_by_their_letters_and_digits(text):
    assert typed.compared(text.replace("\uff12026", "\uff12\uff10\uff12\uff16")) == "靖采202612号"


@pytest.mark.parametrize(
    "text", ["1,200.50", " 1\uff0c200.50", "\uff11 200\uff0e50", "\uff11\uff0c\uff12\uff10\uff10.50"]
)
def test_amounts_are_read_without_what_only_helps_the_eye(text):
    assert typed.digits(text) == "1200.50"


@pytest.mark.parametrize("text", ["BS01,BS02", "BS01\uff0cBS02", "BS01\uff1b BS02", "BS01、BS02", "\nBS01\r\nBS02\n"])
def test_pieces_stand_between_any_commas_and_on_lines(text):
    assert typed.pieces(text) == ["BS01", "BS02"]


def test_filters_of_pages_take_wide_commas_and_digits():
    assert several(["620421\uff0c\uff16\uff12\uff10\uff14\uff12\uff12"]) == ("620421", "620422")


def _strings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if getattr(node.func.value, "id", "") == "re" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first


def _twice(pattern: str) -> list[str]:
    """Return the signs that a character class of the pattern holds twice."""
    found: list[str] = []

    def walk(parts: object) -> None:
        if isinstance(parts, patterns.SubPattern):
            for op, value in parts:
                if str(op) == "IN":
                    signs = [chr(sign) for kind, sign in value if str(kind) == "LITERAL"]
                    found.extend(sign for sign in set(signs) if signs.count(sign) > 1)
                walk(value)
        elif isinstance(parts, list | tuple):
            for part in parts:
                walk(part)

    walk(patterns.parse(pattern))
    return found


def test_no_pattern_holds_one_sign_twice_where_its_wide_form_was_meant():
    wrong = [
        f"{path.relative_to(ROOT)}:{one.lineno}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for one in _strings(ast.parse(path.read_text()))
        if _twice(str(one.value))
    ]
    doubled = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if re.search(r'\.replace\(("[^"]+"), "[^"]*"\)\.replace\(\1,|\.replace\(("[^"]")\s*,\s*\2\)', path.read_text())
    ]
    assert (wrong, doubled) == ([], [])
