"""Headers of proxies are believed as far as the settings say, and no further."""

from __future__ import annotations

import pytest
from flask import request

from shop.app import create_app
from shop.auth import public
from shop.config import BadSetting, Settings
from tests.conftest import make_settings

FORWARDED = {
    "X-Forwarded-For": "9.9.9.9, 203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "duikou.example",
}


@pytest.fixture
def seen(database_url):
    """Say what the application sees of a forwarded request behind so many trusted proxies."""

    def ask(proxies: int) -> str:
        app = create_app(make_settings(database_url, TRUSTED_PROXIES=proxies), features=())

        @app.get("/seen")
        @public
        def show() -> str:
            return f"{request.remote_addr} {request.scheme} {request.host}"

        return app.test_client().get("/seen", headers=FORWARDED).text

    return ask


def test_nothing_is_believed_by_default(seen):
    assert seen(0) == "127.0.0.1 http localhost"


def test_the_last_address_is_believed_behind_one_proxy_and_not_what_the_client_claims(seen):
    assert seen(1) == "203.0.113.7 https duikou.example"


def test_a_number_below_zero_is_refused_at_start():
    env = {"DATABASE_URL": "postgresql://x", "BROKER_URL": "memory://", "SECRET_KEY": "s", "TRUSTED_PROXIES": "-1"}

    with pytest.raises(BadSetting, match="TRUSTED_PROXIES"):
        Settings.from_env(env)
