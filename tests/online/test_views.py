"""Payments by card, disputes and accounts over the API."""

import pytest
from sqlalchemy import text

from shop.db import db
from tests.conftest import count
from tests.factories import make_member
from tests.online.help import make_purchase, settle, tell
from tests.stripe_double.double import through


@pytest.fixture
def call(client, bearer):
    """Call the API as an actor: ``call(actor, "POST", path, body)`` returns status and document."""
    keys = iter(range(1000))

    def send(actor, method, path, body=None, **headers):
        extra = {"Idempotency-Key": f"k{next(keys)}"} if method == "POST" else {}
        answer = client.open(f"/api/v1{path}", method=method, json=body, headers={**bearer(actor), **extra, **headers})
        return answer.status_code, answer.json

    return send


@pytest.fixture
def purchase(card):
    return make_purchase(members=True)


def yuan(amount):
    return {"amount": amount, "currency": "CNY"}


def test_a_payment_is_asked_for_made_and_shown(call, card, purchase, deliver):
    path = f"/procurements/{purchase.procurement.public_id}"

    status, asked = call(purchase.buyer, "POST", f"{path}/pay", {"mode": "element"})

    assert (status, asked["status"], asked["amount"]) == (201, "open", yuan("160.00"))
    assert asked["shares"] == [
        {"order": str(order.public_id), "number": order.number, "amount": yuan(sum_)}
        for order, sum_ in zip(purchase.orders, ("100.00", "60.00"), strict=True)
    ]
    assert asked["publishable_key"] == "pk_test_double"
    assert asked["client_secret"].startswith("pi_")
    card.pay(asked["client_secret"].partition("_secret_")[0])
    tell(card)
    settle(deliver)
    status, shown = call(purchase.buyer, "GET", f"/payment-intents/{asked['id']}")
    assert (status, shown["status"], shown["client_secret"]) == (200, "succeeded", None)
    assert call(purchase.buyer, "GET", f"{path}/payment-intents")[1] == {"items": [shown], "next": None}
    status, refusal = call(purchase.buyer, "POST", f"{path}/pay", {"mode": "element"})
    assert (status, refusal["type"]) == (409, "/problems/nothing-to-pay")


def test_the_same_key_is_the_same_payment_and_another_wish_replaces_it(call, card, purchase):
    path = f"/procurements/{purchase.procurement.public_id}/pay"

    first = call(purchase.buyer, "POST", path, {"mode": "element"}, **{"Idempotency-Key": "one"})
    again = call(purchase.buyer, "POST", path, {"mode": "element"}, **{"Idempotency-Key": "one"})
    other = call(purchase.buyer, "POST", path, {"mode": "checkout", "amount": yuan("20.00")})

    assert (first[0], again) == (201, first)
    assert (other[0], other[1]["mode"], other[1]["status"], other[1]["amount"]) == (
        201,
        "checkout",
        "open",
        yuan("20.00"),
    )
    assert other[1]["hosted_url"].startswith(card.url)
    assert count("payment_intents") == 2
    status, left = call(purchase.buyer, "POST", f"/payment-intents/{other[1]['id']}/cancel")
    assert (status, left["status"], left["hosted_url"]) == (200, "cancelled", None)


def test_when_the_provider_is_away_the_wish_is_kept(call, card, purchase, deliver):
    path = f"/procurements/{purchase.procurement.public_id}/pay"
    card.faults.fail_before("post", "/v1/payment_intents")

    status, asked = call(purchase.buyer, "POST", path, {"mode": "element"})

    assert (status, asked["status"], asked["client_secret"]) == (201, "creating", None)
    settle(deliver)
    assert call(purchase.buyer, "GET", f"/payment-intents/{asked['id']}")[1]["status"] == "open"


def test_a_replacement_waits_while_the_provider_is_away(call, card, purchase, deliver):
    path = f"/procurements/{purchase.procurement.public_id}/pay"
    call(purchase.buyer, "POST", path, {"mode": "element"})
    card.faults.fail_before("post", "/v1/payment_intents/{intent}/cancel")

    status, problem = call(purchase.buyer, "POST", path, {"mode": "element", "amount": yuan("20.00")})

    assert (status, problem["type"]) == (503, "/problems/provider-away")
    settle(deliver)
    items = call(purchase.buyer, "GET", path.replace("/pay", "/payment-intents"))[1]["items"]
    assert [(one["status"], one["amount"]) for one in items] == [("open", yuan("20.00")), ("cancelled", yuan("160.00"))]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "#/mode"), ({"mode": "cash"}, "#/mode"), ({"mode": "element", "amount": yuan("0.00")}, "#/amount")],
)
def test_a_malformed_wish_is_refused(call, card, purchase, body, pointer):
    status, problem = call(purchase.buyer, "POST", f"/procurements/{purchase.procurement.public_id}/pay", body)

    assert (status, [error["pointer"] for error in problem["errors"]][:1]) == (422, [pointer])
    assert count("payment_intents") == 0


