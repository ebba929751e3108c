"""The application factory: mounts the features by name, lowest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from types import ModuleType
from typing import Any, cast

from flask import Flask, g, request
from flask.typing import ResponseReturnValue
from flask_migrate import Migrate
from sqlalchemy.exc import DBAPIError
from werkzeug.utils import import_string

from shop import (
    api,
    auth,
    clock,
    connections,
    edge,
    health,
    hotreads,
    i18n,
    jobs,
    layout,
    limits,
    logs,
    problems,
    security,
)
from shop.config import Settings
from shop.db import Base, db, discard
from shop.encoding import Json
from shop.notices.tasks import register_rules
from shop.parts import FEATURES, KERNEL
from shop.wording import Pages

_ATTEMPTS = 3

csrf = security.LazyCsrf()


class Application(Flask):
    """Flask that re-runs a view whose transaction lost a race, at most three times."""

    jinja_environment = Pages
    json_provider_class = Json

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view; on a serialization failure or deadlock run it again from the start."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return super().dispatch_request()
            except DBAPIError as error:
                if not problems.lost_race(error) or attempt == _ATTEMPTS or g.get("network_used"):
                    raise
                discard()
                _rewind_uploads()
                request.environ["duikou.retries"] = attempt
        raise AssertionError


def _rewind_uploads() -> None:
    """Let the view read uploaded files from their beginning again; what has not been parsed yet has not been read."""
    if "files" in request.__dict__:
        for _name, files in request.files.lists():
            for file in files:
                file.stream.seek(0)


def create_app(settings: Settings | None = None, features: Sequence[str] = FEATURES) -> Flask:
    """Build the application with the kernel and ``features``.

    :raises BadSetting: if a needed setting is missing.
    """
    settings = settings or Settings.from_env()
    app = Application("shop", static_folder=None, static_url_path="/static", template_folder="templates")
    app.config.from_mapping(asdict(settings), SETTINGS=settings, SQLALCHEMY_DATABASE_URI=settings.DATABASE_URL)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_size": settings.DB_POOL,
        "max_overflow": 20,
        "pool_pre_ping": False,
        # What people typed, and hashes of secrets, stay out of the log.
        "hide_parameters": True,
    }
    clock.set_offset(settings.CLOCK_OFFSET_S)
    logs.init_app(app)
    db.init_app(app)
    connections.init_app(app)
    Migrate(app, db, directory=f"{app.root_path}/migrations", compare_type=True)
    csrf.init_app(app)
    for part in (problems, i18n, api, security, layout, health, hotreads, limits):
        part.init_app(app)
    app.extensions["permissions"] = {}
    app.extensions["topics"] = {}
    app.extensions["task_modules"] = []
    app.extensions["reference"] = []
    app.extensions["schedule"] = {}
    app.extensions["queues"] = {}
    app.extensions["demo_accounts"] = []
    for name in (*KERNEL, *features):
        mount(app, import_string(f"{name}.feature"))
    jobs.init_app(app, settings)
    auth.require_guards(app)
    edge.init_app(app)
    return app


def mount(app: Flask, feature: ModuleType) -> None:
    """Add what a ``feature.py`` lists: dotted names of its API, pages, tasks, models and commands."""
    part = cast("Any", feature)
    for name in getattr(part, "MODELS", ()):
        import_string(name)
    for name in getattr(part, "API", ()):
        blueprint = import_string(name)
        csrf.exempt(blueprint)
        app.extensions["api"].register_blueprint(blueprint)
    for name in getattr(part, "HOOKS", ()):  # other people's servers post here, signed, with no form and no session
        hook = import_string(name)
        csrf.exempt(hook)
        app.register_blueprint(hook)
    for name in getattr(part, "PROTOCOLS", ()):  # interfaces that a standard defines, whose document is not ours
        protocol = import_string(name)
        csrf.exempt(protocol)
        app.register_blueprint(protocol)
    for name in getattr(part, "PAGES", ()):
        app.register_blueprint(import_string(name))
    for name in getattr(part, "DEMO_ACCOUNTS", ()):
        app.extensions["demo_accounts"].extend(import_string(name))
    for name in getattr(part, "TASKS", ()):
        import_string(name)
        app.extensions["task_modules"].append(name)
    for name in getattr(part, "COMMANDS", ()):
        app.cli.add_command(import_string(name))
    for name in getattr(part, "REFERENCE", ()):
        app.extensions["reference"].append(import_string(name))
    for name in getattr(part, "INIT", ()):
        import_string(name)(app)
    for name in getattr(part, "NOTICES", ()):
        register_rules(app, import_string(name))
    app.extensions["permissions"].update(getattr(part, "PERMISSIONS", {}))
    app.extensions["topics"].update(getattr(part, "TOPICS", {}))
    app.extensions["schedule"].update(getattr(part, "SCHEDULE", {}))
    app.extensions["queues"].update(getattr(part, "QUEUES", {}))


__all__ = ["FEATURES", "KERNEL", "Base", "create_app", "mount"]
