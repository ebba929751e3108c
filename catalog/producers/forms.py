"""Forms of a producer's profile: the market's facts, whom it helps, mandates."""

from __future__ import annotations

from uuid import UUID

from flask_wtf.file import FileField
from wtforms import DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange

from catalog.producers.services import NewBenefit, ProducerFacts
from catalog.shopfront.labels import FORMS, WAYS
from shop.forms import Form
from shop.i18n import _, lazy
from shop.inputs import at_most, choices, needed, optional

BASES = {"actual": lazy("实际"), "expected": lazy("预计")}
_COUNT = NumberRange(0, 10**7, message=lazy("人数不正确。"))


class ProfileForm(Form):
    """What the market knows of a producer."""

    form = SelectField(lazy("经营主体类型"), validators=[needed()])
    county_code = SelectField(lazy("所在脱贫县"), validators=[optional()])
    food_licence = StringField(
        lazy("食品生产许可证"),
        validators=[optional(), at_most(20)],
        description=lazy("SC 加14位数字；初级农产品可不填。"),
    )
    intro = TextAreaField(lazy("简介"), validators=[optional(), at_most(2000)])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.form.choices = choices(FORMS)

    def read(self) -> ProducerFacts:
        """Return what was typed."""
        return ProducerFacts(
            form=self.form.data, county_code=self.county_code.data or None, intro=self.intro.data or "",
            food_licence=self.food_licence.data or None,
        )  # fmt: skip


class BenefitForm(Form):
    """Whom the producer helps in a year, by one way."""

    year = IntegerField(lazy("年度"), validators=[needed(), NumberRange(2016, 2100, message=lazy("年度不正确。"))])
    way = SelectField(lazy("带动方式"), validators=[needed()])
    basis = SelectField(lazy("口径"), validators=[needed()])
    households = IntegerField(lazy("户数"), validators=[needed(), _COUNT])
    persons = IntegerField(lazy("人数"), validators=[needed(), _COUNT])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.way.choices, self.basis.choices = choices(WAYS), choices(BASES)

    def read(self, county_code: str) -> NewBenefit:
        """Return what was typed."""
        return NewBenefit(
            county_code=county_code, year=self.year.data or 0, way=self.way.data, basis=self.basis.data,
            households=self.households.data or 0, persons=self.persons.data or 0,
        )  # fmt: skip


class MandateForm(Form):
    """An agent may act from a day to a day."""

    agent = SelectField(lazy("代理机构"), validators=[needed()])
    valid_from = DateField(lazy("起始日"), validators=[needed()])
    valid_to = DateField(lazy("截止日"), validators=[optional()], description=lazy("留空为长期，可随时终止。"))
    evidence = FileField(
        lazy("授权书"), validators=[optional()], description=lazy("双方签章的授权书，PDF、照片或 OFD，最大 20 MB。")
    )

    def fill(self, agents: list[tuple[str, str]]) -> None:
        """Offer the registered agents."""
        self.agent.choices = choices(agents, empty=_("请选择"))

    def agent_id(self) -> UUID:
        """Return the chosen agent."""
        return UUID(self.agent.data)


class EndForm(Form):
    """The last day of a mandate."""

    last_on = DateField(lazy("最后一天"), validators=[needed()])
