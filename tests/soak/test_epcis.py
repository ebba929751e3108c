"""What is a valid EPCIS document, and what becomes of it, many thousand times over."""

import pytest

from tests.factories import make_member
from tests.traceability.disagreements import disagreements
from tests.traceability.examples import needs_examples
from tests.traceability.test_changed_examples import capture_and_compare

pytestmark = pytest.mark.soak


@needs_examples
@pytest.mark.parametrize("seed", range(2, 12))
def test_changed_documents_are_judged_as_the_published_schema_judges_them(seed):
    differing, taken = disagreements(seed=seed, count=10_000)

    assert differing == []
    assert 1500 < taken < 3000  # enough of both verdicts to mean something


@needs_examples
def test_odd_events_that_are_valid_are_kept_as_they_came(client, bearer):
    assert capture_and_compare(client, bearer(make_member("producer")), seed=32, count=4_000) > 800
