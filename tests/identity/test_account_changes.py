"""Another account to be paid to: two persons, everybody told, some days before it is used, and the database holds it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from shop.auth import Actor
from shop.db import db, transaction
from shop.errors import DomainError, Forbidden, NotFound
from shop.identity import account_changes, bank_accounts
from shop.identity.account_change_models import BankAccountChange
from shop.identity.account_changes import AlreadyDefault, ChangeDecided, ChangeWaits, OwnChange, TooNewToDecide
from shop.identity.bank_accounts import AccountInUse
from shop.identity.models import BankAccount, Membership, Organisation
from shop.notices.models import Notice
from tests.conftest import NOON, count
from tests.factories import make_member

TODAY, LATER = date(2026, 7, 15), date(2026, 7, 18)
OLD, NEW = "6228480000000001", "6228480000000002"


def add(actor: Actor, number: str, *, is_default: bool = False) -> BankAccount:
    with transaction():
        return bank_accounts.add_account(actor, "靖远合作社", "农业银行", number, is_default=is_default, at=NOON)


@pytest.fixture
def people(session):
    """Two administrators of a producer with an account, and its clerk."""
    with transaction():
        first = make_member("producer")
        own = db.session.get_one(Organisation, first.organisation_id)
        second, clerk = (
            make_member("producer", organisation=own),
            make_member("producer", "producer_clerk", organisation=own),
        )
    add(first, OLD)
    return first, second, clerk


def in_use(actor: Actor, on: date) -> str | None:
    found = bank_accounts.account_in_use(actor.organisation_id, on)
    return found.number if found else None


def asked(actor: Actor) -> BankAccountChange:
    add(actor, NEW, is_default=True)
    return db.session.scalars(select(BankAccountChange).where(BankAccountChange.status == "asked")).one()


def test_another_account_is_used_days_after_a_second_person_agreed_and_all_members_are_told(people, deliver):
    first, second, clerk = people
    change = asked(first)
    deliver()
    told = set(db.session.scalars(select(Notice.user_id).where(Notice.kind == "account_change_asked")))
    assert told == {first.user_id, second.user_id, clerk.user_id}
    assert in_use(first, LATER) == OLD

    with pytest.raises(OwnChange), transaction():
        account_changes.confirm(change.public_id, first, NOON)
    with pytest.raises(Forbidden), transaction():
        account_changes.confirm(change.public_id, clerk, NOON)
    with transaction():
        account_changes.confirm(change.public_id, second, NOON)
    deliver()

    assert (change.status, change.used_from, change.decided_by) == ("confirmed", LATER, second.user_id)
    assert (in_use(first, TODAY), in_use(first, date(2026, 7, 17)), in_use(first, LATER)) == (OLD, OLD, NEW)
    assert count("notices WHERE kind = 'account_changed'") == 3
    assert count("audit_entries WHERE action LIKE 'identity.account_change%'") == 2
    with pytest.raises(ChangeDecided), transaction():
        account_changes.confirm(change.public_id, second, NOON)


def test_the_operator_may_agree_and_strangers_do_not_see_it(people):
    first, _, _ = people
    change = asked(first)
    with transaction():
        operator, auditor = make_member("operator"), make_member("operator", "operator_auditor")
        stranger = make_member("producer")

    for actor in (auditor, stranger):
        with pytest.raises(NotFound), transaction():
            account_changes.confirm(change.public_id, actor, NOON)
    assert change.status == "asked"
    with transaction():
        account_changes.confirm(change.public_id, operator, NOON)
    assert in_use(first, LATER) == NEW


def test_who_was_made_a_member_for_it_does_not_agree(people):
    first, second, _ = people
    change = asked(first)
    with transaction():
        db.session.execute(
            update(Membership).where(Membership.user_id == second.user_id).values(valid_from=TODAY - timedelta(days=2))
        )

    with pytest.raises(TooNewToDecide), transaction():
        account_changes.confirm(change.public_id, second, NOON)

    assert in_use(first, LATER) == OLD


def test_one_change_waits_at_a_time_and_may_be_refused_or_taken_back(people):
    first, second, _ = people
    change = asked(first)
    with pytest.raises(ChangeWaits):
        add(first, "6228480000000003", is_default=True)
    with transaction():
        account_changes.refuse(change.public_id, "不是我们的账户", second, NOON)
    assert (change.status, change.reason) == ("refused", "不是我们的账户")

    again = db.session.scalars(select(BankAccount).where(BankAccount.number == NEW)).one()
    with transaction():
        mine = bank_accounts.make_default(first, again.public_id, NOON)
    with transaction():
        account_changes.refuse(mine.public_id, "填错了", first, NOON)
    assert (mine.status, in_use(first, LATER)) == ("withdrawn", OLD)
    default = db.session.scalars(select(BankAccount).where(BankAccount.is_default)).one()
    with pytest.raises(AlreadyDefault), transaction():
        bank_accounts.make_default(first, default.public_id, NOON)


def test_closing_the_account_does_not_make_the_next_one_a_first(people):
    first, second, _ = people
    with transaction():  # as it could be closed in earlier releases
        db.session.execute(update(BankAccount).values(is_default=False, closed_at=NOON))
    add(first, NEW)
    assert (in_use(first, LATER), count("bank_accounts WHERE is_default")) == (None, 0)

    with transaction():
        new = db.session.scalars(select(BankAccount).where(BankAccount.number == NEW)).one()
        change = bank_accounts.make_default(first, new.public_id, NOON)
    with transaction():
        account_changes.confirm(change.public_id, second, NOON)
    assert (in_use(first, TODAY), in_use(first, LATER)) == (None, NEW)


def test_the_account_that_is_paid_to_or_asked_for_is_not_closed(people, deliver):
    first, second, clerk = people
    old = db.session.scalars(select(BankAccount)).one()
    change = asked(first)
    new = db.session.get_one(BankAccount, change.account_id)

    for account in (old, new):
        with pytest.raises(AccountInUse), transaction():
            bank_accounts.close_account(first, account.public_id, NOON)
    with transaction():
        account_changes.confirm(change.public_id, second, NOON)
    for account in (old, new):  # the old one until the third day, the new one from then on
        with pytest.raises(AccountInUse), transaction():
            bank_accounts.close_account(first, account.public_id, NOON)
    assert count("bank_accounts WHERE closed_at IS NOT NULL") == 0
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text("UPDATE bank_accounts SET closed_at = now() WHERE is_default"))

    with transaction():
        bank_accounts.close_account(first, old.public_id, NOON + timedelta(days=3))
    deliver()
    told = db.session.scalars(select(Notice.user_id).where(Notice.kind == "bank_account_closed"))
    assert set(told) == {first.user_id, second.user_id, clerk.user_id}
    assert in_use(first, LATER) == NEW


def test_a_closed_account_is_taken_into_use_again_but_not_paid_to(people):
    first, _, _ = people
    other = add(first, NEW)
    with transaction():
        bank_accounts.close_account(first, other.public_id, NOON)
    with transaction():
        stranger = make_member("producer")
    with pytest.raises(NotFound), transaction():
        bank_accounts.reopen_account(stranger, other.public_id)

    for _twice in range(2):
        with transaction():
            bank_accounts.reopen_account(first, other.public_id)

    db.session.refresh(other)
    assert (other.closed_at, other.is_default, in_use(first, LATER)) == (None, False, OLD)
    assert count("audit_entries WHERE action = 'identity.bank_account_reopened'") == 1


@pytest.mark.committed
def test_closing_an_account_and_agreeing_to_it_at_once_leaves_it_open_or_refused(committed_app):
    with transaction():
        first = make_member("producer")
        second = make_member("producer", organisation=db.session.get_one(Organisation, first.organisation_id))
    add(first, OLD)
    other = add(first, NEW).public_id
    holding = db.engine.connect()
    held = holding.begin()  # as if it were just being closed by another request
    holding.execute(text("UPDATE bank_accounts SET closed_at = now() WHERE public_id = :id"), {"id": other})

    with transaction():
        change = bank_accounts.make_default(first, other, NOON).public_id
    with ThreadPoolExecutor(1) as pool:
        agreeing = pool.submit(agree, committed_app, change, second)
        while not db.session.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        ):
            db.session.rollback()
        held.commit()
        holding.close()

        assert agreeing.result() == "change-decided"
    assert count("bank_accounts WHERE is_default AND closed_at IS NOT NULL") == 0
    assert in_use(first, LATER) == OLD


def agree(app, change, actor):
    """Return ``done`` or the refusal's code."""
    with app.app_context():
        try:
            with transaction():
                account_changes.confirm(change, actor, NOON)
        except DomainError as error:
            return error.code
        return "done"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bank_accounts SET is_default = number = '6228480000000002' WHERE number <> '6228480000000001'",
        "UPDATE bank_accounts SET number = '6228480000000009' WHERE number = '6228480000000001'",
        "UPDATE bank_account_changes SET status = 'confirmed', decided_by = asked_by, decided_at = asked_at, used_from = '2026-07-15'",
        "UPDATE bank_account_changes SET account_id = previous_id",
        "DELETE FROM bank_account_changes",
    ],
)
def test_the_database_refuses_what_one_person_may_not(people, statement):
    first, _, _ = people
    asked(first)
    with transaction():
        db.session.execute(text("UPDATE bank_accounts SET is_default = false WHERE number = '6228480000000001'"))

    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text(statement))


def test_pages_show_what_waits_and_let_the_second_person_decide(login, people):
    first, second, _ = people
    change = asked(first)
    page = login(first).get("/organisation/bank-accounts").text
    assert ("撤回申请" in page, "核实无误，确认变更" in page) == (True, False)
    with transaction():
        operator = make_member("operator")
    assert NEW in login(operator).get("/operator/account-changes").text

    client = login(second)
    assert "核实无误，确认变更" in client.get("/organisation/bank-accounts").text
    client.post(f"/account-changes/{change.public_id}/refuse", data={"reason": ""})
    assert change.status == "asked"
    client.post(f"/account-changes/{change.public_id}/confirm")
    db.session.refresh(change)
    assert change.status == "confirmed"
    assert "2026-07-18" in client.get("/organisation/bank-accounts").text
