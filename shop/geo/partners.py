"""Whose partner a county is to a buyer on a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shop.db import fetch
from shop.errors import NotFound
from shop.pipelining import Statement

#: ``own`` partner, rest of the partner's ``province``, ``other_east``, ``elsewhere``.
LEVELS = ("own", "province", "other_east", "elsewhere")


class NoSuchDivision(NotFound):
    """There is no division with that code."""

    code = "no-such-division"


class NoSuchCounty(NotFound):
    """The code is not one of the 832 assisted counties'."""

    code = "no-such-county"


@dataclass(frozen=True)
class PartnerMatch:
    """How a county stands to a buyer; ``pairing_id`` is the pairing that says so, of level ``own`` only."""

    level: str
    pairing_id: int | None


# A division lies within an end if the end is its code or that of its prefecture or province. The deeper an
# end lies (an organisation deepest), the more specific; both ends' depths are added. Only dated pairings count.
_KNOWN = Statement("SELECT 1 FROM divisions WHERE code = :code")
_MATCH = Statement("""
    WITH buyer AS (SELECT code, prefecture_code, province_code FROM divisions WHERE code = :east),
    in_force AS MATERIALIZED (
        SELECT p.id, p.east_code, p.east_organisation_id, p.west_code, p.valid_from,
               left(p.east_code, 2) || '0000' AS east_province, left(p.west_code, 2) || '0000' AS west_province
        FROM pairings p
        WHERE p.valid_from <= :on AND (p.valid_to IS NULL OR p.valid_to >= :on) AND p.west_code IS NOT NULL)
    SELECT c.code, own.id,
           EXISTS (SELECT FROM in_force i WHERE i.east_province = b.province_code
                      AND i.west_province = c.province_code) AS in_province,
           EXISTS (SELECT FROM in_force i WHERE i.east_province = b.province_code) AS in_east
    FROM buyer b CROSS JOIN assisted_counties c
    LEFT JOIN LATERAL (
        SELECT i.id FROM in_force i
        WHERE i.west_code IN (c.code, c.division_code, c.prefecture_code, c.province_code)
          AND (i.east_code IN (b.code, b.prefecture_code, b.province_code) OR i.east_organisation_id = :organisation)
        ORDER BY CASE WHEN i.east_code IS NULL THEN 4 WHEN i.east_code LIKE '__0000' THEN 1
                      WHEN i.east_code LIKE '____00' THEN 2 ELSE 3 END
               + CASE WHEN i.west_code LIKE '__0000' THEN 1 WHEN i.west_code LIKE '____00' THEN 2 ELSE 3 END DESC,
                 i.valid_from, coalesce(i.east_code, ''), i.id
        LIMIT 1) own ON true
    WHERE c.code = ANY(:counties)""")


def match_partners(
    east_code: str, county_codes: Iterable[str], on: date, *, organisation_id: int | None = None
) -> dict[str, PartnerMatch]:
    """Return the match of each county to a buyer, in one statement.

    :param east_code: the division the buyer stands in.
    :param organisation_id: the buyer, for pairings whose eastern end is an organisation.
    :raises NoSuchDivision: if ``east_code`` is none.
    :raises NoSuchCounty: if a county is not one of the 832.
    """
    wanted = sorted(set(county_codes))
    if not wanted:
        return {}
    rows = fetch(_MATCH, {"east": east_code, "counties": wanted, "on": on, "organisation": organisation_id})
    if not rows and not fetch(_KNOWN, {"code": east_code}):
        raise NoSuchDivision(east_code, division=east_code)
    found = {code: _judge(own, in_province=province, in_east=east) for code, own, province, east in rows}
    missing = [code for code in wanted if code not in found]
    if missing:
        raise NoSuchCounty(missing[0], county=missing[0])
    return found


def _judge(pairing_id: int | None, *, in_province: bool, in_east: bool) -> PartnerMatch:
    if pairing_id is not None:
        return PartnerMatch("own", pairing_id)
    if in_province:
        return PartnerMatch("province", None)
    return PartnerMatch("other_east" if in_east else "elsewhere", None)
