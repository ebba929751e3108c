"""Figures of several processes are one answer, and outlive the processes that counted."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from shop.measuring import fold_ended

COUNTS = """
from shop.measuring import count_process, request_seconds, requests_total, task_seconds, tasks_sent
count_process("{name}")
for seconds in {seconds}:
    requests_total.labels("2xx").inc()
    request_seconds.observe(seconds)
    task_seconds.labels("outbox.drain").observe(seconds)
print("counted", flush=True)
input()
"""
ASKS = "from shop.measuring import answer; import sys; sys.stdout.buffer.write(answer([]))"


@pytest.fixture
def process(tmp_path):
    started = []

    def start(script: str) -> subprocess.Popen[str]:
        env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "figures")}
        pipe = subprocess.PIPE
        started.append(subprocess.Popen([sys.executable, "-c", script], env=env, stdin=pipe, stdout=pipe, text=True))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.communicate()


def read(process) -> dict[str, str]:
    lines = process(ASKS).communicate()[0].splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if line.startswith("duikou"))


def test_a_scrape_adds_up_all_processes_and_keeps_what_dead_ones_counted(process, tmp_path):
    web = process(COUNTS.format(name="web", seconds=[0.02, 0.3]))
    worker = process(COUNTS.format(name="worker", seconds=[0.02]))
    assert [web.stdout.readline(), worker.stdout.readline()] == ["counted\n"] * 2

    both = read(process)
    web.kill()
    web.wait()
    after, again = read(process), read(process)

    alive = {name: value for name, value in both.items() if name.startswith("duikou_processes")}
    assert alive == {'duikou_processes{process="web"}': "1.0", 'duikou_processes{process="worker"}': "1.0"}
    assert both['duikou_requests_total{status="2xx"}'] == "3.0"
    assert both['duikou_request_seconds_bucket{le="0.025"}'] == "2.0"
    assert both["duikou_request_seconds_count"] == "3.0"
    assert both['duikou_task_seconds_count{task="outbox.drain"}'] == "3.0"
    assert {name for name in both if both[name] != after.get(name)} == {'duikou_processes{process="web"}'}
    assert again == after
    assert list(tmp_path.rglob(f"*_{web.pid}.db")) == []


def test_files_of_living_processes_are_left_alone(process, tmp_path):
    process(COUNTS.format(name="web", seconds=[1])).stdout.readline()
    before = sorted(tmp_path.rglob("*.db"))

    fold_ended(tmp_path / "figures")

    assert sorted(tmp_path.rglob("*.db")) == before != []
