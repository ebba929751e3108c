"""Who is told what about the catalogue."""

from __future__ import annotations

from shop.i18n import lazy
from shop.notices.rules import SELLERS, NoticeRule

RULES = (
    NoticeRule(
        "catalog.paper_decided", "paper_decided", "papers:submit", lazy("您提交的材料已有审核结果。"), SELLERS, "/producer/papers"
    ),
    NoticeRule(
        "catalog.paper_revoked", "paper_revoked", "papers:submit", lazy("一份材料已被撤销，请查看受影响的产品。"), SELLERS, "/producer/papers"
    ),
    NoticeRule(
        "catalog.listing_paused", "listing_paused", "catalogue:edit",
        lazy("“%(title)s”没有生效的认定依据，已自动暂停销售。请提交新的认定依据，通过后重新上架。"), SELLERS, "/producer/papers",
    ),
)  # fmt: skip
