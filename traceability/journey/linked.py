"""A lot's page as data: schema.org and the GS1 web vocabulary, with the steps as EPCIS calls them and their proofs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from catalog.products import numbers
from catalog.shopfront import labels
from catalog.shopfront.details import Paper
from shop.clock import SHANGHAI
from shop.translog import receipts
from traceability.journey import words
from traceability.journey.ancestors import Ancestor
from traceability.journey.papers import Papers, Test
from traceability.journey.story import Place, Step, Story
from traceability.pieces.queries import Piece

#: What our members mean. Whoever takes plain JSON gets the same without it.
CONTEXT: Final[Mapping[str, Any]] = {
    "gs1": "https://gs1.org/voc/",
    "schema": "https://schema.org/",
    "epcis": "https://ref.gs1.org/epcis/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "id": "@id",
    "type": "@type",
    "productName": {"@id": "gs1:productName", "@container": "@language"},
    **{name: f"gs1:{name}" for name in (
        "gtin", "hasBatchLotNumber", "hasSerialNumber", "provenanceStatement", "countryOfOrigin", "countryCode",
        "manufacturer", "organizationName", "certification", "certificationAgency", "certificationStandard",
        "certificationIdentification", "certificationStatement",
    )},
    **{name: {"@id": f"gs1:{name}", "@type": "xsd:date"} for name in (
        "productionDate", "expirationDate", "certificationStartDate", "certificationEndDate",
    )},
    **{name: {"@id": f"gs1:{name}", "@type": "@id"} for name in ("recallStatus", "traceability")},
    **{name: f"schema:{name}" for name in (
        "sku", "size", "category", "additionalProperty", "name", "value", "reportNumber", "publisher", "abstract", "seller",
        "agent", "address", "identifier", "position", "encodingFormat", "location",
        "addressCountry", "addressLocality",
    )},
    "datePublished": {"@id": "schema:datePublished", "@type": "xsd:date"},
    "contentUrl": {"@id": "schema:contentUrl", "@type": "@id"},
    "reports": {"@id": "schema:subjectOf", "@container": "@set"},
    "events": {"@id": "schema:subjectOf", "@container": "@set"},
    "madeOf": {"@id": "schema:isBasedOn", "@container": "@set"},
    "proof": {"@id": "schema:subjectOf"},
    **{name: {"@id": f"epcis:{name}", "@type": "xsd:dateTime"} for name in ("eventTime", "recordTime")},
    **{name: {"@id": f"epcis:{name}", "@type": "@id"} for name in ("bizStep", "disposition")},
    "quantity": "epcis:quantity",
    "uom": "epcis:uom",
}  # fmt: skip

_STANDARDS: Final = {
    "commitment": "承诺达标合格证", "quarantine": "动物检疫合格证明", "meat_inspection": "肉品品质检验合格证", "test": "检测报告",
}  # fmt: skip


def document(
    story: Story,
    papers: Papers,
    steps: Sequence[Step],
    *,
    ancestors: Sequence[Ancestor],
    number: str,
    lot: str,
    piece: Piece | None,
    base: str,
) -> dict[str, Any]:
    """Return what the page of a lot tells, and no more: of buyers their region only.

    :param number: the 14 digits of the goods; the platform's own number is no GTIN.
    :param lot: the lot's number on labels.
    """
    address = f"{base}/trace/lots/{story.id}"
    is_of_lot = piece is not None and piece.is_known and not piece.is_elsewhere
    asked = "?" + urlencode({"serial": piece.serial}) if piece and is_of_lot else ""
    told: dict[str, Any] = {
        "type": ["gs1:Product", "schema:Product"],
        "productName": {"zh": story.product, "en": story.product_en or None},
        "gtin": None if numbers.is_own(number) else number,
        "sku": number,
        "size": story.pack_spec,
        "category": story.category_code,
        "hasBatchLotNumber": lot,
        "hasSerialNumber": piece.serial if piece and piece.is_known else None,
        "productionDate": story.produced_on.isoformat(),
        "expirationDate": story.expires_on.isoformat() if story.expires_on else None,
        "countryOfOrigin": {"type": "gs1:Country", "countryCode": "CN"},
        "provenanceStatement": " ".join(
            filter(None, (story.province, story.prefecture, story.county, _towns(story, steps)))
        ),
        "manufacturer": {"type": ["gs1:Organization", "schema:Organization"], "organizationName": story.producer},
        "recallStatus": f"{address}/recall",
        "traceability": address,
        "additionalProperty": _states(story),
        "certification": [*_certifications(story), *_own_papers(papers)],
        "reports": [_report(test) for test in papers.tests],
        "madeOf": [_ancestor(one) for one in ancestors],
        "events": [_event(step, place, address, asked) for place, step in enumerate(steps, 1)],
    }
    return dict(_without_nothing(told))


def _states(story: Story) -> list[dict[str, Any]]:
    """Tell whether the lot was called back, and that its record was undone where it was."""
    states = ["recalled", *(["undone"] if story.status == "undone" else [])]
    return [_property(state, value=story.status == state) for state in states]


def _property(name: str, *, value: bool | str) -> dict[str, Any]:
    return {"type": "schema:PropertyValue", "name": name, "value": value}


def _certifications(story: Story) -> Iterator[dict[str, Any]]:
    """Tell what was in force on the day of production."""
    for papers, names in ((story.bases, labels.SCHEMES), (story.certificates, labels.CERTIFICATES)):
        for paper in papers:
            yield _certification(paper, str(names[paper.scheme]))


def _certification(paper: Paper, standard: str) -> dict[str, Any]:
    return {
        "type": "gs1:CertificationDetails", "certificationStandard": standard, "certificationAgency": paper.issuer,
        "certificationIdentification": paper.number, "certificationStatement": paper.scope or None,
        "certificationStartDate": paper.valid_from.isoformat(),
        "certificationEndDate": paper.valid_to.isoformat() if paper.valid_to else None,
    }  # fmt: skip


def _own_papers(papers: Papers) -> Iterator[dict[str, Any]]:
    """Tell the commitment certificate and the papers of meat."""
    kind = "gs1:CertificationDetails"
    if papers.commitment:
        number, on = papers.commitment
        yield {
            "type": kind, "certificationStandard": _STANDARDS["commitment"], "certificationIdentification": number,
            "certificationStartDate": on.isoformat(),
        }  # fmt: skip
    for paper in papers.meat:
        yield {
            "type": kind, "certificationStandard": _STANDARDS[paper.kind], "certificationAgency": paper.issuer,
            "certificationIdentification": paper.number, "certificationStartDate": paper.issued_on.isoformat(),
        }  # fmt: skip


def _report(test: Test) -> dict[str, Any]:
    return {
        "type": "schema:Report", "reportNumber": test.number, "datePublished": test.tested_on.isoformat(),
        "publisher": {"type": "schema:Organization", "name": test.laboratory},
        "additionalProperty": [_property("passed", value=test.has_passed)],
    }  # fmt: skip


def _ancestor(one: Ancestor) -> dict[str, Any]:
    """Tell the papers of what the lot was made of, and of each whether it still speaks for the goods."""
    return {
        "type": ["gs1:Product", "schema:Product"], "name": one.product, "hasBatchLotNumber": one.code,
        "manufacturer": {"type": ["gs1:Organization", "schema:Organization"], "organizationName": one.producer},
        "seller": one.seller and {
            "type": "schema:Organization", "name": one.seller.name or None, "identifier": one.seller.credit_code or None,
            "address": f"{one.seller.county} {one.seller.township}".strip(),
        },
        "certification": [
            {
                "type": "gs1:CertificationDetails", "certificationStandard": _STANDARDS[paper.kind],
                "certificationAgency": paper.issuer, "certificationIdentification": paper.number,
                "certificationStartDate": paper.on.isoformat(),
                "certificationEndDate": paper.until.isoformat() if paper.until else None,
                "additionalProperty": [
                    _property("passed", value=paper.has_passed), _property("withdrawn", value=paper.is_withdrawn),
                    _property("expiredWhenUsed", value=paper.was_expired),
                ],
            }
            for paper in one.papers
        ],
    }  # fmt: skip


def _event(step: Step, place: int, address: str, asked: str) -> dict[str, Any]:
    """Tell a step as the page does; its hash names it, its receipt proves when it was recorded."""
    agent = {"type": "schema:Organization", "name": step.recorder if step.is_producer else None}
    return {
        "type": [f"epcis:{step.type}", "schema:Event"],
        "identifier": step.hash_id,
        "eventTime": step.event_time.astimezone(SHANGHAI).isoformat(),
        "recordTime": step.record_time.astimezone(SHANGHAI).isoformat(),
        "bizStep": step.biz_step,
        "disposition": step.disposition,
        "quantity": f"{step.quantity:f}" if step.quantity is not None else None,
        "uom": step.uom,
        "agent": {**agent, "address": step.region or None},
        "location": step.place and _location(step.place),
        "proof": None if step.log_index is None else {
            "type": "schema:DigitalDocument", "encodingFormat": receipts.MEDIA_TYPE, "position": step.log_index,
            "contentUrl": f"{address}/receipts/{place}{asked}",
        },
    }  # fmt: skip


def _towns(story: Story, steps: Sequence[Step]) -> str:
    return "、".join(words.origins(steps, story.county))


def _location(place: Place) -> dict[str, Any]:
    where = " ".join(filter(None, (place.county, place.township)))
    return {
        "type": "schema:Place", "name": place.name or None, "additionalProperty": [_property("kind", value=place.kind)],
        "address": {"type": "schema:PostalAddress", "addressCountry": "CN", "addressLocality": where},
    }  # fmt: skip


def _without_nothing(value: Any) -> Any:
    """Leave out what is not known, at any depth."""
    if isinstance(value, dict):
        return {name: _without_nothing(each) for name, each in value.items() if each is not None and each != []}
    return [_without_nothing(each) for each in value] if isinstance(value, list) else value
