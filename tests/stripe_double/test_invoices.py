"""Invoices that are sent and paid later."""

import pytest
import stripe

from tests.stripe_double.errors import Refusal
from tests.stripe_double.walker import ask


@pytest.fixture
def customer(client):
    return client.v1.customers.create({"name": "遵义市第一中学", "email": "school@example.cn"}).id


@pytest.fixture
def invoice(client, customer):
    """A draft over 300 yuan, due thirty days after it is finalised."""
    made = client.v1.invoices.create(
        {"customer": customer, "collection_method": "send_invoice", "days_until_due": 30, "metadata": {"order": "7"}}
    )
    for amount, what in ((10000, "大米"), (20000, "食用油")):
        client.v1.invoice_items.create(
            {"customer": customer, "invoice": made.id, "amount": amount, "description": what}
        )
    return made.id


def types(double):
    return [event["type"] for event in double.events if event["type"].startswith("invoice")]


def test_a_draft_is_finalised_and_sent_with_its_due_date(double, client, invoice):
    assert client.v1.invoices.retrieve(invoice).amount_due == 30000
    sent = client.v1.invoices.send_invoice(invoice)

    assert (sent.status, sent.amount_due, sent.due_date) == ("open", 30000, double.clock.now + 30 * 86400)
    assert [line.description for line in sent.lines.data] == ["大米", "食用油"]
    assert sent.number.endswith("-0001")
    assert types(double) == ["invoice.created", "invoice.finalized", "invoice.sent"]


def test_a_sent_invoice_is_paid_on_its_page(double, client, invoice):
    sent = client.v1.invoices.send_invoice(invoice)
    assert "300.00 CNY" in ask(sent.hosted_invoice_url)[1]
    assert ask(f"{sent.hosted_invoice_url}/fail", {"method": "card"})[0] == 303
    assert ask(f"{sent.hosted_invoice_url}/succeed", {"method": "alipay"})[0] == 303

    paid = client.v1.invoices.retrieve(invoice)
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 30000, 0)
    payment = client.v1.invoice_payments.list({"invoice": invoice}).data[0]
    assert (payment.status, payment.amount_paid, payment.is_default) == ("paid", 30000, True)
    intent = client.v1.payment_intents.retrieve(payment.payment.payment_intent, {"expand": ["latest_charge"]})
    assert (intent.status, intent.latest_charge.amount) == ("succeeded", 30000)
    assert types(double)[-3:] == ["invoice_payment.paid", "invoice.paid", "invoice.payment_succeeded"]


def test_an_invoice_is_paid_on_command_or_out_of_band_but_once(double, client, invoice):
    client.v1.invoices.finalize_invoice(invoice)
    double.pay_invoice(invoice)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.pay(invoice, {"paid_out_of_band": True})

    assert client.v1.balance_transactions.list({"type": "charge"}).data[0].amount == 30000


def test_money_that_came_another_way_closes_the_intent(double, client, invoice):
    paid = client.v1.invoices.pay(invoice, {"paid_out_of_band": True})

    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    assert double.of_type("payment_intent.canceled")[0]["data"]["object"]["cancellation_reason"] == "void_invoice"


def test_an_invoice_is_paid_in_parts_by_other_intents(double, client, invoice, customer):
    client.v1.invoices.finalize_invoice(invoice)
    for amount, status in ((10000, "open"), (20000, "paid")):
        intent = client.v1.payment_intents.create({"amount": amount, "currency": "cny", "customer": customer}).id
        double.pay(intent)
        assert client.v1.invoices.attach_payment(invoice, {"payment_intent": intent}).status == status
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.attach_payment(invoice, {"payment_intent": intent})


def test_what_is_final_is_not_changed_and_a_void_invoice_not_paid(double, client, invoice):
    client.v1.invoices.finalize_invoice(invoice)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.invoices.update(invoice, {"description": "x"})
    assert refusal.value.code == "invoice_not_editable"
    assert client.v1.invoices.void_invoice(invoice).status == "void"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.pay(invoice, {"payment_method": "pm_card_visa"})
    with pytest.raises(Refusal):
        double.pay_invoice(invoice)


def test_pending_items_are_taken_up_when_asked_for(client, customer):
    client.v1.invoice_items.create({"customer": customer, "amount": 500, "currency": "cny", "description": "运费"})
    terms = {"customer": customer, "collection_method": "send_invoice", "days_until_due": 15}
    without = client.v1.invoices.create({**terms})
    taken = client.v1.invoices.create({**terms, "pending_invoice_items_behavior": "include"})

    assert (without.amount_due, taken.amount_due) == (0, 500)
    assert client.v1.invoices.finalize_invoice(without.id).status == "paid"


def test_a_sent_invoice_needs_to_know_when_it_is_due(client, customer):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.invoices.create({"customer": customer, "collection_method": "send_invoice"})

    assert refusal.value.param == "days_until_due"


def test_a_customer_is_found_and_changed(client, customer):
    changed = client.v1.customers.update(customer, {"metadata": {"institution": "7"}})

    assert changed.metadata["institution"] == "7"
    assert [one.id for one in client.v1.customers.list({"email": "school@example.cn"}).data] == [customer]
    assert [one.id for one in client.v1.customers.search({"query": "metadata['institution']:'7'"}).data] == [customer]
