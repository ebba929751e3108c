"""A clerk's way through the pages: upload, look, import, desk, confirm; claims; the operator's lists; and the API."""

import io
from datetime import date

import pytest
from sqlalchemy import select, text

from orders.banking import tasks
from orders.banking.closing.models import TreasuryClosingDay
from orders.banking.models import BankStatementLine, PayerAlias, SupervisedAccount, TransferClaim
from orders.payments.models import Payment
from orders.purchase.models import Order
from shop import clock
from shop.db import db, transaction
from shop.files import services as files
from shop.identity.models import Organisation
from tests import factories
from tests.banking.help import bring, own_account, row
from tests.banking.sheets import ICBC, filled, plain, text_file
from tests.conftest import count
from tests.counting.build import make_order, make_trade
from tests.payments.help import pay
from tests.settlement.help import DUE, give_account, make_operators, pay_out, sold

pytestmark = pytest.mark.usefixtures("session")
PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def scene():
    with transaction():
        trade = make_trade(members=True)
        return trade, own_account(trade), make_order(trade, ((1_230_000, "1"),))


def text_of(answer):
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.fixture
def settled_payout(session):
    """A payout by bank that the operator has released, and one of the operator's people."""
    with transaction():
        a, b = make_operators()
        other = make_trade(members=True)
        give_account(other.clerk.organisation_id)
        sold(other, 10000, supervised=10000)
    with clock.stopped_at(DUE), transaction():
        [payout] = pay_out(a, b)
        return payout, factories.make_member("operator", "operator_finance")


def test_a_clerk_imports_a_file_and_a_colleague_confirms_all(scene, login):
    trade, account, order = scene
    browser = login(trade.clerk)
    data = text_file(filled(ICBC, order.reference_code))
    assert "6222020000000001" in text_of(browser.get("/producer/statements/new"))

    sent = browser.post(
        "/producer/statements/new", data={"account": str(account), "statement": (io.BytesIO(data), "流水.txt")}
    )
    page = text_of(browser.get(sent.location))
    assert "天津市和平区第一小学" in page
    assert "导入 2 笔" in page
    done = browser.post(
        sent.location,
        data={
            "import": "1",
            "preset": "",
            "day": "交易时间",
            "credit": "贷方发生额",
            "debit": "借方发生额",
            "serial": "凭证号",
            "name": "对方单位名称",
            "account": "对方账号",
            "remark": "摘要、用途",
            "save": "y",
        },
    )
    assert done.status_code == 302, done.text
    assert "新导入" in text_of(browser.get(done.location))
    assert db.session.scalars(select(Payment.amount_fen)).all() == [1_230_000]
    assert "支出，没有对应的退款" in text_of(browser.get("/producer/bank-lines"))
    assert "6222020000000001" in text_of(browser.get("/producer/statements"))

    colleague = login(trade.checker)
    assert "全部确认" in text_of(colleague.get(done.location))
    told = text_of(colleague.get(done.location))
    assert [words in told for words in (order.number, "12,300.00", "8.50", "已匹配", "未匹配")] == [True] * 5
    assert colleague.post(f"{done.location}/confirm").status_code == 302
    tasks.confirm_statements()
    assert "共 1 笔，已确认 1 笔，未能确认 0 笔" in text_of(colleague.get(done.location))
    assert db.session.get_one(Order, order.id, populate_existing=True).received_fen == 1_230_000


def test_a_file_whose_columns_nobody_knows_is_mapped_by_hand(scene, login):
    trade, account, _ = scene
    browser = login(trade.clerk)
    data = text_file([["何时", "多少"], ["20260703", "5.00"]])

    sent = browser.post(
        "/producer/statements/new", data={"account": str(account), "statement": (io.BytesIO(data), "a.csv")}
    )
    assert "认不出表头" in text_of(browser.get(sent.location))
    assert "导入 1 笔" in text_of(browser.post(sent.location, data={"day": "何时", "amount": "多少"}))
    assert count("bank_statements") == 0


