"""The table of moves and what it refuses; no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from orders.purchase import labels, machine
from orders.purchase.parties import Parties
from orders.purchase.rules import RULES
from shop.auth import Actor
from shop.errors import Forbidden
from tests.conftest import NOON

BUYER, PRODUCER = 1, 2


@dataclass
class Thing:
    status: str
    approval: str = "none"
    id: int = 7
    buyer_id: int = BUYER
    producer_id: int = PRODUCER
    created_by: int = 10
    recorded_by: int = 10
    confirm_by = NOON + timedelta(days=7)
    payment_mode: str = "goods_first"
    due_fen: int = 500
    received_fen: int = 0
    refunded_fen: int = 0
    held_fen: int = 0
    pay_extended: bool = False
    pay_due_on: object = None


def actor(organisation: int, *permissions: str, user: int = 11, kind: str = "institution") -> Actor:
    return Actor(
        user_id=user, user_public_id=UUID(int=user), user_name="", organisation_id=organisation,
        organisation_public_id=UUID(int=organisation), organisation_name="", organisation_kind=kind,
        membership_id=1, permissions=frozenset(permissions),
    )  # fmt: skip


def test_every_word_of_the_machines_that_order_pages_show_has_a_label():
    shown = [rule for rule in RULES if rule.machine in labels.STATES]

    assert [r for r in shown if r.target not in labels.STATES[r.machine]] == []
    assert [r for r in shown if (r.machine, r.event) not in labels.EVENTS] == []


def test_a_move_that_is_not_in_the_table_names_those_that_are():
    with pytest.raises(machine.WrongState) as refused:
        machine.check("order", Thing("shipped"), "cancel", actor=actor(BUYER, "orders:cancel"), at=NOON)

    assert refused.value.members == {"state": "shipped", "possible": []}


def test_what_is_possible_depends_on_who_asks():
    order = Thing("awaiting_confirmation")
    buyer = machine.possible_moves("order", order, actor(BUYER, "orders:cancel"), at=NOON)
    producer = machine.possible_moves(
        "order", order, actor(PRODUCER, "orders:confirm", "orders:cancel", kind="producer"), at=NOON
    )
    stranger = machine.possible_moves("order", order, actor(3, "orders:cancel"), at=NOON)

    assert [m.event for m in buyer] == ["cancel"]
    assert [m.event for m in producer] == ["confirm", "decline", "cancel"]
    assert stranger == []


def test_another_sides_move_is_forbidden():
    with pytest.raises(Forbidden):
        machine.check("order", Thing("awaiting_confirmation"), "confirm", actor=actor(BUYER, "orders:confirm"), at=NOON)


def test_the_right_side_without_the_permission_is_forbidden():
    with pytest.raises(Forbidden):
        machine.check("order", Thing("confirmed"), "cancel", actor=actor(BUYER), at=NOON)


def test_a_requester_does_not_approve_their_own():
    pending = Thing("submitted", approval="pending")
    own = actor(BUYER, "procurements:approve", user=10)

    with pytest.raises(machine.WrongState) as refused:
        machine.check("approval", pending, "approve", actor=own, at=NOON)

    assert refused.value.members == {"state": "pending", "possible": []}
    assert machine.check(
        "approval", pending, "approve", actor=actor(BUYER, "procurements:approve"), at=NOON
    ).target == "approved"  # fmt: skip


def test_goods_ship_only_after_both_signed_and_pay_first_only_after_paid():
    producer = actor(PRODUCER, "goods:ship", kind="producer")
    order = Thing("confirmed", payment_mode="pay_first")

    def events(**context: object) -> list[str]:
        return [m.event for m in machine.possible_moves("order", order, producer, at=NOON, context=context)]

    assert events(contract="signed_by_producer") == []
    assert events(contract="signed") == []
    order.received_fen = 500
    assert events(contract="signed") == ["ship_part", "ship_all"]
    order.held_fen = 1
    assert events(contract="signed") == []


def test_only_the_system_lets_an_order_lapse_and_only_out_of_time():
    order = Thing("awaiting_confirmation")

    with pytest.raises(machine.WrongState):
        machine.check("order", order, "lapse", actor=None, at=NOON)

    assert machine.check("order", order, "lapse", actor=None, at=order.confirm_by).target == "lapsed"


def test_the_parties_are_read_from_whatever_names_them():
    assert Parties.of(Thing("x")) == Parties(BUYER, PRODUCER)
