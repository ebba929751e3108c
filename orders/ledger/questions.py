"""A question about the totals: measure, dimensions, filters, days, as of which seal, and what its asker may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from catalog.producers.queries import producers_of
from orders.ledger import sealing
from orders.ledger.grains import COLUMNS, as_text
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _

#: Dimensions a total may be asked by or filtered by, in the order documents list them.
DIMENSIONS = (
    "county", "prefecture", "province", "category", "kind", "producer", "institution", "unit", "fund_source", "channel",
    "mode", "partner", "pairing", "product", "buyer_division", "finance_division",
)  # fmt: skip
TIMES = ("day", "month", "quarter", "year")
#: Dimensions that follow from another: what is kept is the other.
_BASES = {"prefecture": "county", "province": "county", "west": "county", "east": "buyer_division"}
#: Conditions that no cell can answer.
RAW_ONLY = frozenset({"budget"})

#: What is asked of the kept column, by dimension; the rest compare it with the values.
_WITHIN = {
    "prefecture": "{} IN (SELECT code FROM assisted_counties WHERE coalesce(prefecture_code, '') = ANY(:{}))",
    "province": "{} IN (SELECT code FROM assisted_counties WHERE province_code = ANY(:{}))",
    "category": "{0} IN (SELECT code FROM categories WHERE code = ANY(:{1}) OR parent_code = ANY(:{1}))",
    "west": "{0} IN (SELECT code FROM assisted_counties WHERE code = ANY(:{1}) OR division_code = ANY(:{1})"
    " OR prefecture_code = ANY(:{1}) OR province_code = ANY(:{1}))",
    "east": "{0} IN (SELECT code FROM divisions WHERE code = ANY(:{1}) OR prefecture_code = ANY(:{1})"
    " OR province_code = ANY(:{1}))",
}
_IDS = frozenset({"producer", "product", "institution", "unit", "pairing", "order", "filing"})

#: A unit's placement on the day of the posting, for officials who see by budget.
_BUDGET = """EXISTS (SELECT FROM unit_placements u WHERE u.unit_id = d.unit_id AND u.valid_from <= p.origin_on
    AND coalesce(u.valid_to, p.origin_on) >= p.origin_on
    AND (u.superior_id = cast(:{0}_superior AS bigint)
         OR u.budget_level = cast(:{0}_level AS text) AND (cast(:{0}_everywhere AS boolean)
            OR u.finance_division_code IN (SELECT code FROM divisions WHERE code = ANY(:{0}_divisions)
                OR prefecture_code = ANY(:{0}_divisions) OR province_code = ANY(:{0}_divisions)))))"""


class AsOfUnknown(Invalid):
    """Nothing has been sealed up to that place or instant, or it lies ahead of the last seal."""

    code = "as-of-unknown"


@dataclass(frozen=True)
class Condition:
    """One dimension is one of ``values``: keys as text, an empty one means unknown."""

    dimension: str
    values: tuple[str, ...] = ()
    budget: Mapping[str, Any] | None = None

    @property
    def base(self) -> str:
        """The dimension a cell must keep to answer this."""
        return base_of(self.dimension)

    def sql(self, column: str, name: str, values: dict[str, Any], *, raw: bool) -> str:
        """Return the condition on ``column``; binds go into ``values`` under ``name``."""
        if self.budget is not None:
            values |= {f"{name}_{key}": value for key, value in self.budget.items()}
            return _BUDGET.format(name)
        if raw and "" not in self.values:
            column = COLUMNS[self.base]  # as it is, so that an index can find it
            if self.dimension in _IDS:
                values[f"{name}_ids"] = [int(value) for value in self.values]
                return f"{column} = ANY(cast(:{name}_ids AS bigint[]))"
        values[name] = list(self.values)
        return _WITHIN.get(self.dimension, "{} = ANY(:{})").format(column, name)


@dataclass(frozen=True)
class Question:
    """What is asked. Days are inclusive; ``visible`` is what the asker may see, any of its conditions."""

    measure: str
    from_on: date
    to_on: date
    by: tuple[str, ...] = ()
    filters: tuple[Condition, ...] = ()
    #: ``None``: everything.
    visible: tuple[Condition, ...] | None = None
    #: The last place of the seals that is counted.
    as_of: int = field(default=0)

    def conditions(self, columns: Mapping[str, str], values: dict[str, Any], *, raw: bool) -> list[str]:
        """Return filters and what may be seen as SQL over ``columns``; binds go into ``values``."""
        sql = [c.sql(columns.get(c.base, ""), f"f{n}", values, raw=raw) for n, c in enumerate(self.filters)]
        if self.visible is not None:
            seen = [c.sql(columns.get(c.base, ""), f"v{n}", values, raw=raw) for n, c in enumerate(self.visible)]
            sql.append(f"({' OR '.join(seen) or 'false'})")
        return sql

    def conditions_on_postings(self, values: dict[str, Any]) -> list[str]:
        """Return the same over postings ``p`` and their dimensions ``d``."""
        return self.conditions({name: as_text(name) for name in COLUMNS}, values, raw=True)


def base_of(dimension: str) -> str:
    """Return the dimension from which ``dimension`` follows, or itself."""
    return _BASES.get(dimension, dimension)


def visible_to(actor: Actor) -> tuple[Condition, ...] | None:
    """Return what an actor may see of the statistics.

    A western division's officials see the goods of its counties, an eastern one's the purchases of buyers
    standing in it, a budget's those of its units; an agent the sales of the producers for whom it acts today, all of them;
    everybody else what is their own.
    """
    scope = actor.scope
    if scope.kind == "all":
        return None
    if scope.kind == "division":
        west = _western(scope.divisions)
        east = tuple(code for code in scope.divisions if code not in west)
        return tuple(Condition(side, codes) for side, codes in (("west", west), ("east", east)) if codes)
    if scope.kind == "budget":
        budget = {
            "superior": scope.superior_id, "level": scope.budget_level, "divisions": list(scope.divisions),
            "everywhere": not scope.divisions,
        }  # fmt: skip
        return (Condition("budget", budget=budget),)
    if actor.organisation_kind == "institution":
        return (Condition("institution", (str(actor.organisation_id),)),)
    return (Condition("producer", tuple(str(key) for key in sorted(producers_of(actor, clock.today())))),)


def seen_by(actor: Actor, values: dict[str, Any]) -> str:
    """Return as SQL which postings ``p`` with their dimensions ``d`` are in an actor's totals; binds go into ``values``.

    Who reads a figure may read what it is made of: packages that own the documents ask this.
    """
    nothing_else = Question("", date.min, date.min, visible=visible_to(actor))
    return " AND ".join(nothing_else.conditions_on_postings(values)) or "true"


def _western(divisions: tuple[str, ...]) -> tuple[str, ...]:
    rows = db.session.execute(
        text("""SELECT DISTINCT w.code FROM unnest(cast(:codes AS text[])) w(code) JOIN assisted_counties c
                ON w.code IN (c.code, c.division_code, c.prefecture_code, c.province_code)"""),
        {"codes": list(divisions)},
    )
    return tuple(sorted(row.code for row in rows))


def resolve_as_of(asked: int | datetime | None) -> int:
    """Return the place of the last seal that counts: the newest, the one asked for, or the last before an instant.

    :raises AsOfUnknown: if the place has not been reached, or the instant lies before the first seal.
    """
    newest = sealing.last_seq()
    if asked is None:
        return newest
    if isinstance(asked, int):
        if not 0 <= asked <= newest:
            raise AsOfUnknown(
                _("截至序号 %(seq)s 不存在，最新为 %(newest)s。", seq=asked, newest=newest), newest=newest
            )
        return asked
    found = db.session.execute(text("SELECT max(seq) FROM ledger_seals WHERE sealed_at <= :at"), {"at": asked}).scalar()
    return int(found or 0)


def instant_of(seq: int) -> datetime | None:
    """Return when the entry in place ``seq`` was sealed; ``None`` before the first."""
    at: datetime | None = db.session.execute(
        text("SELECT sealed_at FROM ledger_seals WHERE seq = :seq"), {"seq": seq}
    ).scalar()
    return at
