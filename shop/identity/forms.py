"""The forms of signing in and of one's own account."""

from __future__ import annotations

from wtforms import BooleanField, PasswordField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields import DateField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from shop.forms import Form
from shop.i18n import lazy as _
from shop.identity.models import BUDGET_LEVELS

#: Words for the codes that people see.
BUDGET_LEVEL_WORDS = {
    "central": _("中央"), "province": _("省级"), "city": _("市级"), "county": _("县（区）级"), "township": _("乡镇级"),
    "none": _("非预算单位"),
}  # fmt: skip
KIND_WORDS = {
    "institution": _("采购单位"), "producer": _("供应商"), "agent": _("代理"), "authority": _("主管部门"),
    "operator": _("平台运营"),
}  # fmt: skip
TYPE_WORDS = {
    "budget_unit": _("预算单位"), "school": _("学校"), "hospital": _("医院"), "union": _("工会"), "company": _("企业"),
    "supermarket": _("超市"), "trader": _("贸易商"),
}  # fmt: skip


def need_one(_form: Form, field: SelectMultipleField) -> None:
    """Ask for one choice at least; unlike ``InputRequired`` it does not mark every box as required.

    :raises ValidationError: if none is chosen.
    """
    if not field.data:
        raise ValidationError(_("请至少选择一项。"))


class MultiCheckboxField(SelectMultipleField):
    """Several choices as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SignInForm(Form):
    """Number or address, and password."""

    contact = StringField(_("手机号或邮箱"), [InputRequired(_("请填写手机号或邮箱。")), Length(max=254)])
    password = PasswordField(_("密码"), [InputRequired(_("请填写密码。")), Length(max=1000)])


class CodeForm(Form):
    """A code of the authenticator app."""

    code = StringField(_("6位验证码"), [InputRequired(_("请填写验证码。")), Length(max=20)])


class ContactForm(Form):
    """Whose password shall be reset."""

    contact = StringField(_("手机号或邮箱"), [InputRequired(_("请填写手机号或邮箱。")), Length(max=254)])


class NewPasswordForm(Form):
    """A new password, twice."""

    password = PasswordField(
        _("新密码"), [InputRequired(_("请填写新密码。")), Length(max=1000)], description=_("10至128个字符。")
    )
    again = PasswordField(
        _("再次输入新密码"), [InputRequired(_("请再次输入。")), EqualTo("password", _("两次输入的密码不一致。"))]
    )


class ChangePasswordForm(NewPasswordForm):
    """The present password and a new one."""

    old = PasswordField(_("当前密码"), [InputRequired(_("请填写当前密码。")), Length(max=1000)])


class PasswordForm(Form):
    """The present password, asked for again before something grave."""

    password = PasswordField(_("当前密码"), [InputRequired(_("请填写当前密码。")), Length(max=1000)])


class ProfileForm(Form):
    """One's own name and language."""

    name = StringField(_("姓名"), [InputRequired(_("请填写姓名。")), Length(max=120)])
    locale = SelectField(_("界面语言"), choices=[SelectChoice("zh_Hans", "简体中文"), SelectChoice("en", "English")])


class ChangeContactForm(Form):
    """Another number or address, and the present password."""

    contact = StringField(
        _("新的手机号或邮箱"), [InputRequired(_("请填写手机号或邮箱。")), Length(max=254)],
        description=_("验证码将发到这里；同类的旧联系方式会被替换，并收到通知。"),
    )  # fmt: skip
    password = PasswordField(_("当前密码"), [InputRequired(_("请填写当前密码。")), Length(max=1000)])


class TokenForm(Form):
    """A new API token."""

    name = StringField(
        _("名称"), [InputRequired(_("请填写名称。")), Length(max=120)], description=_("例如：食堂系统对接")
    )
    scopes = MultiCheckboxField(_("权限"), [need_one])
    expires_on = DateField(_("有效期至"), [Optional()])
    password = PasswordField(_("当前密码"), [InputRequired(_("请填写当前密码。")), Length(max=1000)])


