"""A run's payments as files that banks take: the usual batch sheet as CSV, and ISO 20022 pain.001.001.09."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree as ET

from orders.settlement.models import Payout, PayoutRun
from shop import clock, money
from shop.auth import Actor
from shop.errors import Conflict, Invalid
from shop.i18n import _
from shop.identity import bank_accounts
from shop.identity.models import BankAccount

#: Form of the file -> its encoding.
KINDS = {"csv": "utf-8-sig", "csv_gbk": "gbk", "pain001": "utf-8"}
_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
#: Lengths that the message allows.
_NAME, _ACCOUNT = 140, 34


class NoPayerAccount(Conflict):
    """The operator has no bank account to pay from."""

    code = "no-payer-account"


class NotInEncoding(Invalid):
    """A name has a character that the file's encoding does not know; member ``payouts`` says whose."""

    code = "not-in-encoding"


def make(kind: str, run: PayoutRun, payouts: Sequence[Payout], actor: Actor, *, at: datetime) -> tuple[bytes, str]:
    """Return the bytes and the name of a run's file; the same payouts give the same bytes but for the time.

    :raises NoPayerAccount: if the operator's organisation has no default account.
    :raises NotInEncoding: naming payouts that GBK cannot write.
    """
    accounts = bank_accounts.list_accounts(actor.organisation_id)
    if not accounts or not accounts[0].is_default:
        raise NoPayerAccount(_("请先在单位资料中登记付款用的监管账户。"))
    stem = f"payouts-{run.on:%Y%m%d}-{run.public_id}"
    if kind == "pain001":
        return _pain001(run, payouts, accounts[0], at), f"{stem}.xml"
    return _sheet(payouts, accounts[0], KINDS[kind]), f"{stem}.csv"


def _sheet(payouts: Sequence[Payout], payer: BankAccount, encoding: str) -> bytes:
    """Return the sheet: one payment a row, amounts in yuan, the payout's number as reference and remark.

    Nothing is put before text that begins like a formula: a bank takes the names as they stand, so they may not.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["序号", "付款账号", "付款户名", "收款账号", "收款户名", "收款银行", "金额", "币种", "用途", "业务参考号"]
    )
    for n, each in enumerate(payouts, 1):
        writer.writerow(
            [
                n, payer.number, _plain(payer.holder), each.account_number, _plain(each.account_holder),
                _plain(each.account_bank), money.format_yuan(each.amount_fen), "CNY", f"货款 {each.number}", each.number,
            ]
        )  # fmt: skip
    try:
        return out.getvalue().encode(encoding)
    except UnicodeEncodeError as error:
        unknown = [each.number for each in payouts if not _fits(each, encoding)]
        raise NotInEncoding(
            _("有收款户名含 GBK 没有的字,请改用 UTF-8 或 XML:%(numbers)s", numbers="、".join(unknown)), payouts=unknown
        ) from error


def _plain(text: str) -> str:
    return text.lstrip("=+-@\t\r")


def _fits(payout: Payout, encoding: str) -> bool:
    text = f"{payout.account_holder}{payout.account_bank}"
    return text == text.encode(encoding, errors="ignore").decode(encoding)


def _pain001(run: PayoutRun, payouts: Sequence[Payout], payer: BankAccount, at: datetime) -> bytes:
    """Return a CustomerCreditTransferInitiationV09: one group, one payment, a transaction each; unqualified element names."""
    ET.register_namespace("", _NAMESPACE)
    root = ET.Element(f"{{{_NAMESPACE}}}Document")
    message = _add(root, "CstmrCdtTrfInitn")
    total = money.format_yuan(sum(each.amount_fen for each in payouts))
    head = _add(message, "GrpHdr")
    # 35 characters at most: a UUID without its hyphens has 32.
    _add(head, "MsgId", run.public_id.hex)
    _add(head, "CreDtTm", at.astimezone(clock.SHANGHAI).isoformat(timespec="seconds"))
    _add(head, "NbOfTxs", str(len(payouts)))
    _add(head, "CtrlSum", total)
    _add(_add(head, "InitgPty"), "Nm", payer.holder[:_NAME])
    info = _add(message, "PmtInf")
    _add(info, "PmtInfId", f"{run.on:%Y%m%d}-{run.id}")
    _add(info, "PmtMtd", "TRF")
    _add(info, "NbOfTxs", str(len(payouts)))
    _add(info, "CtrlSum", total)
    _add(_add(info, "ReqdExctnDt"), "Dt", clock.business_day(at).isoformat())
    _add(_add(info, "Dbtr"), "Nm", payer.holder[:_NAME])
    _add(_add(_add(_add(info, "DbtrAcct"), "Id"), "Othr"), "Id", payer.number[:_ACCOUNT])
    _add(_add(_add(info, "DbtrAgt"), "FinInstnId"), "Nm", payer.bank[:_NAME])
    for each in payouts:
        _add_transfer(info, each)
    body: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def _add_transfer(info: ET.Element, payout: Payout) -> None:
    one = _add(info, "CdtTrfTxInf")
    _add(_add(one, "PmtId"), "EndToEndId", payout.number)
    amount = _add(_add(one, "Amt"), "InstdAmt", money.format_yuan(payout.amount_fen))
    amount.set("Ccy", "CNY")
    _add(_add(_add(one, "CdtrAgt"), "FinInstnId"), "Nm", payout.account_bank[:_NAME])
    _add(_add(one, "Cdtr"), "Nm", payout.account_holder[:_NAME])
    _add(_add(_add(_add(one, "CdtrAcct"), "Id"), "Othr"), "Id", payout.account_number[:_ACCOUNT])
    _add(_add(one, "RmtInf"), "Ustrd", f"货款 {payout.number}")


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    made = ET.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
    made.text = text
    return made
