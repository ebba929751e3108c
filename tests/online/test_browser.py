"""The payment page in Chromium, under the policy that it is served with: the script, its frame, and the way back."""

import threading

import pytest
from werkzeug.serving import make_server

from shop import clock
from shop.db import db, transaction
from shop.identity import loader, sessions
from tests.online.conftest import settings_for
from tests.online.help import make_purchase, newest
from tests.system import browser as chrome

pytestmark = [pytest.mark.browser, pytest.mark.committed]


@pytest.fixture
def served(committed_app, stripe_double):
    server = make_server("127.0.0.1", 0, committed_app, threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    committed_app.config.update(
        settings_for(stripe_double), STRIPE_JS_URL=f"{stripe_double.url}/v3/stripe.js", BASE_URL=address
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield address
    server.shutdown()


def signed_in(browser, actor, address, *, scripts=True):
    now = clock.real_now()
    with transaction():
        secret = sessions.open_session(
            actor.user_id, at=now, days=1, membership_id=actor.membership_id, second_factor_at=now
        )
    context = browser.new_context(locale="zh-CN", java_script_enabled=scripts, viewport={"width": 390, "height": 844})
    context.add_cookies([{"name": loader.COOKIE, "value": secret, "url": address}])
    return context.new_page()


def test_a_buyer_pays_on_our_page_and_comes_back_to_what_was_paid(served, stripe_double):
    purchase = make_purchase(members=True)
    with chrome.chromium() as browser:
        page = signed_in(browser, purchase.buyer, served)
        wrong = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto(f"{served}/desk/procurements/{purchase.procurement.public_id}")
        page.get_by_role("link", name="在线支付").click()
        page.get_by_role("button", name="去付款").click()
        page.frame_locator("#card-element iframe").get_by_text("支付方式").first.wait_for()
        page.get_by_role("button", name="确认支付 160.00 元").click()
        page.get_by_text("已收到 160.00 元").wait_for()

    db.session.rollback()
    assert wrong == []
    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]
    assert newest(purchase.procurement.id).status == "succeeded"


def test_a_buyer_without_javascript_pays_on_the_providers_page(served, stripe_double):
    purchase = make_purchase(members=True)
    with chrome.chromium() as browser:
        page = signed_in(browser, purchase.buyer, served, scripts=False)
        page.goto(f"{served}/desk/procurements/{purchase.procurement.public_id}/pay")
        page.get_by_role("button", name="去付款").click()
        page.get_by_role("button", name="改到支付机构页面付款").click()
        page.get_by_role("link", name="打开支付机构页面").click()
        page.locator("button").first.click()
        page.get_by_text("已收到 160.00 元").wait_for()

    db.session.rollback()
    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]
