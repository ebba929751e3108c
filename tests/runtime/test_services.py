"""The embedded database and broker: started once, shared, found again after everything that happens to them."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest
import redis

from shop.runtime import folder
from shop.runtime.errors import StartError
from shop.runtime.options import Options
from shop.runtime.services import Services, running_services


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder below one that only its owner may enter, as pytest's are."""
    home = tmp_path_factory.mktemp("services")
    yield home
    remove(home / "data")


def remove(data: Path) -> None:
    """Remove a data folder, and its database where root keeps it elsewhere."""
    shutil.rmtree(folder.database_home(data))
    shutil.rmtree(data)


def services_in(data: Path) -> Services:
    return Services(Options.read({"DUIKOU_DATA": str(data)}))


def server_process(settings: dict[str, str]) -> psutil.Process:
    with psycopg.connect(settings["DATABASE_URL"]) as connection:
        server = psutil.Process(connection.info.backend_pid).parent()
        assert server is not None
        return server


def value_of(settings: dict[str, str], query: str) -> object:
    with psycopg.connect(settings["DATABASE_URL"]) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def test_the_last_to_leave_stops_what_the_first_started(home):
    first, second = services_in(home / "data"), services_in(home / "data")
    first.join()
    server = server_process(first.settings())
    second.join()

    assert server_process(second.settings()) == server
    assert second.settings() == first.settings()
    assert first.leave() is False
    assert second.are_running()
    assert second.leave() is True
    assert not second.are_running()


def test_chinese_text_is_searched_and_the_application_has_no_rights_beyond_its_database(home):
    with (
        running_services({"DUIKOU_DATA": str(home / "data")}) as settings,
        psycopg.connect(settings["DATABASE_URL"], autocommit=True) as connection,
    ):
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        found = connection.execute("SELECT cardinality(show_trgm('枸杞'))").fetchone()
        role = connection.execute("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = user")

        assert found == (3,)
        assert role.fetchone() == (False, False, False)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_data_survive_that_their_folder_is_moved(home):
    with (
        running_services({"DUIKOU_DATA": str(home / "data")}) as settings,
        psycopg.connect(settings["DATABASE_URL"]) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 26240000 AS yuan")

    (home / "data").rename(home / "moved")

    with running_services({"DUIKOU_DATA": str(home / "moved")}) as settings:
        assert value_of(settings, "SELECT yuan FROM kept") == 26240000
    (home / "moved").rename(home / "data")


def test_a_folder_with_a_long_name_works(tmp_path):
    data = tmp_path / ("长" * 40) / "with a 'space' and \"quotes\""

    with running_services({"DUIKOU_DATA": str(data)}) as settings:
        sockets = Path(parse_qs(urlsplit(settings["DATABASE_URL"]).query)["host"][0])

        assert len(os.fsencode(data)) > 107
        assert len(os.fsencode(sockets)) < 90
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert list(sockets.glob("*")) == []
    with running_services({"DUIKOU_DATA": str(data)}) as again:
        assert again["DATABASE_URL"] == settings["DATABASE_URL"]
    remove(data)


def test_a_process_number_used_again_by_a_stranger_does_not_stop_the_start(home):
    services = services_in(home / "data")
    services.join()
    lines = (folder.database_home(home / "data") / "data" / "postmaster.pid").read_text().splitlines()
    services.leave()
    stale = folder.database_home(home / "data") / "data" / "postmaster.pid"
    stale.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    (home / "data" / "valkey" / "valkey.pid").write_text(f"{os.getpid()}\n")

    with running_services({"DUIKOU_DATA": str(home / "data")}) as settings:
        assert server_process(settings).pid != os.getpid()


def test_what_was_killed_is_started_again_at_the_same_address(home):
    services = services_in(home / "data")
    services.join()
    before = services.settings()
    server = server_process(before)
    broker = psutil.Process(int((home / "data" / "valkey" / "valkey.pid").read_text()))

    server.send_signal(signal.SIGKILL)
    broker.send_signal(signal.SIGKILL)
    psutil.wait_procs([server, broker], timeout=30)

    assert not services.are_running()
    services.start()
    assert services.settings() == before
    assert value_of(before, "SELECT 1") == 1
    assert services.leave() is True


def test_the_broker_asks_for_its_password(home):
    with running_services({"DUIKOU_DATA": str(home / "data")}) as settings:
        address = settings["BROKER_URL"]
        stranger = redis.Redis.from_url("redis://" + address.split("@")[1])
        with redis.Redis.from_url(address) as known, stranger:
            assert known.ping() is True
            with pytest.raises(redis.AuthenticationError):
                stranger.ping()


def test_secrets_are_made_once_and_only_their_owner_reads_them(home):
    kept = folder.read_secrets(home / "data")

    assert folder.read_secrets(home / "data") == kept
    assert (home / "data" / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert kept.secret_key not in repr(kept)


def test_lost_secrets_are_not_replaced_by_new_ones_that_open_nothing(tmp_path):
    (tmp_path / "postgres" / "data").mkdir(parents=True)

    with pytest.raises(StartError, match=r"secrets\.json is missing"):
        folder.read_secrets(tmp_path)

    assert not (tmp_path / "secrets.json").exists()


def test_with_addresses_given_nothing_is_made_or_started(tmp_path):
    given = {"DATABASE_URL": "postgresql://db/x", "BROKER_URL": "redis://broker/0", "SECRET_KEY": "s"}

    with running_services({**given, "DUIKOU_DATA": str(tmp_path / "data")}) as settings:
        assert settings == {**given, "DUIKOU_DATA": str(tmp_path / "data")}

    assert not (tmp_path / "data").exists()


def test_folders_above_the_data_stay_as_closed_as_they_were(home):
    before = [(path, path.stat().st_mode) for path in home.parents]

    with running_services({"DUIKOU_DATA": str(home / "data")}):
        assert [(path, path.stat().st_mode) for path in home.parents] == before


def test_one_offset_of_the_clock_is_told_to_every_process():
    options = Options.read({"CLOCK_START": "2030-01-01T00:00:00+08:00", "DATABASE_URL": "d", "BROKER_URL": "b"})

    settings = Services(options).settings()

    assert float(settings["CLOCK_OFFSET_S"]) == options.clock_offset_s
