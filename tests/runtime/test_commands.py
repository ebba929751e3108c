"""The ``duikou`` command touches a database only when it needs one, and says in one line what it lacks."""

import subprocess
import sys

import pytest

from shop.runtime.options import CHECKOUT


def duikou(*words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "shop", *words], cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("words", "code"), [(["load", "--help"], 0), (["lod"], 2)])
def test_help_and_typing_errors_start_nothing(words, code, tmp_path):
    done = duikou(*words, DUIKOU_DATA=str(tmp_path / "data"))

    assert done.returncode == code
    assert not (tmp_path / "data").exists()


def test_a_command_on_a_database_without_tables_says_how_to_make_them(cluster):
    with cluster.database(migrated=False) as url:
        done = duikou("load", "reference", DATABASE_URL=url, BROKER_URL="memory://", SECRET_KEY="-")

    assert done.returncode == 1
    assert done.stderr == (
        "Error: The tables are missing or of an older version; "
        "`duikou up` or `duikou db upgrade` brings them up to date.\n"
    )
