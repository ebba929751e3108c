"""One of everything that has an identifier, owned by one institution, one producer and one county's officials."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text

from catalog.lots import recall_terms, recalls
from catalog.lots.batches import places
from catalog.lots.batches import services as batches
from catalog.lots.records import passages, reports, temperatures
from catalog.papers import services as papers
from catalog.producers import services as producers
from orders.banking import accounts, aliases, claims, confirming, statements
from orders.banking.closing import services as closing
from orders.invoices import services as invoices
from orders.online.models import Dispute, PaymentIntent
from orders.payments import announcements, credit_refunds, exceptions, receipts, refunds
from orders.payments.correction_models import ReceiptCorrection
from orders.payments.models import Charge, Refund
from orders.refunding.models import RefundRun, RefundTransfer
from orders.repayments.models import ProducerRepayment
from orders.returns.opening import ItemToReturn, open_return
from orders.settlement.models import Payout, PayoutReturn, PayoutRun, RuleProposal
from orders.settlement.split_models import Split, SplitRun
from shop.auth import Actor
from shop.clock import real_now
from shop.corrections import services as corrections
from shop.db import db, transaction
from shop.files import services as files
from shop.identity import bank_accounts
from shop.identity.models import BankAccount, Organisation
from shop.identity.services import issue_token
from shop.notices.models import Notice
from shop.outbox.services import publish
from shop.webhooks import dispatch
from shop.webhooks import services as webhooks
from tests import factories
from tests.banking.help import row
from tests.banking.sheets import plain
from tests.conftest import NOON
from tests.invoices.help import invoice
from tests.ledger import filers
from tests.payments.help import facts
from tests.purchase.world import World, make_world

#: Which table a route's parameter names a row of.
TABLES = {
    "acceptance_id": "acceptances",
    "account_id": "bank_accounts",
    "act_id": "batch_acts",
    "alias_id": "payer_aliases",
    "announcement_id": "transfer_announcements",
    "batch_id": "batches",
    "change_id": "bank_account_changes",
    "claim_id": "transfer_claims",
    "closing_day_id": "treasury_closing_days",
    "confirmation_id": "statement_confirmations",
    "contract_id": "contracts",
    "receipt_correction_id": "receipt_corrections",
    "delivery_id": "webhook_deliveries",
    "endpoint_id": "webhook_endpoints",
    "exception_id": "money_exceptions",
    "file_id": "stored_files",
    "goods_return_id": "goods_returns",
    "filing_id": "filings",
    "invoice_id": "invoices",
    "line_id": "bank_statement_lines",
    "listing_id": "listings",
    "lot_id": "lots",
    "mandate_id": "agent_mandates",
    "meat_paper_id": "meat_papers",
    "member_id": "memberships",
    "notice_id": "notices",
    "order_id": "orders",
    "organisation_id": "organisations",
    "correction_id": "organisation_corrections",
    "intent_id": "payment_intents",
    "passage_id": "passages",
    "payment_id": "payments",
    "place_id": "places",
    "payout_id": "payouts",
    "dispute_id": "disputes",
    "procurement_id": "procurements",
    "producer_id": "organisations",
    "product_id": "products",
    "refund_id": "refunds",
    "credit_refund_id": "credit_refunds",
    "recall_id": "recall_terms",
    "record_id": "test_reports",
    "report_id": "test_reports",
    "refund_run_id": "refund_runs",
    "transfer_id": "refund_transfers",
    "repayment_id": "producer_repayments",
    "return_id": "payout_returns",
    "rule_id": "rule_proposals",
    "run_id": "payout_runs",
    "shipment_id": "shipments",
    "sku_id": "skus",
    "split_id": "splits",
    "split_run_id": "split_runs",
    "statement_id": "bank_statements",
    "supervised_account_id": "supervised_accounts",
    "temperature_id": "temperature_records",
    "token_id": "api_tokens",
    "unit_id": "units",
}
PDF = b"%PDF-1.7\n%%EOF\n"


def make_everything() -> tuple[World, dict[str, str]]:
    """Return the world and the identifier of one row for each parameter of :data:`TABLES` and for papers."""
    world = make_world()
    order = world.signed("10")
    world.accept(order, world.ship(order, "6"), "5", "1")
    _add_return(world, order)
    _add_money(world, order)
    _add_payout(world)
    _add_refund_file(world)
    _add_repayment(world)
    _add_card(order)
    _add_papers(world)
    _add_batches(world)
    _add_accounts(world.buyer, world.producer)
    _add_messages(world.buyer)
    _add_banking(world, order)
    first, _ = filers.officials()
    filers.submitted(first, lines=(filers.stated(factories.WOLFBERRY, "枸杞", 1_000_00, "2吨"),))
    _add_recall(world)
    ids = {name: _first_id(table) for name, table in TABLES.items()}
    ids["organisation_id"] = str(world.buyer.organisation_public_id)
    ids["producer_id"] = str(world.producer.organisation_public_id)
    ids["certificates"], ids["eligibility-bases"] = _first_id("certificates"), _last_id("eligibility_bases")
    return world, ids


def _add_recall(world: World) -> None:
    with transaction():
        lot = db.session.scalars(text("SELECT min(lot_id) FROM lot_movements WHERE kind = 'shipped'")).one()
        recalls.recall([lot], reason="农残超标", actor=world.producer, at=NOON)
        recall_id = recalls.find_recall(lot, world.producer.organisation_id)
        assert recall_id
        recall_terms.note(recall_id, recall_terms.Terms("one"), world.producer, at=NOON)


def _first_id(table: str) -> str:
    return str(db.session.execute(text(f"SELECT public_id FROM {table} ORDER BY id LIMIT 1")).scalar_one())


def _last_id(table: str) -> str:
    return str(db.session.execute(text(f"SELECT public_id FROM {table} ORDER BY id DESC LIMIT 1")).scalar_one())


def _add_return(world: World, order: Any) -> None:
    item = db.session.execute(text("SELECT public_id FROM shipment_items")).scalar_one()
    with transaction():
        open_return(order.public_id, [ItemToReturn(item, Decimal(1))], "霉变", actor=world.buyer, at=NOON)


def _add_money(world: World, order: Any) -> None:
    with transaction():
        announcement = announcements.AnnouncementFacts(
            payer_name="和平区财政局", amount_fen=100_00, planned_on=date(2026, 7, 20)
        )
        announcements.announce(order.public_id, announcement, world.buyer, NOON)
        receipts.record(facts((order, 100_00), amount=102_00), world.producer, NOON)
        second = factories.make_member("producer", organisation=_organisation(world.producer))
    with transaction():
        payment = db.session.execute(text("SELECT public_id FROM payments")).scalar_one()
        receipts.confirm(payment, second, NOON)
        credit_refunds.request(payment, 1_00, "多付", world.buyer, NOON)
        refunds.request(order.public_id, 1_00, "协商退款", actor=world.buyer, at=NOON)
        paper = files.store(PDF, "说明.pdf", world.producer)
        db.session.add(
            ReceiptCorrection(
                payment_id=db.session.execute(text("SELECT id FROM payments")).scalar_one(), reason="登记错了",
                evidence_file_id=paper.id, status="proposed", proposed_by=world.producer.user_id, proposed_at=NOON,
            )
        )  # fmt: skip
        exceptions.open_exception(
            "balance_transaction:txn_1", "stripe", "unknown_source", "txn_1", "", -500, date(2026, 7, 15), NOON,
            producer_id=order.producer_id, order_id=order.id,
        )  # fmt: skip
    with transaction():
        invoices.record(invoice(world, (order, 100_00)), world.producer, NOON)  # type: ignore[arg-type]


def _add_payout(world: World) -> None:
    with transaction():
        run = PayoutRun(rail="bank", on=date(2026, 7, 22), started_at=NOON, producers=1)
        db.session.add(run)
        db.session.flush()
        payout = Payout(
            number="FK20260722-2K3M4N", run_id=run.id, producer_id=world.producer.organisation_id, rail="bank",
            amount_fen=1_00, status="prepared", prepared_at=NOON,
        )  # fmt: skip
        db.session.add(payout)
        db.session.flush()
        db.session.add(
            PayoutReturn(
                payout_id=payout.id, bank_serial="TH-1", returned_on=date(2026, 7, 23), reason="户名不符",
                status="recorded", recorded_by=world.buyer.user_id, recorded_at=NOON,
            )
        )  # fmt: skip
        db.session.add(
            RuleProposal(
                kind="fee", value=60, valid_from=date(2026, 7, 15), proposed_by=world.buyer.user_id, proposed_at=NOON
            )
        )


def _add_refund_file(world: World) -> None:
    """A batch of refunds for the bank with the first refund in it."""
    with transaction():
        run = RefundRun(on=date(2026, 7, 22), started_by=world.buyer.user_id, started_at=NOON)
        db.session.add(run)
        db.session.flush()
        db.session.add(
            RefundTransfer(
                number="TK20260722-2K3M4N", run_id=run.id, refund_id=db.session.scalars(select(Refund.id)).first(),
                producer_id=world.producer.organisation_id, amount_fen=1_00, status="prepared",
                account_holder="和平区财政局", account_number="1200", prepared_by=world.buyer.user_id, prepared_at=NOON,
            )
        )  # fmt: skip


def _add_repayment(world: World) -> None:
    """What a producer has paid back, as one person recorded it."""
    with transaction():
        db.session.add(
            ProducerRepayment(
                producer_id=world.producer.organisation_id, amount_fen=1_00, bank_serial="HK-1", status="recorded",
                value_on=date(2026, 7, 15), recorded_by=world.buyer.user_id, recorded_at=NOON,
            )
        )  # fmt: skip


def _add_card(order: Any) -> None:
    """A payment by card that is under way, and a disputed charge."""
    with transaction():
        charge = Charge(
            charge_ref="ch_1", procurement_id=order.procurement_id, buyer_id=order.buyer_id, amount_fen=1_00,
            succeeded_at=NOON, value_on=date(2026, 7, 15),
        )  # fmt: skip
        user = db.session.execute(text("SELECT id FROM users ORDER BY id LIMIT 1")).scalar_one()
        db.session.add_all(
            [
                charge,
                PaymentIntent(
                    procurement_id=order.procurement_id, buyer_id=order.buyer_id, attempt=1, mode="element",
                    amount_fen=1_00, status="open", created_by=user, created_at=NOON,
                ),
            ]
        )  # fmt: skip
        db.session.flush()
        db.session.add(
            Dispute(
                dispute_ref="dp_1",
                charge_id=charge.id,
                amount_fen=1_00,
                reason="fraudulent",
                status="open",
                opened_at=NOON,
            )
        )


def _organisation(actor: Actor) -> Any:
    return db.session.get_one(Organisation, actor.organisation_id)


def _add_papers(world: World) -> None:
    with transaction():
        paper = files.store(PDF, "证书.pdf", world.producer)
        agent = factories.make_organisation("agent")
        producers.give_mandate(world.producer.organisation_id, agent.id, world.producer, valid_from=date(2026, 1, 1))
        new = papers.NewCertificate(
            scheme="green_food",
            issuer="中国绿色食品发展中心",
            number="GF620421261234",
            scope="产品",
            valid_from=date(2026, 1, 1),
        )
        papers.submit_certificate(new, world.producer, at=NOON, evidence_file_id=paper.id)
        listing = world.listings[0]
        product = db.session.execute(
            text("SELECT p.public_id FROM products p JOIN skus s ON s.product_id = p.id WHERE s.id = :sku"),
            {"sku": listing.sku_id},
        ).scalar_one()
        basis = papers.NewBasis(
            product=product, scheme="county_recommendation", county_code="620421", issuer="靖远县", number="R-9",
            valid_from=date(2026, 7, 1),
        )  # fmt: skip
        papers.submit_eligibility(basis, world.producer, at=NOON, evidence_file_id=paper.id)


def _add_batches(world: World) -> None:
    """A plot and a harvest that nothing was made of yet."""
    with transaction():  # what is stored is read after its commit
        log = files.store("时间,温度\n2026-07-14 08:00,3\n".encode(), "温度.csv", world.producer)
    with transaction():
        producer = world.producer
        place = places.add_place(producer.organisation_id, places.NewPlace("plot", "一号地块"), producer, at=NOON)
        product = db.session.execute(text("SELECT public_id FROM products ORDER BY id LIMIT 1")).scalar_one()
        batch = batches.record_birth(
            batches.NewBatch(product, "harvest", Decimal(100), place.public_id, NOON), producer, at=NOON
        )
        file = files.store(PDF, "检测报告.pdf", producer)
        report = reports.NewReport(
            "own", "合作社检测室", "J-1", date(2026, 7, 15), items=[reports.Item("毒死蜱", "≤0.02", "未检出", has_passed=True)],
            has_passed=True, batch=batch.public_id,
        )  # fmt: skip
        reports.record_report(report, file.id, producer, at=NOON)
        paper = reports.NewMeatPaper("quarantine", "1", "监督所", date(2026, 7, 15), batch=batch.public_id)
        reports.record_meat_paper(paper, file.id, producer, at=NOON)
        new = passages.NewPassage("arrived", place.public_id, Decimal(100), NOON, batch=batch.public_id)
        passages.record_passage(new, producer, at=NOON)
        temperatures.record_temperatures(batch.public_id, None, log, producer, at=NOON)


def _add_accounts(buyer: Actor, producer: Actor) -> None:
    with transaction():
        for actor in (buyer, producer):
            issue_token(actor.membership_id, "existing", ("*",), at=real_now())
            db.session.add(
                BankAccount(
                    organisation_id=actor.organisation_id,
                    holder="甲",
                    bank="乙",
                    number="6222020000000001",
                    is_default=True,
                )
            )
            db.session.flush()
            another = bank_accounts.add_account(actor, "甲", "丙", "6222020000000002", is_default=False, at=NOON)
            bank_accounts.make_default(actor, another.public_id, NOON)


def _add_banking(world: World, order: Any) -> None:
    """A statement with a matched and a claimed line, and what the operator keeps."""
    account = db.session.scalars(
        select(BankAccount.public_id).where(
            BankAccount.organisation_id == world.producer.organisation_id, BankAccount.is_default
        )
    ).one()
    data = plain(row("1.00", order.reference_code), row("2.00"))
    with transaction():
        file = files.store(data, "流水.csv", world.producer).public_id
    request = statements.ImportRequest(account=account, file=file)
    reading = statements.read(request, world.producer, factories.TODAY)
    second = factories.make_member("producer", organisation=_organisation(world.producer))
    with transaction():
        made = statements.import_statement(request, reading, world.producer, NOON)
        confirming.start(made.public_id, second, NOON)
        facts = claims.ClaimFacts(
            shares=[receipts.Share(order=order.public_id, amount_fen=2_00)], amount_fen=2_00, paid_on=date(2026, 7, 14),
            payer_name="甲",
        )  # fmt: skip
        claims.claim(facts, world.buyer, NOON)
        aliases.learn("甲", "", world.buyer.organisation_id, second.user_id, NOON)
        operator = factories.make_member("operator")
        supervised = accounts.SupervisedFacts(
            number="110000001", holder="监管户", bank="乙", valid_from=date(2026, 1, 1)
        )
        main = accounts.enter(supervised, operator, NOON)
        licence = files.store(PDF, "licence.pdf", operator).public_id
        corrections.propose(
            world.buyer.organisation_public_id, {"name": "改名"}, operator, version=_organisation(world.buyer).version,
            reason="更名", file=licence, at=NOON,
        )  # fmt: skip
        run = SplitRun(on=factories.TODAY, started_by=operator.user_id, started_at=NOON)
        db.session.add(run)
        db.session.flush()
        db.session.add(
            Split(
                number="HB20260715-2K3M4N", run_id=run.id, producer_id=world.producer.organisation_id,
                payer_id=main.id, payee_id=main.id, amount_fen=1_00, status="prepared",
                prepared_by=operator.user_id, prepared_at=NOON,
            )
        )  # fmt: skip
        closing.add("120101", date(2026, 12, 25), operator, NOON)


def _add_messages(buyer: Actor) -> None:
    with transaction():
        endpoint = webhooks.create_endpoint("https://example.com/", ["*"], buyer, known=(), at=NOON)
        publish(webhooks.PINGED, organisations=[buyer.organisation_id], endpoint_id=str(endpoint.public_id))
        event = db.session.execute(text("SELECT id FROM outbox_events ORDER BY id DESC LIMIT 1")).scalar_one()
        payload = {"endpoint_id": str(endpoint.public_id)}
        dispatch.enqueue(event, webhooks.PINGED, [buyer.organisation_id], payload, at=real_now())
        db.session.add(
            Notice(
                user_id=buyer.user_id,
                organisation_id=buyer.organisation_id,
                kind="x",
                values={},
                created_at=NOON,
                dedupe="x",
            )
        )
