"""Forms for people: what a service refuses stands where it can be mended."""

from __future__ import annotations

from wtforms import StringField

from shop.errors import Invalid
from shop.forms import Form


class PromiseForm(Form):
    """A form with one field; prices are elements of the page."""

    day = StringField("day")


def _refused(app, refusal):
    with app.test_request_context("/", method="POST", data={"day": "2020-01-01"}):
        form = PromiseForm(meta={"csrf": False})
        form.targets = {"prices/0/price": "price-7"}
        with form.refusals():
            raise refusal
        return form.problems(), form.answer("")[1], form.day.data


def test_a_refusal_stands_under_the_fields_it_names_and_what_was_typed_is_kept(app):
    details = [
        {"pointer": "#/day", "detail": "Too early."},
        {"pointer": "#/prices/0/price", "detail": "Too high."},
    ]

    problems, status, typed = _refused(app, Invalid("Too early.", errors=details))

    assert problems == [("day", "Too early."), ("price-7", "Too high.")]
    assert (status, typed) == (422, "2020-01-01")


def test_a_refusal_of_something_not_on_the_form_stands_at_the_top(app):
    problems, _status, _typed = _refused(app, Invalid("No.", errors=[{"pointer": "#/else", "detail": "No."}]))

    assert problems == [("", "No.")]
    assert _refused(app, Invalid("Never."))[0] == [("", "Never.")]


def test_an_element_that_the_page_draws_says_what_is_wrong_and_with_which_goods(app):
    with app.test_request_context("/", method="POST"):
        form = PromiseForm(meta={"csrf": False})
        form.draw({"quantity-1": "靖远枸杞", "quantity-2": "靖远羊肉"})
        with form.refusals():
            raise Invalid("Three decimals.", errors=[{"pointer": "#/quantity-2", "detail": "Three decimals."}])

        assert form.problems() == [("quantity-2", "靖远羊肉：Three decimals.")]
        assert (form.said_at("quantity-1"), form.said_at("quantity-2")) == ([], ["Three decimals."])
