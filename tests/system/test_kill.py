"""Nothing is lost and nothing counted twice when web and worker are killed and the broker is away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop.runtime import folder
from tests.system.kills import buy_under_kills
from tests.system.test_up import free_port


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "data"
    yield data
    shutil.rmtree(folder.database_home(data))


@pytest.mark.system
def test_purchases_survive_kills_of_web_and_worker_and_a_broker_that_is_away(data):
    buy_under_kills(data, free_port(), purchases=16, kills=2, broker_away_s=2)
