"""A thousand purchases with twelve kills and the broker away for a minute."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shop.runtime import folder
from tests.system.kills import buy_under_kills
from tests.system.test_up import free_port


@pytest.mark.soak
def test_a_thousand_purchases_survive(tmp_path: Path):
    data = tmp_path / "data"

    buy_under_kills(data, free_port(), purchases=1000, kills=12, broker_away_s=60)

    shutil.rmtree(folder.database_home(data))
