"""Forms of exceptions."""

from __future__ import annotations

from wtforms import IntegerField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from orders.payments import attributing, exception_accounts
from orders.payments.exception_labels import account_label
from orders.payments.models import MoneyException
from orders.purchase.amounts import YuanField
from shop.forms import Form
from shop.i18n import lazy as _

NOTE, REFUND = "note", "refund"


class ProposalForm(Form):
    """A note, or a posting between two accounts."""

    act = SelectField(_("处理方式"), description=_("入账由另一位同事复核后才记账；只作说明的不动账。"))
    amount = YuanField(_("入账金额"), [Optional()], description=_("不填则按异常金额全额入账。"))
    parts = TextAreaField(
        _("退款属于哪些订单"), [Optional(), Length(max=20000)],
        description=_("每行：订单编号，行号（可不填），金额。写明行号的，该商品的货款不再应付。"),
    )  # fmt: skip
    note = TextAreaField(
        _("说明"), [InputRequired(_("请填写。")), Length(max=1000)], description=_("查到了什么，依据是什么。")
    )

    def offer(self, row: MoneyException) -> None:
        """Offer what can be done with an exception."""
        pairs = exception_accounts.possible_pairs(row) if row.amount_fen else []
        self.act.choices = [SelectChoice(NOTE, _("只作说明，不入账"))] + [
            SelectChoice(f"{debit}>{credit}", _("借：%(debit)s 贷：%(credit)s", debit=account_label(debit), credit=account_label(credit)))
            for debit, credit in pairs
        ]  # fmt: skip
        if row.kind == attributing.KIND:
            self.act.choices.insert(0, SelectChoice(REFUND, _("认定为订单退款，随即入账")))

    @property
    def accounts(self) -> tuple[str, str] | None:
        """The kinds of accounts of a posting; ``None`` for anything else."""
        if self.act.data in (NOTE, REFUND):
            return None
        debit, _arrow, credit = str(self.act.data).partition(">")
        return debit, credit


class AgreeForm(Form):
    """What was seen is what is agreed to."""

    version = IntegerField("", [InputRequired(), NumberRange(0)], widget=HiddenInput())