def test_who_may_not_pay_cannot_and_strangers_see_nothing(call, card, purchase):
    path = f"/procurements/{purchase.procurement.public_id}/pay"
    stranger = make_member("institution", "institution_finance")
    receiver = make_member("institution", "institution_receiver")
    asked = call(purchase.buyer, "POST", path, {"mode": "element"})[1]

    assert call(receiver, "POST", path, {"mode": "element"})[0] == 403
    assert call(stranger, "POST", path, {"mode": "element"})[0] == 404
    for who in (stranger, purchase.trades[0].clerk):
        assert call(who, "GET", f"/payment-intents/{asked['id']}")[0] == 404
        assert call(who, "GET", path.replace("/pay", "/payment-intents"))[0] == 404
    assert call(stranger, "POST", f"/payment-intents/{asked['id']}/cancel")[0] == 404
    assert count("payment_intents") == 1


def test_without_a_key_nobody_pays_by_card(call, card, purchase, app):
    app.config["STRIPE_SECRET_KEY"] = ""

    status, problem = call(
        purchase.buyer, "POST", f"/procurements/{purchase.procurement.public_id}/pay", {"mode": "element"}
    )

    assert (status, problem["type"]) == (404, "/problems/no-card-payment")


def test_disputes_are_the_operators_and_answered_once(call, card, purchase, deliver):
    operator, auditor = make_member("operator", "operator_finance"), make_member("operator", "operator_auditor")
    reviewer = make_member("operator", "operator_reviewer")
    asked = call(purchase.buyer, "POST", f"/procurements/{purchase.procurement.public_id}/pay", {"mode": "element"})[1]
    card.dispute(card.pay(asked["client_secret"].partition("_secret_")[0]), 8000)
    tell(card)
    settle(deliver)

    status, page = call(operator, "GET", "/disputes?status=open")

    (shown,) = page["items"]
    assert (status, shown["amount"], shown["held"], shown["procurement"]) == (
        200, yuan("80.00"), yuan("80.00"), purchase.procurement.number,
    )  # fmt: skip
    path = f"/disputes/{shown['id']}/evidence"
    assert [call(who, "POST", path, {"words": "已签收"})[0] for who in (auditor, reviewer, operator, operator)] == [
        403, 403, 200, 409,
    ]  # fmt: skip
    assert call(purchase.buyer, "GET", "/disputes")[0] == 403
    assert call(operator, "GET", "/disputes?status=won")[1]["items"] == []


def test_a_producer_opens_its_account_and_is_told_what_is_missing(call, card, client, deliver):
    producer = make_member("producer", "producer_finance")
    assert call(producer, "GET", "/card-account")[0] == 404

    status, opened = call(producer, "POST", "/card-account", {"country": "hk", "email": "a@example.org"})
    assert (status, opened["status"]) == (201, "creating")
    assert call(producer, "POST", "/card-account/link")[0] == 503
    settle(deliver)

    status, shown = call(producer, "GET", "/card-account")
    assert (status, shown["status"], bool(shown["requirements"])) == (200, "onboarding", True)
    assert call(producer, "POST", "/card-account/link")[1]["url"].startswith(card.url)
    ref = db.session.execute(text("SELECT account_ref FROM connected_accounts")).scalar_one()
    card.activate(ref)
    assert set(card.deliver(through(client, "/stripe/events"), card.told("thin"))) == {200}
    settle(deliver)
    shown = call(producer, "GET", "/card-account")[1]
    assert (shown["status"], shown["requirements"]) == ("active", [])
    card.restrict(ref)
    assert call(producer, "POST", "/card-account/refresh")[1]["status"] == "restricted"
    assert call(producer, "POST", "/card-account", {"country": "hk", "email": "a@example.org"})[0] == 409
    assert call(make_member(), "POST", "/card-account", {"country": "hk", "email": "a@example.org"})[0] == 403


def test_a_malformed_country_is_refused(call, card):
    producer = make_member("producer", "producer_finance")

    status, problem = call(producer, "POST", "/card-account", {"country": "HKG", "email": "a@example.org"})

    assert (status, problem["errors"][0]["pointer"]) == (422, "#/country")
    assert count("connected_accounts") == 0
