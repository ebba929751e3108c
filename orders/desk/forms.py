"""Forms of the desks."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import DateField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from orders.purchase import labels
from orders.purchase.due import GOODS_FIRST_DAYS, GOODS_FIRST_MOST_DAYS
from orders.purchase.models import Procurement
from orders.purchase.procurements import HEAD_COLUMNS, ProcurementHead
from shop.auth import Actor
from shop.db import db
from shop.forms import Form
from shop.i18n import lazy as _
from shop.identity.listings import list_colleagues
from shop.identity.models import Unit

_NEEDED = InputRequired(_("请填写。"))


class CheckoutForm(Form):
    """What a procurement says beside its lines."""

    title = StringField(_("采购事由"), validators=[Optional(), Length(max=200)], description=_("如：七月食堂食材。"))
    unit_id = SelectField(_("所属预算单位"), validators=[Optional()])
    fund_source = SelectField(_("资金来源"), validators=[Optional()])
    payment_mode = RadioField(_("付款方式"), default="goods_first")
    consignee = StringField(_("收货人"), validators=[Optional(), Length(max=100)])
    consignee_phone = StringField(_("收货电话"), validators=[Optional(), Length(max=40)])
    delivery_address = StringField(_("收货地址"), validators=[Optional(), Length(max=300)])
    deliver_by = DateField(_("期望到货日"), validators=[Optional()])
    note = TextAreaField(_("备注"), validators=[Optional(), Length(max=1000)])
    version = HiddenField()

    def choose(self, actor: Actor) -> None:
        """Fill the choices for an organisation."""
        units = db.session.execute(
            select(Unit.public_id, Unit.name, Unit.is_root)
            .where(Unit.organisation_id == actor.organisation_id, Unit.closed_at.is_(None))
            .order_by(Unit.is_root.desc(), Unit.id)
        ).all()
        none = SelectChoice("", _("不填"))
        self.unit_id.choices = [none, *(SelectChoice(str(unit.public_id), unit.name) for unit in units)]
        self.fund_source.choices = [none, *(SelectChoice(k, v) for k, v in labels.FUND_SOURCES.items())]
        self.payment_mode.choices = [SelectChoice(k, v) for k, v in labels.PAYMENT_MODES.items()]
        if not self.is_submitted() and not self.unit_id.data and units:
            self.unit_id.data = str(units[0].public_id)

    def require_budget(self) -> None:
        """Ask for unit and fund where they cannot be left out."""
        for field in (self.unit_id, self.fund_source):
            field.choices = [SelectChoice("", _("请选择")), *field.choices[1:]]

    def start_like(self, last: Procurement | None) -> None:
        """Start with where the goods went last time, so that it is typed once."""
        if last is None or self.is_submitted():
            return
        self.consignee.data, self.consignee_phone.data = last.consignee, last.consignee_phone
        self.delivery_address.data, self.fund_source.data = last.delivery_address, last.fund_source or ""


def head_from(form: CheckoutForm) -> ProcurementHead:
    """Return what a checkout form says."""
    values: dict[str, Any] = {name: form[name].data for name in HEAD_COLUMNS}
    texts = {name: (value or "").strip() for name, value in values.items() if name not in ("fund_source", "deliver_by")}
    return ProcurementHead(
        **{**values, **texts, "fund_source": values["fund_source"] or None},
        unit_id=UUID(form.unit_id.data) if form.unit_id.data else None,
    )


class DecideForm(Form):
    """A decision with its reason, if any."""

    why = StringField(_("意见"), validators=[Optional(), Length(max=500)])


class WhyForm(Form):
    """Something that needs a reason."""

    why = TextAreaField(_("原因"), validators=[_NEEDED, Length(max=500)])


class ConfirmForm(Form):
    """What a producer confirms; each line's price is a field of its own."""

    promised_on = DateField(_("承诺发货日"), validators=[_NEEDED])
    freight = StringField(_("运费"), default="0.00", validators=[_NEEDED])
    payment_days = IntegerField(
        _("付款期限（验收后天数）"), default=GOODS_FIRST_DAYS, validators=[_NEEDED, NumberRange(1, GOODS_FIRST_MOST_DAYS)],
        description=_("机关、事业单位一般为 30 天，合同约定最长 60 天。"),
    )  # fmt: skip
    sign = BooleanField(_("同时代表本单位签署合同"), default=True)


class ShipForm(Form):
    """What leaves together; each line's quantity and lot is a field of its own."""

    carrier = StringField(_("承运单位"), validators=[Optional(), Length(max=100)])
    tracking_ref = StringField(_("运单号"), validators=[Optional(), Length(max=100)])
    note = StringField(_("备注"), validators=[Optional(), Length(max=500)])
    place = SelectField(_("发货地点"), validators=[Optional()], description=_("如集货点、仓库；会出现在溯源页上。"))


class AcceptForm(Form):
    """A decision about delivered goods; each item's quantities are fields of its own."""

    witness_id = SelectField(_("另一位验收人"), description=_("食堂采购须两人以上验收，从本单位成员中选择。"))
    also_present = StringField(
        _("其他在场人员"), validators=[Optional(), Length(max=200)], description=_("如家长委员会、检验人员。")
    )
    note = StringField(_("备注"), validators=[Optional(), Length(max=500)])

    def choose(self, actor: Actor, on: date) -> None:
        """Fill the choices of the second person."""
        others = [SelectChoice(str(one.id), one.name) for one in list_colleagues(actor, on)]
        self.witness_id.choices = [SelectChoice("", _("请选择") if others else _("本单位没有其他成员")), *others]

    def witness(self) -> UUID | None:
        """Return who was chosen."""
        return UUID(self.witness_id.data) if self.witness_id.data else None
