"""What a button on a page is refused is told on that page: nobody is thrown out of a list."""

from __future__ import annotations

import pytest
from flask import session

from shop.errors import Forbidden
from shop.forms import Form


@pytest.fixture
def press(app, client, monkeypatch):
    """Press the button of a page."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)

    def pressed(why: str = "", page: str | None = "http://localhost/operator/payments?status=recorded&cursor=a"):
        headers = {"Referer": page} if page else {}
        return client.post("/samples/busy", data={"why": why}, headers=headers)

    return pressed


@pytest.mark.parametrize("why", ["", "mine"])
def test_a_refused_button_leads_back_to_its_list_with_the_reason(client, press, why):
    with client:
        answer = press(why)

        assert (answer.status_code, answer.location) == (303, "/operator/payments?status=recorded&cursor=a")
        assert session["_flashes"] == [("error", "It is busy.")]


@pytest.mark.parametrize(
    "page", [None, "https://evil.example/x", "http://localhost//evil.example", "http://localhost.evil.example/"]
)
def test_without_a_page_of_this_site_the_refusal_is_a_page_of_its_own(press, page):
    answer = press(page=page)

    assert answer.status_code == 409
    assert "It is busy." in answer.text
    assert "返回上一页" not in answer.text


def test_of_what_may_not_be_seen_only_that_it_is_not_there_is_said(press):
    answer = press("gone")

    assert answer.status_code == 404
    assert (
        '<a class="btn btn-primary" href="/operator/payments?status=recorded&amp;cursor=a">返回上一页</a>'
        in answer.text
    )


def test_a_form_keeps_what_another_must_do_and_passes_a_missing_permission_on(app):
    with app.test_request_context("/", method="POST"):
        form = Form(meta={"csrf": False})
        with form.refusals():
            raise Forbidden("The other side's turn.")

        assert (form.problems(), form.answer("")[1]) == ([("", "The other side's turn.")], 403)
        with pytest.raises(Forbidden), form.refusals():
            raise Forbidden("Needs x.", permission="x")
