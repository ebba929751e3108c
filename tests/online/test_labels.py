"""Words for what the provider calls by names of its own."""

import pytest

from orders.online.labels import requirement_label


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "identity.business_details.registered_name",
            "公司注册名称（identity.business_details.registered_name）",
        ),
        (
            "configuration.recipient.default_outbound_destination",
            "收款银行账户（configuration.recipient.default_outbound_destination）",
        ),
        ("something.new", "something.new"),
    ],
)
def test_what_the_provider_asks_for_is_put_into_words_beside_its_own_name(app, name, words):
    with app.test_request_context():
        assert requirement_label(name) == words
