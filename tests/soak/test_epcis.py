"""What is a valid EPCIS document, ten thousand times over."""

import pytest

from tests.traceability.disagreements import disagreements
from tests.traceability.examples import needs_examples

pytestmark = pytest.mark.soak


@needs_examples
@pytest.mark.parametrize("seed", range(2, 12))
def test_changed_documents_are_judged_as_the_published_schema_judges_them(seed):
    differing, taken = disagreements(seed=seed, count=10_000)

    assert differing == []
    assert 1500 < taken < 3000  # enough of both verdicts to mean something
