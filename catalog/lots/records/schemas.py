"""Test reports, papers of meat, temperatures and commitment certificates on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from catalog.lots.records.models import BASES, MEAT_PAPER_KINDS, PASSAGE_KINDS, REPORT_KINDS
from catalog.lots.records.reports import MAX_ITEMS, Item
from catalog.lots.records.supplier_models import SUPPLIER_KINDS
from shop.api import Schema
from shop.fields import CreditCode, Day, DivisionCode, Instant, PublicId, Quantity

_NAME = validate.Length(1, 120)
_SHORT = validate.Length(max=60)
_DEGREES: dict[str, Any] = {
    "as_string": True,
    "metadata": {"type": "string", "example": "4.00", "description": "Degrees Celsius"},
}


class AboutSchema(Schema):
    """Which batch or lot: exactly one of the two."""

    batch = PublicId(load_default=None, allow_none=True, metadata={"description": "A batch, or"})
    lot = PublicId(load_default=None, allow_none=True, metadata={"description": "a lot"})


class _FileSchema(AboutSchema):
    file = PublicId(required=True, metadata={"description": "A stored file of the own organisation"})


class TestItemSchema(Schema):
    """A line of a report, as printed."""

    name = fields.String(required=True, validate=validate.Length(1, 60), metadata={"example": "毒死蜱"})
    allowed = fields.String(load_default="", validate=_SHORT, metadata={"example": "≤0.02 mg/kg"})
    result = fields.String(required=True, validate=validate.Length(1, 60), metadata={"example": "未检出"})
    has_passed = fields.Boolean(required=True, truthy={True}, falsy={False})


class NewTestReportSchema(_FileSchema):
    """A test report of a batch or lot."""

    kind = fields.String(required=True, validate=validate.OneOf(REPORT_KINDS))
    laboratory = fields.String(required=True, validate=_NAME)
    number = fields.String(required=True, validate=_NAME)
    tested_on = Day(required=True)
    expires_on = Day(load_default=None, allow_none=True)
    has_passed = fields.Boolean(required=True, truthy={True}, falsy={False})
    items = fields.List(fields.Nested(TestItemSchema), required=True, validate=validate.Length(1, MAX_ITEMS))

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """Return the members with the lines as values."""
        return {**data, "items": [Item(**item) for item in data["items"]]}


class WithdrawSchema(Schema):
    """Why something is taken back."""

    reason = fields.String(required=True, validate=validate.Length(1, 200))


class TestReportSchema(Schema):
    """A test report."""

    id = PublicId(required=True, attribute="report.public_id")
    kind = fields.String(required=True, attribute="report.kind")
    laboratory = fields.String(required=True, attribute="report.laboratory")
    number = fields.String(required=True, attribute="report.number")
    tested_on = Day(required=True, attribute="report.tested_on")
    expires_on = Day(required=True, allow_none=True, attribute="report.expires_on")
    has_passed = fields.Boolean(required=True, attribute="report.has_passed")
    file_id = PublicId(required=True)
    items = fields.List(fields.Nested(TestItemSchema), required=True)
    recorded_at = Instant(required=True, attribute="report.recorded_at")
    earlier = fields.String(
        required=True, metadata={"description": "Code of the earlier batch that it is about, or empty"}
    )
    withdrawn_at = Instant(required=True, allow_none=True, attribute="report.withdrawn_at")
    withdrawn_why = fields.String(required=True, attribute="report.withdrawn_why")


class NewMeatPaperSchema(_FileSchema):
    """A quarantine or meat inspection certificate."""

    kind = fields.String(required=True, validate=validate.OneOf(MEAT_PAPER_KINDS))
    number = fields.String(required=True, validate=_NAME)
    issuer = fields.String(required=True, validate=_NAME)
    issued_on = Day(required=True)


class MeatPaperSchema(Schema):
    """A quarantine or meat inspection certificate."""

    id = PublicId(required=True, attribute="paper.public_id")
    kind = fields.String(required=True, attribute="paper.kind")
    number = fields.String(required=True, attribute="paper.number")
    issuer = fields.String(required=True, attribute="paper.issuer")
    issued_on = Day(required=True, attribute="paper.issued_on")
    file_id = PublicId(required=True)
    earlier = fields.String(
        required=True, metadata={"description": "Code of the earlier batch that it is about, or empty"}
    )
    withdrawn_at = Instant(required=True, allow_none=True, attribute="paper.withdrawn_at")
    withdrawn_why = fields.String(required=True, attribute="paper.withdrawn_why")


class NewTemperatureSchema(_FileSchema):
    """A logger's export (CSV or text) of a batch or lot."""


