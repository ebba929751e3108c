"""The buying organisation on a day: what it is, whose budget an order counts to, whether orders need approval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from orders.ledger.models import FUND_SOURCES
from shop.auth import Actor
from shop.db import db, rows_of_sent, send
from shop.errors import Forbidden, Invalid
from shop.i18n import _
from shop.identity.models import DIRECT_TYPES
from shop.pipelining import Sent, Statement

# To the end of the transaction plans are kept: planning anew which prices and papers are in force takes longer than
# reading them. A kept plan goes by indexes, also where it was made while the tables were small.
_KEEP_PLANS = Statement(
    "SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)"
)
_BUYER = Statement("""
    SELECT o.id AS organisation_id, o.public_id, o.name, o.institution_type, o.verified_at, o.division_code,
           u.id AS unit_id, u.public_id AS unit_public_id, u.name AS unit_name,
           p.division_code AS unit_division_code, p.finance_division_code,
           EXISTS (SELECT FROM membership_roles r JOIN memberships m ON m.id = r.membership_id
                   JOIN users v ON v.id = m.user_id AND v.disabled_at IS NULL
                   WHERE m.organisation_id = o.id AND m.waits_since IS NULL AND r.role = 'institution_approver'
                     AND r.valid_from <= :on AND (r.valid_to IS NULL OR r.valid_to >= :on)
                     AND m.valid_from <= :on AND (m.valid_to IS NULL OR m.valid_to >= :on))
           OR EXISTS (SELECT FROM approval_rules a WHERE a.organisation_id = o.id
                      AND a.valid_from <= :on AND (a.valid_to IS NULL OR a.valid_to >= :on)) AS needs_approval,
           (SELECT version FROM counting_rules
             WHERE valid_from <= :on AND (valid_to IS NULL OR valid_to >= :on)) AS rule_version,
           (SELECT array_agg(nextval('procurements_id_seq')) FROM generate_series(1, :procurements)) AS procurement_keys,
           (SELECT array_agg(nextval('orders_id_seq')) FROM generate_series(1, :lines)) AS order_keys,
           (SELECT array_agg(nextval('order_lines_id_seq')) FROM generate_series(1, :lines)) AS line_keys,
           (SELECT array_agg(nextval('ledger_dimensions_id_seq')) FROM generate_series(1, :lines)) AS dimension_keys
    FROM organisations o
    LEFT JOIN units u ON u.organisation_id = o.id AND u.closed_at IS NULL
         AND (u.public_id = cast(:unit AS uuid) OR u.id = cast(:unit_key AS bigint))
    LEFT JOIN unit_placements p ON p.unit_id = u.id
         AND p.valid_from <= :on AND (p.valid_to IS NULL OR p.valid_to >= :on)
    WHERE o.id = :organisation""")


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys taken from the sequences before anything is written, because numbers are made from them.

    As many for orders as for lines: how many producers there are shows only later, and gaps do no harm.
    """

    procurement: int | None
    orders: tuple[int, ...]
    lines: tuple[int, ...]
    #: Of what each line carries in the books.
    dimensions: tuple[int, ...]


class BudgetMissing(Invalid):
    """A budget unit, school, hospital or union must say whose budget and which fund pays; ``errors`` points there."""

    code = "budget-missing"


class NoSuchUnit(Invalid):
    """The organisation has no open unit with that identifier."""

    code = "no-such-unit"


class NoCountingRule(Invalid):
    """No counting rule is in force on that day."""

    code = "no-counting-rule"


@dataclass(frozen=True, slots=True)
class Buyer:
    """The buying side of an order on a day."""

    organisation_id: int
    public_id: UUID
    name: str
    institution_type: str
    verified_at: datetime | None
    division_code: str
    unit_id: int | None
    unit_public_id: UUID | None
    unit_name: str | None
    unit_division_code: str | None
    finance_division_code: str | None
    #: Somebody in it holds the role of approver that day, or it has levels of approval.
    needs_approval: bool
    rule_version: int | None

    @property
    def mode(self) -> str:
        """Direct purchase or helped sale, by what the institution is."""
        return "direct" if self.institution_type in DIRECT_TYPES else "helped"

    @property
    def helper_name(self) -> str:
        """Who helped to sell: the company, supermarket or trader; nobody in a direct purchase."""
        return "" if self.mode == "direct" else self.name

    def counts_at(self, at: datetime) -> bool:
        """Say whether what it orders at an instant can count: its identity is verified by then."""
        return self.verified_at is not None and self.verified_at <= at

    def require_budget(self, fund_source: str | None) -> None:
        """Refuse an order that does not say whose budget and which fund pays, where that is required.

        :raises BudgetMissing: pointing at what is missing.
        """
        errors = []
        if self.mode == "direct" and self.unit_id is None:
            errors.append({"pointer": "#/unit_id", "detail": _("请选择所属预算单位。")})
        if self.mode == "direct" and fund_source is None:
            errors.append({"pointer": "#/fund_source", "detail": _("请选择资金来源。")})
        if fund_source is not None and fund_source not in FUND_SOURCES:
            errors.append({"pointer": "#/fund_source", "detail": _("没有这种资金来源。")})
        if errors:
            raise BudgetMissing(errors[0]["detail"], errors=errors)


