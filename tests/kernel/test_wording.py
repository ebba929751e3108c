"""Templates are compiled in each language's words; what is filled in is escaped, and asked for at each request."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, render_template, render_template_string
from jinja2 import DictLoader

from shop.app import create_app
from shop.db import db
from tests.conftest import make_settings

PAGES = {
    "outer.html": "<title>{{ _('登录') }}</title>{% block main %}{% endblock %}",
    "inner.html": """{% extends "outer.html" %}{% block main %}{{ _("%(count)s 条未读", count=n) }}{% endblock %}""",
    "asked.html": "{{ _(word) }}",
    "percent.html": "{{ _('无此句 5%%') }}",
    "unknown.html": "{{ _('无此句') }}<b>",
    "argument.html": "{% for code, label in [('a', _('登录'))] %}{{ label }}{% endfor %}",
}


@pytest.fixture(scope="module")
def worded(database_url: str) -> Iterator[Flask]:
    app = create_app(make_settings(database_url), features=())
    app.jinja_env.loader = DictLoader(PAGES)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def show(worded: Flask) -> Callable[..., str]:
    def render(name: str, lang: str, **values: object) -> str:
        with worded.test_request_context(f"/?lang={lang}"):
            return render_template(name, **values)

    return render


def test_a_page_is_in_the_language_of_each_request(show):
    told = [show("inner.html", lang, n=3) for lang in ("zh", "en", "zh", "en")]
    chinese, english = "<title>登录</title>3 条未读", "<title>Sign in</title>3 unread"
    assert told == [chinese, english, chinese, english]


def test_what_is_filled_in_is_escaped(show):
    assert show("inner.html", "en", n="<script>") == "<title>Sign in</title>&lt;script&gt; unread"


def test_a_message_that_only_the_request_knows_is_looked_up(show):
    assert [show("asked.html", lang, word="登录") for lang in ("zh", "en")] == ["登录", "Sign in"]


def test_two_percent_signs_are_one(show):
    assert show("percent.html", "zh") == "无此句 5%"


def test_a_message_without_english_stays(show):
    assert show("unknown.html", "en") == "无此句<b>"


def test_a_message_as_an_argument_is_translated(show):
    assert show("argument.html", "en") == "Sign in"


def test_a_page_compiled_on_the_spot_is_translated_too(worded):
    with worded.test_request_context("/?lang=en"):
        assert render_template_string("{{ _('登录') }}") == "Sign in"