class OrganisationForm(Form):
    """An organisation's own profile."""

    name = StringField(_("单位名称"), [InputRequired(_("请填写单位名称。")), Length(max=120)])
    credit_code = StringField(_("统一社会信用代码"), [Length(max=40)])
    division_code = StringField(_("所在地行政区划代码"), [InputRequired(_("请填写六位代码。")), Length(max=6)])
    address = StringField(_("地址"), [Length(max=200)])
    contact_name = StringField(_("联系人"), [Length(max=200)])
    contact_phone = StringField(_("联系电话"), [Length(max=200)])


class PlaceForm(Form):
    """Where a unit stands and whose budget it is, from a day on."""

    since = DateField(_("自何日起"), [InputRequired(_("请填写日期。"))])
    parent = SelectField(_("上级部门"), [Optional()])
    division_code = StringField(_("所在地行政区划代码"), [InputRequired(_("请填写六位代码。")), Length(max=6)])
    finance_division_code = StringField(
        _("财政所属行政区划代码"), [Length(max=6)], description=_("由哪一级财政拨款；不填则与所在地相同。")
    )
    budget_level = SelectField(
        _("预算级次"), choices=[SelectChoice(code, BUDGET_LEVEL_WORDS[code]) for code in BUDGET_LEVELS]
    )
    superior = StringField(_("主管预算单位"), [Length(max=40)], description=_("填写其统一社会信用代码；没有则留空。"))


class UnitForm(PlaceForm):
    """A new unit."""

    name = StringField(_("名称"), [InputRequired(_("请填写名称。")), Length(max=120)])
    code = StringField(_("预算单位编码"), [Length(max=40)])


class InviteForm(Form):
    """A person to invite."""

    name = StringField(_("姓名"), [InputRequired(_("请填写姓名。")), Length(max=120)])
    contact = StringField(_("手机号或邮箱"), [InputRequired(_("请填写手机号或邮箱。")), Length(max=254)])
    roles = MultiCheckboxField(_("角色"), [need_one])
    until = DateField(_("有效期至"), [Optional()])


class RoleForm(Form):
    """A role for a member, from a day to a day."""

    role = SelectField(_("角色"), [InputRequired(_("请选择角色。"))])
    since = DateField(_("自何日起"), [InputRequired(_("请填写日期。"))])
    until = DateField(_("至何日止"), [Optional()])


class BankAccountForm(Form):
    """A bank account of the organisation."""

    holder = StringField(_("户名"), [InputRequired(_("请填写户名。")), Length(max=120)])
    bank = StringField(_("开户行"), [InputRequired(_("请填写开户行。")), Length(max=120)])
    number = StringField(_("账号"), [InputRequired(_("请填写账号。")), Length(max=40)])
    is_default = BooleanField(_("申请改为收款账户"))


class RegisterForm(OrganisationForm):
    """An organisation that the operator registers."""

    kind = SelectField(_("类别"), choices=[SelectChoice(code, KIND_WORDS[code]) for code in KIND_WORDS])
    institution_type = SelectField(
        _("采购单位类型"), [Optional()],
        choices=[SelectChoice("", _("（不是采购单位）")), *(SelectChoice(code, TYPE_WORDS[code]) for code in TYPE_WORDS)],
    )  # fmt: skip


class ScopeForm(Form):
    """What an authority's officials see."""

    kind = RadioField(
        _("范围依据"), [InputRequired(_("请选择范围依据。"))],
        choices=[SelectChoice("division", _("按行政区划")), SelectChoice("budget", _("按预算级次与主管单位"))],
    )  # fmt: skip
    divisions = StringField(
        _("行政区划代码"), [Length(max=400)], description=_("包括其全部下级；按行政区划时可填多个，用逗号分开。")
    )
    budget_level = SelectField(
        _("预算级次"), [Optional()],
        choices=[SelectChoice("", _("（不限）")), *(SelectChoice(code, BUDGET_LEVEL_WORDS[code]) for code in BUDGET_LEVELS)],
    )  # fmt: skip
    superior = StringField(_("主管预算单位"), [Length(max=40)], description=_("填写其统一社会信用代码；没有则留空。"))
