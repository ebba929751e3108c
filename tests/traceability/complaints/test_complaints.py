"""Complaints: taken from anybody, looked into by who is in charge, seen by the producer without who complained."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shop import clock
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories
from tests.conftest import NOON, count
from tests.ledger.filers import officials
from tests.traceability.events import rows
from tests.traceability.pieces.help import GTIN, Shelf, make_shelf
from traceability.complaints import services
from traceability.complaints.queries import NoSuchComplaint
from traceability.complaints.services import ComplaintMoved, NewComplaint
from traceability.resolver.queries import find_goods

WORDS, CONTACT = "袋里有虫。\n在和平区买的。", "13800000000"
FORM = f"/complaints/new?number={GTIN}&lot=L-7"
OTHER = "06901234567885"
TABLES = ("complaints", "complaint_contacts", "complaint_steps")


@pytest.fixture
def shelf(session) -> Shelf:
    return make_shelf()


def complain(serial: str | None = None, contact: str = CONTACT, kind: str = "quality") -> Any:
    """Take a complaint about the shelf's lot and return its public id."""
    goods = find_goods(GTIN, "L-7", serial)
    assert goods is not None
    with transaction():
        new = NewComplaint(kind, WORDS, contact)
        return services.receive(new, goods, address="198.51.100.7", at=NOON, now=clock.real_now()).public_id


def steps() -> list[tuple[str, str]]:
    return [(event, words) for event, words in rows("SELECT event, words FROM complaint_steps ORDER BY id")]


def test_anybody_complains_and_looks_up_how_it_stands_without_login(client, shelf, login, deliver):
    lot = f"/trace/lots/{shelf.lot.public_id}"
    assert f'href="{FORM.replace("&", "&amp;")}"' in client.get(lot).text
    form = client.get(FORM)

    answer = client.post(FORM, data={"kind": "quality", "words": f" {WORDS} ", "contact": CONTACT})
    page = client.get(answer.location)

    [(number, words, lot_id, contact)] = rows(
        "SELECT c.number, c.words, c.lot_id, k.contact FROM complaints c JOIN complaint_contacts k ON k.complaint_id = c.id"
    )
    assert (form.status_code, "靖远枸杞 500 g/袋" in form.text, "请拨打 12315" in form.text) == (200, True, True)
    assert (answer.status_code, answer.location) == (302, f"/complaints/{number}")
    assert (words.replace("\r\n", "\n"), lot_id, contact) == (WORDS, shelf.lot.id, CONTACT)
    assert ("已收到，还没有人开始核查。" in page.text, number in page.text) == (True, True)
    assert ("袋里有虫" in page.text, CONTACT in page.text) == (False, False)
    assert client.get(f"/complaints/{number[:-1]}{'2' if number[-1] != '2' else '3'}").status_code == 404
    deliver()
    notices = "SELECT o.name FROM notices n JOIN organisations o ON o.id = n.organisation_id WHERE n.kind = 'complaint_received'"
    assert rows(notices) == [("靖远合作社",)]
    assert "有消费者投诉批次 L-7" in login(shelf.producer).get("/account/notices").text


@pytest.mark.parametrize(
    ("address", "data", "status"),
    [
        (FORM, {"kind": "quality", "words": "  "}, 422),
        (FORM, {"kind": "nothing", "words": "x"}, 422),
        (FORM, {"words": "x"}, 422),
        (FORM, {"kind": "quality", "words": "x" * 1001}, 422),
        (FORM, {"kind": "quality", "words": "x", "contact": "1" * 101}, 422),
        ("/complaints/new?number=04012345111118", {"kind": "quality", "words": "x"}, 404),
        ("/complaints/new?number=x", {"kind": "quality", "words": "x"}, 400),
        ("/complaints/new", {"kind": "quality", "words": "x"}, 400),
    ],
)
def test_what_is_no_complaint_is_refused_and_nothing_kept(client, shelf, address, data, status):
    answer = client.post(address, data=data)

    assert answer.status_code == status
    assert [count(table) for table in TABLES] == [0, 0, 0]


def test_the_sixth_complaint_of_an_hour_about_a_pack_from_one_address_waits(client, shelf):
    said = {"kind": "other", "words": "x"}

    answers = [client.post(FORM, data=said) for _ in range(6)]

    assert [each.status_code for each in answers] == [302] * 5 + [429]
    assert "秒后再试" in answers[5].text
    assert int(answers[5].headers["Retry-After"]) > 3500
    assert [count(table) for table in TABLES] == [5, 0, 5]


