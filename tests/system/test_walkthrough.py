"""The page ``docs/walkthrough.md`` is run as it stands, by bash and curl, against a served application."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from werkzeug.serving import make_server

from admin.demo import loader, shelf
from shop import clock, reference
from shop.db import db, transaction

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)


@pytest.mark.committed
def test_the_walk_through_a_purchase_works_as_it_is_written(committed_app, throwaway_url, tmp_path):
    samples = [sample for sample in shelf.read_samples() if sample.row["county_code"] == "620421"]
    with transaction():
        reference.load_all()
    with clock.stopped_at(datetime(2020, 1, 2, tzinfo=UTC)):
        loader.tell_story(lambda _what: None, lambda *_progress: None, samples=samples, most=0)
    db.session.remove()
    script = "set -euo pipefail\n" + "\n".join(_BLOCK.findall((ROOT / "docs" / "walkthrough.md").read_text()))
    # The served application reads the real clock: requests run in threads of their own.
    server = make_server("127.0.0.1", 0, committed_app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        **os.environ, "API": f"http://127.0.0.1:{server.server_port}/api/v1", "DATABASE_URL": throwaway_url,
        "BROKER_URL": "memory://", "SECRET_KEY": committed_app.config["SECRET_KEY"], "DUIKOU_DATA": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip

    ran = subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    server.shutdown()

    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-3000:]
    assert "counted for Jingyuan today: 0.00 + 2700.48 = 2700.48" in ran.stdout
    counted = db.session.execute(text("SELECT sum(amount_fen) FROM postings WHERE measure = 'counted'")).scalar_one()
    assert counted == 270_048
