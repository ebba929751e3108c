"""Which addresses a webhook may reach: public ones, unless a setting allows all."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from shop.errors import Invalid
from shop.i18n import _

MAX_URL = 500
#: IPv6 that carries an IPv4 address in its last 32 bits (NAT64).
_NAT64 = IPv6Network("64:ff9b::/96")
#: All that is given out of IPv6 lies in here: site-local and other old ranges do not.
_GIVEN_OUT = IPv6Network("2000::/3")
#: For documents (RFC 9637), and the relays of 6to4 (RFC 7526): not known to every version of the library as not global.
_NOT_GLOBAL = (IPv6Network("3fff::/20"), IPv4Network("192.88.99.0/24"))


class BadWebhookAddress(Invalid):
    """The address is not one that a webhook may be sent to."""

    code = "bad-webhook-address"


@dataclass(frozen=True)
class Target:
    """Where to connect: the checked IP address, and what the server is asked for."""

    scheme: str
    host: str
    port: int
    #: Path and query.
    path: str
    ip: str


def parse_url(url: str, *, allow_private: bool) -> Target:
    """Return the parts of ``url``, not yet resolved.

    :raises BadWebhookAddress: if it is no https address (http where private ones are allowed), or carries a
        user name, a fragment or a character that does not belong there.
    """
    if len(url) > MAX_URL or not url.isascii() or any(char <= " " or char in '"<>\\^`{|}\x7f' for char in url):
        raise BadWebhookAddress(_("网址不正确。"))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadWebhookAddress(_("网址不正确。")) from error
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        raise BadWebhookAddress(_("网址须以 https:// 开头。"))
    if not parts.hostname or parts.username is not None or parts.fragment or port == 0:
        raise BadWebhookAddress(_("网址不可含用户名或 #，端口须正确。"))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), path, "")


def resolve(url: str, *, allow_private: bool) -> Target:
    """Look the host up once and return where to connect; the caller connects to that address and no other.

    :raises BadWebhookAddress: if the host is unknown or any of its addresses is not public.
    """
    target = parse_url(url, allow_private=allow_private)
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadWebhookAddress(_("找不到主机 %(host)s。", host=target.host)) from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not (allow_private or all(is_public(address) for address in addresses)):
        raise BadWebhookAddress(_("主机 %(host)s 不在公网上。", host=target.host))
    return Target(target.scheme, target.host, target.port, target.path, addresses[0])


def is_public(address: str) -> bool:
    """Say whether an IP address lies in the public internet, looking into IPv6 that carries IPv4."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = _inner(ip)
        if inner is not None:
            ip = inner
        elif ip.sixtofour is not None or ip.teredo is not None or ip not in _GIVEN_OUT:
            return False
    if any(ip in network for network in _NOT_GLOBAL):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _inner(ip: IPv6Address) -> IPv4Address | None:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
