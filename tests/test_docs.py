"""Everything public is documented: problem codes, event topics, settings, permissions."""

import ast
import importlib
import re
from dataclasses import fields
from pathlib import Path

from flask import Flask

from shop.apidocs.problem_pages import all_problems
from shop.config import Settings
from shop.errors import DomainError
from tests.test_architecture import modules

DOCS = Path(__file__).resolve().parents[1] / "docs"


def documented(name: str) -> set[str]:
    """The names in the first column of the tables of a page."""
    return set(re.findall(r"^\| `([^`]+)`", (DOCS / name).read_text(), re.MULTILINE))


def problem_codes() -> dict[str, str]:
    """Code to first line of the docstring of every refusal."""
    for module in modules():
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, open_kinds = {}, [DomainError]
    while open_kinds:
        kind = open_kinds.pop()
        open_kinds += kind.__subclasses__()
        if not kind.__module__.startswith("tests."):
            found[kind.code] = (kind.__doc__ or "").split("\n")[0]
    return found


def literal_arguments(function: str) -> set[str]:
    """First arguments, where they are literal strings, of every call of ``function``."""
    return {
        node.args[0].value
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and function in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_problem_code_is_documented():
    assert sorted(problem_codes().keys() - documented("problems.md")) == []


def test_every_problem_has_a_page_that_says_what_the_document_says():
    rows = re.findall(r"^\| `([^`]+)` \| (\d+) \| (.*) \|$", (DOCS / "problems.md").read_text(), re.MULTILINE)
    told: dict[str, list[str]] = {}
    for code, status, words in rows:
        told.setdefault(f"{code} {status}", []).append(words.replace("``", "`"))
    pages = {f"{one.code} {one.status}": one.en for one in all_problems().values()}

    assert pages == {name: " ".join(words) for name, words in told.items()}
    assert [one.code for one in all_problems().values() if not re.search("[\u4e00-\u9fff]", one.zh)] == []


def test_every_topic_is_declared_and_documented(app: Flask):
    declared = set(app.extensions["topics"])

    assert sorted(literal_arguments("publish") - declared) == []
    assert sorted(literal_arguments("subscribe") - declared - {"*"}) == []
    assert sorted(declared - documented("events.md")) == []


def test_every_setting_is_documented():
    sources = [DOCS.parent / "shop" / "config.py", *(DOCS.parent / "shop" / "runtime").glob("*.py")]
    read = re.compile(r"""env(?:\.get\(|\[|, )"([A-Z][A-Z_]+)\"""")
    asked = {name for path in sources for name in read.findall(path.read_text())}

    assert sorted(({field.name for field in fields(Settings)} | asked) - documented("settings.md")) == []


def test_every_permission_is_declared_and_documented(app: Flask):
    declared = set(app.extensions["permissions"])
    asked = {getattr(view, "guard", "public") for view in app.view_functions.values()} - {"public", "signed_in"}

    assert sorted(asked - declared) == []
    assert sorted((declared | asked) - documented("permissions.md")) == []
