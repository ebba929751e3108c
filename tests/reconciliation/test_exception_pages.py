"""The queue as the operator's people see and work it: pages, sheets, API."""

import io
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook

from admin.operator.queries import queues
from shop.db import db, transaction
from tests.conftest import NOON, count
from tests.counting.build import make_order, make_trade
from tests.factories import make_member
from tests.reconciliation.help import make_exception, make_people

pytestmark = pytest.mark.usefixtures("session")
LIST = "/operator/exceptions"


@pytest.fixture
def people(session):
    with transaction():
        return make_people()


@pytest.fixture
def row(session):
    with transaction():
        return make_exception()


def test_two_persons_post_an_exception_on_the_pages(login, people, row):
    client = login(people.clerk)
    page = client.get(LIST).text
    assert "支付机构有、账上没有" in page
    assert "合计 1 笔" in page
    path = f"{LIST}/{row.public_id}"
    assert "提出处理意见" in client.get(path).text

    answer = client.post(f"{path}/propose", data={"act": "fees>stripe_cash", "amount": "", "note": "机构调账"})
    assert answer.status_code == 302
    page = client.get(path).text
    assert "等待提出人以外的同事复核" in page
    assert "同意并办结" not in page
    assert client.post(f"{path}/agree", data={"version": row.version}).status_code == 403

    client = login(people.checker)
    page = client.get(path).text
    assert "复核后，5.00 元于 2026年7月14日 记入 借：手续费 贷：支付机构存款，不能撤回。" in page
    db.session.refresh(row)
    assert client.post(f"{path}/agree", data={"version": row.version - 1}).status_code == 412
    assert client.post(f"{path}/agree", data={"version": row.version}).status_code == 302

    db.session.refresh(row)
    assert (row.status, row.resolution, count("postings")) == ("closed", "posting", 1)
    assert "没有待处理的异常款" in client.get(LIST).text
    assert "txn_1" in client.get(f"{LIST}?status=closed").text


def test_a_proposal_is_sent_back_with_a_reason(login, people, row):
    client = login(people.clerk)
    path = f"{LIST}/{row.public_id}"
    client.post(f"{path}/propose", data={"act": "note", "note": "测试"})

    client = login(people.checker)
    assert client.post(f"{path}/send-back", data={"reason": ""}).status_code == 422
    assert client.post(f"{path}/send-back", data={"reason": "依据不足"}).status_code == 302

    assert "依据不足" in client.get(path).text
    db.session.refresh(row)
    assert (row.status, row.note) == ("open", "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"note": ""}, "请填写"),
        ({"amount": "5.01"}, "不超过异常金额 5.00 元"),
        ({"amount": "x"}, "请填写金额"),
        ({"act": "fees>producer_payable"}, ""),
    ],
)
def test_a_wrong_proposal_is_shown_again_and_changes_nothing(login, people, row, changes, words):
    form = {"act": "fees>stripe_cash", "amount": "", "note": "机构调账"} | changes
    answer = login(people.clerk).post(f"{LIST}/{row.public_id}/propose", data=form)

    assert answer.status_code == 422
    assert words in answer.text
    db.session.refresh(row)
    assert row.status == "open"


def test_parameters_of_others_in_the_address_do_no_harm(login, people, row):
    page = login(people.clerk).get(f"{LIST}?status=all&endpoint=x&_anchor=y")

    assert (page.status_code, f'{LIST}/list.xlsx?status=all"' in page.text) == (200, True)


def test_the_sheet_says_what_the_page_says(login, people, row):
    with transaction():
        make_exception("x:2", 1234, subject="=1+1", at=NOON - timedelta(days=3), rail="bank")
    client = login(people.auditor)

    page = client.get(LIST).text
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{LIST}/list.xlsx").data))
    lines = book.get_sheet_by_index(0).to_python()

    assert "合计 2 笔" in page
    assert "收 12.34，付 5.00" in page
    assert [line[3] for line in lines] == ["事项", "'=1+1", "txn_1", "2 笔"]
    assert [line[7:9] for line in lines[1:]] == [[12.34, ""], ["", 5.0], [12.34, 5.0]]
    assert [line[10] for line in lines[1:3]] == [3.0, 0.0]
    assert (
        len(
            CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{LIST}/list.xlsx?rail=bank").data))
            .get_sheet_by_index(0)
            .to_python()
        )
        == 3
    )


