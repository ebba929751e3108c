"""The plain pages of the double: words, a table, buttons."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_HEAD = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 60rem; margin: 1rem auto; padding: 0 1rem; color: #1a1f36 }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ccd }}
form {{ display: inline }} button {{ font: inherit; margin: .2rem; padding: .3rem .8rem }} code {{ font-size: .85em }}
</style></head><body><main><h1>{title}</h1>"""


def document(title: str, *parts: str) -> str:
    return _HEAD.format(title=escape(title)) + "".join(parts) + "</main></body></html>"


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def link(address: str, text: str) -> str:
    return f'<p><a href="{escape(address)}">{escape(text)}</a></p>'


def button(action: str, text: str, **values: str) -> str:
    """A form of one button, with what it sends."""
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in values.items())
    return f'<form method="post" action="{escape(action)}">{hidden}<button>{escape(text)}</button></form>'


def table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells are markup already."""
    top = "".join(f'<th scope="col">{escape(one)}</th>' for one in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def money(amount: int, currency: str) -> str:
    return f"{amount / 100:,.2f} {currency.upper()}"
