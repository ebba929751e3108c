"""Made-up requests to every operation as every role: no 500, nothing that the document does not announce."""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from shop.db import transaction
from tests import factories
from tests.everything import make_everything

pytestmark = pytest.mark.system
#: Made-up requests for each operation, role and mode; ``make soak`` takes many more.
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "1"))
ROLES = ("nobody", "institution", "producer", "operator", "authority", "auditor")
#: With one example, each operation is asked by one role after the other in turn, not by all of them.
TURNS = 1 if EXAMPLES > 1 else len(ROLES)
_CHECKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


@pytest.fixture
def whose(session, bearer):
    """The identifiers of everything there is, and a header for each role."""
    world, ids = make_everything()
    with transaction():
        operator = factories.make_organisation("operator")
    finance = factories.make_member("operator", "operator_finance", "operator_auditor", organisation=operator)
    return ids, {
        "nobody": {},
        "institution": bearer(world.buyer),
        "producer": bearer(world.producer),
        "authority": bearer(factories.make_member("authority")),
        "operator": bearer(
            factories.make_member("operator", "operator_confirmer", "operator_reviewer", organisation=operator)
        ),
        "auditor": bearer(finance),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("role", ROLES)
def test_made_up_requests_are_answered_as_announced(app, whose, role):
    ids, headers = whose
    schema: Any = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    found: dict[str, str] = {}
    operations = sorted((result.ok() for result in schema.get_all_operations()), key=lambda one: one.label)
    for operation in operations[ROLES.index(role) % TURNS :: TURNS]:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            probe(operation, mode, headers[role], ids, found)

    assert not found, "\n\n".join(found.values())


def tell(error: BaseException) -> str:
    """Say what was wrong, each failure of a group in turn."""
    parts = error.exceptions if isinstance(error, FailureGroup) else [error]
    return "; ".join(f"{type(part).__name__}: {part}" for part in parts)


def probe(operation: Any, mode: Any, header: dict[str, str], ids: dict[str, str], found: dict[str, str]) -> None:
    """Send made-up requests; keep the first thing wrong with each operation."""
    group = operation.path.split("/")[3]

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        if operation.label in found:
            return
        if mode is GenerationMode.POSITIVE and case.path_parameters:
            known = {name: ids.get(group if name == "paper_id" else name) for name in case.path_parameters}
            case.path_parameters.update({name: value for name, value in known.items() if value})
        try:
            answer = case.call(headers=header)
            case.validate_response(answer, checks=[CHECKS.get_one(name) for name in _CHECKED])
        except (Exception, FailureGroup) as error:  # noqa: BLE001  whatever is wrong is told at the end, for all operations
            found[operation.label] = f"{operation.label}: {tell(error)}"[:1500]

    try:
        send()
    except Exception as error:  # noqa: BLE001  no request can be made up in this mode
        if "Unsatisfiable" not in type(error).__name__ and "skip" not in type(error).__name__.lower():
            found[operation.label] = f"{operation.label}: {type(error).__name__}: {error}"[:1500]