def test_the_queue_is_paged_by_key_the_oldest_first(login, people):
    with transaction():
        for number in range(25):
            make_exception(f"x:{number}", 100, subject=f"txn_{number:02}", at=NOON - timedelta(minutes=number))
    client = login(people.auditor)

    first = client.get("/operator/exceptions").text
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(following).text

    assert [n for n in range(25) if f"txn_{n:02}" in first] == list(range(5, 25))
    assert [n for n in range(25) if f"txn_{n:02}" in second] == list(range(5))


def test_an_exception_leads_to_its_order_and_producer(login, people):
    with transaction():
        order = make_order(make_trade())
        row = make_exception(order_id=order.id, producer_id=order.producer_id)

    assert f"/operator/orders/{order.public_id}" in login(people.auditor).get(f"{LIST}/{row.public_id}").text


def test_others_do_not_see_the_queue(login, people, row):
    with transaction():
        strangers = [make_member("producer"), make_member("institution"), make_member("operator", "operator_reviewer")]

    for stranger in strangers:
        client = login(stranger)
        assert client.get(LIST).status_code == 403
        assert client.get(f"{LIST}/{row.public_id}").status_code == 403
        assert client.post(f"{LIST}/{row.public_id}/propose", data={"act": "note", "note": "x"}).status_code == 403
    client = login(people.auditor)
    assert client.get(f"{LIST}/019c5a1e-7b3c-7d2e-8f10-2a6b9c4d5e6f").status_code == 404
    assert client.post(f"{LIST}/{row.public_id}/propose", data={"act": "note", "note": "x"}).status_code == 403
    db.session.refresh(row)
    assert row.status == "open"


def test_two_persons_post_an_exception_over_the_api(client, bearer, people, row):
    path, key = f"/api/v1/exceptions/{row.public_id}", iter(range(100))

    def send(actor, act, body=None, **headers):
        headers = {**bearer(actor), "Idempotency-Key": f"k{next(key)}", **headers}
        return client.post(f"{path}/{act}", json=body, headers=headers)

    body = {"resolution": "posting", "debit": "fees", "credit": "stripe_cash", "note": "调账"}
    assert send(people.clerk, "propose", body | {"debit": None}).status_code == 422
    assert send(people.clerk, "propose", body | {"resolution": "note"}).status_code == 422
    refused = send(
        people.clerk, "propose", body | {"credit": "bank_supervised", "amount": {"amount": "6.00", "currency": "CNY"}}
    )
    assert (refused.status_code, refused.json["type"]) == (422, "/problems/posting-not-allowed")
    proposed = send(people.clerk, "propose", body)
    assert proposed.json["exception"]["status"] == "proposed"
    assert proposed.json["exception"]["posted"] == {"amount": "5.00", "currency": "CNY"}
    assert send(people.checker, "agree").status_code == 428
    agreed = send(people.checker, "agree", **{"If-Match": proposed.headers["ETag"]})

    assert agreed.json["exception"]["status"] == "closed"
    assert [each["event"] for each in agreed.json["history"]] == ["open", "propose", "agree"]
    assert agreed.json["history"][1]["who"] == people.clerk.user_name
    listed = client.get("/api/v1/exceptions?status=closed&rail=stripe", headers=bearer(people.auditor)).json
    assert [each["id"] for each in listed["items"]] == [str(row.public_id)]
    assert client.get("/api/v1/exceptions?status=open", headers=bearer(people.auditor)).json["items"] == []


def test_the_first_screen_counts_what_waits_and_what_waits_for_another_person(login, people, row):
    client = login(people.clerk)
    assert "待处理的异常款" in client.get("/operator").text
    client.post(f"{LIST}/{row.public_id}/propose", data={"act": "note", "note": "测试"})

    found = {str(queue.label): (queue.count, queue.own, queue.address) for queue in queues(people.clerk)}

    assert found["待处理的异常款"] == (0, 0, "/operator/exceptions?status=open")
    assert found["待复核的异常款"] == (1, 1, "/operator/exceptions?status=proposed")
