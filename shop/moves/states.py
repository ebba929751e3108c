"""The tables of moves as a page of the documents: ``python -m shop.moves.states > docs/states.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from werkzeug.utils import import_string

from shop.moves.table import Rule
from shop.parts import FEATURES, KERNEL

_HEAD = """# States

Made by `python -m shop.moves.states > docs/states.md` from the tables that `MOVES` of the features name; a test compares
them, and another holds that no code sets a state otherwise. A move that is not here is refused with 409
`/problems/wrong-state`, or by a problem of the thing's own, which names the state; `wrong-state` names the moves that the caller
can make. Every move is a row of `moves`: who, when, why. The system moves things as a consequence of something else: a
deadline, the end of an order's last line.

An organisation needs approval if one of its members holds the role of approver on that day; then a procurement is placed
after another person than the one who made or submitted it has approved. Without an approver it is placed directly.

Not here, because nobody decides on them: what the card provider says of its own things and the calls to it (`orders/online`,
transfers to producers and their reversals), how far the matching of a bank's or provider's line has come, and jobs that run
(`statement_confirmations`, webhooks, deliveries of events). The beginning of a lot or batch is its first movement.
"""


def all_rules() -> tuple[Rule, ...]:
    """Return the rows of all packages, lowest first."""
    features = (import_string(f"{name}.feature") for name in (*KERNEL, *FEATURES))
    return tuple(rule for each in features for name in getattr(each, "MOVES", ()) for rule in import_string(name))


def render(rules: Iterable[Rule]) -> str:
    """Return the page in Markdown."""
    rows: dict[str, list[Rule]] = {}
    for rule in rules:
        rows.setdefault(rule.machine, []).append(rule)
    return _HEAD + "".join(_section(name, each) for name, each in rows.items())


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
    sys.stdout.write(render(all_rules()))
