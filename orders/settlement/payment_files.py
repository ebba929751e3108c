"""Payments as files that banks take: the usual batch sheet as CSV, and ISO 20022 pain.001.001.09."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from xml.etree import ElementTree as ET

from orders.banking.models import SupervisedAccount
from orders.settlement import payers
from orders.settlement.models import PayoutRun
from orders.settlement.payers import Batch
from shop import clock, money
from shop.auth import Actor
from shop.errors import Invalid
from shop.i18n import _
from shop.identity.models import BankAccount

#: Form of the file -> its encoding.
KINDS = {"csv": "utf-8-sig", "csv_gbk": "gbk", "pain001": "utf-8"}
_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
#: Lengths that the message allows.
_NAME, _ACCOUNT = 140, 34


@dataclass(frozen=True)
class Transfer:
    """One transfer of a file: to whom, how much, and what for."""

    holder: str
    bank: str
    number: str
    amount_fen: int
    remark: str
    reference: str


#: What each account pays, in the order of the file.
Payers = Sequence[tuple[SupervisedAccount, Sequence[Transfer]]]


@dataclass(frozen=True)
class Head:
    """How a file names itself: the run that it is of, a prefix for the payments in it, and the file's own name."""

    public_id: UUID
    reference: str
    stem: str


class NotInEncoding(Invalid):
    """A name has a character that the file's encoding does not know; member ``payouts`` says whose."""

    code = "not-in-encoding"


def make(
    kind: str, run: PayoutRun, batches: Sequence[Batch], actor: Actor, *, at: datetime
) -> tuple[bytes, str]:  # fmt: skip
    """Return the bytes and the name of a run's file; the same payouts give the same bytes but for the time.

    What one account pays stands together, its fee last.

    :raises NoFeeAccount: if a fee is to leave and the operator has no account of its own for it.
    :raises NotInEncoding: naming payouts that GBK cannot write.
    """
    own = payers.find_own(actor.organisation_id, clock.business_day(at)) if any(b.fee_fen for b in batches) else None
    orders = [(batch.payer, _orders_of(run, n, batch, own)) for n, batch in enumerate(batches, 1)]
    day = f"{run.on:%Y%m%d}"
    return render(kind, Head(run.public_id, f"{day}-{run.id}", f"payouts-{day}-{run.public_id}"), orders, at)


def render(kind: str, head: Head, orders: Payers, at: datetime) -> tuple[bytes, str]:
    """Return the bytes and the name of a file of transfers.

    :raises NotInEncoding: naming transfers that GBK cannot write.
    """
    if kind == "pain001":
        return _pain001(head, orders, at), f"{head.stem}.xml"
    return _sheet(orders, KINDS[kind]), f"{head.stem}.csv"


def _orders_of(run: PayoutRun, n: int, batch: Batch, own: BankAccount | None) -> list[Transfer]:
    found = [
        Transfer(each.account_holder, each.account_bank, each.account_number, each.amount_fen, f"货款 {each.number}", each.number)
        for each in batch.payouts
    ]  # fmt: skip
    if batch.fee_fen and own is not None:
        number = payers.fee_number(run, n)
        found.append(Transfer(own.holder, own.bank, own.number, batch.fee_fen, f"平台服务费 {number}", number))
    return found


def _sheet(orders: Payers, encoding: str) -> bytes:
    """Return the sheet: one payment a row, amounts in yuan, the payout's number as reference and remark.

    Rows of one paying account stand together and are counted from 1: each is a batch. Nothing is put before text
    that begins like a formula: a bank takes the names as they stand, so they may not.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["序号", "付款账号", "付款户名", "收款账号", "收款户名", "收款银行", "金额", "币种", "用途", "业务参考号"]
    )
    for payer, transfers in orders:
        for n, each in enumerate(transfers, 1):
            writer.writerow(
                [
                    n, payer.number, _plain(payer.holder), each.number, _plain(each.holder), _plain(each.bank),
                    money.format_yuan(each.amount_fen), "CNY", each.remark, each.reference,
                ]
            )  # fmt: skip
    try:
        return out.getvalue().encode(encoding)
    except UnicodeEncodeError as error:
        every = [each for _payer, transfers in orders for each in transfers]
        unknown = [each.reference for each in every if not _fits(each, encoding)]
        raise NotInEncoding(
            _("有收款户名含 GBK 没有的字，请改用 UTF-8 或 XML：%(numbers)s", numbers="、".join(unknown)),
            payouts=unknown,
        ) from error


def _plain(text: str) -> str:
    return text.lstrip("=+-@\t\r")


def _fits(transfer: Transfer, encoding: str) -> bool:
    text = f"{transfer.holder}{transfer.bank}"
    return text == text.encode(encoding, errors="ignore").decode(encoding)


def _pain001(head: Head, orders: Payers, at: datetime) -> bytes:
    """Return a CustomerCreditTransferInitiationV09: a payment for each account that pays, a transaction for each transfer."""
    ET.register_namespace("", _NAMESPACE)
    root = ET.Element(f"{{{_NAMESPACE}}}Document")
    message = _add(root, "CstmrCdtTrfInitn")
    every = [each for _payer, transfers in orders for each in transfers]
    group = _add(message, "GrpHdr")
    # 35 characters at most: a UUID without its hyphens has 32.
    _add(group, "MsgId", head.public_id.hex)
    _add(group, "CreDtTm", at.astimezone(clock.SHANGHAI).isoformat(timespec="seconds"))
    _add_sums(group, every)
    _add(_add(group, "InitgPty"), "Nm", orders[0][0].holder[:_NAME])
    for n, (payer, transfers) in enumerate(orders, 1):
        info = _add(message, "PmtInf")
        _add(info, "PmtInfId", f"{head.reference}-{n}")
        _add(info, "PmtMtd", "TRF")
        _add_sums(info, transfers)
        _add(_add(info, "ReqdExctnDt"), "Dt", clock.business_day(at).isoformat())
        _add(_add(info, "Dbtr"), "Nm", payer.holder[:_NAME])
        _add(_add(_add(_add(info, "DbtrAcct"), "Id"), "Othr"), "Id", payer.number[:_ACCOUNT])
        _add(_add(_add(info, "DbtrAgt"), "FinInstnId"), "Nm", payer.bank[:_NAME])
        for each in transfers:
            _add_transfer(info, each)
    body: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()


def _add_sums(parent: ET.Element, transfers: Sequence[Transfer]) -> None:
    _add(parent, "NbOfTxs", str(len(transfers)))
    _add(parent, "CtrlSum", money.format_yuan(sum(each.amount_fen for each in transfers)))


def _add_transfer(info: ET.Element, transfer: Transfer) -> None:
    one = _add(info, "CdtTrfTxInf")
    _add(_add(one, "PmtId"), "EndToEndId", transfer.reference)
    amount = _add(_add(one, "Amt"), "InstdAmt", money.format_yuan(transfer.amount_fen))
    amount.set("Ccy", "CNY")
    if transfer.bank:  # of a payer whose money goes back only the account is known
        _add(_add(_add(one, "CdtrAgt"), "FinInstnId"), "Nm", transfer.bank[:_NAME])
    _add(_add(one, "Cdtr"), "Nm", transfer.holder[:_NAME])
    _add(_add(_add(_add(one, "CdtrAcct"), "Id"), "Othr"), "Id", transfer.number[:_ACCOUNT])
    _add(_add(one, "RmtInf"), "Ustrd", transfer.remark)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    made = ET.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
    made.text = text
    return made
