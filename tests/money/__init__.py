"""Proofs about money as a whole: random stories, kills and interleavings, held against a model and a Stripe of the test's own."""

import pytest

for _name in ("agreeing", "interleaving", "outside", "provider_kills", "story"):
    pytest.register_assert_rewrite(f"tests.money.{_name}")
