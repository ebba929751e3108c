"""The organisations of the story and the people who act for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random

from sqlalchemy import select

from admin.demo import jingyuan, names
from admin.demo.accounts import ACCOUNTS, PASSWORD
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.geo.models import AssistedCounty, Division, Pairing
from shop.identity import queries as identity_queries
from shop.identity import services as identity
from shop.identity.models import AuthorityScope, BankAccount, Organisation, User

#: Everybody is there before the first sale.
BEGINNING = datetime(2019, 12, 2, 1, 0, tzinfo=UTC)
INSTITUTIONS = 60
_SEED = 60
#: Kind of institution, registering authority in the credit code, what it is called, and how much it buys.
_KINDS: tuple[tuple[str, str, str, int], ...] = (
    ("budget_unit", "11", "机关事务管理中心", 3),
    ("school", "12", "实验中学", 2),
    ("hospital", "12", "人民医院", 3),
    ("union", "81", "总工会", 2),
    ("company", "91", "实业集团有限公司", 4),
    ("supermarket", "91", "惠民超市连锁有限公司", 5),
)
#: How much each kind buys.
SCALES = {kind: scale for kind, _, _, scale in _KINDS}


@dataclass(frozen=True)
class Body:
    """What the story must know of an organisation, whatever the session."""

    id: int
    name: str
    kind: str
    credit_code: str
    division_code: str
    institution_type: str | None

    @classmethod
    def of(cls, row: Organisation) -> Body:
        """Copy it from its row."""
        return cls(row.id, row.name, row.kind, row.credit_code or "", row.division_code, row.institution_type)


@dataclass
class Cast:
    """Everybody by key: ``institution:3``, ``producer:620421:0``, ``authority:620421``, ``operator``."""

    organisations: dict[str, Body] = field(default_factory=dict)
    #: key -> people in the order they joined; the second confirms what the first recorded.
    people: dict[str, list[Actor]] = field(default_factory=dict)

    def first(self, key: str) -> Actor:
        """Return who does the daily work."""
        return self.people[key][0]

    def second(self, key: str) -> Actor:
        """Return the second person."""
        return self.people[key][1]


@dataclass(frozen=True)
class Role:
    """One organisation to be made: its registration and how many people it has."""

    key: str
    new: identity.NewOrganisation
    roles: tuple[tuple[str, ...], ...]


def _code(kind: str, division: str, serial: int) -> str:
    return names.credit_code(kind, division, serial)


def _institutions() -> list[Role]:
    """Institutions in divisions that a pairing in force today names: Heping first, then by code."""
    ends = db.session.scalars(
        select(Pairing.east_code)
        .where(Pairing.valid_from.is_not(None), Pairing.valid_to.is_(None), Pairing.east_code.is_not(None))
        .distinct()
        .order_by(Pairing.east_code)
    ).all()
    divisions = {d.code: d for d in db.session.scalars(select(Division).where(Division.code.in_(ends)))}
    lower = [code for code in ends if code and not code.endswith("0000")]
    lower.sort(key=lambda code: (code != "120101", code))
    made = []
    for place in range(INSTITUTIONS):
        division = divisions[lower[(place // 2) % len(lower)]]
        kind, registrar, words, _ = _KINDS[(place * 5 + place // 6) % len(_KINDS)] if place > 1 else _KINDS[place]
        level = "none" if kind in ("company", "supermarket") else "city" if division.level == "prefecture" else "county"
        new = identity.NewOrganisation(
            kind="institution",
            name=f"{division.name}{words}{names.MARK}"
            if place < 2 * len(lower)
            else f"{division.name}第二{words}{names.MARK}",
            division_code=division.code,
            credit_code=_code(registrar, division.code, 10_000_000 + place),
            institution_type=kind,
            place=identity.Place(division.code, budget_level=level),
        )
        made.append(Role(f"institution:{place}", new, (("institution_admin",), ("institution_admin",))))
    return made


def _producers(counties: Mapping[str, int]) -> list[Role]:
    """Return ``counties[code]`` producers for each county."""
    rows = {c.code: c for c in db.session.scalars(select(AssistedCounty).where(AssistedCounty.code.in_(counties)))}
    made = []
    serial = 20_000_000
    words = ("农业科技有限公司", "特产专业合作社", "生态农业有限公司", "种养殖农民专业合作社")
    for code in sorted(counties):
        for place in range(counties[code]):
            serial += 1
            company = place % 2 == 0
            key = f"producer:{code}:{place}"
            name = f"{rows[code].name}{'' if place < 2 else place}{words[(serial + place) % 2 * 2 + (0 if company else 1)]}"  # noqa: PLR2004
            new = identity.NewOrganisation(
                kind="producer",
                name=f"{name}{names.MARK}",
                division_code=rows[code].division_code,
                credit_code=_code("91" if company else "93", rows[code].division_code, serial),
            )
            made.append(Role(key, new, (("producer_admin",), ("producer_finance",))))
    return made


def _case() -> list[Role]:
    """Return the nine sellers and eleven buyers of the published case; their names are made up."""
    made = []
    goods = ("枸杞", "羊业", "枣业")
    for place in range(jingyuan.SELLERS):
        new = identity.NewOrganisation(
            kind="producer",
            name=f"靖远{'甲乙丙丁戊己庚辛壬'[place]}号{goods[place % 3]}有限公司{names.MARK}",
            division_code=jingyuan.COUNTY,
            credit_code=_code("91", jingyuan.COUNTY, 30_000_000 + place),
        )
        made.append(Role(f"case_seller:{place}", new, (("producer_admin",), ("producer_finance",))))
    for place in range(jingyuan.BUYERS):
        new = identity.NewOrganisation(
            kind="institution",
            name=f"天津和平{place + 1}号商贸有限公司{names.MARK}",
            division_code="120101",
            credit_code=_code("91", "120101", 31_000_000 + place),
            institution_type="company",
        )
        made.append(Role(f"case_buyer:{place}", new, (("institution_admin",),)))
    return made


def _authorities() -> list[Role]:
    seats = {"620421": "靖远县", "620000": "甘肃省", "120101": "天津市和平区"}
    return [
        Role(
            f"authority:{code}",
            identity.NewOrganisation(
                kind="authority", name=f"{name}消费帮扶专班{names.MARK}", division_code=code,
                credit_code=_code("11", code, 40_000_000 + place),
            ),
            (("authority_reviewer",), ("authority_confirmer",)),
        )
        for place, (code, name) in enumerate(seats.items())
    ]  # fmt: skip


def _finance() -> Role:
    """Return the finance bureau that sees the district's budget units, wherever they stand, and no company."""
    new = identity.NewOrganisation(
        kind="authority", name=f"天津市和平区财政局{names.MARK}", division_code="120101",
        credit_code=_code("11", "120101", 40_000_010),
    )  # fmt: skip
    return Role("finance:120101", new, (("authority_viewer",),))