def test_a_line_is_handled_on_its_page(scene, login):
    trade, account, order = scene
    bring(account, trade.clerk, plain(row("5.00"), row("3.20")))
    one, two = (
        str(key) for key in db.session.scalars(select(BankStatementLine.public_id).order_by(BankStatementLine.id))
    )
    browser = login(trade.clerk)

    assert "匹配到订单" in text_of(browser.get(f"/producer/bank-lines/{one}"))
    assert (
        browser.post(f"/producer/bank-lines/{one}/match", data={"allocations": f"{order.number} 6.00"}).status_code
        == 422
    )
    assert (
        browser.post(f"/producer/bank-lines/{one}/match", data={"allocations": f"{order.number} 5.00"}).status_code
        == 302
    )
    assert browser.post(f"/producer/bank-lines/{two}/note", data={"note": "利息"}).status_code == 302
    assert browser.post(f"/producer/bank-lines/{two}/ignore").status_code == 409
    colleague = login(trade.checker)
    assert "同意：不是货款" in text_of(colleague.get(f"/producer/bank-lines/{two}"))
    assert colleague.post(f"/producer/bank-lines/{two}/ignore").status_code == 302
    assert db.session.scalars(select(BankStatementLine.state).order_by(BankStatementLine.id)).all() == [
        "matched",
        "ignored",
    ]


def test_an_institution_claims_with_a_voucher_and_the_producer_confirms(scene, login):
    trade, account, order = scene
    bring(account, trade.clerk, plain(row("5.00")))
    buyer = login(trade.buyer)
    form = {"amount": "5.00", "paid_on": "2026-07-14", "payer_name": "甲", "allocations": f"{order.number} 5.00"}

    assert "请上传回单" in buyer.post("/desk/transfer-claims/new", data=form).text
    sent = buyer.post("/desk/transfer-claims/new", data={**form, "evidence": (io.BytesIO(PDF), "a.pdf")})
    assert "待收款方确认" in text_of(buyer.get(sent.location))
    assert "甲" in text_of(buyer.get("/desk/transfer-claims"))
    key = db.session.scalars(select(TransferClaim.public_id)).one()
    producer = login(trade.checker)
    assert "确认认领" in text_of(producer.get(f"/producer/transfer-claims/{key}"))
    assert producer.post(f"/producer/transfer-claims/{key}/confirm").status_code == 302
    assert db.session.get_one(Order, order.id, populate_existing=True).received_fen == 500


def test_the_operator_keeps_accounts_and_closing_days_that_institutions_see(scene, login):
    trade, _, _ = scene
    with transaction():
        organisation = factories.make_organisation("operator")
        one = factories.make_member("operator", "operator_finance", organisation=organisation)
        two = factories.make_member("operator", organisation=organisation)
        unit_holder = factories.make_member("institution")
        db.session.execute(text("UPDATE unit_placements SET budget_level = 'county', finance_division_code = '120101'"))
    browser = login(one)

    form = {"number": "110000001", "holder": "监管户", "bank": "某银行", "valid_from": "2026-01-01"}
    assert browser.post("/operator/supervised-accounts", data=form).status_code == 302
    key = db.session.scalars(select(SupervisedAccount.public_id)).one()
    assert browser.post(f"/operator/supervised-accounts/{key}/confirmed").status_code == 409
    day = {"division_code": "120101", "last_on": "2026-12-25"}
    assert browser.post("/operator/treasury-closing-days", data=day).status_code == 302
    assert "2026-12-25" in text_of(browser.get("/operator/treasury-closing-days"))
    assert db.session.scalars(select(TreasuryClosingDay.last_on)).all() == [date(2026, 12, 25)]
    sheet = {"sheet": (io.BytesIO(b"120102,2026-12-24\n"), "截止日.csv")}
    assert browser.post("/operator/treasury-closing-days/import", data=sheet).status_code == 302
    assert browser.post("/operator/treasury-closing-days/import", data={}).status_code == 422
    gone = db.session.scalars(select(TreasuryClosingDay.public_id).where(TreasuryClosingDay.division_code == "120102"))
    assert browser.post(f"/operator/treasury-closing-days/{gone.one()}/remove").status_code == 302
    assert count("treasury_closing_days") == 1
    second = login(two)
    assert "确认账户" in text_of(second.get("/operator/supervised-accounts"))
    assert second.post(f"/operator/supervised-accounts/{key}/confirmed").status_code == 302
    assert db.session.scalars(select(SupervisedAccount.status)).all() == ["confirmed"]
    assert "财政集中支付 2026年12月25日 截止，剩 163 天" in text_of(login(unit_holder).get("/desk/payments"))
    assert "截止，剩" not in text_of(login(trade.clerk).get("/producer/payments"))


