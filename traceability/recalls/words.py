"""Words of recalls."""

from __future__ import annotations

from typing import Any

from shop.i18n import lazy
from traceability.recalls.queries import Reached

TO_TELL = (lazy("待通知"), "bad")
TOLD = (lazy("已通知，待回复"), "wait")
PART = (lazy("部分说明"), "wait")
ANSWERED = (lazy("已处理"), "good")
NOTHING_LEFT = (lazy("验收时已退回"), "good")
#: What the levels mean, in few words.
LEVEL_WORDS = {
    "one": lazy("一级（严重健康损害）"), "two": lazy("二级（一般健康损害）"), "three": lazy("三级（标签标识不实）"),
}  # fmt: skip
CAME_BACK = (lazy("已全部收回"), "good")


def state_of(row: Reached) -> tuple[Any, str]:
    """Return how far a consignment has come, with the kind of its state."""
    if row.out <= 0:
        return NOTHING_LEFT
    if row.came_back >= row.out:
        return CAME_BACK
    if row.told_at is None:
        return TO_TELL
    if row.replied_at is None:
        return TOLD
    return PART if row.open > 0 else ANSWERED
