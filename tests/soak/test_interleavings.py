"""Five hundred payments, each told in another order by several at once while the payer comes back."""

from random import Random

import pytest

from tests.money.conftest import stripe_double
from tests.money.interleaving import pay_in_disorder
from tests.online.conftest import settings_for

__all__ = ["stripe_double"]
pytestmark = [pytest.mark.committed, pytest.mark.soak]


@pytest.mark.parametrize("batch", range(20))
def test_a_payment_told_in_any_order_by_several_at_once_is_taken_once(committed_app, stripe_double, deliver, batch):
    committed_app.config.update(settings_for(stripe_double))
    for n in range(25):
        pay_in_disorder(committed_app, stripe_double, Random(1000 + batch * 25 + n), deliver)  # noqa: S311  the same again
