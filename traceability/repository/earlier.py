"""What events were called when their hash was counted otherwise, so that what was captured then is known again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from traceability.repository.drafts import Draft
from traceability.standard.contexts import Context
from traceability.standard.earlier_hashing import earlier_hash, may_differ


def earlier_hash_of(draft: Draft) -> str | None:
    """Return the hash that the event had before, or ``None`` if it always had the one it has."""
    context = Context.of(*draft.contexts)
    if not may_differ(draft.type, draft.text, context):
        return None
    earlier = earlier_hash(json.loads(draft.text), context)
    return None if earlier == draft.hash_id else earlier


def earlier_names(drafts: Sequence[Draft]) -> dict[str, str]:
    """Return what events that are called by their hash were called before, by what they are called now."""
    named = [draft for draft in drafts if draft.event_id == draft.hash_id]
    return {draft.event_id: earlier for draft in named if (earlier := earlier_hash_of(draft))}


def is_said(draft: Draft, said: tuple[str, str]) -> bool:
    """Tell whether an event says what a stored one says, whose hash may be of before."""
    hash_id, declared = said
    return draft.declared == declared and (draft.hash_id == hash_id or earlier_hash_of(draft) == hash_id)
