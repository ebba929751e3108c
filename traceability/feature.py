"""What traceability brings to the factory: what each of its parts lists, lowest first."""

from traceability.asking import feature as asking
from traceability.complaints import feature as complaints
from traceability.genealogy import feature as genealogy
from traceability.journey import feature as journey
from traceability.pieces import feature as pieces
from traceability.proofs import feature as proofs
from traceability.recalls import feature as recalls
from traceability.repository import feature as repository
from traceability.resolver import feature as resolver

_PARTS = (repository, proofs, asking, genealogy, pieces, resolver, journey, recalls, complaints)


def _listed(name: str) -> tuple[str, ...]:
    return tuple(each for part in _PARTS for each in getattr(part, name, ()))


MODELS = _listed("MODELS")
MOVES = ("traceability.complaints.rules.RULES",)
API = _listed("API")
HOOKS = _listed("HOOKS")
PROTOCOLS = _listed("PROTOCOLS")
PAGES = _listed("PAGES")
TASKS = _listed("TASKS")
INIT = _listed("INIT")
COMMANDS = _listed("COMMANDS")
NOTICES = _listed("NOTICES")
SCHEDULE = {name: every for part in _PARTS for name, every in getattr(part, "SCHEDULE", {}).items()}
QUEUES = {name: queue for part in _PARTS for name, queue in getattr(part, "QUEUES", {}).items()}
PERMISSIONS = {name: words for part in _PARTS for name, words in getattr(part, "PERMISSIONS", {}).items()}
TOPICS = {name: words for part in _PARTS for name, words in getattr(part, "TOPICS", {}).items()}
