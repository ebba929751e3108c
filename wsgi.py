"""The entry point of every server process: ``wsgi:app`` for the web, ``wsgi.celery`` for jobs."""

from shop.app import create_app

app = create_app()
celery = app.extensions["celery"]
