"""Names and values that the caller hangs on an object."""

from __future__ import annotations

from typing import Any

from tests.stripe_double.errors import invalid

MOST, LONGEST_NAME, LONGEST_VALUE = 50, 40, 500


def merged(old: dict[str, str], new: Any) -> dict[str, str]:
    """The old with the new over it; an empty value removes its name, an empty text all."""
    if new is None:
        return dict(old)
    if new == "":
        return {}
    found = {name: value for name, value in {**old, **new}.items() if value != ""}
    if len(found) > MOST:
        raise invalid(f"Metadata can have at most {MOST} keys.", "metadata")
    for name, value in found.items():
        if len(name) > LONGEST_NAME:
            raise invalid(f"Metadata keys can be up to {LONGEST_NAME} characters long: {name}", "metadata")
        if len(value) > LONGEST_VALUE:
            raise invalid(f"Metadata values can be up to {LONGEST_VALUE} characters long.", f"metadata[{name}]")
    return found
