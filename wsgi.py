"""The entry point of every server process: ``wsgi:app`` for the web, ``wsgi.celery`` for jobs."""

import gc

from shop.app import create_app

app = create_app()
celery = app.extensions["celery"]

# What has been made until here stays as long as the process: the collector need not look through it again and again,
# which took a fifth of a second each time in the middle of whatever request made ten thousand rows. Of a request's own
# objects hardly any are garbage before its end: looking every seven hundred is a twentieth of a large answer's time.
gc.set_threshold(50_000, 20, 50)
gc.collect()
gc.freeze()
