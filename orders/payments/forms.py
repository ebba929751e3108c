"""Forms of receipts, announced transfers and refunds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields import DateField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from orders.payments.refunds import TransferBack
from orders.purchase.amounts import YuanField
from shop import money
from shop.auth import Actor
from shop.files.keeping import kept_file
from shop.forms import Form
from shop.i18n import lazy as _

_NEEDED = InputRequired(_("请填写。"))


class EvidenceForm(Form):
    """A form with one paper."""

    evidence = FileField(_("回单文件"), description=_("照片、PDF 或 OFD，不超过 20 MB。"))

    def stored(self) -> UUID | None:
        """Return the public key of the paper, if there is one; the view wears ``keep_files``.

        :raises DomainError: if the file is not taken.
        """
        return kept_file(self.evidence.name)


_CLEARINGS = [
    SelectChoice("direct", _("直接付到供应商账户")),
    SelectChoice("supervised", _("付到监管账户")),
]


class ReceiptForm(EvidenceForm):
    """What a bank's receipt says."""

    bank_serial = StringField(_("银行流水号"), [_NEEDED, Length(max=64)])
    payer_name = StringField(
        _("付款人"), [_NEEDED, Length(max=200)], description=_("银行回单上的户名，国库支付填国库。")
    )
    payer_account = StringField(_("付款账号"), [Optional(), Length(max=64)])
    amount = YuanField(_("到账金额"), [_NEEDED])
    value_on = DateField(_("起息日"), [_NEEDED], description=_("款项到账的日期，不能晚于今天。"))
    clearing = SelectField(_("收款方式"), choices=_CLEARINGS)
    remark = StringField(
        _("附言"), [Optional(), Length(max=500)], description=_("含付款识别码时，系统会提示对应的订单。")
    )
    allocations = TextAreaField(
        _("分配到订单"),
        [Optional(), Length(max=5000)],
        description=_("每行一个订单：订单号或付款识别码，空格，金额。金额不填为该单未付金额。可从表格粘贴。"),
    )
    credit_of = StringField(
        _("多付部分归哪个订单的采购单位"), [Optional(), Length(max=40)],
        description=_("一笔款付给几个采购单位、又多于各订单之和时填写：其中一个订单号。"),
    )  # fmt: skip
    is_certain = BooleanField(
        _("订单应付到监管账户，但这笔款确实付到了供应商账户"),
        description=_("只在银行回单上的收款账户是供应商账户时勾选。付到监管账户的款由平台登记。"),
    )


def leave_out_supervised(form: ReceiptForm | SlipForm, actor: Actor) -> None:
    """Offer the supervised account to the operator alone, who keeps it."""
    if actor.organisation_kind != "operator" and form.clearing.choices:
        form.clearing.choices = [each for each in form.clearing.choices if each.value != "supervised"]


class AllocationForm(Form):
    """Orders for what is left of a receipt."""

    allocations = TextAreaField(
        _("分配到订单"), [_NEEDED, Length(max=5000)], description=_("每行一个订单：订单号或付款识别码，空格，金额。")
    )
    is_certain = BooleanField(
        _("订单应付到监管账户，但这笔款确实付到了供应商账户"),
        description=_("只在银行回单上的收款账户是供应商账户时勾选。付到监管账户的款由平台登记。"),
    )


class ReasonForm(Form):
    """Why not."""

    reason = StringField(_("原因"), [InputRequired(_("请填写原因。")), Length(max=500)])


class AnnounceForm(Form):
    """Who will pay how much, and when."""

    payer_name = StringField(_("付款人"), [_NEEDED, Length(max=200)], description=_("国库集中支付填国库名称。"))
    payer_account = StringField(_("付款账号"), [Optional(), Length(max=64)])
    amount = YuanField(_("付款金额"), [_NEEDED])
    planned_on = DateField(_("计划付款日"), [_NEEDED])


class CreditBackForm(Form):
    """How much of what a receipt has left is asked back, and why."""

    amount = YuanField(_("退回金额"), [_NEEDED])
    reason = StringField(_("原因"), [InputRequired(_("请填写原因。")), Length(max=500)])


class RefundForm(Form):
    """How much is asked back, and why; for accepted goods, how much of it for which."""

    amount = YuanField(
        _("退款金额"),
        [Optional()],
        description=_("已验收的商品有问题，请在下面逐项填写，合计即退款金额，退款后不再应付。"),
    )
    reason = StringField(_("原因"), [InputRequired(_("请填写原因。")), Length(max=500)])

    @property
    def line_fields(self) -> list[YuanField]:
        """Return the fields of the order's lines, in their order."""
        return [field for field in self if field.name.startswith("line_")]

    @property
    def wanted_fen(self) -> int:
        """Return what is asked back: the amount, else the sum of the lines."""
        return self.amount.data or sum(field.data or 0 for field in self.line_fields)

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for an amount or for lines."""
        valid = super().validate(extra_validators)
        if valid and not self.wanted_fen:
            self.amount.errors = [*self.amount.errors, _("请填写退款金额，或按商品填写。")]
            return False
        return valid


def refund_form(lines: Sequence[tuple[str, int]]) -> type[RefundForm]:
    """Return the form of an order's refund with a field for each line: its name and the most that may go back for it."""
    made = {
        f"line_{n}": YuanField(title, [Optional()], description=_("最多可退 %(sum)s 元", sum=money.show_yuan(most)))
        for n, (title, most) in enumerate(lines)
    }
    return type("OrderRefundForm", (RefundForm,), made)


class SlipForm(EvidenceForm):
    """What the bank's slip of a refund says."""

    bank_serial = StringField(_("银行流水号"), [_NEEDED, Length(max=64)])
    value_on = DateField(_("退款日"), [_NEEDED])
    clearing = SelectField(
        _("退款方式"),
        choices=[
            SelectChoice("direct", _("从供应商账户退回")),
            SelectChoice("supervised", _("从监管账户退回")),
        ],
    )

    def told(self) -> TransferBack:
        """Return what it says."""
        return TransferBack(
            bank_serial=self.bank_serial.data, value_on=self.value_on.data, clearing=self.clearing.data,
            evidence_file=self.stored(),
        )  # fmt: skip


class PayFromCreditForm(Form):
    """How much of its credit a buyer pays an order with."""

    amount = YuanField(_("使用余额"), [_NEEDED])


class CreditForm(Form):
    """How much of the credit is used."""

    order = StringField(_("订单号或付款识别码"), [_NEEDED, Length(max=40)])
    amount = YuanField(_("使用余额"), [_NEEDED])