class StretchSchema(Schema):
    """Readings outside the range, one after the other on the same side."""

    side = fields.String(required=True, validate=validate.OneOf(("above", "below")))
    started_at = Instant(required=True)
    ended_at = Instant(required=True)
    extreme_c = fields.Decimal(required=True, **_DEGREES)
    readings = fields.Integer(required=True)


class TemperatureSchema(Schema):
    """What a logger saw, in sum, and where it left the range."""

    id = PublicId(required=True, attribute="record.public_id")
    device = fields.String(required=True, attribute="record.device")
    started_at = Instant(required=True, attribute="record.started_at")
    ended_at = Instant(required=True, attribute="record.ended_at")
    readings = fields.Integer(required=True, attribute="record.readings")
    least_c = fields.Decimal(required=True, attribute="record.least_c", **_DEGREES)
    most_c = fields.Decimal(required=True, attribute="record.most_c", **_DEGREES)
    mean_c = fields.Decimal(required=True, attribute="record.mean_c", **_DEGREES)
    low_c = fields.Decimal(required=True, allow_none=True, attribute="record.low_c", **_DEGREES)
    high_c = fields.Decimal(required=True, allow_none=True, attribute="record.high_c", **_DEGREES)
    range_from = fields.String(required=True, attribute="record.range_from")
    file_id = PublicId(required=True)
    stretches = fields.List(fields.Nested(StretchSchema), required=True)
    withdrawn_at = Instant(required=True, allow_none=True, attribute="record.withdrawn_at")
    withdrawn_why = fields.String(required=True, attribute="record.withdrawn_why")


class TemperatureRangeSchema(Schema):
    """In which temperatures a pack is kept."""

    low_c = fields.Decimal(required=True, **_DEGREES)
    high_c = fields.Decimal(required=True, **_DEGREES)


class NewCommitmentSchema(AboutSchema):
    """A commitment certificate to be issued."""

    bases = fields.List(fields.String(validate=validate.OneOf(BASES)), required=True, validate=validate.Length(1, 4))
    contact = fields.String(
        load_default="",
        validate=validate.Length(max=20),
        metadata={"description": "Telephone; left out: the organisation's"},
    )
    is_replacement = fields.Boolean(
        load_default=False, metadata={"description": "Takes the place of the certificate there is"}
    )


class CommitmentSchema(Schema):
    """A commitment certificate, as it was issued."""

    id = PublicId(required=True, attribute="public_id")
    number = fields.String(required=True)
    product_name = fields.String(required=True)
    quantity = fields.String(required=True, metadata={"description": "In words"})
    mass = Quantity(required=True, allow_none=True, unit="kg", attribute="mass_kg")
    origin = fields.String(required=True)
    issued_on = Day(required=True)
    producer_name = fields.String(required=True)
    contact = fields.String(required=True)
    bases = fields.List(fields.String(validate=validate.OneOf(BASES)), required=True)
    promises = fields.List(fields.String(), required=True)


class NewPassageSchema(AboutSchema):
    """Goods that arrived at a place, were stored there or left it."""

    kind = fields.String(required=True, validate=validate.OneOf(PASSAGE_KINDS))
    place = PublicId(required=True)
    quantity = Quantity(required=True, metadata={"description": "Kilograms of a batch, packs of a lot"})
    celsius = fields.Decimal(load_default=None, allow_none=True, places=2, allow_nan=False, metadata={"type": "number", "description": "What was measured there"})  # fmt: skip
    occurred_at = Instant(load_default=None, allow_none=True, metadata={"description": "Left out: now"})


