"""The moves of filings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shop.i18n import _, lazy
from shop.moves.table import Rule, Table, Who, another_person

_ENTER: Who = ("filer", "filings:enter")
_CONFIRM: Who = ("county", "filings:confirm")


def another_person_entered(subject: Any, actor: Any, context: Mapping[str, Any]) -> str | None:  # noqa: ARG001
    """Ask for another person than who entered, changed or submitted it."""
    return _("录入人不能自己确认，请由本县另一人确认。") if context.get("took_part") else None


def nobody_asked(subject: Any, actor: Any, context: Mapping[str, Any]) -> str | None:  # noqa: ARG001
    """Ask that nobody has asked for it yet."""
    return None if subject.withdrawal_by is None else _("已有人申请撤销，请等待另一人复核。")


another_person_asked = another_person("withdrawal_by", "asked for it", lazy("申请人不能自己复核。"))

RULES = (
    Rule("filing", "", "enter", "draft", (_ENTER,)),
    *(Rule("filing", was, "edit", "draft", (_ENTER,)) for was in ("draft", "refused")),
    Rule("filing", "draft", "submit", "submitted", (_ENTER,)),
    Rule("filing", "submitted", "confirm", "confirmed", (_CONFIRM,), another_person_entered),
    Rule("filing", "submitted", "refuse", "refused", (_CONFIRM,), another_person_entered),
    *(Rule("filing", was, "withdraw", "withdrawn", (_ENTER,)) for was in ("draft", "submitted", "refused")),
    Rule("filing", "confirmed", "ask_withdrawal", "confirmed", (_ENTER, ("county", "filings:enter"), _CONFIRM), nobody_asked),
    Rule("filing", "confirmed", "grant_withdrawal", "withdrawn", (_CONFIRM,), another_person_asked),
    Rule("filing", "confirmed", "deny_withdrawal", "confirmed", (_CONFIRM,), another_person_asked),
)  # fmt: skip
TABLE = Table(RULES)
