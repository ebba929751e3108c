"""What keeps a run from starting is said in one line, before anything has been started."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from shop.runtime import folder
from shop.runtime.console import Console
from shop.runtime.errors import StartError, one_line_errors
from shop.runtime.options import CHECKOUT, Options
from shop.runtime.postgres import Cluster
from shop.runtime.preflight import require_alone, require_free_port
from shop.runtime.schema import SchemaState, known_names, schema_state
from shop.runtime.up import Run, require_settings
from tests.database import TestCluster


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def one_line(refusal: pytest.ExceptionInfo[StartError]) -> str:
    assert "\n" not in refusal.value.message
    return refusal.value.message


def test_a_port_in_use_is_named_with_who_uses_it(taken_port):
    with pytest.raises(StartError) as refusal:
        require_free_port("127.0.0.1", taken_port)

    line = one_line(refusal)
    assert line.startswith(f"Port {taken_port} on 127.0.0.1 is in use by ")
    assert f"(process {os.getpid()})" in line
    assert "DUIKOU_PORT" in line


def test_a_host_of_another_machine_is_refused():
    with pytest.raises(StartError, match=r"cannot listen on 192\.0\.2\.1, port 8000.*DUIKOU_HOST"):
        require_free_port("192.0.2.1", 8000)


def test_a_second_run_on_the_same_data_is_refused_until_the_first_ends(tmp_path):
    first = require_alone(tmp_path / "up.lock")

    with pytest.raises(StartError, match="already runs on the data folder"):
        require_alone(tmp_path / "up.lock")

    os.close(first)
    os.close(require_alone(tmp_path / "up.lock"))


def test_a_full_disk_is_said_with_what_is_needed(tmp_path):
    with pytest.raises(StartError) as refusal:
        folder.prepare(tmp_path / "data", needed_mb=10**9)

    assert "is full" in one_line(refusal)
    assert "1000000000 MB are needed" in one_line(refusal)


def test_a_data_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "data").write_text("mine")

    with pytest.raises(StartError, match=r"data cannot be used: a part of the path is a file\."):
        folder.prepare(tmp_path / "data")

    assert (tmp_path / "data").read_text() == "mine"


def test_a_data_folder_of_a_newer_version_is_left_alone(tmp_path):
    folder.prepare(tmp_path)
    (tmp_path / "layout").write_text(f"{folder.LAYOUT + 1}\n")

    with pytest.raises(StartError, match="made by a newer version of Duikou"):
        folder.prepare(tmp_path)

    assert (tmp_path / "layout").read_text() == f"{folder.LAYOUT + 1}\n"


def test_data_of_another_postgresql_is_left_alone(tmp_path):
    cluster = Cluster(tmp_path, password="x", settings={})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("17\n")

    with pytest.raises(StartError, match="made by PostgreSQL 17; this version runs 18"):
        cluster.start()

    assert [path.name for path in (tmp_path / "data").iterdir()] == ["PG_VERSION"]


def test_a_database_nobody_migrated_is_empty(cluster: TestCluster):
    with cluster.database(migrated=False) as url:
        assert schema_state(url) is SchemaState.EMPTY


def test_a_database_with_tables_of_something_else_is_refused_and_left_alone(cluster: TestCluster):
    with cluster.database(migrated=False) as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE wages (amount int)")

        with pytest.raises(StartError, match=r"tables of something else \(such as wages\)"):
            schema_state(url)


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, True),
        ({"DUIKOU_DEMO": "0"}, False),
        ({"DATABASE_URL": "postgresql://me@db/mine"}, False),
        ({"DATABASE_URL": "postgresql://me@db/mine", "DUIKOU_DEMO": "1"}, True),
        ({"DATABASE_URL": "postgresql://me@db/mine", "DUIKOU_DEMO": "1", "PRODUCTION": "1"}, False),
    ],
)
def test_a_database_of_ones_own_gets_the_demo_only_if_asked_for(env, wanted, tmp_path):
    run = Run({"DUIKOU_DATA": str(tmp_path), **env}, Console())

    assert run.wants_demo is wanted


def test_accounts_that_nobody_has_are_not_known(throwaway_url):
    with psycopg.connect(throwaway_url) as connection:
        connection.execute(
            "INSERT INTO users (public_id, name, phone, created_at) VALUES (uuidv7(), '甲', '+8619900000101', now())"
        )

    assert known_names(throwaway_url, ["19900000101", "19900000102"]) == {"19900000101"}


def test_a_database_of_an_older_version_is_behind(throwaway_url):
    set_revision(throwaway_url, "0000")

    assert schema_state(throwaway_url) is SchemaState.BEHIND


def test_a_database_of_this_version_is_current(throwaway_url):
    assert schema_state(throwaway_url) is SchemaState.CURRENT


def test_a_database_of_a_newer_version_is_refused(throwaway_url):
    set_revision(throwaway_url, "9999")

    with pytest.raises(StartError, match=r"newer version of Duikou \(it knows 9999\)"):
        schema_state(throwaway_url)


def test_a_database_that_is_away_is_one_line(tmp_path):
    with pytest.raises(StartError) as refusal:
        schema_state(f"postgresql://me@/mine?host={tmp_path}")

    assert one_line(refusal).startswith("The database cannot be used: ")


@pytest.mark.parametrize(
    ("env", "line"),
    [
        ({"DUIKOU_PORT": "eighty"}, "DUIKOU_PORT must be a whole number from 1 to 65535, not 'eighty'."),
        ({"DUIKOU_PORT": "70000"}, "DUIKOU_PORT must be a whole number from 1 to 65535, not '70000'."),
        ({"CLOCK_START": "2026-12-31T23:59:50+08:00", "PRODUCTION": "1"}, "CLOCK_START is refused when PRODUCTION=1."),
        (
            {"CLOCK_START": "2026-12-31"},
            "CLOCK_START must be an instant with an offset, such as 2026-12-31T23:59:50+08:00.",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_named(env, line):
    with pytest.raises(StartError) as refusal:
        Options.read(env)

    assert one_line(refusal) == line


def test_the_command_ends_with_one_line_and_no_traceback(taken_port, tmp_path):
    env = {"PATH": os.environ["PATH"], "DUIKOU_PORT": str(taken_port), "DUIKOU_DATA": str(tmp_path / "data")}

    done = subprocess.run(
        [sys.executable, "-m", "shop", "up"], cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"Error: Port {taken_port} on 127.0.0.1 is in use")
    assert done.stderr.count("\n") == 1


def set_revision(url: str, revision: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [revision])


def test_the_checkout_is_where_the_entry_point_lies():
    assert (Path(CHECKOUT) / "wsgi.py").is_file()


def test_what_the_system_refuses_is_one_line_too(tmp_path):
    with pytest.raises(StartError) as refusal, one_line_errors():
        (tmp_path / "nowhere" / "file").write_text("x")

    assert one_line(refusal) == f"The system refused: {tmp_path}/nowhere/file: No such file or directory."


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SESSION_DAYS": "x"}, "SESSION_DAYS"),
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"MAX_CONTENT_LENGTH": "-1"}, "MAX_CONTENT_LENGTH"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line_before_anything_starts(change, named):
    good = {"DATABASE_URL": "postgresql://", "BROKER_URL": "redis://", "SECRET_KEY": "k"}
    require_settings(good)

    with pytest.raises(StartError) as refused:
        require_settings(good | change)

    assert named in refused.value.message
    assert "\n" not in refused.value.message
