"""Test reports, papers of meat, temperatures and commitment certificates over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from catalog.lots.records import commitments, passages, queries, reports, suppliers, temperatures, withdrawing
from catalog.lots.records.models import Commitment, SkuTemperature
from catalog.lots.records.schemas import (
    CommitmentSchema,
    MeatPaperSchema,
    NewCommitmentSchema,
    NewMeatPaperSchema,
    NewPassageSchema,
    NewSupplierSchema,
    NewTemperatureSchema,
    NewTestReportSchema,
    PassageSchema,
    RecordsSchema,
    SupplierSchema,
    TemperatureRangeSchema,
    TemperatureSchema,
    TestReportSchema,
    WithdrawSchema,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.files import services as files
from shop.idempotency import idempotent

bp = Blueprint(
    "lot_records", __name__, url_prefix="/api/v1", description="Tests, papers and temperatures of batches and lots"
)


@bp.route("/batches/<uuid:batch_id>/records")
@requires("lots:edit")
@bp.response(200, RecordsSchema)
def show_records_of_batch(actor: Actor, batch_id: UUID) -> queries.Records:
    """Show what is known of a batch."""
    return queries.records_of(batch_id, None, actor, clock.today())


@bp.route("/lots/<uuid:lot_id>/records")
@requires("lots:edit")
@bp.response(200, RecordsSchema)
def show_records_of_lot(actor: Actor, lot_id: UUID) -> queries.Records:
    """Show what is known of a lot, and of the batch it was packed from."""
    return queries.records_of(None, lot_id, actor, clock.today())


@bp.route("/batches/<uuid:batch_id>/supplier", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(NewSupplierSchema)
@bp.response(201, SupplierSchema)
def record_supplier(body: dict[str, Any], actor: Actor, batch_id: UUID) -> suppliers.SupplierView:
    """Record from whom a batch was bought, or put that right: the last one counts."""
    with transaction():
        file = files.get_own(body.pop("file"), actor)
        new = suppliers.NewSupplier(**{**body, "credit_code": body["credit_code"] or ""})
        made = suppliers.record_supplier(batch_id, new, file.id, actor, at=clock.now())
        return suppliers.suppliers_of([made.batch_id])[0]


@bp.route("/test-reports", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(NewTestReportSchema)
@bp.response(201, TestReportSchema)
def record_report(body: dict[str, Any], actor: Actor) -> queries.ReportView:
    """Record a test report of a batch or lot."""
    at = clock.now()
    with transaction():
        file = files.get_own(body.pop("file"), actor)
        report = reports.record_report(reports.NewReport(**body), file.id, actor, at=at)
        return queries.get_report(report.public_id, actor, clock.business_day(at))


@bp.route("/test-reports/<uuid:report_id>")
@requires("lots:edit")
@bp.response(200, TestReportSchema)
def show_report(actor: Actor, report_id: UUID) -> queries.ReportView:
    """Show a test report."""
    return queries.get_report(report_id, actor, clock.today())


@bp.route("/test-reports/<uuid:report_id>/withdraw", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(WithdrawSchema)
@bp.response(200, TestReportSchema)
def withdraw_report(body: dict[str, Any], actor: Actor, report_id: UUID) -> queries.ReportView:
    """Take a report back that was recorded by mistake."""
    at = clock.now()
    with transaction():
        reports.withdraw_report(report_id, body["reason"], actor, at=at)
        return queries.get_report(report_id, actor, clock.business_day(at))


@bp.route("/meat-papers", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(NewMeatPaperSchema)
@bp.response(201, MeatPaperSchema)
def record_meat_paper(body: dict[str, Any], actor: Actor) -> queries.MeatPaperView:
    """Record a quarantine or meat inspection certificate of a batch or lot."""
    with transaction():
        file = files.get_own(body.pop("file"), actor)
        paper = reports.record_meat_paper(reports.NewMeatPaper(**body), file.id, actor, at=clock.now())
        return queries.MeatPaperView(paper, file.public_id)


@bp.route("/meat-papers/<uuid:meat_paper_id>/withdraw", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(WithdrawSchema)
@bp.response(200, MeatPaperSchema)
def withdraw_meat_paper(body: dict[str, Any], actor: Actor, meat_paper_id: UUID) -> queries.MeatPaperView:
    """Take a paper of meat back that was recorded by mistake."""
    at = clock.now()
    with transaction():
        withdrawing.withdraw_meat_paper(meat_paper_id, body["reason"], actor, at=at)
        return queries.get_meat_paper(meat_paper_id, actor, clock.business_day(at))


@bp.route("/temperature-records/<uuid:temperature_id>/withdraw", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(WithdrawSchema)
@bp.response(200, TemperatureSchema)
def withdraw_temperatures(body: dict[str, Any], actor: Actor, temperature_id: UUID) -> queries.TemperatureView:
    """Take a logger's file back that was handed in by mistake, or for another lot."""
    at = clock.now()
    with transaction():
        withdrawing.withdraw_temperatures(temperature_id, body["reason"], actor, at=at)
        return queries.get_temperatures(temperature_id, actor, clock.business_day(at))


