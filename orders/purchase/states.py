"""The table of moves as a page of the documents: ``python -m orders.purchase.states > docs/states.md``."""

from __future__ import annotations

import sys

from orders.purchase.rules import RULES, Rule

_HEAD = """# States

Made from the table in `orders/purchase/rules.py`; a test compares them. A move that is not here is refused with 409
`/problems/wrong-state`, which names the state and the moves that the caller can make. Every move is a row of `moves`: who,
when, why. The system moves things as a consequence of something else: a deadline, the end of an order's last line.

An organisation needs approval if one of its members holds the role of approver on that day; then a procurement is placed
after another person than the one who made or submitted it has approved. Without an approver it is placed directly.
"""


def render() -> str:
    """Return the page in Markdown."""
    machines = list(dict.fromkeys(rule.machine for rule in RULES))
    return _HEAD + "".join(_section(name, [r for r in RULES if r.machine == name]) for name in machines)


def _section(name: str, rules: list[Rule]) -> str:
    rows = "".join(
        f"| {rule.source or '—'} | {rule.event} | {rule.target} | {_who(rule)} | {_guard(rule)} |\n" for rule in rules
    )
    return f"\n## {name}\n\n| from | move | to | who | only if |\n| --- | --- | --- | --- | --- |\n{rows}"


def _who(rule: Rule) -> str:
    return ", ".join(f"{side} `{permission}`" if permission else side for side, permission in rule.who)


def _guard(rule: Rule) -> str:
    if rule.guard is None:
        return ""
    words = (rule.guard.__doc__ or "").splitlines()[0].rstrip(".")
    return words.removeprefix("Ask for ").removeprefix("Ask that ")


if __name__ == "__main__":
    sys.stdout.write(render())
