"""People who enter and decide filings, and a filing to enter."""

from __future__ import annotations

from datetime import date
from itertools import count as counter
from typing import Any

from orders.ledger.filings import decisions, services
from orders.ledger.filings.drafts import DocumentDraft, FilingDraft, KeyDraft, LineDraft
from orders.ledger.filings.models import Filing
from shop.auth import Actor
from shop.db import db, transaction
from shop.files import services as files
from shop.identity.models import AuthorityScope
from tests.conftest import NOON
from tests.factories import make_member, make_organisation
from tests.ledger.world import HEPING, JINGYUAN

_numbers = counter(1)
PDF = b"%PDF-1.7\n%%EOF\n"


def officials(division: str = JINGYUAN) -> tuple[Actor, Actor]:
    """Return the two persons of a county: who enters and who confirms."""
    with transaction():
        authority = make_organisation("authority", division_code=JINGYUAN)
        db.session.add(
            AuthorityScope(
                organisation_id=authority.id, kind="division", division_code=division, valid_from=date(2019, 1, 1)
            )
        )
    reviewer = make_member("authority", "authority_reviewer", organisation=authority)
    return reviewer, make_member("authority", organisation=authority)


def stated(category: str, name: str, fen: int, quantity: str = "") -> LineDraft:
    """Return a line with a basis that is not registered here, which officials state from papers."""
    return LineDraft(category, name, fen, quantity, "county_list", "靖远清单2026-01")


def draft(**changes: Any) -> FilingDraft:
    """Return a direct sale of two kinds of goods in June 2026, without papers."""
    values: dict[str, Any] = {
        "county_code": JINGYUAN, "seller_name": "靖远甲公司", "buyer_name": "天津乙公司", "buyer_division_code": HEPING,
        "mode": "direct", "sold_from": date(2026, 6, 1), "sold_to": date(2026, 6, 20), "people_helped": 120,
        "lines": (stated("wolfberry", "枸杞", 1_000_00, "2吨"), stated("lamb", "羊羔肉", 234_56)),
        "keys": (KeyDraft("contract", "HT-2026 001"),),
    }  # fmt: skip
    return FilingDraft(**{**values, **changes})


def another() -> tuple[KeyDraft, ...]:
    """Return a contract's number that no other filing names."""
    return (KeyDraft("contract", f"另{next(_numbers):04d}号"),)


def submitted(actor: Actor, **changes: Any) -> Filing:
    """Enter a filing with a paper and submit it."""
    with transaction():
        paper = DocumentDraft(files.store(PDF, "合同.pdf", actor).public_id, "contract")
        filing = services.create_filing(draft(documents=(paper,), **changes), actor, at=NOON)
        return services.submit_filing(filing.public_id, actor, at=NOON)


def confirmed(first: Actor, second: Actor, **changes: Any) -> Filing:
    """Enter, submit and confirm a filing."""
    filing = submitted(first, **changes)
    with transaction():
        return decisions.confirm_filing(filing.public_id, second, at=NOON)
