"""Producers, whom they help, and agents' mandates over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from catalog.producers import reads, services
from catalog.producers.models import BenefitLink
from catalog.producers.queries import find_agent, get_producer, list_benefit_links, require_producer
from catalog.producers.schemas import (
    BenefitBodySchema,
    BenefitListSchema,
    BenefitSchema,
    EndMandateSchema,
    MandateBodySchema,
    MandateListSchema,
    MandateSchema,
    ProducerBodySchema,
    ProducerListSchema,
    ProducerQuery,
    ProducerSchema,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, public, requires
from shop.db import transaction
from shop.etag import check_version, format_etag, if_match
from shop.files import services as files
from shop.idempotency import idempotent
from shop.paging import Page, decode_cursor, make_page

bp = Blueprint("producers", __name__, url_prefix="/api/v1", description="Producers and agents")

Answer = tuple[reads.ProducerView, int, dict[str, str]]


@bp.route("/producers")
@public
@bp.arguments(ProducerQuery, location="query")
@bp.response(200, ProducerListSchema)
def list_producers(query: dict[str, Any]) -> Page[reads.ProducerView]:
    """List producers."""
    after = decode_cursor(query["cursor"], int)
    rows = reads.list_producers(
        counties=query["county"], query=query["q"], after=after[0] if after else None, limit=query["limit"]
    )
    return make_page(rows, query["limit"], lambda row: (row.key,))


@bp.route("/producers", methods=["POST"])
@requires("catalogue:edit")
@idempotent
@bp.arguments(ProducerBodySchema)
@bp.response(201, ProducerSchema)
def register_producer(body: services.ProducerFacts, actor: Actor) -> Answer:
    """Register the caller's own organisation as a producer."""
    with transaction():
        services.register_producer(actor.organisation_id, body, actor)
        return _answer(actor.organisation_public_id, 201)


@bp.route("/producers/<uuid:producer_id>")
@public
@bp.response(200, ProducerSchema)
def show_producer(producer_id: UUID) -> Answer:
    """Show a producer."""
    return _answer(producer_id, 200)


@bp.route("/producers/<uuid:producer_id>", methods=["PUT"])
@requires("catalogue:edit")
@bp.arguments(ProducerBodySchema)
@bp.response(200, ProducerSchema)
def edit_producer(body: services.ProducerFacts, actor: Actor, producer_id: UUID) -> Answer:
    """Change what the market knows of a producer."""
    with transaction():
        producer = get_producer(_own(producer_id, actor))
        check_version(if_match(), producer.version)
        services.edit_producer(producer, body, actor)
        return _answer(producer_id, 200)


@bp.route("/producers/<uuid:producer_id>/benefit-links")
@public
@bp.response(200, BenefitListSchema)
def list_benefits(producer_id: UUID) -> Page[BenefitLink]:
    """List whom a producer helps, newest year first."""
    return Page(list(list_benefit_links(producer_id=reads.get_producer_view(producer_id).key)), None)


@bp.route("/producers/<uuid:producer_id>/benefit-links", methods=["POST"])
@requires("catalogue:edit")
@idempotent
@bp.arguments(BenefitBodySchema)
@bp.response(201, BenefitSchema)
def record_benefit(body: services.NewBenefit, actor: Actor, producer_id: UUID) -> BenefitLink:
    """Record whom a producer helps in a county and year, by one way."""
    with transaction():
        return services.record_benefit(_own(producer_id, actor), body, actor, at=clock.now())


@bp.route("/mandates")
@requires("catalogue:edit")
@bp.response(200, MandateListSchema)
def list_mandates(actor: Actor) -> Page[reads.MandateView]:
    """List the mandates that the caller's organisation has given or holds."""
    return Page(reads.list_mandates(actor), None)


@bp.route("/mandates", methods=["POST"])
@requires("organisation:manage")
@idempotent
@bp.arguments(MandateBodySchema)
@bp.response(201, MandateSchema)
def give_mandate(body: dict[str, Any], actor: Actor) -> reads.MandateView:
    """Let an agent act for the caller's organisation, a producer, from a day to a day."""
    with transaction():
        agent = find_agent(body["agent"])
        mandate = services.give_mandate(
            actor.organisation_id, agent, actor, valid_from=body["valid_from"], valid_to=body["valid_to"],
            evidence_file_id=files.get_own(body["evidence"], actor).id if body["evidence"] else None,
        )  # fmt: skip
        return reads.get_mandate(mandate.public_id, actor)


@bp.route("/mandates/<uuid:mandate_id>/end", methods=["POST"])
@requires("organisation:manage")
@idempotent
@bp.arguments(EndMandateSchema)
@bp.response(200, MandateSchema)
def end_mandate(body: dict[str, Any], actor: Actor, mandate_id: UUID) -> reads.MandateView:
    """Let a mandate end with a day."""
    with transaction():
        view = reads.get_mandate(mandate_id, actor)
        services.end_mandate(view.mandate, actor, last_on=body["last_on"], at=clock.now())
        return view


def _own(producer_id: UUID, actor: Actor) -> int:
    key = reads.get_producer_view(producer_id).key
    require_producer(actor, key, clock.today())
    return key


def _answer(producer_id: UUID, status: int) -> Answer:
    view = reads.get_producer_view(producer_id)
    return view, status, {"ETag": format_etag(view.version)}
