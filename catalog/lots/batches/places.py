"""Places of producers: where something is grown, slaughtered, processed, collected or kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from stdnum import ean
from stdnum.exceptions import ValidationError as BadNumber
from uuid6 import uuid7

from catalog.lots.batches.models import PLACE_KINDS, PLACE_TIERS, Place
from catalog.lots.batches.rules import OLDEST_DAYS
from catalog.producers.models import Producer
from catalog.producers.queries import NoSuchProducer, get_producer, producers_of, require_producer
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.errors import Invalid, NotFound
from shop.geo.models import AssistedCounty
from shop.i18n import _
from shop.identity.models import Organisation
from shop.outbox.services import publish

_MAX_NAME = 60


class NoSuchPlace(NotFound):
    """There is no such place, or it is another producer's."""

    code = "no-such-place"


class BadPlace(Invalid):
    """Kind, tier, county, coordinates or number of a place make no sense."""

    code = "bad-place-of-goods"


@dataclass(frozen=True)
class NewPlace:
    """A place as entered; latitude and longitude are degrees."""

    kind: str
    name: str
    #: Left out: the producer's county.
    county_code: str | None = None
    township: str = ""
    village: str = ""
    tier: str | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    gln: str | None = None
    is_shared: bool = False
    #: Name and township may stand on the page that a label opens.
    is_public: bool = True
    #: Since when it is used; left out: as far back as anything may be recorded.
    used_since: date | None = None


def add_place(producer_id: int, new: NewPlace, actor: Actor, *, at: datetime) -> Place:
    """Add a place to a producer; a shared one may be used by every producer of its county.

    :raises NoSuchProducer: if the actor may not act for the producer.
    :raises BadPlace: pointing at what makes no sense.
    """
    require_producer(actor, producer_id, business_day(at))
    county, on = new.county_code or get_producer(producer_id).county_code, business_day(at)
    _check(new, county)
    if new.used_since is not None and new.used_since > on:
        raise _bad("used_since", _("不能晚于今天。"))
    place = Place(
        public_id=uuid7(), producer_id=producer_id, kind=new.kind, name=new.name.strip(), county_code=county,
        township=new.township.strip(), village=new.village.strip(), tier=new.tier, latitude=new.latitude,
        longitude=new.longitude, gln=new.gln or None, is_shared=new.is_shared, is_public=new.is_public,
        valid_from=new.used_since or on - timedelta(days=OLDEST_DAYS), created_at=at,
    )  # fmt: skip
    db.session.add(place)
    db.session.flush()  # obtains the key
    audit.record(actor, "catalog.place_added", "place", place.id, name=[None, place.name])
    publish(
        "catalog.place_added", organisations=[producer_id], place=as_values(place),
        producer_id=str(db.session.scalars(select(Organisation.public_id).where(Organisation.id == producer_id)).one()),
    )  # fmt: skip
    return place


def end_place(public_id: UUID, actor: Actor, *, at: datetime) -> Place:
    """End a place of the own side: it stays in the records, but no form offers it from tomorrow on.

    :raises NoSuchPlace: if it is not the actor's.
    """
    place = _lock_own(public_id, actor, at)
    if place.valid_to is None:
        place.valid_to = business_day(at)
        audit.record(actor, "catalog.place_ended", "place", place.id)
    return place


def show_place(public_id: UUID, actor: Actor, *, is_public: bool, at: datetime) -> Place:
    """Let the pages of labels name a place of the own side, or no more.

    :raises NoSuchPlace: if it is not the actor's.
    """
    place = _lock_own(public_id, actor, at)
    if place.is_public != is_public:
        audit.record(actor, "catalog.place_shown", "place", place.id, is_public=[place.is_public, is_public])
        place.is_public = is_public
    return place


def _lock_own(public_id: UUID, actor: Actor, at: datetime) -> Place:
    place = db.session.scalars(select(Place).where(Place.public_id == public_id).with_for_update()).one_or_none()
    if place is None or place.producer_id not in producers_of(actor, business_day(at)):
        raise NoSuchPlace(_("没有找到。"))
    return place


