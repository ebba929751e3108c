"""What is wrong with an invoice at first sight, found by the system before a person looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from orders.invoices.models import Invoice
from shop.i18n import lazy

#: Flags that a person may pass after looking: a union or a department has a header of its own.
ON_PAPER = frozenset({"header", "tax_no", "tax_amount"})
LABELS = {
    "header": lazy("抬头与本单位名称不一致"),
    "tax_no": lazy("税号与本单位统一社会信用代码不一致"),
    "tax_amount": lazy("税额与税率不符"),
    "over_accepted": lazy("金额超过已验收金额"),
    "under_accepted": lazy("金额少于已验收金额"),
}
#: A paper's tax may be rounded line by line.
_TAX_TOLERANCE_FEN = 100
#: Names are typed with brackets of either width.
_BRACKETS = str.maketrans("\uff08\uff09", "()")


@dataclass(frozen=True)
class OrderSums:
    """Of an order: this invoice's share, what other invoices were checked for, and what was accepted."""

    share_fen: int
    checked_fen: int
    earned_fen: int


def find(invoice: Invoice, *, buyer_name: str, credit_code: str | None, orders: Iterable[OrderSums]) -> list[str]:
    """Return the flags of an invoice as things stand now; amounts are compared while it waits."""
    found = []
    if _plain(invoice.buyer_header) != _plain(buyer_name):
        found.append("header")
    if invoice.buyer_tax_no != (credit_code or ""):
        found.append("tax_no")
    if abs(invoice.tax_fen - _tax_of(invoice)) > _TAX_TOLERANCE_FEN:
        found.append("tax_amount")
    if invoice.status != "recorded":
        return found
    differences = [each.checked_fen + each.share_fen - each.earned_fen for each in orders]
    if any(difference > 0 for difference in differences):
        found.append("over_accepted")
    if any(difference < 0 for difference in differences):
        found.append("under_accepted")
    return found


def _tax_of(invoice: Invoice) -> int:
    """Return the tax inside the amount at the invoice's rate."""
    if invoice.tax_rate == "exempt":
        return 0
    rate = Decimal(invoice.tax_rate)
    return int((invoice.amount_fen * rate / (100 + rate)).to_integral_value())


def _plain(name: str) -> str:
    return "".join(name.split()).translate(_BRACKETS)
