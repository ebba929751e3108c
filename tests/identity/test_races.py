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
from shop.identity import members, services, units
from shop.identity.models import Membership, Organisation
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
