"""Templates compiled once for each language: what a page says in it is part of its code, not looked up at each request."""

from __future__ import annotations

from typing import Any

from flask.sansio.app import App
from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.visitor import NodeTransformer

from shop.i18n import language


class _Translate(NodeTransformer):
    """Puts ``_("…")`` of a template in one language's words, as markup; what is filled in is still escaped."""

    def __init__(self, catalogue: Any) -> None:
        self._catalogue = catalogue

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802  the visitor's name for it
        self.generic_visit(node)
        message = _message_of(node)
        if message is None:
            return node
        text = self._catalogue.gettext(message)
        if not node.kwargs:
            return nodes.MarkSafe(nodes.Const(text.replace("%%", "%")), lineno=node.lineno)
        values = [nodes.Pair(nodes.Const(one.key), one.value, lineno=node.lineno) for one in node.kwargs]
        return nodes.Mod(nodes.MarkSafe(nodes.Const(text)), nodes.Dict(values), lineno=node.lineno)


def _message_of(node: nodes.Call) -> str | None:
    """Return the message of ``_("…", name=…)``; ``None`` for any other call."""
    match node:
        case nodes.Call(
            node=nodes.Name(name="_"), args=[nodes.Const(value=str() as message)], dyn_args=None, dyn_kwargs=None
        ):
            return message
    return None


class Pages(Environment):
    """The application's templates: hands each out as it was compiled for the request's language."""

    #: The catalogue of the language this environment compiles for; ``None`` in the one that hands out.
    catalogue: Any = None

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, **options)
        self._languages: dict[str, Pages] = {}

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:  # noqa: A002
        """Return a template in the request's language."""
        one = self if self.catalogue else self._in(language())
        return super(Pages, one).get_template(name, parent, globals)

    def _in(self, chosen: str) -> Pages:
        found = self._languages.get(chosen)
        if found is None:
            found = self.overlay()
            found.catalogue = self.app.extensions["catalogues"][chosen]
            self._languages[chosen] = found
        return found

    def _generate(self, source: nodes.Template, *rest: Any, **options: Any) -> str:
        if self.catalogue:
            source = _Translate(self.catalogue).visit(source)
        return super()._generate(source, *rest, **options)
