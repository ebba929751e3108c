"""Words for repayments, and the colour that goes with each state."""

from __future__ import annotations

from shop.i18n import lazy

REPAYMENT_STATES = {"recorded": lazy("待确认"), "confirmed": lazy("已抵减欠款"), "refused": lazy("已退回")}
REPAYMENT_KINDS = {"recorded": "wait", "confirmed": "good", "refused": "bad"}


def words() -> dict[str, object]:
    """Return the words under the names that the pages use."""
    return {"repayment_states": dict(REPAYMENT_STATES), "repayment_kinds": REPAYMENT_KINDS}
