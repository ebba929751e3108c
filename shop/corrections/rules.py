"""The moves of corrections."""

from __future__ import annotations

from shop.i18n import lazy
from shop.moves.table import Rule, Table, Who, another_person, same_person

_OPERATOR: tuple[Who, ...] = (("operator", "organisations:verify"),)
_another = another_person("proposed_by", "proposed it", lazy("提出更正的人不能自己确认，请由另一位同事办理。"))
_same = same_person("proposed_by", "proposed it", lazy("只有提出更正的人可以撤回；其他人请退回。"))

RULES = (
    Rule("organisation_correction", "", "propose", "proposed", _OPERATOR),
    Rule("organisation_correction", "proposed", "confirm", "confirmed", _OPERATOR, _another),
    Rule("organisation_correction", "proposed", "refuse", "refused", _OPERATOR, _another),
    Rule("organisation_correction", "proposed", "withdraw", "withdrawn", _OPERATOR, _same),
)
TABLE = Table(RULES)