def test_a_kind_of_goods_gets_sixty_complaints_an_hour_from_all_addresses_together(client, shelf):
    said, new, goods = {"kind": "other", "words": "x"}, NewComplaint("other", "x"), find_goods(GTIN, "L-7", None)
    assert goods is not None
    with transaction():
        for n in range(60):
            services.receive(new, goods, address=f"2001:db8:{n}::/64", at=NOON, now=clock.real_now())
        second = factories.make_sku(shelf.product, shelf.producer, gtin=OTHER)

    refused, taken = client.post(FORM, data=said), client.post(f"/complaints/new?number={OTHER}", data=said)

    assert (refused.status_code, taken.status_code) == (429, 302)
    assert "一小时内关于这种商品的反映已经很多" in refused.text
    assert int(refused.headers["Retry-After"]) > 3500
    assert rows("SELECT sku_id, count(*) FROM complaints GROUP BY 1 ORDER BY 1") == [
        (shelf.lot.sku_id, 60), (second.id, 1),
    ]  # fmt: skip


def test_a_form_that_is_sent_twice_is_one_complaint(client, shelf):
    said = {"kind": "other", "words": "x", "idempotency_key": "k1"}

    answers = [client.post(FORM, data=said) for _ in range(2)]

    assert answers[0].location == answers[1].location
    assert count("complaints") == 1


def test_a_made_up_serial_number_can_be_complained_about(client, shelf):
    forged = client.get(shelf.label("MADEUP"))
    answer = client.post(f"{FORM}&serial=MADEUP", data={"kind": "forged", "words": "标签"})

    assert f"{FORM}&serial=MADEUP".replace("&", "&amp;") in forged.text
    assert answer.status_code == 302
    assert rows("SELECT kind, lot_id, serial FROM complaints") == [("forged", shelf.lot.id, "MADEUP")]


def test_who_is_in_charge_looks_into_it_answers_and_closes_it_and_each_sees_what_is_theirs(client, shelf, login):
    complaint = complain()
    [(number,)] = rows("SELECT number FROM complaints")
    county, producer = officials()[0], shelf.producer
    at = f"/official/complaints/{complaint}"

    official = login(county)
    assert [(CONTACT in page, WORDS in page) for page in [official.get(at).text]] == [(True, True)]
    assert official.post(f"{at}/answer", data={"words": "早了"}).status_code == 409
    assert [official.post(f"{at}/take").status_code for _ in range(2)] == [302, 302]
    assert "这条投诉的状态已变" in official.get(at).text
    seller = login(producer)
    told = seller.get(f"/producer/complaints/{complaint}").text
    assert (CONTACT in told, WORDS in told, "开始核查</button>" in told) == (False, True, False)
    assert seller.post(f"/producer/complaints/{complaint}/respond", data={"words": "已下架"}).status_code == 302
    assert seller.post(f"{at}/answer", data={"words": "没事"}).status_code == 403
    official = login(county)
    assert official.post(f"{at}/answer", data={"words": " "}).status_code == 422
    assert official.post(f"{at}/answer", data={"words": "已责令召回"}).status_code == 302
    public = client.get(f"/complaints/{number}").text
    assert ("已责令召回" in public, "已下架" in public) == (True, False)
    assert official.post(f"{at}/close", data={"words": "查实"}).status_code == 302
    assert official.post(f"{at}/close", data={"words": "再次"}).status_code == 409
    assert login(producer).post(f"/producer/complaints/{complaint}/respond", data={"words": "x"}).status_code == 409
    assert steps() == [
        ("received", ""), ("taken", ""), ("responded", "已下架"), ("answered", "已责令召回"), ("closed", "查实")
    ]  # fmt: skip
    assert rows("SELECT status, answer, answered_at, closed_at FROM complaints") == [
        ("closed", "已责令召回", NOON, NOON)
    ]
    audited = "SELECT action FROM audit_entries WHERE subject_type = 'complaint' ORDER BY id"
    assert [action.removeprefix("traceability.complaint_") for (action,) in rows(audited)] == [
        "taken", "responded", "answered", "closed"
    ]  # fmt: skip


def test_lists_and_sheets_hold_what_each_desk_sees_and_never_a_contact(client, shelf, login):
    complain()
    complain(kind="expired")
    with transaction():
        stranger, operator = factories.make_producer(), factories.make_member("operator")
        buyer = factories.make_member("institution")
    first, _second = officials()
    readers = {"producer": shelf.producer, "official": first, "operator": operator}

    for desk, actor in readers.items():
        reader = login(actor)
        page = reader.get(f"/{desk}/complaints")
        data = reader.get(f"/{desk}/complaints.xlsx?status=all&kind=expired").get_data()
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
        assert (page.status_code, "合计 2 条" in page.text) == (200, True)
        assert [row[2:8] for row in sheet[1:2]] == [["已过保质期", WORDS, "靖远枸杞", "500 g/袋", "L-7", ""]]
        assert sheet[2][:2] == ["合计", 1.0]
        assert CONTACT not in page.text + repr(sheet)
        assert "没有未答复的投诉" not in page.text
        assert "没有符合条件的投诉" in reader.get(f"/{desk}/complaints?q=L-8").text
        strange = reader.get(f"/{desk}/complaints?status=all&kind=expired&desk=x&endpoint=y")
        assert (strange.status_code, f"/{desk}/complaints.xlsx?status=all&amp;kind=expired" in strange.text) == (
            200,
            True,
        )
    assert "待处理的消费者投诉" in login(operator).get("/operator").text
    for desk, actor in (("producer", stranger), ("official", officials("522301")[0])):
        assert "没有未答复的投诉" in login(actor).get(f"/{desk}/complaints").text
    assert login(buyer).get("/producer/complaints").status_code == 403


