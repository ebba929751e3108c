"""The form of a webhook endpoint."""

from __future__ import annotations

from wtforms import SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from shop.forms import Form
from shop.i18n import lazy
from shop.webhooks.addresses import MAX_URL


class EndpointForm(Form):
    """Where to send, and what."""

    url = StringField(
        lazy("接收地址"),
        [InputRequired(lazy("请填写接收地址。")), Length(max=MAX_URL)],
        description=lazy("https 开头的公网地址。"),
    )
    topics = SelectMultipleField(
        lazy("主题"),
        [InputRequired(lazy("请至少选择一个主题。"))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer(self, topics: dict[str, str]) -> None:
        """Set the topics to choose from: all, or each."""
        self.topics.choices = [
            SelectChoice("*", lazy("全部主题")),
            *(SelectChoice(name, name) for name in sorted(topics)),
        ]
