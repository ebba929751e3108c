"""Which column holds what: named by a person, saved for an account, or told by the columns' titles."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from orders.banking.reading.cells import Cell, plain
from orders.banking.reading.entries import LayoutUnknown
from shop.i18n import _

#: Rows among which the columns' titles are looked for.
_HEAD_ROWS = 40
_BRACKETS = re.compile(r"[\(\[{【(].*", re.DOTALL)
_MARKS = re.compile(r"[\s/_\-::·.]+")


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """Titles of the columns that hold each fact; empty if there is none. Several remarks are put together."""

    day: str = ""
    #: One column with a sign or a flag…
    amount: str = ""
    flag: str = ""
    #: …or one for each direction.
    credit: str = ""
    debit: str = ""
    serial: str = ""
    #: The other side; or payer and payee apart, of which the other side is one.
    name: str = ""
    account: str = ""
    payer_name: str = ""
    payer_account: str = ""
    payee_name: str = ""
    payee_account: str = ""
    balance: str = ""
    remark: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the columns that are named."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items() if value
        }

    @classmethod
    def from_json(cls, values: MappingType[str, Any]) -> Mapping:
        """Return the mapping that :meth:`as_json` gave."""
        known = {field.name for field in fields(cls)}
        taken = {name: value for name, value in values.items() if name in known and value}
        return cls(**{**taken, "remark": tuple(taken.get("remark", ()))})

    def titles(self) -> list[str]:
        """Return every title that the mapping names."""
        return [
            title
            for value in asdict(self).values()
            for title in (value if isinstance(value, tuple) else [value])
            if title
        ]

    @property
    def is_enough(self) -> bool:
        """Say whether a movement can be read by it: a day, and an amount with its direction."""
        return bool(self.day and (self.amount or self.credit or self.debit))


@dataclass(frozen=True)
class Head:
    """The row of the titles (counted from 1) and where each title stands."""

    row_no: int
    columns: dict[str, int]

    def at(self, title: str) -> int | None:
        """Return the column of a title."""
        return self.columns.get(simple(title)) if title else None


#: Titles by fact, the better one first. Collected from the layouts of several banks' online banking.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "day": ("起息日", "起息日期", "记账日期", "入账日期", "记账日", "交易日期", "交易日", "交易时间", "日期", "时间", "valuedate", "date"),
    "amount": ("交易金额", "发生额", "金额", "amount"),
    "flag": ("借贷标志", "借贷方向", "借贷", "收支方向", "收支", "收付标志", "交易类型", "交易方向", "往来标志"),
    "credit": ("贷方发生额", "贷方金额", "收入金额", "收入", "转入金额", "贷方", "存入", "credit"),
    "debit": ("借方发生额", "借方金额", "支出金额", "支出", "转出金额", "借方", "支取", "debit"),
    "serial": ("账户明细编号交易流水号", "交易流水号", "银行流水号", "流水号", "交易流水", "核心流水号", "交易序号", "serial"),
    "name": ("对方户名", "对方单位名称", "对方名称", "对方单位", "对方账户名称", "交易对方", "counterparty"),
    "account": ("对方账号", "对方账户", "对方帐号", "对方卡号"),
    "payer_name": ("付款人名称", "付款人户名", "付款方户名"),
    "payer_account": ("付款人账号", "付款方账号"),
    "payee_name": ("收款人名称", "收款人户名", "收款方户名"),
    "payee_account": ("收款人账号", "收款方账号"),
    "balance": ("账户余额", "交易后余额", "余额", "本次余额", "balance"),
}  # fmt: skip
REMARKS = ("附言", "交易附言", "用途", "交易用途", "摘要", "交易摘要", "备注", "交易说明", "个性化信息", "remark")

#: Examples of layouts, by the names that columns have in downloads of four large banks; banks change them.
PRESETS: dict[str, Mapping] = {
    "icbc_like": Mapping(
        day="交易时间", credit="贷方发生额", debit="借方发生额", serial="凭证号", name="对方单位名称", account="对方账号",
        balance="余额", remark=("摘要", "用途", "个性化信息"),
    ),
    "ccb_like": Mapping(
        day="记账日期", credit="贷方发生额(收入)", debit="借方发生额(支取)", serial="账户明细编号-交易流水号", name="对方户名",
        account="对方账号", balance="余额", remark=("摘要", "备注"),
    ),
    "abc_like": Mapping(
        day="交易时间", credit="收入金额", debit="支出金额", serial="交易流水号", name="对方户名", account="对方账号",
        balance="账户余额", remark=("交易用途", "交易摘要"),
    ),
    "boc_like": Mapping(
        day="起息日期", amount="交易金额", flag="交易类型", serial="交易流水号", payer_name="付款人名称",
        payer_account="付款人账号", payee_name="收款人名称", payee_account="收款人账号", balance="交易后余额",
        remark=("用途", "交易附言"),
    ),
}  # fmt: skip


def simple(title: str) -> str:
    """Return a title as titles are compared: without what stands in brackets, blanks and marks."""
    return _MARKS.sub("", _BRACKETS.sub("", plain(title))).lower()


def find_head(rows: Sequence[Sequence[Cell]], mapping: Mapping | None = None) -> Head:
    """Return the row of the titles: the first that has all that the mapping names, else the one that tells most.

    :raises LayoutUnknown: if there is none.
    """
    best, best_score = None, 0
    wanted = {simple(title) for title in mapping.titles()} if mapping else set()
    for number, row in enumerate(rows[:_HEAD_ROWS], 1):
        head = Head(number, _columns(row))
        if wanted:
            if wanted <= head.columns.keys():
                return head
            continue
        guessed = guess(head)
        score = len(guessed.titles()) if guessed.is_enough else 0
        if score > best_score:
            best, best_score = head, score
    if best is None:
        missing = sorted(mapping.titles()) if mapping else []
        detail = (
            _("文件中没有这些列：%(names)s。", names="、".join(missing))
            if missing
            else _("认不出表头：没有找到日期列和金额列，请逐项指定各列。")
        )
        raise LayoutUnknown(detail, columns=missing)
    return best


def guess(head: Head) -> Mapping:
    """Return which columns hold what by their titles alone."""
    found = {
        fact: next((title for title in titles if simple(title) in head.columns), "")
        for fact, titles in SYNONYMS.items()
    }
    if found["credit"] or found["debit"]:
        found["amount"] = found["flag"] = ""
    remark = tuple(title for title in REMARKS if simple(title) in head.columns)
    return Mapping(**found, remark=remark)


def _columns(row: Sequence[Cell]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for place, cell in enumerate(row):
        if isinstance(cell, str) and (title := simple(cell)):
            columns.setdefault(title, place)
    return columns