def test_others_complaints_are_not_there_and_who_only_reads_does_nothing(shelf, login):
    complaint = complain()
    with transaction():
        stranger = factories.make_producer()
    far = officials("522301")[0]
    viewer = factories.make_member(
        "authority", "authority_viewer", organisation=_authority_of(officials()[0].organisation_id)
    )
    at = f"/official/complaints/{complaint}"
    asked = [
        (stranger, "get", f"/producer/complaints/{complaint}", 404),
        (stranger, "post", f"/producer/complaints/{complaint}/respond", 404),
        (far, "get", at, 404), (far, "post", f"{at}/take", 404), (far, "post", f"{at}/erase-contact", 404),
        (viewer, "get", at, 200), (viewer, "post", f"{at}/take", 403), (viewer, "post", f"{at}/erase-contact", 403),
    ]  # fmt: skip

    for actor, method, path, status in asked:
        reader = login(actor)
        answer = getattr(reader, method)(path, **({"data": {"words": "x"}} if method == "post" else {}))
        assert (path, answer.status_code, CONTACT in answer.text) == (path, status, False)

    assert (steps(), count("complaint_contacts")) == ([("received", "")], 1)


def _authority_of(organisation_id: int) -> Any:
    return db.session.get_one(Organisation, organisation_id)


def test_how_to_reach_who_complained_is_erased_by_hand_or_when_it_is_old(shelf, login):
    first, second, third = complain(), complain(), complain(contact="")
    reviewer = officials()[0]
    at = f"/official/complaints/{first}"

    assert [login(reviewer).post(f"{at}/erase-contact").status_code for _ in range(2)] == [302, 302]
    assert CONTACT not in login(reviewer).get(at).text
    for complaint in (second, third):
        with transaction():
            services.take_up(complaint, reviewer, at=NOON)
            services.close(complaint, "重复", reviewer, at=NOON)
    erased = []
    for days in (89, 90, 91):
        with transaction():
            erased.append(services.erase_old_contacts(NOON + timedelta(days=days)))

    assert erased == [0, 1, 0]
    assert count("complaint_contacts") == 0
    assert [event for event, _words in steps()].count("contact_erased") == 2


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE complaints SET words = 'x'", "UPDATE complaints SET status = 'closed', closed_at = now()",
        "UPDATE complaints SET status = 'answered', answer = 'x', answered_at = now()", "DELETE FROM complaints",
        "TRUNCATE complaints CASCADE", "UPDATE complaint_steps SET words = 'x'", "DELETE FROM complaint_steps",
        "TRUNCATE complaint_steps",
    ],
)  # fmt: skip
def test_the_database_keeps_what_was_said_and_the_order_of_states(shelf, sql):
    complain()

    with pytest.raises(DBAPIError) as refused, db.session.begin_nested():
        db.session.execute(text(sql))

    assert "complaint" in str(refused.value.orig)
    assert rows("SELECT words, status, answer FROM complaints") == [(WORDS, "received", "")]


def test_a_complaint_that_is_not_looked_into_is_not_answered(shelf):
    complaint, (reviewer, _other) = complain(), officials()

    with pytest.raises(ComplaintMoved) as refused, transaction():
        services.close(complaint, "x", reviewer, at=NOON)
    with pytest.raises(NoSuchComplaint), transaction():
        services.take_up(shelf.lot.public_id, reviewer, at=NOON)

    assert refused.value.members == {"state": "received"}
    assert steps() == [("received", "")]


@pytest.mark.committed
def test_of_ten_who_take_a_complaint_up_at_once_one_does(committed_app):
    make_shelf()
    complaint, (reviewer, _other), start = complain(), officials(), Barrier(10)
    db.session.remove()

    def run(_n: int) -> str:
        with committed_app.app_context():
            start.wait()
            try:
                with transaction():
                    services.take_up(complaint, reviewer, at=NOON)
            except ComplaintMoved as refused:
                return str(refused.members["state"])
            return "taken"

    with ThreadPoolExecutor(10) as pool:
        outcomes = sorted(pool.map(run, range(10)))

    assert outcomes == ["investigating"] * 9 + ["taken"]
    assert steps() == [("received", ""), ("taken", "")]
