"""A recall as a workbook: who got the goods, who was told, what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from catalog.shopfront.labels import UNITS
from shop.clock import business_day
from shop.i18n import _
from shop.sheets import Cell
from traceability.journey.contacts import Delivery
from traceability.journey.sums import as_words
from traceability.recalls.queries import Reached
from traceability.recalls.words import state_of

_SUMS = ("quantity", "out", "set_aside", "used", "returned", "destroyed", "came_back", "open")


def table(rows: Sequence[Reached], deliveries: Sequence[Delivery]) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, rows and a total row."""
    titles = [
        _("收货单位"), _("所在地"), _("收货人"), _("电话"), _("收货地址"), _("订单"), _("产品"), _("批号"), _("发货日期"), _("发货数量"),
        _("单位"), _("在收货方"), _("通知日期"), _("状态"), _("已封存"), _("已使用"), _("已退回"), _("已销毁"), _("供应商已收回"), _("未说明"), _("备注"),
    ]  # fmt: skip
    cells: list[list[Cell]] = [
        [
            row.consignee, row.division, to.name, to.phone, to.address, row.order_number, row.product, row.lot_code,
            business_day(row.shipped_at), _plain(row.quantity), str(UNITS[row.unit]), _plain(row.out),
            business_day(row.told_at) if row.told_at else None, str(state_of(row)[0]), _plain(row.set_aside),
            _plain(row.used), _plain(row.returned), _plain(row.destroyed), _plain(row.came_back), _plain(row.open), row.note or "",
        ]
        for row, to in zip(rows, deliveries, strict=True)
    ]  # fmt: skip
    sums = {name: as_words(rows, name) for name in _SUMS}
    total: list[Cell] = [
        _("合计 %(count)s 家", count=len({row.consignee_id for row in rows})), "", "", "", "", len({row.order_id for row in rows}), "",
        "", None, sums["quantity"], "", sums["out"], None, "", sums["set_aside"], sums["used"], sums["returned"],
        sums["destroyed"], sums["came_back"], sums["open"], "",
    ]  # fmt: skip
    return titles, cells, total


def _plain(quantity: Decimal | None) -> str:
    return "" if quantity is None else f"{quantity.normalize():f}"
