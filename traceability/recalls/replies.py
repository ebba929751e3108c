"""What becomes of recalled goods, as who got them says: kept apart, used, sent back, destroyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import insert

from catalog.lots.lifting import RecallLifted
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.errors import Forbidden, Invalid
from shop.i18n import _
from shop.outbox.services import publish
from traceability.recalls import queries
from traceability.recalls.models import RecallReply
from traceability.recalls.queries import Reached

#: Consignments that one organisation may have got of one recall; a school has a few.
MOST = 1_000


class BadRecallReply(Invalid):
    """What is said of recalled goods does not fit what was delivered; see ``errors``."""

    code = "bad-recall-reply"


@dataclass(frozen=True)
class Account:
    """What became of one consignment."""

    set_aside: Decimal
    used: Decimal
    returned: Decimal
    destroyed: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """What is accounted for."""
        return self.set_aside + self.used + self.returned + self.destroyed

    @property
    def least(self) -> Decimal:
        """The smallest of what is said."""
        return min(self.set_aside, self.used, self.returned, self.destroyed)


def reply(recall_id: UUID, accounts: Mapping[UUID, Account], note: str, *, actor: Actor, at: datetime) -> list[UUID]:
    """Say what became of consignments of a recall; what was said before of the same is replaced. Returns which were told of.

    :param accounts: by the public identifier of the movement by which the goods left.
    :raises NoSuchRecall: if it did not reach the actor's organisation.
    :raises Forbidden: for others than who got the goods.
    :raises RecallLifted: if the recall was lifted.
    :raises BadRecallReply: for a consignment that is not there or not told of yet, or more than was delivered.
    """
    today = business_day(at)
    head = queries.get_recall(recall_id, actor, today)
    if actor.organisation_kind != "institution":
        raise Forbidden(_("由收货单位登记。"))
    if head.lifted_at is not None:
        raise RecallLifted(_("这次召回已经撤回。"))
    known = {row.id: row for row in queries.list_reached(recall_id, actor, today, limit=MOST)}
    _check(accounts, known)
    for key, account in accounts.items():
        row = known[key]
        db.session.execute(
            insert(RecallReply).values(
                recall_id=row.recall_id, movement_id=row.key, set_aside=account.set_aside, used=account.used,
                returned=account.returned, destroyed=account.destroyed, note=note.strip()[:500], replied_by=actor.user_id, replied_at=at,
            )
        )  # fmt: skip
    audit.record(actor, "traceability.recall_answered", "lot_recall", head.key, consignments=[None, len(accounts)])
    _tell(recall_id, [known[key] for key in accounts])
    return list(accounts)


def units_of(recall_id: UUID, actor: Actor, *, at: datetime) -> dict[UUID, str]:
    """Return in which unit each consignment of a recall is counted."""
    rows = queries.list_reached(recall_id, actor, business_day(at), limit=MOST)
    return {row.id: row.unit for row in rows}


def _check(accounts: Mapping[UUID, Account], known: Mapping[UUID, Reached]) -> None:
    errors = [] if accounts else [{"pointer": "#/items", "detail": _("请填写数量。")}]
    for n, (key, account) in enumerate(accounts.items()):
        row = known.get(key)
        if row is None or row.recall_id is None:
            errors.append({"pointer": f"#/items/{n}/set_aside", "detail": _("没有这条收货记录。")})
        elif account.least < 0 or account.total > row.out:
            detail = _("各项合计不能超过收到的 %(out)s。", out=f"{row.out.normalize():f}")
            errors.append({"pointer": f"#/items/{n}/set_aside", "detail": detail})
    if errors:
        raise BadRecallReply(errors[0]["detail"], errors=errors)


def _tell(recall_id: UUID, rows: Sequence[Reached]) -> None:
    publish(
        "traceability.recall_answered", organisations=sorted({row.producer_id for row in rows}),
        recall_id=str(recall_id), consignee=rows[0].consignee, codes="、".join(sorted({row.lot_code for row in rows})),
    )  # fmt: skip
