"""Forms of statements, lines, claims, supervised accounts and closing days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_wtf.file import FileField
from wtforms import BooleanField, MultipleFileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import DateField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from orders.banking.accounts import ImportAccount
from orders.banking.claim_queries import LineChoice
from orders.banking.labels import FACTS
from orders.banking.reading.layouts import PRESETS, Mapping
from orders.payments.forms import EvidenceForm
from orders.purchase.amounts import YuanField
from shop.forms import Form
from shop.i18n import _ as now
from shop.i18n import lazy as _
from shop.layout import show_day
from shop.money import show_yuan
from shop.typed import pieces

_NEEDED = InputRequired(_("请填写。"))


def described(line: LineChoice) -> str:
    """Return a line in words: day, amount, payer, serial."""
    return now(
        "%(day)s · %(sum)s 元 · %(name)s · 流水号 %(serial)s",
        day=show_day(line.value_on), sum=show_yuan(line.amount_fen), name=line.name or now("无户名"), serial=line.serial,
    )  # fmt: skip


class UploadForm(Form):
    """Which file, of which account."""

    account = SelectField(_("账户"))
    statement = FileField(
        _("对账单文件"), description=_("网银下载的 CSV、TXT、XLS、XLSX，或 camt.053 XML，不超过 20 MB。")
    )

    def offer(self, accounts: list[ImportAccount]) -> None:
        """Offer the accounts."""
        self.account.choices = [
            SelectChoice(str(one.id), f"{one.organisation or one.holder} · {one.bank} · {one.number}")
            for one in accounts
        ]


class MappingForm(Form):
    """Which column holds what; the titles are the file's."""

    preset = SelectField(
        _("示例版式"), choices=[SelectChoice("", _("按列名识别")), *(SelectChoice(name, name) for name in PRESETS)]
    )
    remark = StringField(_("附言列"), [Optional(), Length(max=400)], description=_("可以几列，用顿号隔开。"))
    save = BooleanField(_("以后这个账户的文件都这样读"))
    skip_bad = BooleanField(_("跳过读不出来的行，逐行说明，导入其余各行"))

    def mapping(self) -> Mapping | None:
        """Return what was chosen; ``None`` if nothing was."""
        values: dict[str, Any] = {name: (getattr(self, name).data or "").strip() for name in FACTS}
        remark = tuple(pieces(self.remark.data or ""))
        return Mapping(**values, remark=remark) if values["day"] else None

    def show(self, mapping: Mapping) -> None:
        """Fill the fields in."""
        for name in FACTS:
            getattr(self, name).data = getattr(mapping, name)
        self.remark.data = "、".join(mapping.remark)


for _name, _label in FACTS.items():
    setattr(MappingForm, _name, StringField(_label, [Optional(), Length(max=100)]))


class MatchForm(Form):
    """Which orders a line is for."""

    allocations = TextAreaField(
        _("分配到订单"), [_NEEDED, Length(max=5000)], description=_("每行一个订单：订单号或付款识别码，空格，金额。")
    )
    credit_of = StringField(
        _("多付部分归哪个订单的采购单位"), [Optional(), Length(max=40)],
        description=_("一笔款付给几个采购单位、又多于各订单之和时填写：其中一个订单号。"),
    )  # fmt: skip


class NoteForm(Form):
    """Why a line is no goods money."""

    note = StringField(_("说明"), [InputRequired(_("请说明为什么不是货款。")), Length(max=500)])


class PickForm(Form):
    """A refund or a line."""

    chosen = StringField(_("编号"), [_NEEDED, Length(max=40)])


class ClaimForm(EvidenceForm):
    """A word that a transfer is for these orders, with its voucher."""

    amount = YuanField(_("转账金额"), [_NEEDED])
    paid_on = DateField(_("转账日期"), [_NEEDED])
    payer_name = StringField(
        _("付款人"), [_NEEDED, Length(max=200)], description=_("回单上的付款户名，国库支付填国库。")
    )
    bank_serial = StringField(_("银行流水号"), [Optional(), Length(max=64)])
    line = SelectField(_("银行流水"), choices=[], validate_choice=False)
    allocations = TextAreaField(
        _("用于订单"),
        [_NEEDED, Length(max=5000)],
        description=_(
            "每行一个订单：订单号或付款识别码，空格，金额。付到监管账户的一笔转账可用于几个供应商的订单，金额之和须正好相等。"
        ),
    )
    note = StringField(_("说明"), [Optional(), Length(max=500)])

    def offer(self, lines: Sequence[LineChoice]) -> None:
        """Offer open lines of statements, or none."""
        none = now("不指定：按金额和日期查找，没有就等下一份对账单")
        self.line.choices = [SelectChoice("", none), *(SelectChoice(str(one.id), described(one)) for one in lines)]

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the voucher too."""
        valid = super().validate(extra_validators)
        if not self.evidence.data:
            self.evidence.errors = [*self.evidence.errors, now("请上传回单。")]
            return False
        return valid


class ClaimLineForm(Form):
    """Which line of a statement a claimed transfer is."""

    line = RadioField(_("是哪一笔银行流水"), [InputRequired(_("请选择一笔流水。"))])

    def offer(self, lines: Sequence[LineChoice], chosen: UUID | None) -> None:
        """Offer lines; the claim's own, or the only one, is chosen."""
        self.line.choices = [SelectChoice(str(one.id), described(one)) for one in lines]
        if self.line.data is None and (chosen or len(lines) == 1):
            self.line.data = str(chosen or lines[0].id)


class SlipsForm(Form):
    """Several electronic receipts."""

    slips = MultipleFileField(
        _("电子回单"), description=_("可一次选多个 PDF 或 OFD，文件名或 OFD 内文含银行流水号的自动挂到对应到账。")
    )


class AliasForm(Form):
    """A name and account under which a buyer's money comes."""

    name = StringField(_("付款人名称"), [_NEEDED, Length(max=200)], description=_("银行流水上的对方户名。"))
    account = StringField(_("付款账号"), [Optional(), Length(max=64)])
    buyer = StringField(_("采购单位全称"), [_NEEDED, Length(max=200)])
    is_shared = BooleanField(
        _("多单位共用（国库、支付中心、上级单位）"), description=_("共用的付款人不单独用来认定采购单位。")
    )


class SupervisedForm(Form):
    """A supervised account or sub-account."""

    number = StringField(_("账号"), [_NEEDED, Length(max=40)])
    holder = StringField(_("户名"), [_NEEDED, Length(max=200)])
    bank = StringField(_("开户银行"), [_NEEDED, Length(max=200)])
    producer = StringField(
        _("供应商"), [Optional(), Length(max=200)], description=_("子账户填供应商全称；主账户不填。")
    )
    valid_from = DateField(_("起始日"), [_NEEDED])
    valid_to = DateField(_("截止日"), [Optional()])


class EndForm(Form):
    """The last day."""

    last_on = DateField(_("截止日"), [_NEEDED])


class ClosingForm(Form):
    """A finance authority's closing day."""

    division_code = StringField(_("行政区划代码"), [_NEEDED, Length(min=6, max=6)])
    last_on = DateField(_("财政集中支付截止日"), [_NEEDED])


class ClosingSheetForm(Form):
    """A sheet of closing days."""

    sheet = FileField(
        _("截止日表格"), description=_("XLSX、XLS 或 CSV：第一列行政区划代码，最后一列截止日；第一行可以是表头。")
    )
