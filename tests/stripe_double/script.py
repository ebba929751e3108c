"""A stand-in for Stripe's script: the same calls, a payment form in a frame, and real confirmations."""

from __future__ import annotations

import json

from tests.stripe_double import html
from tests.stripe_double.api import Request
from tests.stripe_double.server import Page

ELEMENT = "/v3/element"
#: Stripe's own address ends in the name of a version and ``stripe.js``; ``/v3/`` is the older one.
SCRIPTS = ("/v3", "/v3/", "/js", "/js/", "/v3/stripe.js")

_SCRIPT = """
"use strict";
window.Stripe = function (key) {
  const base = %(base)s;
  if (!/^pk_/.test(key)) { throw new Error("Invalid API key: a publishable key begins with pk_."); }
  let chosen = { method: "card", outcome: "succeed" };
  window.addEventListener("message", function (event) {
    if (event.origin === base && event.data && event.data.double) { chosen = event.data.double; }
  });
  function paymentElement() {
    const heard = {};
    let frame = null;
    return {
      mount: function (place) {
        const parent = typeof place === "string" ? document.querySelector(place) : place;
        if (!parent) { throw new Error("The selector you specified matches no element: " + place); }
        frame = document.createElement("iframe");
        frame.name = "__privateStripeFrame1";
        frame.title = "安全支付输入框";
        frame.src = base + "%(element)s";
        frame.addEventListener("load", function () {
          (heard.ready || []).forEach(function (one) { one({ elementType: "payment" }); });
        });
        parent.append(frame);
      },
      on: function (name, listener) { (heard[name] = heard[name] || []).push(listener); return this; },
      update: function () {},
      unmount: function () { if (frame) { frame.remove(); } },
      destroy: function () { this.unmount(); },
    };
  }
  async function confirm(secret, options) {
    const to = (options.confirmParams || {}).return_url || "";
    const body = new URLSearchParams({ client_secret: secret, return_url: to, ...chosen });
    let told;
    try {
      told = await (await fetch(base + "/v3/confirm", { method: "POST", body: body })).json();
    } catch (error) {
      return { error: { type: "api_connection_error", message: String(error) } };
    }
    if (told.error) { return { error: told.error }; }
    if (options.redirect === "if_required" && !told.acts) { return { paymentIntent: told.paymentIntent }; }
    window.location.assign(told.url);
    return new Promise(function () {});
  }
  return {
    elements: function (options) {
      const made = {};
      return {
        secret: (options || {}).clientSecret,
        create: function (kind) { made[kind] = paymentElement(); return made[kind]; },
        getElement: function (kind) { return made[kind] || null; },
        submit: async function () { return { selectedPaymentMethod: chosen.method }; },
        fetchUpdates: async function () { return {}; },
        update: function () {},
      };
    },
    confirmPayment: function (options) {
      return confirm(options.clientSecret || options.elements.secret, options);
    },
  };
};
window.Stripe.version = 3;
"""

_ELEMENT = """<fieldset><legend>支付方式</legend>
<label><input type="radio" name="method" value="card" checked> 银行卡</label>
<label><input type="radio" name="method" value="alipay"> 支付宝</label>
<label><input type="radio" name="method" value="wechat_pay"> 微信支付</label></fieldset>
<label>结果 <select name="outcome"><option value="succeed">支付成功</option><option value="fail">支付失败</option></select></label>
<script>
document.addEventListener("change", function () {
  const value = function (query) { return document.querySelector(query).value; };
  const chosen = { method: value("input:checked"), outcome: value("select") };
  window.parent.postMessage({ double: chosen }, "*");
});
</script>"""


def is_script(request: Request) -> bool:
    return request.method == "get" and (request.path in SCRIPTS or request.path.endswith("/stripe.js"))


def page(base: str) -> Page:
    """The script, which knows where it came from."""
    return Page(_SCRIPT % {"base": json.dumps(base), "element": ELEMENT}, type="text/javascript; charset=utf-8")


def element() -> Page:
    """What stands in the frame."""
    return Page(html.document("支付", _ELEMENT))
