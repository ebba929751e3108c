"""What the page of a lot tells, read in one statement: the goods, their papers of that day, whom they help, what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from catalog.shopfront.details import Benefit, Paper
from shop import hotreads
from shop.errors import NotFound
from shop.i18n import _
from traceability.proofs.source import LOG
from traceability.repository.fields import Role
from traceability.standard.identifiers import vocabulary

#: Steps shown on the first page of a lot; the others are told by number.
MAX_STEPS = 40

#: Goods that come back do so at the moment of the acceptance that sends them: that is told first.
_BACK = vocabulary("accepting", field="bizStep")


class NoSuchLotStory(NotFound):
    """There is no lot of that identifier."""

    code = "no-such-lot"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something happened: never the village or the coordinates."""

    kind: str
    #: Of a collection point.
    tier: str | None
    county: str
    #: Empty as the name where the producer does not let the public know.
    township: str
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """An event that names the lot, or what it was made of."""

    event_id: str
    type: str
    #: Canonical words of CBV.
    biz_step: str | None
    disposition: str | None
    event_time: datetime
    record_time: datetime
    #: Where and by whom: a producer by its name, an agent or a buyer by what it is and its region only.
    recorder_kind: str
    recorder: str
    region: str
    quantity: Decimal | None
    uom: str | None
    hash_id: str
    #: Its place in the transparency log, once it is logged.
    log_index: int | None
    #: Where it happened, if that is a place that a producer has registered.
    place: Place | None

    @property
    def is_producer(self) -> bool:
        """Say whether a producer recorded it."""
        return self.recorder_kind == "producer"


@dataclass(frozen=True, slots=True)
class Story:
    """Everything on the page of a lot."""

    id: UUID
    key: int
    code: str
    status: str
    recall_reason: str | None
    recalled_at: datetime | None
    produced_on: date
    expires_on: date | None
    origin_note: str
    sku_id: int
    gtin: str | None
    pack_spec: str
    unit: str
    product: str
    product_en: str
    category_code: str
    is_demo: bool
    producer: str
    producer_form: str
    producer_intro: str
    food_licence: str | None
    county_code: str
    county: str
    prefecture: str | None
    province: str
    listing_id: UUID | None
    #: It was packed from a batch, so that acts tell what it was made of.
    has_batch: bool
    bases: tuple[Paper, ...]
    certificates: tuple[Paper, ...]
    benefits: tuple[Benefit, ...]

    def is_expired(self, on: date) -> bool:
        """Say whether the lot is past its day."""
        return self.expires_on is not None and self.expires_on < on


#: The columns before the lists, as :class:`Story` has them.
_PLAIN = tuple(field.name for field in fields(Story))[:-3]


def _in_force(table: str) -> str:
    return (
        f"{table}.status IN ('in_force','revoked') AND {table}.valid_from <= b.produced_on"
        f" AND ({table}.valid_to IS NULL OR {table}.valid_to >= b.produced_on)"
    )


_PAPER = "{0}.scheme, {0}.issuer, {0}.number, {1}, {0}.valid_from, {0}.valid_to, {0}.is_demo"
_STORY = f"""
    SELECT b.public_id, b.id, b.code, CASE WHEN y.lot_id IS NULL THEN b.status ELSE 'recalled' END, y.reason, y.recalled_at, b.produced_on, b.expires_on, b.origin_note, k.id, k.gtin, k.pack_spec, k.unit,
        p.name, p.name_en, p.category_code, p.is_demo, o.name, r.form, r.intro, r.food_licence, c.code, c.name, f.name, d.name,
        (SELECT l.public_id FROM listings l WHERE l.sku_id = k.id AND l.status = 'listed' LIMIT 1), b.batch_id IS NOT NULL,
        (SELECT json_agg(json_build_array({_PAPER.format("e", "''")}) ORDER BY e.id)
         FROM eligibility_bases e WHERE e.product_id = p.id AND {_in_force("e")}),
        (SELECT json_agg(json_build_array({_PAPER.format("q", "q.scope")}) ORDER BY q.id) FROM certificates q
         WHERE (q.product_id = p.id OR (q.product_id IS NULL AND q.producer_id = p.producer_id)) AND {_in_force("q")}),
        (SELECT json_agg(json_build_array(h.year, h.way, h.basis, h.households, h.persons, h.is_demo)
                         ORDER BY h.year DESC, h.way, h.basis)
         FROM benefit_links h WHERE h.producer_id = p.producer_id AND h.year = extract(year FROM b.produced_on))
    FROM lots b LEFT JOIN LATERAL (SELECT r.lot_id, r.reason, r.recalled_at FROM lot_recalls r
        WHERE r.lot_id = b.id AND r.lifted_at IS NULL ORDER BY r.id LIMIT 1) y ON true JOIN skus k ON k.id = b.sku_id JOIN products p ON p.id = k.product_id
    JOIN organisations o ON o.id = p.producer_id JOIN producers r ON r.organisation_id = p.producer_id
    JOIN assisted_counties c ON c.code = p.county_code JOIN divisions d ON d.code = c.province_code
    LEFT JOIN divisions f ON f.code = c.prefecture_code
    WHERE b.public_id = %(id)s"""