@bp.route("/temperature-records", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(NewTemperatureSchema)
@bp.response(201, TemperatureSchema)
def record_temperatures(body: dict[str, Any], actor: Actor) -> queries.TemperatureView:
    """Read a logger's export: refused whole, naming the rows, if any cannot be read."""
    at = clock.now()
    with transaction():
        file = files.get_own(body["file"], actor)
        record = temperatures.record_temperatures(body["batch"], body["lot"], file, actor, at=at)
        return queries.get_temperatures(record.public_id, actor, clock.business_day(at))


@bp.route("/passages", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(NewPassageSchema)
@bp.response(201, PassageSchema)
def record_passage(body: dict[str, Any], actor: Actor) -> queries.PassageView:
    """Record that goods arrived at a place, were stored there or left it."""
    at = clock.now()
    with transaction():
        on = clock.business_day(at)
        unit = passages.find_passing(body["batch"], body["lot"], body["place"], actor, on).unit
        new = passages.NewPassage(
            **{**body, "quantity": body["quantity"].in_unit(unit), "occurred_at": body["occurred_at"] or at}
        )
        made = passages.record_passage(new, actor, at=at)
        return queries.get_passage(made.public_id, actor, clock.business_day(at))


@bp.route("/passages/<uuid:passage_id>/withdraw", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(WithdrawSchema)
@bp.response(200, PassageSchema)
def withdraw_passage(body: dict[str, Any], actor: Actor, passage_id: UUID) -> queries.PassageView:
    """Take a passage back that was recorded by mistake."""
    at = clock.now()
    with transaction():
        withdrawing.withdraw_passage(passage_id, body["reason"], actor, at=at)
        return queries.get_passage(passage_id, actor, clock.business_day(at))


@bp.route("/skus/<uuid:sku_id>/temperature-range", methods=["PUT"])
@requires("lots:edit")
@idempotent
@bp.arguments(TemperatureRangeSchema)
@bp.response(200, TemperatureRangeSchema)
def set_temperature_range(body: dict[str, Any], actor: Actor, sku_id: UUID) -> SkuTemperature:
    """Say in which temperatures a pack is kept, where it differs from its category."""
    with transaction():
        return temperatures.set_range(sku_id, body["low_c"], body["high_c"], actor, at=clock.now())


@bp.route("/commitments", methods=["POST"])
@requires("lots:edit")
@idempotent
@bp.arguments(NewCommitmentSchema)
@bp.response(201, CommitmentSchema)
def issue_commitment(body: dict[str, Any], actor: Actor) -> Commitment:
    """Issue the commitment certificate (承诺达标合格证) of a batch or lot, or another in its place."""
    with transaction():
        return commitments.issue(commitments.NewCommitment(**body), actor, at=clock.now())
