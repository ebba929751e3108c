"""What writes a trace's ten thousand members agrees with the schemas that describe them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from traceability.genealogy import schemas
from traceability.genealogy.answers import Amount, Node, Step
from traceability.genealogy.gaps import Gap

LOT = "https://id.gs1.org/01/04012345123456/10/A"
MUCH = Amount(LOT, Decimal("12.500"), "KGM", reached=True)
PIECE = Amount("https://id.gs1.org/01/04012345123456/21/7", None, None, reached=False)
AT = datetime(2026, 7, 14, 20, 0, 0, 250000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schema", "write", "told"),
    [
        (
            schemas.TraceNodeSchema,
            schemas._node,
            Node(2, LOT, "urn:epc:class:lgtin:4012345.012345.A", "lot", "thing", 5),
        ),
        (schemas.TraceAmountSchema, schemas._amount, MUCH),
        (schemas.TraceAmountSchema, schemas._amount, PIECE),
        (schemas.TraceStepSchema, schemas._step, Step(3, "ni:///x", AT, "commissioning", None, [MUCH], [PIECE, MUCH])),
        (schemas.TraceStepSchema, schemas._step, Step(3, "ni:///x", AT, None, "urn:example:p", [], [PIECE])),
        (schemas.TraceGapSchema, schemas._gap, Gap("more_used_than_made", LOT, Decimal(10), Decimal("12.10"), "KGM")),
        (schemas.TraceGapSchema, schemas._gap, Gap("never_made", LOT)),
    ],
)
def test_what_is_written_is_what_the_schema_says(schema, write, told):
    assert write(told) == schema().dump(told)