def get_buyer(actor: Actor, on: date, *, unit: UUID | None = None, unit_key: int | None = None) -> Buyer:
    """Return the actor's organisation as a buyer on a day, in one statement.

    :param unit: public identifier of the budget unit, or ``unit_key`` its key.
    :raises Forbidden: if it is not an institution.
    :raises NoSuchUnit: if the unit is closed or another organisation's.
    """
    return get_buyer_and_keys(actor, on, unit=unit, unit_key=unit_key)[0]


def get_buyer_and_keys(
    actor: Actor,
    on: date,
    *,
    unit: UUID | None = None,
    unit_key: int | None = None,
    lines: int = 0,
    new_procurement: bool = False,
) -> tuple[Buyer, Keys]:
    """Return the same, and the keys that placing so many lines needs, still in one statement.

    :raises Forbidden, NoSuchUnit: as :func:`get_buyer`.
    """
    return ask_for_buyer(actor, on, unit=unit, unit_key=unit_key, lines=lines, new_procurement=new_procurement).answer()


@dataclass(frozen=True, slots=True)
class AskedBuyer:
    """A question for a buyer and keys that leaves with the next statement."""

    sent: Sent
    unit: UUID | None

    def answer(self) -> tuple[Buyer, Keys]:
        """Return the answer.

        :raises NoSuchUnit: if the unit is closed or another organisation's.
        """
        ((*facts, procurements, orders, lines, dimensions),) = rows_of_sent(self.sent)
        buyer = Buyer(*facts)
        if self.unit is not None and buyer.unit_id is None:
            errors = [{"pointer": "#/unit_id", "detail": _("本单位没有这个预算单位。")}]
            raise NoSuchUnit(errors[0]["detail"], errors=errors)
        key = procurements[0] if procurements else None
        return buyer, Keys(key, tuple(orders or ()), tuple(lines or ()), tuple(dimensions or ()))


def ask_for_buyer(
    actor: Actor,
    on: date,
    *,
    unit: UUID | None = None,
    unit_key: int | None = None,
    lines: int = 0,
    new_procurement: bool = False,
) -> AskedBuyer:
    """Ask for the same without waiting.

    :raises Forbidden: if the actor's organisation is not an institution.
    """
    if actor.organisation_kind != "institution":
        raise Forbidden(_("只有采购单位可以采购。"))
    values = {
        "organisation": actor.organisation_id, "on": on, "unit": unit, "unit_key": unit_key, "lines": lines,
        "procurements": int(new_procurement),
    }  # fmt: skip
    send(_KEEP_PLANS)
    return AskedBuyer(send(_BUYER, values), unit)


def find_rejection(procurement_id: int) -> tuple[str, str] | None:
    """Return who sent the procurement back since it was last submitted, and why; the reason may be empty."""
    found = db.session.execute(
        text("""SELECT u.name, m.why FROM moves m JOIN users u ON u.id = m.user_id
                WHERE m.machine = 'approval' AND m.subject_id = :id AND m.event = 'reject'
                  AND NOT EXISTS (SELECT FROM moves l WHERE l.machine = 'approval' AND l.subject_id = m.subject_id
                                  AND l.event = 'request' AND l.id > m.id)
                ORDER BY m.id DESC LIMIT 1"""),
        {"id": procurement_id},
    ).one_or_none()
    return (found.name, found.why or "") if found else None


def find_submitter(procurement_id: int) -> int | None:
    """Return who asked last for the approval of a procurement."""
    found = db.session.scalar(
        text("""SELECT user_id FROM moves WHERE machine = 'approval' AND subject_id = :id AND event = 'request'
                ORDER BY id DESC LIMIT 1"""),
        {"id": procurement_id},
    )
    return int(found) if found is not None else None
