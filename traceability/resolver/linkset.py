"""Linksets (RFC 9264) as GS1-conformant resolvers answer them."""

from __future__ import annotations

from typing import Any

from traceability.resolver.targets import VOC, Goods, Target

MEDIA_TYPE = "application/linkset+json"
#: Addresses and prefixes under which GS1's link types are asked for.
_SPELLINGS = ("gs1:", VOC, "http://gs1.org/voc/", "https://www.gs1.org/voc/", "http://www.gs1.org/voc/")
SUPPORTED = ("pip", "traceability", "epcis", "certificationInfo", "recallStatus")


def local_name(link_type: str) -> str:
    """Return the local name of a link type, however it was asked for: ``gs1:pip`` or its full address."""
    return next((link_type[len(start) :] for start in _SPELLINGS if link_type.startswith(start)), link_type)


def linkset(anchor: str, base: str, goods: Goods, targets: list[Target]) -> dict[str, Any]:
    """Return the linkset of one thing; the first page for people is its default."""
    links: dict[str, Any] = {"anchor": anchor, "itemDescription": f"{goods.product_name} {goods.pack_spec}"}
    for target in targets:
        links.setdefault(VOC + target.link_type, []).append(_link(base, target))
    if pages := [target for target in targets if target.is_page]:
        links[VOC + "defaultLink"] = [_link(base, pages[0])]
    return {"linkset": [links]}


def _link(base: str, target: Target) -> dict[str, Any]:
    return {
        "href": base + target.path,
        "title": target.title,
        "type": target.media_type,
        "hreflang": list(target.languages),
    }


def description(base: str) -> dict[str, Any]:
    """Return what ``/.well-known/gs1resolver`` says of us."""
    return {
        "name": "Duikou 对口",
        "resolverRoot": base,
        "supportedPrimaryKeys": ["01"],
        "linkTypeDefaultCanBeLinkset": False,
        "supportedLinkTypes": [
            {"namespace": VOC, "prefix": "gs1:", "linkTypes": [f"gs1:{name}" for name in SUPPORTED]},
        ],
        "extensionProfile": [],
    }
