"""The double's own desk: everything in it, and a button for whatever may happen; the same as a small HTTP API."""

from __future__ import annotations

import inspect
import json
from html import escape
from typing import Any

from tests.stripe_double import html
from tests.stripe_double.api import Request
from tests.stripe_double.commands import Commands
from tests.stripe_double.errors import Refusal
from tests.stripe_double.forms import decode
from tests.stripe_double.server import Page

#: What may be done with each kind of object: command and its name.
ACTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "payment_intent": (("pay", "付款成功"), ("process", "处理中"), ("fail", "付款失败"), ("cancel", "取消")),
    "checkout.session": (("complete", "付款成功"), ("complete_slowly", "稍后到账"), ("expire", "过期")),
    "charge": (("dispute", "发起争议"), ("refund_in_dashboard", "后台退款")),
    "refund": (("settle_refund", "退款到账"), ("fail_refund", "退款失败")),
    "dispute": (("win", "胜诉"), ("lose", "败诉")),
    "v2.core.account": (("activate", "通过审核"), ("restrict", "要求补充"), ("reject", "拒绝"), ("pay_out", "提现")),
    "payout": (("settle_payout", "到账"), ("fail_payout", "退回")),
    "invoice": (("pay_invoice", "付款"),),
}
GLOBAL = (("pay_out", "平台提现"), ("make_available", "资金可用"))
COMMANDS = {name for actions in ACTIONS.values() for name, _ in actions} | {
    "pay_out",
    "make_available",
    "top_up",
    "charge_fee",
}


class Console:
    """``GET /`` shows all; ``POST /_control/COMMAND`` with ``id`` and the command's other arguments does it."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def answer(self, request: Request) -> Page:
        if request.method == "get":
            return Page(self._overview())
        name = request.path.removeprefix("/_control/")
        if name not in COMMANDS:
            return _json({"error": f"There is no command {name}."}, 404)
        as_json = "json" in request.headers.get("Content-Type", "")
        given = json.loads(request.body or "{}") if as_json else decode(request.body)
        try:
            told = self._run(name, given)
        except (LookupError, Refusal, TypeError, ValueError) as error:
            return _json({"error": str(error)}, 400)
        return _json({"result": told}) if as_json else Page(location="/")

    def _run(self, name: str, given: dict[str, Any]) -> Any:
        """Call the command; ``id`` is its first argument, and numbers may come as text."""
        command = getattr(self._commands, name)
        values = {key: int(one) if isinstance(one, str) and one.isdigit() else one for key, one in given.items()}
        first = next(iter(inspect.signature(command).parameters), None)
        if "id" in values and first:
            values[first] = values.pop("id")
        return command(**values)

    def _overview(self) -> str:
        world = self._commands.world
        with world.lock:
            things = [one for one in reversed(list(world.objects.values())) if one["object"] in ACTIONS]
            rows = [self._row(one) for one in things[:200]]
            violations = [html.paragraph(one) for one in world.violations]
        everything = [html.button(f"/_control/{name}", text) for name, text in GLOBAL]
        head = ("对象", "编号", "金额", "状态", "操作")
        return html.document("Stripe 替身", *violations, *everything, html.table("最新在前", head, rows))

    def _row(self, thing: dict[str, Any]) -> tuple[str, ...]:
        amount = thing.get("amount", thing.get("amount_total", thing.get("amount_due")))
        actions = (html.button(f"/_control/{name}", text, id=thing["id"]) for name, text in ACTIONS[thing["object"]])
        name = thing["object"]
        return (
            escape(name),
            f"<code>{escape(thing['id'])}</code>",
            "" if amount is None else html.money(amount, thing["currency"]),
            escape(str(thing.get("status", ""))),
            "".join(actions),
        )


def _json(what: dict[str, Any], status: int = 200) -> Page:
    return Page(json.dumps(what, ensure_ascii=False), status, "application/json")
