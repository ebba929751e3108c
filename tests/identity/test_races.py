"""What two requests could break together, on real connections."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from shop import clock, ratelimit
from shop.db import db, transaction
from shop.errors import DomainError
from shop.identity import invitations, members, permissions, services, units
from shop.identity.models import Membership, MembershipRole, Organisation
from shop.identity.places import Place
from tests.conftest import count
from tests.factories import make_member

pytestmark = pytest.mark.committed
TODAY = date(2026, 7, 15)


def together(app: Flask, *acts: Callable[[], Any]) -> list[str]:
    """Run the acts at once, each in its own transaction; returns ``done`` or the refusal's code of each."""

    def run(act: Callable[[], Any]) -> str:
        with app.app_context():
            try:
                with transaction():
                    act()
            except DomainError as error:
                return error.code
            return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def test_tries_are_counted_once_each_by_all_connections(committed_app):
    now = clock.real_now()

    results = together(committed_app, *[lambda: ratelimit.hit("a key", 5, timedelta(minutes=10), now)] * 12)

    assert results == ["done"] * 5 + ["too-many-tries"] * 7


def test_a_role_is_granted_once(committed_app):
    actor = make_member("institution", "institution_receiver")

    results = together(
        committed_app,
        *[lambda: services.grant_role(actor.membership_id, "institution_finance", since=TODAY)] * 4,
    )

    assert results == ["done"] + ["role-held"] * 3
    assert count("membership_roles") == 2


def test_two_moves_cannot_close_a_circle(committed_app):
    actor = make_member("institution")
    place = Place("120101")
    with transaction():
        first = units.add_unit(actor, "甲", place, since=TODAY).public_id
        second = units.add_unit(actor, "乙", place, since=TODAY).public_id

    def move(unit: UUID, below: UUID) -> Callable[[], Any]:
        return lambda: units.place_unit(actor, unit, place, since=TODAY, today=TODAY, parent=below)

    results = together(committed_app, move(first, second), move(second, first))

    assert results == ["done", "unit-cycle"]


def test_an_invitation_is_accepted_or_taken_back(committed_app):
    admin, person = make_member("institution"), make_member("producer")
    with transaction():
        asked = services.Invited("张三", "+8613700137000", clock.now())
        made = services.add_member(
            person.user_id, admin.organisation_id, since=TODAY, roles=["institution_receiver"], invited=asked
        )
        made_id = made.public_id

    results = together(
        committed_app,
        lambda: invitations.accept(person.user_id, made_id, TODAY),
        lambda: members.end_membership(admin, made_id, today=TODAY, now=clock.real_now()),
    )

    # Accepted and then ended, or taken back and then not there to accept: the person holds no role either way.
    waiting = db.session.query(Membership).filter_by(public_id=made_id).filter(Membership.waits_since.is_not(None))
    left = db.session.query(Membership).filter_by(public_id=made_id).one_or_none()
    roles = db.session.query(MembershipRole).filter_by(membership_id=left.id).count() if left else 0
    assert results == (["done", "done"] if left else ["done", "not-found"])
    assert (waiting.count(), roles) == (0, 0)


def test_two_administrators_cannot_end_each_other(committed_app):
    first = make_member("institution")
    with transaction():
        second = make_member(organisation=db.session.get_one(Organisation, first.organisation_id))
    ids = {
        actor.membership_id: db.session.get_one(Membership, actor.membership_id).public_id for actor in (first, second)
    }
    db.session.rollback()

    results = together(
        committed_app,
        lambda: members.end_membership(first, ids[second.membership_id], today=TODAY, now=clock.real_now()),
        lambda: members.end_membership(second, ids[first.membership_id], today=TODAY, now=clock.real_now()),
    )

    assert results == ["done", "last-administrator"]


def test_two_edits_of_two_roles_leave_somebody_who_may_edit(committed_app):
    operator = make_member("operator")
    with transaction():
        row = next(one for one in permissions.list_roles() if one.code == "operator_auditor")
        known = {"permissions:edit", *row.permissions}
        both = [*row.permissions, "permissions:edit"]
        permissions.set_permissions(operator, "operator_auditor", row.version, both, known=known)
    rows = {one.code: one for one in permissions.list_roles()}

    def end(role: str) -> Callable[[], Any]:
        left = [name for name in rows[role].permissions if name != "permissions:edit"]
        return lambda: permissions.set_permissions(operator, role, rows[role].version, left, known=set(left))

    results = together(committed_app, end("operator_auditor"), end("operator_confirmer"))

    assert results == ["done", "nobody-could-edit"]
