"""However a payment is told of, by how many at once, it is taken once; the full number of times is a soak test."""

from random import Random

import pytest

from tests.money.interleaving import pay_in_disorder
from tests.online.conftest import settings_for

pytestmark = pytest.mark.committed


def test_a_payment_told_in_any_order_by_several_at_once_is_taken_once(committed_app, stripe_double, deliver):
    committed_app.config.update(settings_for(stripe_double))
    for seed in range(10):
        pay_in_disorder(committed_app, stripe_double, Random(seed), deliver)  # noqa: S311  the same in every run
