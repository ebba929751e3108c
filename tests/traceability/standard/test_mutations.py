"""Our schema against the published one, on seeded changes of the public examples."""

from tests.traceability.disagreements import changed_documents, disagreements
from tests.traceability.examples import needs_examples
from traceability.standard.validation import problems_of_document


@needs_examples
def test_changed_documents_are_judged_as_the_published_schema_judges_them():
    differing, taken = disagreements(seed=1, count=600)

    assert differing == []
    assert 100 < taken < 200  # enough of both verdicts to mean something


def leads_astray(document, fault):
    """Tell whether a pointer leads neither to a place nor to a member that is missing from one."""
    inside = document
    keys = [key.replace("~1", "/").replace("~0", "~") for key in fault.pointer.split("/")[1:]]
    for number, key in enumerate(keys):
        if isinstance(inside, list) and key.isdigit() and int(key) < len(inside):
            inside = inside[int(key)]
        elif isinstance(inside, dict) and key in inside:
            inside = inside[key]
        else:
            return not (isinstance(inside, dict) and number == len(keys) - 1 and "is missing" in fault.detail)
    return False


@needs_examples
def test_every_fault_points_at_a_place_in_the_document_or_at_a_member_that_is_missing():
    pointed = [(document, fault) for document in changed_documents(7, 300) for fault in problems_of_document(document)]

    assert [each for each in pointed if leads_astray(*each)] == []
    assert len(pointed) > 200
