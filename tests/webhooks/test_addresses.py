"""Which addresses a webhook may reach, and how long a try may take."""

import socket
import threading
import time

import pytest

from shop.webhooks import gateway
from shop.webhooks.addresses import BadWebhookAddress, is_public, parse_url, resolve


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1", "240.0.0.1",
     "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
     "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:53aa:64c:0:fffe:f5ff:fffe", "2001:db8::1",
     "fec0::1", "3fff::1", "192.88.99.1", "::ffff:192.88.99.1"],
)  # fmt: skip
def test_addresses_that_are_not_public(address):
    assert is_public(address) is False


@pytest.mark.parametrize("address", ["1.1.1.1", "223.5.5.5", "2400:3200::1", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_addresses_that_are_public(address):
    assert is_public(address) is True


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "ftp://example.com/", "https://", "https://user@example.com/", "https://user:word@example.com/",
     "https://example.com/#part", "https://example.com:0/", "https://example.com:99999/", "https://exa mple.com/",
     "https://example.com/\r\nX: y", "https://例子.中国/", "https://[::1", "//example.com", "https://example.com/" + "a" * 500],
)  # fmt: skip
def test_urls_that_are_refused(url):
    with pytest.raises(BadWebhookAddress):
        parse_url(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://localhost:8443/x", "https://[::1]/", "https://2130706433/", "https://0x7f.1/"],
)
def test_loopback_is_refused_however_it_is_written(url):
    with pytest.raises(BadWebhookAddress):
        resolve(url, allow_private=False)


def test_the_setting_allows_loopback_and_http():
    target = resolve("http://127.0.0.1:81/a?b", allow_private=True)

    assert (target.scheme, target.ip, target.port, target.path) == ("http", "127.0.0.1", 81, "/a?b")


def test_a_refused_connection_is_an_outcome():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    outcome = gateway.post(f"http://127.0.0.1:{port}/", {}, b"{}", allow_private=True)

    assert (outcome.status, outcome.is_delivered) == (None, False)
    assert str(outcome.error).startswith("ConnectionRefusedError")


def test_a_private_address_is_an_outcome_too():
    outcome = gateway.post("https://127.0.0.1/", {}, b"{}", allow_private=False)

    assert (outcome.status, outcome.error) == (None, "主机 127.0.0.1 不在公网上。")


def test_an_answer_that_drips_is_cut_off(monkeypatch):
    monkeypatch.setattr(gateway, "TOTAL_S", 0.4)
    over = threading.Event()

    def drip(listener):
        peer, _ = listener.accept()
        with peer:
            peer.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.05):
                try:
                    peer.sendall(b"X-Slow: 1\r\n")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        began = time.monotonic()
        outcome = gateway.post(f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, b"{}", allow_private=True)
        over.set()
        thread.join()

    assert outcome.error == "TimeoutError: no answer within 0.4 s"
    assert time.monotonic() - began < 3