def test_the_api_imports_lists_and_confirms(scene, client, bearer):
    trade, account, order = scene
    with transaction():
        file = files.store(plain(row("5.00", order.reference_code), row("6.00")), "a.csv", trade.clerk).public_id
    clerk, checker = bearer(trade.clerk), bearer(trade.checker)
    body = {"account": str(account), "file": str(file)}

    made = client.post("/api/v1/statements", json=body, headers={**clerk, "Idempotency-Key": "k1"})
    assert made.status_code == 201, made.json
    again = client.post("/api/v1/statements", json=body, headers={**clerk, "Idempotency-Key": "k1"})
    assert (again.json, count("bank_statements")) == (made.json, 1)
    path = f"/api/v1/statements/{made.json['id']}"
    assert [one["outcome"] for one in client.get(f"{path}/rows", headers=clerk).json["items"]] == ["added", "added"]
    lines = client.get("/api/v1/bank-lines?state=unmatched", headers=clerk).json["items"]
    assert [(one["amount"]["amount"], one["reason"]) for one in lines] == [("6.00", "payer_unknown")]
    assert client.post(f"{path}/confirm", headers={**clerk, "Idempotency-Key": "k2"}).status_code == 409
    job = client.post(f"{path}/confirm", headers={**checker, "Idempotency-Key": "k3"})
    assert (job.status_code, job.json["total"], job.json["status"]) == (202, 1, "running")
    tasks.confirm_statements()
    done = client.get(f"/api/v1/statement-confirmations/{job.json['id']}", headers=checker).json
    assert (done["status"], done["confirmed"], done["failed"]) == ("done", 1, 0)
    assert [one["number"] for one in client.get("/api/v1/statement-accounts", headers=clerk).json["items"]] == [
        "6222020000000001"
    ]


def test_electronic_receipts_are_uploaded_and_shown_where_they_belong(scene, login, settled_payout):
    trade, _, order = scene
    payout, one = settled_payout
    with transaction():
        payment = pay(trade, (order, 100), bank_serial="EK1")
    browser, path = login(trade.clerk), f"/producer/payments/{payment.public_id}"
    assert "还没有电子回单" in browser.get(path).text
    for name in ("第一份.pdf", "第二份.pdf"):
        sent = browser.post(f"{path}/slips", data={"slips": [(io.BytesIO(PDF + name.encode()), name)]})
        assert sent.status_code == 302
    page = browser.get(path).text
    assert [name in page for name in ("第一份.pdf", "第二份.pdf")] == [True, True]
    assert login(trade.buyer).post(f"{path}/slips").status_code == 403

    operator = login(one)
    told = operator.post(
        "/operator/statements/slips",
        data={"slips": [(io.BytesIO(PDF + b"1"), f"{payout.number}.pdf"), (io.BytesIO(PDF + b"2"), "无.pdf")]},
        follow_redirects=True,
    ).text
    assert ["1 份回单已挂到对应到账或付款" in told, "无.pdf" in told] == [True, True]
    assert (
        operator.post(
            f"/operator/payouts/{payout.public_id}/slips", data={"slips": [(io.BytesIO(PDF + b"3"), "补充.pdf")]}
        ).status_code
        == 302
    )
    shown = operator.get(f"/operator/payouts/{payout.public_id}").text
    assert [name in shown for name in (f"{payout.number}.pdf", "补充.pdf", "上传电子回单")] == [True] * 3


def test_the_operator_keeps_payers_names_and_a_producer_reads_them(scene, login):
    trade, _, order = scene
    with transaction():
        operator = factories.make_member("operator", "operator_finance")
        buyer = db.session.get_one(Organisation, order.buyer_id).name
    browser, path = login(operator), "/operator/payer-aliases"
    assert "还没有记下付款人" in browser.get(path).text
    assert browser.post(path, data={"name": "教育局", "buyer": "没有的学校"}).status_code == 422
    assert browser.post(path, data={"name": "教育局", "account": "8001", "buyer": buyer}).status_code == 302
    key = db.session.scalars(select(PayerAlias.public_id)).one()
    assert browser.post(f"{path}/{key}/shared").status_code == 302
    assert "多单位共用" in browser.get(f"{path}?q=8001").text

    producer = login(trade.checker)
    page = producer.get("/producer/payer-aliases").text
    assert ["教育局" in page, "停用付款人名称" in page] == [True, False]
    assert producer.post(f"/producer/payer-aliases/{key}/end").status_code == 403
    assert login(operator).post(f"{path}/{key}/end").status_code == 302
    assert count("payer_aliases") == 0