#: What the lot was made of, at most so many steps up.
_DEPTH = 12
#: Of so many things, the nearest first: anybody may open the page, and somebody may have written of thousands.
_MOST = 500
#: An event counts if who wrote it may tell of the goods (``trace_may_tell``, ``trace_is_maker``; the statement asks the
#: same of all writers at once, which takes a third of the time of a call for each); what a thing was made of tells
#: its maker alone, and only of what it had. Nobody owns goods without a registered number, so anybody tells of these.
_MAY_TELL = "(v.is_market OR trace_may_tell(v.organisation_id, {0}.epc_id) IS NOT FALSE)"
_IS_MAKER = "(v.is_market OR trace_is_maker(v.organisation_id, {0}.epc_id) IS NOT FALSE)"
#: Of what it was made of, only what was done with all of it tells of the lot: not what else it went into.
_TAKEN = tuple(role.value for role in (Role.INPUT, Role.INPUT_QUANTITY))
_MADE = tuple(role.value for role in (Role.OUTPUT, Role.OUTPUT_QUANTITY))
#: Steps that are shown of one writer who did not make the goods: nobody fills another's page, nor writes words on it.
_OF_OTHERS = 10
_CBV = vocabulary("shipping", field="bizStep").removesuffix("shipping")
#: A read point names a place by our identifier or its GLN. Others than the market tell of their own places only.
_HERE = """
    SELECT json_build_array(q.kind, q.tier, c.name, CASE WHEN q.is_public THEN q.township ELSE '' END,
                            CASE WHEN q.is_public THEN q.name ELSE '' END)
    FROM places q JOIN assisted_counties c ON c.code = q.county_code
    WHERE (q.public_id = CAST(substring(e.read_point FROM '^urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$') AS uuid)
           OR q.gln = substring(e.read_point FROM '^https://id[.]gs1[.]org/414/([0-9]{13})$'))
      AND (n.is_market OR q.producer_id = n.organisation_id)
    ORDER BY q.producer_id = n.organisation_id DESC, q.id LIMIT 1"""
