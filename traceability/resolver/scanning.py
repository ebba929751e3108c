"""Which requests of a label's address are scans, and counting them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Request

from traceability.pieces import scans
from traceability.resolver import checks
from traceability.resolver.targets import Goods

#: Headers by which browsers say that they look ahead and nobody has opened the page.
_AHEAD = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
#: What those call themselves that are no browser in a hand, though they begin as one does.
_ROBOTS = ("bot", "spider", "crawl", "slurp", "preview", "headless", "monitor", "scanner", "facebookexternalhit")


def is_scan(request: Request) -> bool:
    """Say whether a person's browser asks to open the page: no HEAD, no look ahead, no picture or frame, no robot.

    What the browser calls itself is looked at, and not kept.
    """
    agent = request.headers.get("User-Agent", "").lower()
    return (
        request.method == "GET"
        and agent.startswith("mozilla/")
        and not any(word in agent for word in _ROBOTS)
        and not any(request.headers.get(name) for name in _AHEAD)
        and request.headers.get("Sec-Fetch-Dest", "document") == "document"
    )


def count(goods: Goods, *, at: datetime) -> Goods:
    """Count the scan of a label: of the pack if it has a number, else of the lot; of goods alone nothing is counted.

    Returns the goods with the proof that their serial number was checked, for the page that tells of it.
    """
    if goods.serial and goods.is_issued:
        scans.count_piece(goods.serial, at=at)
    elif goods.serial:
        scans.count_recorded(goods.sku_id, goods.serial, goods.lot_id, at=at)
    elif goods.lot_id:
        scans.count_lot(goods.lot_id, at=at)
    if goods.serial and goods.lot_id:
        return replace(goods, check=checks.sign(goods.lot_id, goods.serial))
    return goods
