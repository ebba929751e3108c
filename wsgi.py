"""The entry point of every server process: ``wsgi:app`` for the web, ``wsgi.celery`` for jobs."""

import gc

from shop.app import create_app

app = create_app()
celery = app.extensions["celery"]

# What has been made until here stays as long as the process: the collector need not look through it again and again,
# which took a fifth of a second each time in the middle of whatever request made ten thousand rows.
gc.collect()
gc.freeze()