def _usable(producer_ids: Sequence[int] | frozenset[int], on: date) -> ColumnElement[bool]:
    counties = select(Producer.county_code).where(Producer.organisation_id.in_(producer_ids))
    mine = or_(Place.producer_id.in_(producer_ids), and_(Place.is_shared, Place.county_code.in_(counties)))
    return and_(mine, Place.valid_from <= on, or_(Place.valid_to.is_(None), Place.valid_to >= on))


def list_places(
    actor: Actor, on: date, *, producer_id: int | None = None, after: int | None = None, limit: int = 100
) -> Sequence[Place]:
    """Return the places that the actor's producers can use on a day, newest first, at most ``limit`` + 1."""
    mine = producers_of(actor, on)
    wanted = select(Place).where(_usable(mine if producer_id is None else mine & {producer_id}, on))
    if after is not None:
        wanted = wanted.where(Place.id < after)
    return db.session.scalars(wanted.order_by(Place.id.desc()).limit(limit + 1)).all()


def find_usable(public_id: UUID, producer_id: int, on: date) -> Place:
    """Return a place that a producer can use on a day.

    :raises NoSuchPlace: if it is neither the producer's nor shared in its county, or not in use that day.
    """
    wanted = select(Place).where(Place.public_id == public_id, _usable([producer_id], on))
    place = db.session.scalars(wanted).one_or_none()
    if place is None:
        raise NoSuchPlace(_("没有这个地点。"))
    return place


def as_values(place: Place | None) -> dict[str, Any] | None:
    """Return what events tell of a place."""
    if place is None:
        return None
    return {
        "id": str(place.public_id), "kind": place.kind, "tier": place.tier, "name": place.name, "county": place.county_code,
        "township": place.township, "village": place.village, "gln": place.gln,
        "latitude": None if place.latitude is None else f"{place.latitude:f}",
        "longitude": None if place.longitude is None else f"{place.longitude:f}",
    }  # fmt: skip


def _check(new: NewPlace, county: str | None) -> None:
    if new.kind not in PLACE_KINDS:
        raise _bad("kind", _("地点类型不正确。"))
    if (new.kind == "collection_point") != (new.tier is not None) or (new.tier and new.tier not in PLACE_TIERS):
        raise _bad("tier", _("集货点须选择县、乡、村三级之一，其他地点不选。"))
    for field in ("name", "township", "village"):
        if len(getattr(new, field).strip()) > _MAX_NAME:
            raise _bad(field, _("文字太长。"))
    if not new.name.strip():
        raise _bad("name", _("地点名称必填。"))
    if county is None or db.session.get(AssistedCounty, county) is None:
        raise _bad("county_code", _("须是832个脱贫县之一。"))
    _check_coordinates(new)
    if new.gln:
        try:
            ean.validate(new.gln)
        except BadNumber as error:
            raise _bad("gln", _("GLN 应为13位数字，末位校验码须相符。")) from error
        if len(new.gln) != 13:  # noqa: PLR2004  digits of a GLN
            raise _bad("gln", _("GLN 应为13位数字，末位校验码须相符。"))


def _check_coordinates(new: NewPlace) -> None:
    if (new.latitude is None) != (new.longitude is None):
        raise _bad("latitude", _("经度和纬度须同时填写。"))
    if new.latitude is not None and not -90 <= new.latitude <= 90:  # noqa: PLR2004  degrees
        raise _bad("latitude", _("纬度在 -90 至 90 之间。"))
    if new.longitude is not None and not -180 <= new.longitude <= 180:  # noqa: PLR2004  degrees
        raise _bad("longitude", _("经度在 -180 至 180 之间。"))


def _bad(field: str, detail: str) -> BadPlace:
    return BadPlace(detail, errors=[{"pointer": f"#/{field}", "detail": detail}])


__all__ = [
    "BadPlace", "NewPlace", "NoSuchPlace", "NoSuchProducer", "add_place", "as_values", "end_place", "find_usable",
    "list_places", "show_place",
]  # fmt: skip
