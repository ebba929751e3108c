"""The moves of what two persons change of an organisation."""

from __future__ import annotations

from shop.i18n import lazy
from shop.moves.table import Rule, Table, Who, another_person, same_person

_MEMBER: Who = ("member", "organisation:manage")
_OPERATOR: Who = ("operator", "organisations:verify")
_BOTH = (_MEMBER, _OPERATOR)
_another = another_person("asked_by", "asked for it", lazy("提出变更的人不能确认，请由另一位同事或平台办理。"))
_same = same_person("asked_by", "asked for it", lazy("只有提出变更的人可以撤回。"))

RULES = (
    Rule("account_change", "", "ask", "asked", (_MEMBER,)),
    Rule("account_change", "asked", "confirm", "confirmed", _BOTH, _another),
    Rule("account_change", "asked", "refuse", "refused", _BOTH, _another),
    Rule("account_change", "asked", "withdraw", "withdrawn", _BOTH, _same),
)
TABLE = Table(RULES)
