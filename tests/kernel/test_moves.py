"""The tables of moves of all packages, and that nothing else sets a state."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from shop.moves import states
from tests.test_architecture import modules

#: What nobody decides on, as ``docs/states.md`` says: the provider's word, matching, jobs; and the tables themselves.
NOT_MOVED = (
    "orders.online.",
    "orders.reconciliation.",
    "orders.settlement.transfers",
    "orders.settlement.reversals",
    "orders.settlement.capability",
    "orders.banking.confirming",
    "orders.banking.acts",
    "orders.banking.recording",
    "orders.banking.matching",
    "shop.idempotency",
    "shop.moves.",
)
#: States in which a machine begins without a move.
GIVEN = {("approval", "none"), ("lot", "open"), ("batch", "open")}
_SETS = re.compile(r"\bSET\s+(?:[a-z_]+\s*=\s*[^,]+,\s*)*(?:status|approval)\s*=")


def settings_of(tree: ast.Module) -> Iterator[int]:
    """Return the lines that set the state of a row."""
    for node in (each for each in ast.walk(tree) if isinstance(each, ast.stmt | ast.expr)):
        targets = node.targets if isinstance(node, ast.Assign) else []
        named = [each for target in targets for each in ast.walk(target) if isinstance(each, ast.Attribute)]
        if any(each.attr in ("status", "approval") and isinstance(each.ctx, ast.Store) for each in named):
            yield node.lineno
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SETS.search(node.value):
            yield node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "values":
            updates = "update(" in ast.unparse(node.func.value)
            if updates and any(each.arg in ("status", "approval") for each in node.keywords):
                yield node.lineno


def test_no_code_sets_a_state_but_by_a_move_of_the_table():
    wrong = [
        f"{module.path}:{line}"
        for module in modules()
        if not module.name.startswith(NOT_MOVED)
        for line in settings_of(module.tree)
    ]

    assert wrong == []


def test_no_two_rows_start_from_one_state_with_one_event():
    keys = [(rule.machine, rule.source, rule.event) for rule in states.all_rules()]

    assert len(keys) == len(set(keys))


def test_every_state_but_the_first_is_reached():
    rules = states.all_rules()
    reached = {(rule.machine, rule.target) for rule in rules} | GIVEN

    assert [rule for rule in rules if rule.source and (rule.machine, rule.source) not in reached] == []


def test_the_page_of_states_is_the_tables():
    page = Path(__file__).parents[2] / "docs" / "states.md"

    assert page.read_text() == states.render(states.all_rules())
