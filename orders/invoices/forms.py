"""Forms of invoices."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields import DateField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from orders.purchase.amounts import YuanField
from shop.forms import Form
from shop.i18n import lazy as _

_NEEDED = InputRequired(_("请填写。"))
TAX_WORDS = {"exempt": _("免税"), "1": "1%", "3": "3%", "9": "9%", "13": "13%"}
KIND_WORDS = {"blue": _("蓝字发票"), "red": _("红字发票")}
STATUS_WORDS = {"recorded": _("待核验"), "checked": _("已核验"), "refused": _("已退回")}
STATUS_KINDS = {"recorded": "wait", "checked": "good", "refused": "bad"}


class InvoiceForm(Form):
    """What is printed on an invoice."""

    kind = SelectField(_("种类"), choices=[SelectChoice(code, word) for code, word in KIND_WORDS.items()])
    code = StringField(_("发票代码"), [Optional(), Length(max=20)], description=_("数电票没有代码，留空。"))
    number = StringField(_("发票号码"), [_NEEDED, Length(max=40)], description=_("数电票 20 位；其他发票 8 位。"))
    red_of = StringField(_("对应蓝字发票号码"), [Optional(), Length(max=40)], description=_("只有红字发票需要填写。"))
    issued_on = DateField(_("开票日期"), [_NEEDED])
    buyer_header = StringField(
        _("抬头"), [_NEEDED, Length(max=200)], description=_("须与采购单位（或其工会）名称一致。")
    )
    buyer_tax_no = StringField(_("税号"), [Optional(), Length(max=30)])
    amount = YuanField(_("价税合计"), [_NEEDED], description=_("须等于已验收金额；红字发票填正数。"))
    tax_rate = SelectField(_("税率"), choices=[SelectChoice(code, word) for code, word in TAX_WORDS.items()])
    tax = YuanField(_("税额"), [Optional()], description=_("免税发票留空。"), signed=True)
    orders = TextAreaField(
        _("对应订单"),
        [_NEEDED, Length(max=5000)],
        description=_("每行一个订单：订单号，空格，金额。只有一个订单时金额可不填。"),
    )
    file = FileField(_("发票文件"), description=_("OFD、PDF 或 XML，不超过 20 MB。"))


class CheckForm(Form):
    """Whether a person has looked at what the system flagged."""

    despite_flags = BooleanField(_("已人工核对抬头、税号和税额，确认可以接收"))


class RefuseForm(Form):
    """Why not."""

    reason = StringField(_("退回原因"), [InputRequired(_("请填写原因。")), Length(max=500)])
