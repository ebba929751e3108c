"""Reads of divisions, assisted counties and pairings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import aliased

from shop.db import db
from shop.geo.models import AssistedCounty, Division, Pairing
from shop.geo.partners import NoSuchCounty, NoSuchDivision, PartnerMatch, match_partners
from shop.identity.models import Organisation


@dataclass(frozen=True)
class PairingRow:
    """A pairing with the names of its ends, for showing."""

    pairing: Pairing
    east_name: str
    west_name: str
    #: The name of the eastern division's province; empty if the end is an organisation.
    east_province_name: str

    @property
    def east_full_name(self) -> str:
        """The eastern end with its province: 天津市和平区."""
        prefix = "" if self.east_province_name == self.east_name else self.east_province_name
        return f"{prefix}{self.east_name}"


def match_partner(east_code: str, county_code: str, on: date, organisation_id: int | None = None) -> PartnerMatch:
    """Return how a county stands to a buyer in ``east_code`` on a day: see :func:`match_partners`.

    :raises NoSuchDivision: if ``east_code`` is none.
    :raises NoSuchCounty: if the county is not one of the 832.
    """
    return match_partners(east_code, [county_code], on, organisation_id=organisation_id)[county_code]


def get_division(code: str) -> Division:
    """Return a division.

    :raises NoSuchDivision: if there is none.
    """
    found = db.session.get(Division, code)
    if found is None:
        raise NoSuchDivision(code, division=code)
    return found


def division_path(code: str) -> list[Division]:
    """Return the province, the prefecture if one governs, and the division itself.

    :raises NoSuchDivision: if there is none.
    """
    division = get_division(code)
    codes = [division.province_code, division.prefecture_code, division.code]
    wanted = list(dict.fromkeys(c for c in codes if c))
    by_code = {d.code: d for d in db.session.scalars(select(Division).where(Division.code.in_(wanted)))}
    return [by_code[c] for c in wanted]


def path_name(code: str) -> str:
    """Return a division's full name: 甘肃省白银市靖远县."""
    return "".join(division.name for division in division_path(code))


def list_divisions(
    *,
    parent_code: str | None = None,
    level: str | None = None,
    query: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Sequence[Division]:
    """Return divisions by code, at most ``limit`` + 1: one more than a page says there is a next.

    :param query: part of the name, or the beginning of its pinyin or code.
    """
    wanted = select(Division).order_by(Division.code).limit(limit + 1)
    if parent_code:
        wanted = wanted.where(Division.parent_code == parent_code)
    if level:
        wanted = wanted.where(Division.level == level)
    if query:
        wanted = wanted.where(_named(Division, query))
    if after:
        wanted = wanted.where(Division.code > after)
    return db.session.scalars(wanted).all()


def get_county(code: str) -> AssistedCounty:
    """Return one of the 832 counties.

    :raises NoSuchCounty: if the code is none of them.
    """
    found = db.session.get(AssistedCounty, code)
    if found is None:
        raise NoSuchCounty(code, county=code)
    return found


def list_counties(
    *,
    province_codes: Sequence[str] = (),
    key_county: Sequence[str] = (),
    query: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Sequence[AssistedCounty]:
    """Return assisted counties by code, at most ``limit`` + 1."""
    wanted = select(AssistedCounty).order_by(AssistedCounty.code).limit(limit + 1)
    if province_codes:
        wanted = wanted.where(AssistedCounty.province_code.in_(province_codes))
    if key_county:
        wanted = wanted.where(AssistedCounty.key_county.in_(key_county))
    if query:
        wanted = wanted.where(
            or_(_named(AssistedCounty, query), AssistedCounty.former_name.contains(query, autoescape=True))
        )
    if after:
        wanted = wanted.where(AssistedCounty.code > after)
    return db.session.scalars(wanted).all()


def _named(table: type[Division | AssistedCounty], query: str) -> ColumnElement[bool]:
    return or_(
        table.name.contains(query, autoescape=True),
        table.pinyin.startswith(query.lower().replace(" ", ""), autoescape=True),
        table.code.startswith(query, autoescape=True),
    )


def list_pairings(
    *,
    west_codes: Sequence[str] | None = None,
    east_codes: Sequence[str] | None = None,
    on: date | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[PairingRow]:
    """Return pairings by key, at most ``limit`` + 1, with their ends' names.

    :param on: only those in force on the day; a pairing whose start is unknown is in force on none.
    """
    east, west, province = aliased(Division), aliased(Division), aliased(Division)
    east_org, west_org = aliased(Organisation), aliased(Organisation)
    wanted = (
        select(
            Pairing,
            func.coalesce(east.name, east_org.name),
            func.coalesce(west.name, west_org.name),
            func.coalesce(province.name, ""),
        )
        .outerjoin(east, east.code == Pairing.east_code)
        .outerjoin(province, province.code == east.province_code)
        .outerjoin(west, west.code == Pairing.west_code)
        .outerjoin(east_org, east_org.id == Pairing.east_organisation_id)
        .outerjoin(west_org, west_org.id == Pairing.west_organisation_id)
        .where(Pairing.id > after)
        .order_by(Pairing.id)
        .limit(limit + 1)
    )
    if west_codes is not None:
        wanted = wanted.where(Pairing.west_code.in_(west_codes))
    if east_codes is not None:
        wanted = wanted.where(Pairing.east_code.in_(east_codes))
    if on is not None:
        wanted = wanted.where(Pairing.valid_from <= on, or_(Pairing.valid_to.is_(None), Pairing.valid_to >= on))
    return [PairingRow(*row) for row in db.session.execute(wanted)]


def ends_above(code: str) -> list[str]:
    """Return the ends within which a division or assisted county lies: itself, its prefecture, its province.

    Of a code that is none: itself, so that nothing is found.
    """
    county = db.session.get(AssistedCounty, code)
    place = county or db.session.get(Division, code)
    if place is None:
        return [code]
    own = [county.division_code] if county else []
    return [c for c in (code, *own, place.prefecture_code, place.province_code) if c]


def list_partners(county: AssistedCounty) -> list[PairingRow]:
    """Return every pairing within whose western end the county lies, past ones too: newest start first, undated last."""
    rows = list_pairings(west_codes=ends_above(county.code), limit=1000)
    depth = {code: place for place, code in enumerate(ends_above(county.code))}
    first = date.min
    return sorted(
        rows,
        key=lambda row: (row.pairing.valid_from or first, -depth[row.pairing.west_code or county.code], row.pairing.id),
        reverse=True,
    )


def county_name(county: AssistedCounty) -> str:
    """Return a county's full name: 甘肃省白银市靖远县; of a committee without a division its own name at the end."""
    path = [division.name for division in division_path(county.division_code)]
    return "".join(path if county.division_code == county.code else [*path, county.name])


__all__ = [
    "NoSuchCounty", "NoSuchDivision", "PairingRow", "PartnerMatch", "division_path", "get_county", "get_division",
    "list_counties", "list_divisions", "list_pairings", "match_partner", "match_partners", "path_name",
]  # fmt: skip