#: Which of a lot's many steps are shown is decided from indexes that hold what that takes; the events themselves are read
#: of these alone.
_STEPS = f"""
    WITH RECURSIVE up (epc_id, depth) AS (
        SELECT id, 0 FROM trace_epcs WHERE uri = ANY (%(uris)s)
        UNION
        SELECT i.epc_id, up.depth + 1
        FROM up JOIN trace_transforms o ON o.epc_id = up.epc_id AND o.is_output AND o.withdrawn_by IS NULL
        JOIN trace_events v ON v.id = o.event_id AND {_IS_MAKER.format("o")}
        JOIN trace_transforms i ON i.event_id = o.event_id AND NOT i.is_output AND i.withdrawn_by IS NULL
        WHERE up.depth < {_DEPTH} AND {_MAY_TELL.format("i")}
    ), nearest AS (
        SELECT epc_id, min(depth) AS depth FROM (SELECT epc_id, depth FROM up LIMIT {_MOST}) near GROUP BY epc_id
    ), candidates AS MATERIALIZED (
        SELECT x.event_id, x.event_time, x.quantity, x.uom, x.role, up.epc_id, up.depth, v.event_id AS name, v.biz_step,
            v.organisation_id, v.is_market
        FROM nearest up JOIN trace_event_epcs x ON x.epc_id = up.epc_id AND (up.depth = 0 OR x.role NOT IN {_TAKEN})
        JOIN trace_events v ON v.id = x.event_id AND NOT v.is_declaration
        WHERE NOT EXISTS (SELECT FROM trace_events w WHERE w.event_id = v.event_id AND w.is_declaration
                          AND (w.is_market OR NOT v.is_market))
    ), things AS MATERIALIZED (
        SELECT e.id AS epc_id, g.id AS class_id, trace_owner(e.uri) AS owner
        FROM (SELECT DISTINCT epc_id FROM candidates WHERE NOT is_market) c JOIN trace_epcs e ON e.id = c.epc_id
        LEFT JOIN trace_epcs g ON e.uri LIKE 'https://id.gs1.org/01/%%' AND g.uri = substr(e.uri, 1, 36)
    ), writers AS MATERIALIZED (
        SELECT w.*, w.is_maker IS NOT FALSE OR EXISTS (
                SELECT FROM trace_grants t WHERE t.organisation_id = w.organisation_id AND t.epc_id IN (w.epc_id, w.class_id)
            ) AS may_tell
        FROM (
            SELECT organisation_id, epc_id, class_id, owner = organisation_id OR EXISTS (
                    SELECT FROM agent_mandates m WHERE m.producer_id = owner AND m.agent_id = organisation_id) AS is_maker
            FROM (SELECT DISTINCT organisation_id, epc_id FROM candidates WHERE NOT is_market) each JOIN things USING (epc_id)
        ) w
    ), named AS (
        SELECT DISTINCT ON (c.event_time, c.event_id) c.*,
            CASE WHEN c.is_market THEN 0 WHEN w.is_maker THEN 1 ELSE 2 END AS place
        FROM candidates c LEFT JOIN writers w USING (organisation_id, epc_id)
        WHERE c.is_market OR (w.may_tell AND (c.role NOT IN {_MADE} OR w.is_maker IS NOT FALSE))
        ORDER BY c.event_time, c.event_id, c.depth
    ), told AS (
        SELECT *, row_number() OVER (PARTITION BY organisation_id, place ORDER BY event_time, event_id) AS nth FROM named
    )
    SELECT n.name, e.type, n.biz_step, e.disposition, n.event_time, e.record_time, o.kind, o.name,
        concat_ws(' ', u.name, v.name), n.quantity, n.uom, e.hash_id,
        (SELECT f.leaf_index FROM log_leaves f WHERE f.log_id = (SELECT id FROM logs WHERE name = '{LOG}') AND f.key = n.name),
        ({_HERE})
    FROM (
        SELECT * FROM told WHERE place < 2 OR (nth <= {_OF_OTHERS} AND biz_step LIKE '{_CBV}%%') ORDER BY place, event_time, event_id LIMIT %(limit)s
    ) n JOIN trace_events e ON e.id = n.event_id JOIN organisations o ON o.id = n.organisation_id LEFT JOIN divisions v ON v.code = o.division_code
    LEFT JOIN divisions u ON u.code = left(o.division_code, 2) || '0000' AND u.code <> v.code
    ORDER BY n.place, n.event_time, n.event_id"""


def get_story(public_id: UUID) -> Story:
    """Return what is told of a lot.

    :raises NoSuchLotStory: if there is none.
    """
    rows = hotreads.fetch(_STORY, {"id": public_id})
    if not rows:
        raise NoSuchLotStory(_("没有找到这个批次。请核对包装上的编号。"))
    plain: list[Any]
    *plain, bases, certificates, benefits = rows[0]
    return Story(
        **dict(zip(_PLAIN, plain, strict=True)),
        bases=tuple(_paper(paper) for paper in bases or ()),
        certificates=tuple(_paper(paper) for paper in certificates or ()),
        benefits=tuple(Benefit(*benefit) for benefit in benefits or ()),
    )


def list_steps(uri: str, piece: str = "") -> list[Step]:
    """Return what happened to a lot and to what it was made of, oldest first, without what was declared wrong.

    Where there is more than is shown, what the market wrote stays, then what the makers did; one more is at the end.

    :param piece: a pack of it, whose own steps are told too.
    """
    chosen = [_step(row) for row in hotreads.fetch_planned(_STEPS, {"uris": [uri, piece], "limit": MAX_STEPS + 1})]
    shown = sorted(chosen[:MAX_STEPS], key=lambda step: (step.event_time, step.biz_step == _BACK))
    return shown + chosen[MAX_STEPS:]


def _step(row: Sequence[Any]) -> Step:
    said = list(row)
    said[-1] = Place(*said[-1]) if said[-1] else None
    return Step(*said)


def _paper(row: list[Any]) -> Paper:
    scheme, issuer, number, scope, since, until, is_demo = row
    return Paper(scheme, issuer, number, scope, date.fromisoformat(since), _day(until), is_demo)


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None
