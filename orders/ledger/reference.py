"""Loads the first counting rule and the schemes that may claim a sale."""

from __future__ import annotations

from datetime import date

from orders.ledger.models import ClaimScheme, CountingRule
from shop.reference import Loaded, upsert

#: Dated back to the first year that any sale here can carry.
RULES = (
    {
        "version": 1,
        "description": "counted = the smaller of accepted and paid per line, on the day the later of the two happened",
        "needs_evaluation": False,
        "valid_from": date(2016, 1, 1),
        "valid_to": None,
    },
)
SCHEMES = (
    ("reserved_share", "预留份额", "Reserved share", "once"),
    ("pairing", "东西部协作", "East–west pairing", "once"),
    ("fixed_point", "定点帮扶", "Fixed-point assistance", "once"),
    ("union", "工会消费帮扶", "Union purchases", "once"),
    ("subsidy", "奖补", "Subsidy", "share"),
)


def load() -> list[Loaded]:
    """Write both; an operator may have ended a rule, so its dates are kept."""
    rules = list(RULES)
    schemes = [
        {"code": code, "name_zh": zh, "name_en": en, "uniqueness": uniqueness} for code, zh, en, uniqueness in SCHEMES
    ]
    return [
        ("counting rules", len(rules), upsert(CountingRule, rules, kept=("valid_from", "valid_to"))),
        ("claim schemes", len(schemes), upsert(ClaimScheme, schemes)),
    ]
