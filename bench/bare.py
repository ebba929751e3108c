"""A bare Flask view under the same server: what nothing of ours can beat."""

import os

from flask import Flask, Response

app = Flask(__name__, static_folder=None)
_BODY = b"x" * int(os.environ.get("BENCH_SIZE", "1024"))


@app.get("/bench/bare")
def bare() -> Response:
    return Response(_BODY, content_type="text/html; charset=utf-8")
