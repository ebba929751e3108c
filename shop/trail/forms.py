"""The filters of the auditors' page."""

from __future__ import annotations

import uuid
from datetime import timedelta

from wtforms import DateField, Form, StringField
from wtforms.validators import UUID, Length, Optional, ValidationError

from shop.clock import FIRST_YEAR, LAST_YEAR, start_of_day
from shop.trail.queries import TrailFilter


def in_reach(_form: Form, field: DateField) -> None:
    """Refuse a day that no instant can be made of.

    :raises ValidationError: outside the years that days may lie in.
    """
    if field.data is not None and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        raise ValidationError


class TrailForm(Form):
    """What the address asks for; a filter that cannot be read is shown again and not used."""

    action = StringField(validators=[Length(max=100)])
    subject_type = StringField(validators=[Length(max=50)])
    subject = StringField(validators=[Optional(), UUID()])
    since = DateField(validators=[Optional(), in_reach])
    until = DateField(validators=[Optional(), in_reach])

    def wanted(self) -> TrailFilter:
        """Return the filter; days are Shanghai's, both ends included."""
        good = {field.name: field.data for field in self if not field.errors and field.data}
        since, until = good.get("since"), good.get("until")
        return TrailFilter(
            action=good.get("action"),
            subject_type=good.get("subject_type"),
            subject=uuid.UUID(good["subject"]) if "subject" in good else None,
            since=start_of_day(since) if since else None,
            until=start_of_day(until + timedelta(days=1)) if until else None,
        )
