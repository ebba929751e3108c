"""The pages of payment by card: of the institution, the producer and the operator."""

import re

import pytest
from sqlalchemy import text

from shop.db import db, transaction
from tests.conftest import count
from tests.factories import make_member
from tests.online.help import ask, make_purchase, newest, settle, tell

STRIPE_SCRIPT = "https://js.stripe.com/endive/stripe.js"


@pytest.fixture
def purchase(card):
    return make_purchase(members=True)


def found(pattern, page):
    """Return what a page shows at a place."""
    match = re.search(pattern, page)
    assert match is not None, pattern
    return match[1]


def path(purchase, *more):
    return "/".join((f"/desk/procurements/{purchase.procurement.public_id}/pay", *map(str, more)))


def test_what_is_owed_is_shown_and_paid_on_our_page(login, card, purchase, deliver):
    client = login(purchase.buyer)
    page = client.get(path(purchase)).text
    assert "160.00" in page
    assert purchase.orders[1].number in page

    answer = client.post(path(purchase), data={"mode": "element", "idempotency_key": "k"}, follow_redirects=True)

    intent = newest(purchase.procurement.id)
    assert (intent.status, answer.request.path) == ("open", path(purchase, intent.public_id))
    assert f'data-secret="{intent.client_secret}"' in answer.text
    assert f'<script src="{STRIPE_SCRIPT}" defer>' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self' https://js.stripe.com;" in policy
    assert f"connect-src 'self' {card.url};" in policy

    card.pay(intent.intent_ref)
    done = client.get(path(purchase, intent.public_id, "return"), follow_redirects=True)
    assert "已收到 160.00 元" in done.text
    assert "js.stripe.com" not in done.text + done.headers["Content-Security-Policy"]
    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]
    assert "现在没有待付的订单" in client.get(path(purchase)).text


def test_the_providers_page_takes_the_place_of_ours_without_javascript(login, card, purchase):
    client = login(purchase.buyer)
    first = ask(purchase)
    page = client.get(path(purchase, first.public_id)).text
    asked = found(r'name="amount" value="([^"]+)"', page)

    answer = client.post(
        path(purchase),
        data={"mode": "checkout", "amount": asked, "idempotency_key": "k"},
        follow_redirects=True,
    )

    second = newest(purchase.procurement.id)
    assert (second.mode, second.status, second.attempt) == ("checkout", "open", 2)
    assert answer.request.path == path(purchase, second.public_id)
    assert f'href="{second.hosted_url}"' in answer.text.replace("&amp;", "&")


def test_a_payment_is_given_up_on_its_page(login, card, purchase):
    client = login(purchase.buyer)
    intent = ask(purchase)

    answer = client.post(
        path(purchase, intent.public_id, "cancel"), data={"idempotency_key": "k"}, follow_redirects=True
    )

    assert "这笔支付已结束" in answer.text
    assert newest(purchase.procurement.id).status == "cancelled"


def test_too_much_is_said_on_the_form(login, card, purchase):
    answer = login(purchase.buyer).post(
        path(purchase), data={"mode": "element", "amount": "160.01", "idempotency_key": "k"}
    )

    assert answer.status_code == 422
    assert "付款金额不能超过待付金额" in answer.text
    assert count("payment_intents") == 0


def test_above_what_one_payment_can_be_no_button_is_shown(login, card, purchase):
    client = login(purchase.buyer)
    order = purchase.orders[0]
    shown, of_procurement = f"/desk/payments/{order.public_id}", f"/desk/procurements/{purchase.procurement.public_id}"
    for fen, offered in ((99_999_999, True), (100_000_000, False)):
        with transaction():
            for each in purchase.orders:
                each.due_fen = each.received_fen
            order.due_fen = fen
        links = [
            f"{shown}/card" in client.get(shown).text, f"{shown}/card" in client.get("/desk/payments").text,
            f"{of_procurement}/pay" in client.get(of_procurement).text,
        ]  # fmt: skip
        assert links == [offered] * 3


def test_an_orders_money_leads_to_the_payment_where_there_is_one(login, card, purchase, app):
    client = login(purchase.buyer)
    shown = f"/desk/payments/{purchase.orders[0].public_id}"
    assert f"{shown}/card" in client.get(shown).text
    assert client.get(f"{shown}/card").headers["Location"] == path(purchase)

    app.config["STRIPE_SECRET_KEY"] = ""

    assert f"{shown}/card" not in client.get(shown).text
    assert client.get(path(purchase)).status_code == 404


