"""JSON-LD contexts as far as EPCIS needs them: prefixes, gathered from what a document brings and never fetched."""

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from types import MappingProxyType

from traceability.standard.limits import DEFAULT
from traceability.standard.words import CBV, VOC

#: What GS1's own context declares; it holds in every EPCIS document.
DEFAULT_PREFIXES = MappingProxyType(
    {
        "epcis": "https://ref.gs1.org/epcis/",
        "cbv": CBV,
        "cbvmda": "urn:epcglobal:cbv:mda:",
        "gs1": VOC,
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "owl": "http://www.w3.org/2002/07/owl#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "dcterms": "http://purl.org/dc/terms/",
    }
)
#: Prefixes that are sooner copied than looked up one behind the other.
_FEW = 50
#: Prefixes may be declared by other prefixes; a circle of them ends here.
MAX_HOPS = 8


@dataclass(frozen=True, slots=True)
class Context:
    """The prefixes in force at one place of a document."""

    prefixes: Mapping[str, str]

    @classmethod
    def of(cls, *contexts: object) -> "Context":
        """Merge values of ``@context``, outermost first: a later declaration of a prefix wins.

        A context that is only named by its address declares nothing here: GS1's is known, others are not fetched.
        """
        prefixes = dict(DEFAULT_PREFIXES)
        for context in contexts:
            _gather(context, prefixes)
        return cls(prefixes)

    def within(self, context: object) -> "Context":
        """Return the context of a part that brings ``@context`` of its own."""
        if not context or isinstance(context, str):
            return self
        # Many parts may bring a context each: of many prefixes around them no copy is made for every one.
        prefixes = dict(self.prefixes) if len(self.prefixes) <= _FEW else ChainMap({}, self.prefixes)  # type: ignore[arg-type]
        _gather(context, prefixes)
        return Context(prefixes)

    def expand(self, name: str) -> str | None:
        """Return the IRI that a name stands for, or ``None`` for a bare word.

        A name whose prefix nobody declared is an IRI with that scheme, as JSON-LD has it. Prefixes declared by prefixes
        are followed until what they stand for is longer than one may be by itself.
        """
        room = DEFAULT.namespace
        for _hop in range(MAX_HOPS):
            prefix, colon, local = name.partition(":")
            if not colon:
                return None
            namespace = self.prefixes.get(prefix)
            if namespace is None or local.startswith("//"):
                return name
            name, room = namespace + local, room - len(namespace)
            if room < 0:
                return name
        return name

    def split(self, name: str) -> tuple[str, str] | None:
        """Return namespace and local name of a prefixed name, or ``None`` if its prefix is not declared."""
        prefix, colon, local = name.partition(":")
        namespace = self.prefixes.get(prefix) if colon and not local.startswith("//") else None
        if namespace is None:
            return None
        return self.expand(namespace) or namespace, local


def _gather(context: object, prefixes: MutableMapping[str, str]) -> None:
    """Add what a context declares; what is no declaration of a prefix is passed over."""
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, Mapping):
            for term, meaning in part.items():
                namespace = meaning.get("@id") if isinstance(meaning, Mapping) else meaning
                if isinstance(namespace, str) and namespace and not term.startswith("@"):
                    prefixes[term] = namespace
