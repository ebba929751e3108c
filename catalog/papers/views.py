"""Eligibility bases and quality certificates over the API: two resources with the same moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from catalog.papers import queries, revocations, services
from catalog.papers.schemas import (
    CertificateBodySchema,
    CertificateListSchema,
    CertificateSchema,
    DecisionSchema,
    EligibilityBodySchema,
    EligibilityListSchema,
    EligibilitySchema,
    PaperQuery,
    RevocationBodySchema,
    RevocationDecisionSchema,
)
from catalog.producers.queries import resolve_producer
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.files import services as files
from shop.idempotency import idempotent
from shop.paging import Page, decode_cursor, make_page

eligibility_bp = Blueprint(
    "eligibility", __name__, url_prefix="/api/v1/eligibility-bases", description="What makes sales count"
)
certificates_bp = Blueprint(
    "certificates",
    __name__,
    url_prefix="/api/v1/certificates",
    description="Quality certificates; they sell, never count",
)


@eligibility_bp.route("", methods=["POST"])
@requires("papers:submit")
@idempotent
@eligibility_bp.arguments(EligibilityBodySchema)
@eligibility_bp.response(201, EligibilitySchema)
def submit_eligibility(body: dict[str, Any], actor: Actor) -> queries.PaperRow:
    """Hand in an eligibility basis; another person decides."""
    at = clock.now()
    with transaction():
        evidence = files.get_own(body["evidence"], actor)
        basis = services.submit_eligibility(body["paper"], actor, at=at, evidence_file_id=evidence.id)
        return queries.get_paper("eligibility", basis.public_id, actor, clock.business_day(at))


@certificates_bp.route("", methods=["POST"])
@requires("papers:submit")
@idempotent
@certificates_bp.arguments(CertificateBodySchema)
@certificates_bp.response(201, CertificateSchema)
def submit_certificate(body: dict[str, Any], actor: Actor) -> queries.PaperRow:
    """Hand in a quality certificate; another person decides."""
    at, new = clock.now(), body["paper"]
    with transaction():
        evidence = files.get_own(body["evidence"], actor)
        if new.product is None:
            new = replace(new, producer_id=resolve_producer(body["producer"], actor, clock.business_day(at)))
        certificate = services.submit_certificate(new, actor, at=at, evidence_file_id=evidence.id)
        return queries.get_paper("certificate", certificate.public_id, actor, clock.business_day(at))


def _add_reads(bp: Any, kind: str, one: Any, many: Any) -> None:
    """Add the list and a paper of one resource."""

    @bp.route("")
    @requires("signed_in")
    @bp.arguments(PaperQuery, location="query")
    @bp.response(200, many)
    def list_papers(query: dict[str, Any], actor: Actor) -> Page[queries.PaperRow]:
        """List papers that the caller sees: a producer's side its own, reviewers those of their counties."""
        after = decode_cursor(query.pop("cursor"), int)
        rows = queries.list_papers(kind, actor, clock.today(), after=after[0] if after else None, **query)
        return make_page(rows, query["limit"], lambda row: (row.paper.id,))

    @bp.route("/<uuid:paper_id>")
    @requires("signed_in")
    @bp.response(200, one)
    def show_paper(actor: Actor, paper_id: UUID) -> queries.PaperRow:
        """Show a paper."""
        return queries.get_paper(kind, paper_id, actor, clock.today())


def _add_moves(bp: Any, kind: str, one: Any) -> None:
    """Add taking back and deciding on a paper of one resource."""

    @bp.route("/<uuid:paper_id>/withdraw", methods=["POST"])
    @requires("papers:submit")
    @idempotent
    @bp.response(200, one)
    def withdraw_paper(actor: Actor, paper_id: UUID) -> queries.PaperRow:
        """Take back a paper that waits for a decision."""
        with transaction():
            return services.withdraw_paper(kind, paper_id, actor, at=clock.now())

    @bp.route("/<uuid:paper_id>/decide", methods=["POST"])
    @requires("papers:decide")
    @idempotent
    @bp.arguments(DecisionSchema)
    @bp.response(200, one)
    def decide_paper(body: dict[str, Any], actor: Actor, paper_id: UUID) -> queries.PaperRow:
        """Put a paper in force or refuse it; never by the person who handed it in."""
        with transaction():
            return services.decide_paper(kind, paper_id, actor, at=clock.now(), **body)


def _add_revocation(bp: Any, kind: str, one: Any) -> None:
    """Add the revocation of a paper of one resource, by two persons."""

    @bp.route("/<uuid:paper_id>/revocation", methods=["POST"])
    @requires("signed_in")
    @idempotent
    @bp.arguments(RevocationBodySchema)
    @bp.response(201, one)
    def propose_revocation(body: dict[str, Any], actor: Actor, paper_id: UUID) -> queries.PaperRow:
        """Propose that a paper does not hold from a day on; needs ``papers:review`` or ``papers:decide``."""
        with transaction():
            return revocations.propose_revocation(kind, paper_id, actor, at=clock.now(), **body)

    @bp.route("/<uuid:paper_id>/revocation/decide", methods=["POST"])
    @requires("papers:decide")
    @idempotent
    @bp.arguments(RevocationDecisionSchema)
    @bp.response(200, one)
    def decide_revocation(body: dict[str, Any], actor: Actor, paper_id: UUID) -> queries.PaperRow:
        """Confirm or refuse a proposed revocation; never by the person who proposed it."""
        with transaction():
            return revocations.decide_revocation(kind, paper_id, actor, at=clock.now(), **body)


for _bp, _kind, _one, _many in (
    (eligibility_bp, "eligibility", EligibilitySchema, EligibilityListSchema),
    (certificates_bp, "certificate", CertificateSchema, CertificateListSchema),
):
    _add_reads(_bp, _kind, _one, _many)
    _add_moves(_bp, _kind, _one)
    _add_revocation(_bp, _kind, _one)
