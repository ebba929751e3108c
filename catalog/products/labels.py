"""What the producer desk calls states of listings, and what comes next."""

from __future__ import annotations

from shop.i18n import lazy

#: State -> (word, what happens next, kind for the page).
LISTING_WORDS = {
    "draft": (lazy("草稿"), lazy("上架后客户才能看到"), "wait"),
    "listed": (lazy("在售"), "", "good"),
    "paused": (lazy("已暂停"), lazy("重新上架后恢复销售"), "wait"),
    "delisted": (lazy("已下架"), "", ""),
}
