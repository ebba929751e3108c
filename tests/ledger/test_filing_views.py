"""Filings over the API and on pages, from entry to the total."""

from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy import text

from orders.ledger.filings import services
from shop.db import db, transaction
from tests.conftest import NOON, count
from tests.factories import make_member
from tests.ledger.filers import PDF, confirmed, draft, officials, submitted
from tests.ledger.world import ANDING, HEPING, JINGYUAN, make_world

BODY: dict[str, Any] = {
    "county": JINGYUAN, "seller_name": "靖远甲公司", "buyer_name": "天津乙公司", "buyer_division": HEPING, "mode": "direct",
    "sold_from": "2026-06-01", "sold_to": "2026-06-20",
    "lines": [{
        "category": "lamb", "product_name": "羊羔肉", "amount": {"amount": "12300.00", "currency": "CNY"},
        "eligibility_scheme": "county_list", "eligibility_number": "靖远清单1",
    }],
    "keys": [{"kind": "invoice", "number": "24442000000012345678"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def world(session):
    make_world()
    db.session.commit()


def _post(client: Any, path: str, headers: dict[str, str], body: Any = None, key: str = "k") -> Any:
    return client.post(f"/api/v1/filings{path}", json=body, headers={**headers, "Idempotency-Key": key + path})


def test_a_filing_goes_from_entry_to_the_total_over_the_api(client, bearer):
    first, second = officials()
    one, two = bearer(first), bearer(second)
    paper = client.post("/api/v1/files", data={"file": (io.BytesIO(PDF), "发票.pdf")}, headers=one).json["id"]
    made = _post(client, "", one, {**BODY, "documents": [{"file_id": paper, "kind": "invoice"}]})
    assert made.status_code == 201, made.json
    address = f"/{made.json['filing']['id']}"
    assert made.json["filing"]["status"] == "draft"
    assert _post(client, f"{address}/submit", one).json["filing"]["status"] == "submitted"
    assert _post(client, f"{address}/confirm", one).status_code == 403
    done = _post(client, f"{address}/confirm", two)
    assert (done.status_code, done.json["filing"]["status"]) == (200, "confirmed")
    assert _post(client, f"{address}/confirm", two).data == done.data
    query = {"from": "2026-06-01", "to": "2026-06-30", "channel": "filing", "by": "county"}
    assert client.get("/api/v1/totals", query_string=query, headers=two).json["total"]["amount"] == "12300.00"
    line = client.get("/api/v1/totals/lines", query_string={**query} | {"by": ""}, headers=two)
    assert line.status_code == 422
    query.pop("by")
    (line,) = client.get("/api/v1/totals/lines", query_string=query, headers=two).json["items"]
    assert line["source"] == {
        "kind": "filing", "id": made.json["filing"]["id"], "number": made.json["filing"]["number"],
        "address": f"/official/filings/{made.json['filing']['id']}",
        "documents": [{"kind": "invoice", "title": "发票.pdf", "address": f"/files/{paper}"}],
    }  # fmt: skip
    assert client.get(f"/api/v1/files/{paper}", headers=two).data == PDF


def test_an_edit_needs_the_version_that_was_read(client, bearer):
    first, _second = officials()
    with transaction():
        filing = services.create_filing(draft(), first, at=NOON)
    address, headers = f"/api/v1/filings/{filing.public_id}", bearer(first)
    assert client.put(address, json=BODY, headers=headers).status_code == 428
    assert client.put(address, json=BODY, headers={**headers, "If-Match": '"99"'}).status_code == 412
    etag = client.get(address, headers=headers).headers["ETag"]
    done = client.put(address, json=BODY, headers={**headers, "If-Match": etag})
    assert (done.status_code, done.json["filing"]["amount"]["amount"]) == (200, "12300.00")
    assert done.headers["ETag"] != etag


def test_another_county_s_filing_is_not_there(client, bearer):
    filing = submitted(officials()[0])
    strangers = officials(ANDING)
    for actor in (*strangers, make_member("producer")):
        headers = bearer(actor)
        assert client.get(f"/api/v1/filings/{filing.public_id}", headers=headers).status_code == 404
        assert client.get("/api/v1/filings", headers=headers).json == {"items": [], "next": None}
    for act, actor in (("confirm", strangers[1]), ("submit", strangers[0]), ("grant-withdrawal", strangers[1])):
        assert _post(client, f"/{filing.public_id}/{act}", bearer(actor)).status_code == 404
    assert count("postings") == 0


def test_a_filing_is_entered_submitted_and_confirmed_on_pages(client, login):
    first, second = officials()
    login(first)
    form = {
        "county": "620421 靖远县", "seller_name": "靖远甲公司", "buyer_name": "天津乙公司", "buyer_division": HEPING,
        "mode": "direct", "sold_from": "2026-06-01", "sold_to": "2026-06-20", "paste": "lamb\t羊羔肉\t2吨\t12,300.00\t县级产品清单\t靖远清单1",
        "contract": "靖采（2026）1号", "bank_serial": "BS01\uff0cBS02",
    }  # fmt: skip
    page = client.get("/official/filings/new")
    assert (page.status_code, '="None"' in page.text, len(page.data) < 60_000) == (200, False, True)
    pasted = client.post("/official/filings/new", data={**form, "act": "paste"})
    assert ('value="12,300.00"' in pasted.text, '<option selected value="county_list">' in pasted.text) == (True, True)
    lines = {"lines-0-category": "lamb", "lines-0-product_name": "羊羔肉", "lines-0-amount": "12,300.00"}
    lines |= {"lines-0-eligibility_scheme": "county_list", "lines-0-eligibility_number": "靖远清单1"}
    papers = {"invoices": (io.BytesIO(PDF), "发票.pdf")}
    saved = client.post("/official/filings/new", data={**form, **lines, **papers, "idempotency_key": "a"})
    assert saved.status_code == 302, saved.text
    address = saved.headers["Location"]
    page = client.get(address)
    assert (page.status_code, "提交后由靖远县另一人确认，合计 12,300.00 元。" in page.text) == (200, True)
    assert all(number in page.text for number in ("合同 靖采20261号", "银行流水 BS01<", "银行流水 BS02<"))
    client.post(f"{address}/submit", data={"idempotency_key": "b"})
    login(second)
    assert "有 1 份线下申报等您确认" in client.get("/official").text
    page = client.get(address)
    assert page.text.index("发票.pdf") < page.text.index("确认申报</button>")
    assert "天津市和平区" in page.text
    assert "确认后，12,300.00 元将计入靖远县 2026年6月 帮扶额。" in page.text
    assert client.post(f"{address}/confirm", data={"idempotency_key": "c"}).status_code == 302
    assert "已确认" in client.get("/official/filings").text
    assert "12,300.00 元已计入靖远县帮扶额，查看明细" in client.get(address).text
    assert "等您确认" not in client.get("/official").text
    assert count("postings") == 4


def test_a_place_is_found_by_its_short_name_and_one_of_several_is_asked_for(client, login):
    login(officials()[0])
    form = {
        "county": "靖远", "seller_name": "靖远甲公司", "buyer_name": "天津乙公司", "buyer_division": "和平区", "mode": "direct",
        "sold_from": "2026-06-01", "sold_to": "2026-06-20", "lines-0-category": "lamb", "lines-0-product_name": "肉",
        "lines-0-amount": "1", "idempotency_key": "a",
    }  # fmt: skip
    papers = {"invoices": (io.BytesIO(PDF), "发票.pdf")}
    page = client.post("/official/filings/new", data=form | papers)
    assert (page.status_code, "产地县：没有这个地方" in page.text, count("filings")) == (422, False, 0)
    assert "120101 天津市和平区" in page.text
    assert "刚才选的文件还没有保存" in page.text
    saved = client.post("/official/filings/new", data=form | {"buyer_division": "天津市和平区"})
    assert (saved.status_code, count("filings")) == (302, 1)


def test_what_is_wrong_in_the_form_stands_beside_its_field_and_nothing_is_kept(client, login):
    login(officials()[0])
    form = {
        "county": "没有县", "buyer_name": "天津乙公司", "buyer_division": HEPING, "mode": "helped", "sold_from": "2026-06-01",
        "sold_to": "2026-06-20", "lines-0-category": "月亮", "lines-0-amount": "多", "idempotency_key": "a",
    }  # fmt: skip
    page = client.post("/official/filings/new", data=form)
    assert page.status_code == 422
    for sentence in ("没有这个地方", "没有这个品类", "金额须是数字"):
        assert sentence in page.text
    form |= {"county": JINGYUAN, "lines-0-category": "lamb", "lines-0-product_name": "肉", "lines-0-amount": "1"}
    page = client.post("/official/filings/new", data=form)
    assert (page.status_code, "帮助销售须写明帮销方" in page.text) == (422, True)
    assert count("filings") == 0


def test_a_refused_act_on_a_page_changes_nothing(client, login):
    first, _second = officials()
    with transaction():
        filing = services.create_filing(draft(), first, at=NOON)
    login(first)
    answer = client.post(f"/official/filings/{filing.public_id}/submit", data={"idempotency_key": "a"})
    assert answer.status_code == 302
    assert "请至少上传一份凭证" in client.get(answer.headers["Location"]).text
    assert db.session.execute(text("SELECT status FROM filings")).scalar_one() == "draft"


def test_a_confirmed_filing_shows_how_it_may_be_taken_back(client, login):
    first, second = officials()
    filing = confirmed(first, second)
    address = f"/official/filings/{filing.public_id}"
    login(first)
    client.post(f"{address}/ask-withdrawal", data={"idempotency_key": "a", "reason": "退货"})
    assert "待另一人复核" in client.get(address).text
    login(second)
    assert "将从靖远县 2026年6月 帮扶额中冲减。" in client.get(address).text
    client.post(f"{address}/grant", data={"idempotency_key": "b"})
    assert db.session.execute(text("SELECT status FROM filings")).scalar_one() == "withdrawn"