def test_strangers_and_who_may_not_pay_see_nothing(login, card, purchase):
    intent = ask(purchase)
    assert login(make_member("institution", "institution_finance")).get(path(purchase)).status_code == 404
    assert (
        login(make_member("institution", "institution_finance")).get(path(purchase, intent.public_id)).status_code
        == 404
    )
    assert login(make_member("institution", "institution_receiver")).get(path(purchase)).status_code == 403


def test_a_producer_opens_its_account_and_follows_the_link(login, card):
    client = login(make_member("producer", "producer_finance"))
    assert "中国大陆注册的企业一般不能开通" in client.get("/producer/card-account").text

    answer = client.post(
        "/producer/card-account",
        data={"country": "HK", "email": "a@example.org", "idempotency_key": "k"},
        follow_redirects=True,
    )

    assert "支付机构还需要" in answer.text
    assert client.get("/producer/card-account/go").headers["Location"].startswith(card.url)
    card.activate(db.session.execute(text("SELECT account_ref FROM connected_accounts")).scalar_one())
    assert "可以划转到您的账户" in client.get("/producer/card-account/return", follow_redirects=True).text


def test_the_operator_sees_what_waits_and_answers_a_dispute(login, card, purchase, deliver):
    client = login(make_member("operator", "operator_finance"))
    assert "还没有收到通知" in client.get("/operator/stripe").text
    assert "没有付款争议" in client.get("/operator/stripe/disputes").text
    card.faults.fail_before("post", "/v1/payment_intents")
    ask(purchase)
    page = client.get("/operator/stripe").text
    retry = found(r'action="(/operator/stripe/calls/\d+/retry)"', page)
    assert client.post(retry, data={"idempotency_key": "r"}).status_code == 302
    settle(deliver)
    card.dispute(card.pay(newest(purchase.procurement.id).intent_ref), 8000)
    tell(card)
    settle(deliver)

    assert "charge.dispute.created" in client.get("/operator/stripe").text
    listed = client.get("/operator/stripe/disputes?status=open").text
    shown = found(r'href="(/operator/stripe/disputes/[0-9a-f-]+)"', listed)
    answer = client.post(f"{shown}/evidence", data={"words": "已签收。", "idempotency_key": "e"}, follow_redirects=True)

    assert "已签收。" in answer.text
    assert count("provider_calls") == 2
    with transaction():
        assert db.session.execute(text("SELECT evidence FROM disputes")).scalar_one() == "已签收。"


def test_refused_calls_stay_until_they_are_tried_again_or_seen_to(login, card):
    with transaction():
        for kind in ("fetch_account", "transfer"):
            db.session.execute(
                text("""INSERT INTO provider_calls (kind, subject_id, idempotency_key, params, status, error, created_at, done_at)
                        VALUES (:kind, 7, 'duikou-' || :kind || '-x-1', '{}', 'failed', 'no_such', now() - interval '40 days',
                                now() - interval '40 days')"""),
                {"kind": kind},
            )
    one, two = db.session.scalars(text("SELECT id FROM provider_calls ORDER BY id")).all()
    client, path = login(make_member("operator", "operator_finance")), "/operator/stripe/calls"
    page = client.get("/operator/stripe").text
    assert [f"{path}/{key}/{act}" in page for key in (one, two) for act in ("repeat", "note")] == [
        True,
        True,
        False,
        True,
    ]

    assert [client.post(f"{path}/{key}/repeat").status_code for key in (one, one, two)] == [302, 409, 409]
    assert client.post(f"{path}/{two}/note").status_code == 302

    query = text("SELECT idempotency_key, status, attempt FROM provider_calls ORDER BY id")
    assert [tuple(row) for row in db.session.execute(query)] == [
        ("duikou-fetch_account-x-1", "failed", 1), ("duikou-transfer-x-1", "failed", 1),
        ("duikou-fetch_account-x-2", "pending", 2),
    ]  # fmt: skip
    page = client.get("/operator/stripe").text
    assert ["duikou-fetch_account-x-2" in page, "duikou-fetch_account-x-1" in page, "duikou-transfer-x-1" in page] == [
        True, False, False,
    ]  # fmt: skip


def test_without_a_key_no_desk_has_a_link(app):
    assert [item for item in app.extensions["nav"] if item.endpoint.startswith("card_")] == []


def test_a_role_of_another_organisation_never_opens_the_operators_pages(client, login, purchase):
    with transaction():
        db.session.execute(
            text(
                "INSERT INTO role_permissions (role, permission) SELECT code, 'provider:manage' FROM roles ON CONFLICT DO NOTHING"
            )
        )
    browser = login(purchase.trades[0].clerk)

    answers = [browser.get(f"/operator/stripe{path}").status_code for path in ("", "/disputes")]
    answers.append(browser.post("/operator/stripe/calls/1/retry", data={"idempotency_key": "1"}).status_code)

    assert answers == [404, 404, 404]
