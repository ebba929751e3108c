"""What a browser is called by people."""

from __future__ import annotations

from shop.i18n import lazy

#: The first mark found in the browser's own words decides; the order matters, since many claim to be others.
_BROWSERS = (
    ("MicroMessenger", lazy("微信")), ("DingTalk", lazy("钉钉")), ("Edg", "Edge"), ("QQBrowser", lazy("QQ浏览器")),
    ("360SE", lazy("360浏览器")), ("UCBrowser", lazy("UC浏览器")), ("HuaweiBrowser", lazy("华为浏览器")),
    ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("HarmonyOS", lazy("鸿蒙")), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def device_name(user_agent: str) -> str:
    """Return browser and system, such as ``微信 · Android``; empty if neither is known."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(str(part) for part in (browser, system) if part)
