"""Who waits for a second person reads who that can be; if nobody can, where to invite one."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from orders.payments import receipts
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests.conftest import NOON
from tests.counting.build import accept, make_order, make_trade
from tests.factories import make_member
from tests.payments.help import facts

pytestmark = pytest.mark.usefixtures("session")


def recorded(trade) -> str:
    """Return the address of a receipt that the clerk has recorded."""
    order = make_order(trade)
    accept(order, ("7", "3"))
    return f"/producer/payments/{receipts.record(facts((order, 7000)), trade.clerk, NOON).public_id}"


def test_colleagues_who_can_confirm_are_named(login):
    with transaction():
        trade = make_trade(members=True)
        page = recorded(trade)

    said = login(trade.clerk).get(page).text

    assert f"可以办理的同事：{trade.checker.user_name}。" in said
    assert "本单位没有其他成员有此权限。" not in said


def test_where_nobody_can_it_is_said_with_whom_to_ask(login):
    with transaction():
        trade = make_trade(members=True)
        page = recorded(trade)
        own = db.session.get_one(Organisation, trade.clerk.organisation_id)
        db.session.execute(text("""DELETE FROM role_permissions WHERE permission = 'payments:confirm'"""))
        inviter = make_member("producer", "producer_admin", organisation=own)

    clerk, admin = login(trade.clerk).get(page).text, login(inviter).get(page).text

    assert "本单位没有其他成员有此权限。</strong> 请联系本单位管理员邀请成员或授予角色。" in clerk
    assert '本单位没有其他成员有此权限。</strong> <a href="/organisation/members/invite">邀请成员</a>' in admin


def test_who_has_not_agreed_to_be_a_member_is_not_named(login):
    with transaction():
        trade = make_trade(members=True)
        page = recorded(trade)
        db.session.execute(
            text("""UPDATE memberships SET waits_since = now(), invited_name = '某人', invited_contact = '13700137000'
                    WHERE user_id = :user"""),
            {"user": trade.checker.user_id},
        )

    said = login(trade.clerk).get(page).text

    assert (trade.checker.user_name in said, "本单位没有其他成员有此权限。" in said) == (False, True)
