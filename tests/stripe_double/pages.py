"""What a payer's browser sees of this Stripe: hosted pages, the script for payment forms, and the console."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import urlencode

from tests.stripe_double import accounts, console, html, intents, methods, script, sessions
from tests.stripe_double.api import Request
from tests.stripe_double.errors import Refusal
from tests.stripe_double.forms import decode
from tests.stripe_double.server import Page
from tests.stripe_double.world import Thing, World

METHODS = {"card": "银行卡", "alipay": "支付宝", "wechat_pay": "微信支付"}
NOTHING = Page(html.document("没有这个页面"), 404)
View = Callable[[list[str], dict[str, Any]], Page]


def back(address: str, intent: Thing, outcome: str) -> str:
    """Where Stripe sends the payer: the return address with what became of the intent."""
    told = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": outcome,
    }
    return f"{address}{'&' if '?' in address else '?'}{urlencode(told)}"


class Pages:
    """Answers everything that is not the API; each view gets the words of the path and what was sent."""

    def __init__(self, world: World, commands: console.Console) -> None:
        self._world, self._console = world, commands
        self._views: dict[tuple[str, str], View] = {
            ("get", "c"): self._checkout,
            ("post", "c"): self._check_out,
            ("get", "authorize"): self._authorization,
            ("post", "authorize"): self._authorize,
            ("get", "invoice"): self._invoice,
            ("post", "invoice"): self._pay_invoice,
            ("get", "onboard"): self._onboarding,
            ("post", "onboard"): self._onboard,
            ("post", "v3"): self._confirm,
        }

    def answer(self, request: Request) -> Page:
        """The page; what is not there and what is no longer possible are told in words."""
        if script.is_script(request):
            return script.page(self._world.base_url)
        if request.path == script.ELEMENT:
            return script.element()
        if request.path == "/" or request.path.startswith("/_control/"):
            return self._console.answer(request)
        return self._view(request)

    def _view(self, request: Request) -> Page:
        first, *words = [word for word in request.path.split("/") if word] or [""]
        view = self._views.get((request.method, first))
        if view is None:
            return NOTHING
        try:
            with self._world.lock:
                return view(words, decode(request.query) | decode(request.body))
        except (KeyError, LookupError):
            return NOTHING
        except Refusal as refusal:
            return Page(html.document("无法完成", html.paragraph(refusal.message)), refusal.status)

    def _find(self, kind: str, words: list[str]) -> Thing:
        return self._world.find(kind, words[-1])

    def _choices(self, action: str, types: list[str], failure: str = "支付失败") -> str:
        """A button for each way to pay, and one for failing."""
        pays = [html.button(f"{action}/succeed", f"{METHODS.get(one, one)}支付成功", method=one) for one in types]
        return "".join([*pays, html.button(f"{action}/fail", failure, method=types[0])])

    def _checkout(self, words: list[str], sent: dict[str, Any]) -> Page:
        session = sessions.refresh(self._world, self._find("checkout.session", words))
        if session["status"] != "open":
            return Page(html.document("此链接已失效", html.paragraph(f"状态：{session['status']}")))
        lines = self._world.side[session["id"]]["lines"]
        rows = [(escape(line["description"] or ""), str(line["quantity"]),
                 html.money(line["amount_total"], line["currency"])) for line in lines]  # fmt: skip
        cancel = html.link(session["cancel_url"], "返回商户") if session["cancel_url"] else ""
        return Page(
            html.document(
                f"支付 {html.money(session['amount_total'], session['currency'])}",
                html.table("明细", ("名称", "数量", "金额"), rows),
                self._choices(f"/c/pay/{session['id']}", session["payment_method_types"]),
                cancel,
            )
        )

    def _check_out(self, words: list[str], sent: dict[str, Any]) -> Page:
        """``/c/pay/ID/succeed`` leads to the success address, ``fail`` to the other."""
        *_, identifier, outcome = words
        session = sessions.refresh(self._world, self._world.find("checkout.session", identifier))
        if outcome == "succeed":
            sessions.complete(self._world, session, sent.get("method", "card"), paid=True)
            address = session["success_url"] or session["return_url"]
        else:
            intent = sessions.intent_of(self._world, session, sent.get("method", "card"))
            intents.fail(self._world, intent, "card_declined")
            address = session["cancel_url"] or session["url"]
        return Page(location=address.replace("{CHECKOUT_SESSION_ID}", identifier))

    def _authorization(self, words: list[str], sent: dict[str, Any]) -> Page:
        """Where wallets and banks ask the payer."""
        intent = self._find("payment_intent", words)
        if intent["status"] != "requires_action":
            return Page(html.document("此链接已失效", html.paragraph(f"状态：{intent['status']}")))
        method = self._world.objects[intent["payment_method"]]["type"]
        amount = html.money(intent["amount"], intent["currency"])
        return Page(html.document(f"授权支付 {amount}", self._choices(f"/authorize/{intent['id']}", [method])))

    def _authorize(self, words: list[str], sent: dict[str, Any]) -> Page:
        intent, outcome = self._world.find("payment_intent", words[0]), words[1]
        if intent["status"] != "requires_action":
            raise Refusal(f"状态：{intent['status']}")
        if outcome == "succeed":
            intents.succeed(self._world, intent)
        else:
            intents.fail(self._world, intent, "authentication")
        address = self._world.side[intent["id"]].get("return_url")
        told = {"succeed": "succeeded"}.get(outcome, "failed")
        return Page(location=back(address, intent, told)) if address else Page(html.document("完成"))

    def _invoice(self, words: list[str], sent: dict[str, Any]) -> Page:
        invoice = self._find("invoice", words)
        title = f"账单 {invoice['number']}：{html.money(invoice['amount_remaining'], invoice['currency'])}"
        pays = self._choices(f"/invoice/{invoice['id']}", list(METHODS)) if invoice["status"] == "open" else ""
        return Page(html.document(title, html.paragraph(f"状态：{invoice['status']}"), pays))

    def _pay_invoice(self, words: list[str], sent: dict[str, Any]) -> Page:
        invoice = self._world.find("invoice", words[0])
        intent = self._world.objects[self._world.side[invoice["id"]]["intent"]]
        if words[1] == "succeed":
            intents.pay(self._world, intent, sent.get("method", "card"))
        else:
            intents.attach(intent, methods.make(self._world, sent.get("method", "card")))
            intents.fail(self._world, intent, "card_declined")
        return Page(location=f"/invoice/{invoice['id']}")

    def _onboarding(self, words: list[str], sent: dict[str, Any]) -> Page:
        account, secret = self._world.find("v2.core.account", words[0]), words[1]
        due = [escape(one["description"]) for one in account["requirements"]["entries"]]
        action = f"/onboard/{account['id']}/{secret}"
        return Page(
            html.document(
                f"入驻：{account['display_name'] or account['id']}",
                html.table("待提交资料", ("资料",), ([one] for one in due)),
                html.button(action, "提交资料并通过审核", outcome="activate"),
                html.button(action, "稍后再交", outcome="leave"),
            )
        )

    def _onboard(self, words: list[str], sent: dict[str, Any]) -> Page:
        account = self._world.find("v2.core.account", words[0])
        worked, address = accounts.follow_link(self._world, account, words[1])
        if worked and sent.get("outcome") == "activate":
            accounts.set_due(self._world, account, ())
            accounts.set_status(self._world, account, "active")
        return Page(location=address) if address else Page(html.document("此链接已失效"), 410)

    def _confirm(self, words: list[str], sent: dict[str, Any]) -> Page:
        """What the script asks when the payer presses the application's button."""
        secret = sent.get("client_secret")
        intent = next((one for one in self._world.each("payment_intent") if one["client_secret"] == secret), None)
        if intent is None:
            return NOTHING
        if intent["status"] not in intents.OPEN:
            return self._told({"error": {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}})
        declines = "card_declined" if sent.get("outcome") == "fail" else None
        intents.attach(intent, methods.make(self._world, sent["method"], declines=declines))
        try:
            intents.confirm(self._world, intent, sent.get("return_url"))
        except Refusal as refusal:
            return self._told(refusal.body())
        waiting = intent["next_action"] or {"type": "none"}
        action = waiting.get(waiting["type"], {})
        url = action.get("url") or action.get("hosted_instructions_url")
        address = sent.get("return_url") or ""
        shown = {name: intent[name] for name in ("id", "status", "client_secret", "amount", "currency")}
        return self._told({"paymentIntent": shown, "url": url or back(address, intent, "succeeded"), "acts": bool(url)})

    def _told(self, what: Thing) -> Page:
        return Page(json.dumps(what, default=str), type="application/json")
