"""Places of the market as master data of those who use them, so that queries find events by them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from shop.db import db
from shop.geo.models import AssistedCounty, Division
from shop.identity.models import Organisation
from traceability.journey.names import place_uri, uuid_uri
from traceability.repository import masterdata
from traceability.repository.masterdata import Element

_TYPES = tuple(f"urn:epcglobal:epcis:vtype:{name}" for name in ("ReadPoint", "BusinessLocation"))
_MDA = "urn:epcglobal:cbv:mda:"
#: What CBV has no attribute for.
_OWN = "urn:duikou:place:"


def take_place(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Keep what a producer said of a place of its own; the same again changes nothing."""
    key = db.session.scalars(select(Organisation.id).where(Organisation.public_id == UUID(told["producer_id"]))).one()
    keep_place(key, told["producer_id"], told["place"], at=recorded_at)


def keep_place(organisation_id: int, producer_id: str, place: Mapping[str, Any] | None, *, at: datetime) -> None:
    """Keep a place as master data of whoever uses it, below the producer's premises.

    :param place: as the catalogue's events have it; none is told where an act has no place.
    """
    if place is None:
        return
    uri, premises = place_uri(place["id"], place["gln"]), uuid_uri(producer_id)
    attributes = _attributes(place)
    found = [Element(type_, uri, attributes, ()) for type_ in _TYPES]
    found += [Element(type_, premises, {}, (uri,)) for type_ in _TYPES]
    masterdata.add(organisation_id, found, at=at)


def _attributes(place: Mapping[str, Any]) -> dict[str, str]:
    """Return what is known of a place, by full names."""
    county, province = db.session.execute(
        select(AssistedCounty.name, Division.name)
        .join(Division, Division.code == AssistedCounty.province_code)
        .where(AssistedCounty.code == place["county"])
    ).one()
    said = {
        f"{_MDA}name": place["name"], f"{_MDA}countryCode": "CN", f"{_MDA}state": province, f"{_MDA}city": county,
        f"{_MDA}latitude": place["latitude"], f"{_MDA}longitude": place["longitude"],
        **{f"{_OWN}{name}": place[name] for name in ("kind", "tier", "county", "township", "village")},
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}