def _agent() -> Role:
    """Return the supply co-op that acts for small producers of Jingyuan on their mandates."""
    new = identity.NewOrganisation(
        kind="agent", name=f"靖远县供销合作社联合社{names.MARK}", division_code=jingyuan.COUNTY,
        credit_code=_code("93", jingyuan.COUNTY, 40_000_011),
    )  # fmt: skip
    return Role("agent:620421", new, (("agent_admin",), ("agent_finance",)))


def _operator() -> Role:
    new = identity.NewOrganisation(
        kind="operator", name=f"对口平台运营{names.MARK}", division_code="110101",
        credit_code=_code("91", "110101", 50_000_000),
    )  # fmt: skip
    people = (("operator_finance", "operator_reviewer"), ("operator_confirmer",))
    return Role("operator", new, people)


def roles(counties: Mapping[str, int]) -> list[Role]:
    """Return every organisation of the story."""
    # New ones at the end: the place in the list is what numbers of phones and accounts are made of.
    return [_operator(), *_authorities(), *_case(), *_institutions(), *_producers(counties), _finance(), _agent()]


def assemble(wanted: Sequence[Role], *, at: datetime = BEGINNING, only: Collection[str] | None = None) -> Cast:
    """Make the organisations and people that are not there yet; call inside a transaction.

    Serial numbers decide phone numbers and credit codes, so a second call finds what the first made.

    :param only: the keys of those that join now, everybody if left out; who has joined is always found.
    """
    cast = Cast()
    there = {o.credit_code: o for o in db.session.scalars(select(Organisation).where(Organisation.is_demo))}
    for serial, role in enumerate(wanted):
        organisation = there.get(role.new.credit_code)
        if organisation is None:
            if only is not None and role.key not in only:
                continue
            organisation = identity.create_organisation(role.new, at=at, is_verified=True, is_demo=True)
            _settle(role, organisation, serial, at=at)
        cast.organisations[role.key] = Body.of(organisation)
    db.session.flush()  # the memberships are read back as actors
    _introduce(cast, wanted)
    return cast


def _settle(role: Role, organisation: Organisation, serial: int, *, at: datetime) -> None:
    """Give a new organisation its people, its bank account and, for an authority, what it sees."""
    rng = Random(f"{_SEED}:{role.key}")  # noqa: S311  a story, not a secret
    visitors = [account for account in ACCOUNTS if account.organisation == role.key]
    since = business_day(at)
    for place, codes in enumerate(role.roles):
        user = identity.create_user(names.person(rng), at=at, phone=names.phone(10_000_000 + serial * 4 + place))
        identity.add_member(user.id, organisation.id, since=since, roles=codes)
    for account in visitors:
        user = identity.create_user(account.name, at=at, phone=account.phone, password=PASSWORD)
        identity.add_member(user.id, organisation.id, since=since, roles=account.roles)
    db.session.add(
        BankAccount(
            organisation_id=organisation.id, holder=organisation.name, bank="演示银行", number=f"6200{serial:012d}",
            is_default=True,
        )
    )  # fmt: skip
    kinds = {"authority": {"kind": "division"}, "finance": {"kind": "budget", "budget_level": "county"}}
    if scope := kinds.get(role.key.partition(":")[0]):
        db.session.add(
            AuthorityScope(
                organisation_id=organisation.id, division_code=role.new.division_code, valid_from=since, **scope
            )
        )  # fmt: skip


def _introduce(cast: Cast, wanted: Sequence[Role]) -> None:
    """Find the people who act, by their numbers."""
    on = date(2021, 1, 1)
    numbers = {
        names.phone(10_000_000 + serial * 4 + place): role.key
        for serial, role in enumerate(wanted)
        if role.key in cast.organisations
        for place in range(len(role.roles))
    }
    users = db.session.scalars(select(User).where(User.phone.in_(numbers)).order_by(User.phone)).all()
    for user in users:
        key = numbers[str(user.phone)]
        actor = identity_queries.actor_of(user.id, cast.organisations[key].id, on)
        cast.people.setdefault(key, []).append(actor)


__all__ = ["BEGINNING", "INSTITUTIONS", "SCALES", "Cast", "Role", "assemble", "roles"]
