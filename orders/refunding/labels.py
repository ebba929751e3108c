"""Words for transfers of refunds, and the colour that goes with each state."""

from __future__ import annotations

from orders.settlement.labels import FORMATS
from shop.i18n import lazy

TRANSFER_STATES = {
    "prepared": lazy("待复核放款"), "released": lazy("已放款，待发送银行"), "sent": lazy("付款中"),
    "failing": lazy("登记未付成，待复核"), "paid": lazy("已退款"), "failed": lazy("未付成，退款重新待办"),
    "cancelled": lazy("已撤销"),
}  # fmt: skip
TRANSFER_KINDS = {
    "prepared": "wait", "released": "wait", "sent": "wait", "failing": "bad", "paid": "good", "failed": "bad",
    "cancelled": "",
}  # fmt: skip


def words() -> dict[str, object]:
    """Return the words under the names that the pages use."""
    return {"transfer_states": dict(TRANSFER_STATES), "transfer_kinds": TRANSFER_KINDS, "formats": dict(FORMATS)}
