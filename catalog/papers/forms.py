"""Forms of papers: handing in, deciding, revoking."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from catalog.papers.services import NewBasis, NewCertificate
from catalog.products.forms import county_choices
from catalog.products.reads import ProductView
from catalog.shopfront.labels import CERTIFICATES, SCHEMES
from shop.auth import Actor
from shop.forms import Form
from shop.i18n import _, lazy, mark
from shop.inputs import at_most, choices, needed, optional


class PaperForm(Form):
    """What both kinds of paper ask for."""

    product = SelectField(lazy("产品"))
    scheme = SelectField(lazy("种类"), validators=[needed()])
    issuer = StringField(lazy("出具单位"), validators=[needed(), at_most(120)])
    number = StringField(lazy("编号"), validators=[needed(), at_most(120)])
    valid_from = DateField(lazy("起始日"), validators=[needed()])
    valid_to = DateField(lazy("截止日"), validators=[optional()], description=lazy("长期有效的留空。当日仍有效。"))
    file = FileField(lazy("证明文件"), description=lazy("PDF、JPEG、PNG 或 OFD，最大 20 MB。可直接拍照。"))
    #: A file that was stored before something else was refused, so that it need not be sent twice.
    evidence = HiddenField()

    def validate_file(self, _field: FileField) -> None:
        """Ask for the file unless it is there.

        :raises ValidationError: without one.
        """
        try:
            UUID(self.evidence.data or "")
        except ValueError as error:
            raise ValidationError(_("请上传证明文件。")) from error

    def product_id(self) -> UUID | None:
        """Return the chosen product."""
        return UUID(self.product.data) if self.product.data else None


class EligibilityForm(PaperForm):
    """What makes the sales of a product count."""

    county_code = SelectField(lazy("认定县"), validators=[needed()])

    def fill(self, products: list[ProductView], actor: Actor, on: date) -> None:
        """Offer what this actor can choose."""
        self.product.choices = _product_choices(products, _("请选择"))
        self.product.validators = [needed()]
        self.scheme.choices = choices(SCHEMES, empty=_("请选择"))
        self.county_code.choices = county_choices(actor, on)

    def read(self) -> NewBasis:
        """Return what was typed."""
        product = self.product_id()
        if product is None:
            message = "The form was not validated."
            raise AssertionError(message)
        return NewBasis(product=product, county_code=self.county_code.data, **_common(self))


class CertificateForm(PaperForm):
    """A quality certificate."""

    producer = SelectField(lazy("供应商"), validators=[needed()])
    scope = StringField(
        lazy("认证范围"), validators=[needed(), at_most(500)], description=lazy("按证书原文填写，如：枸杞 1200 亩")
    )

    def fill(self, products: list[ProductView], producers: list[tuple[str, str]]) -> None:
        """Offer what this actor can choose."""
        self.product.choices = _product_choices(products, _("供应商或基地的证书（不限某一产品）"))
        self.product.validators = [optional()]
        self.scheme.choices = choices(CERTIFICATES, empty=_("请选择"))
        self.producer.choices = choices(producers)

    def read(self, producer_id: int) -> NewCertificate:
        """Return what was typed."""
        return NewCertificate(
            scope=self.scope.data or "", product=self.product_id(), producer_id=producer_id, **_common(self)
        )


def _common(form: PaperForm) -> dict[str, Any]:
    return {
        "scheme": form.scheme.data, "issuer": form.issuer.data or "", "number": form.number.data or "",
        "valid_from": form.valid_from.data, "valid_to": form.valid_to.data,
    }  # fmt: skip


def _product_choices(products: list[ProductView], empty: str) -> list[SelectChoice]:
    named = [
        (str(view.product.public_id), f"{view.product.name}{mark('(')}{view.county_name}{mark(')')}")
        for view in products
    ]
    return choices(named, empty=empty)


class DecideForm(Form):
    """Put in force, or send back with a reason."""

    decision = RadioField(lazy("审核结果"), validators=[needed()])
    reason = TextAreaField(
        lazy("意见"), validators=[optional(), at_most(500)], description=lazy("退回时必填，供应商会看到。")
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.decision.choices = choices({"approve": lazy("通过"), "refuse": lazy("退回")})


class RevokeForm(Form):
    """Propose that a paper does not hold from a day on."""

    from_on = DateField(lazy("自哪一天起无效"), validators=[needed()], description=lazy("可以是过去的日期。"))
    why = TextAreaField(lazy("撤销原因"), validators=[needed(), at_most(500)])


class ConfirmRevocationForm(Form):
    """Confirm or refuse a proposed revocation."""

    outcome = RadioField(lazy("复核结果"), validators=[needed()])
    remark = StringField(lazy("说明"), validators=[optional(), at_most(500)])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.outcome.choices = choices({"confirm": lazy("确认撤销"), "refuse": lazy("不同意撤销")})