class PassageSchema(Schema):
    """Goods that arrived at a place, were stored there or left it."""

    id = PublicId(required=True, attribute="passage.public_id")
    kind = fields.String(required=True, attribute="passage.kind", validate=validate.OneOf(PASSAGE_KINDS))
    place_id = PublicId(required=True, attribute="place.public_id")
    place_name = fields.String(required=True, attribute="place.name")
    quantity = fields.Decimal(required=True, attribute="passage.quantity", as_string=True, metadata={"type": "string", "example": "12.500", "description": "Kilograms of a batch, packs of a lot"})  # fmt: skip
    celsius = fields.Decimal(required=True, allow_none=True, attribute="passage.celsius", as_string=True, metadata={"type": "string", "example": "4.50"})  # fmt: skip
    occurred_at = Instant(required=True, attribute="passage.occurred_at")
    withdrawn_at = Instant(required=True, allow_none=True, attribute="passage.withdrawn_at")
    withdrawn_why = fields.String(required=True, attribute="passage.withdrawn_why")


class NewSupplierSchema(Schema):
    """From whom a batch was bought: an organisation by name and credit code, a household by where it is alone."""

    kind = fields.String(required=True, validate=validate.OneOf(SUPPLIER_KINDS))
    name = fields.String(
        load_default="", validate=validate.Length(max=60), metadata={"description": "Of an organisation"}
    )
    credit_code = CreditCode(load_default=None, allow_none=True)
    division_code = DivisionCode(required=True)
    township = fields.String(load_default="", validate=validate.Length(max=60))
    village = fields.String(
        load_default="", validate=validate.Length(max=60), metadata={"description": "Needed of a household"}
    )
    document_number = fields.String(
        required=True,
        validate=validate.Length(1, 120),
        metadata={"description": "Of the seller's commitment certificate, or of the slip of the purchase"},
    )
    file = PublicId(required=True, metadata={"description": "That paper, stored before"})


class SupplierSchema(Schema):
    """From whom a batch was bought, as it was recorded last."""

    id = PublicId(required=True, attribute="supplier.public_id")
    batch_code = fields.String(required=True)
    kind = fields.String(required=True, attribute="supplier.kind", validate=validate.OneOf(SUPPLIER_KINDS))
    name = fields.String(required=True, attribute="supplier.name")
    credit_code = CreditCode(required=True, allow_none=True, attribute="supplier.credit_code")
    division_code = DivisionCode(required=True, attribute="supplier.division_code")
    township = fields.String(required=True, attribute="supplier.township")
    village = fields.String(required=True, attribute="supplier.village")
    document_number = fields.String(required=True, attribute="supplier.document_number")
    file_id = PublicId(required=True)
    recorded_at = Instant(required=True, attribute="supplier.recorded_at")


class RecordsSchema(Schema):
    """What is known of a batch or lot, and which papers of its category are missing."""

    reports = fields.List(fields.Nested(TestReportSchema), required=True)
    meat_papers = fields.List(fields.Nested(MeatPaperSchema), required=True)
    temperatures = fields.List(fields.Nested(TemperatureSchema), required=True)
    passages = fields.List(fields.Nested(PassageSchema), required=True)
    commitments = fields.List(
        fields.Nested(CommitmentSchema),
        required=True,
        metadata={"description": "The last first; those before it were replaced"},
    )
    suppliers = fields.List(
        fields.Nested(SupplierSchema),
        required=True,
        metadata={"description": "From whom it, or what it was made of, was bought"},
    )
    missing = fields.List(
        fields.String(
            validate=validate.OneOf(
                ("commitment", "passed_test", "factory_test", "quarantine", "meat_inspection", "supplier")
            )
        ),
        required=True,
    )
