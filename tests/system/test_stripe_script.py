"""Chromium pays on an application's page with the stand-in for Stripe's script."""

import threading

import pytest
from flask import Flask, request
from werkzeug.serving import make_server

from tests.stripe_double.double import Double

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>pay</title><div id="payment"></div><button id="pay">付款</button><p id="error"></p>
<script src="{js}"></script><script src="/pay.js"></script>"""
SCRIPT = """
const stripe = Stripe("pk_test_1");
const elements = stripe.elements({{clientSecret: "{secret}"}});
elements.create("payment").mount("#payment");
document.getElementById("pay").addEventListener("click", async function () {{
  await elements.submit();
  const told = await stripe.confirmPayment({{elements, confirmParams: {{return_url: location.origin + "/back"}}}});
  document.getElementById("error").textContent = told.error.code;
}});
"""


@pytest.fixture
def shop():
    """An application of one page, as strict about its sources as it can be with Stripe's script."""
    with Double() as double:
        intent = double.client().v1.payment_intents.create({"amount": 10000, "currency": "cny"})
        app = Flask("shop")
        app.add_url_rule("/", view_func=lambda: PAGE.format(js=f"{double.url}/v3/"))
        script = SCRIPT.format(secret=intent.client_secret)
        app.add_url_rule("/pay.js", "script", lambda: (script, {"Content-Type": "text/javascript"}))
        app.add_url_rule("/back", "back", lambda: request.args["redirect_status"])

        @app.after_request
        def restrict(answer):
            sources = f"script-src 'self' {double.url}; frame-src {double.url}; connect-src {double.url}"
            answer.headers["Content-Security-Policy"] = f"default-src 'self'; {sources}"
            return answer

        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield double, intent.id, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()
        assert double.violations == []


@pytest.fixture
def page(shop, chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(shop[2])
    yield page
    context.close()


def frame(page):
    return page.frame_locator("iframe[name=__privateStripeFrame1]")


def test_a_card_is_declined_on_the_page_and_then_pays(shop, page):
    double, intent, address = shop
    frame(page).get_by_label("结果").select_option(label="支付失败")
    page.get_by_role("button", name="付款").click()
    page.get_by_text("card_declined").wait_for()

    frame(page).get_by_label("结果").select_option(label="支付成功")
    page.get_by_role("button", name="付款").click()
    page.wait_for_url(f"{address}/back?**")
    assert page.inner_text("body") == "succeeded"
    assert double.get(intent)["status"] == "succeeded"


def test_alipay_leads_to_its_own_page_and_back(shop, page):
    double, intent, address = shop
    frame(page).get_by_label("支付宝").check()
    page.get_by_role("button", name="付款").click()
    page.get_by_role("button", name="支付宝支付成功").click()

    page.wait_for_url(f"{address}/back?**")
    assert page.inner_text("body") == "succeeded"
    assert double.get(double.get(intent)["latest_charge"])["payment_method_details"]["type"] == "alipay"
