"""What a user may choose about a run on one machine, read from the environment handed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shop.config import BadSetting, clock_offset
from shop.runtime.errors import StartError

#: The checkout: programs are run from here, and the data folder stands here unless chosen otherwise.
CHECKOUT = Path(__file__).resolve().parents[2]

_TRUE = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True)
class Options:
    """The choices, checked.

    An address given for the database or the broker means that none is run here.
    """

    data: Path
    host: str
    port: int
    web_workers: int
    job_workers: int
    database_url: str | None
    broker_url: str | None
    secret_key: str | None
    is_production: bool
    #: Seconds by which business time runs ahead of real time; found once, told to every process.
    clock_offset_s: float

    @classmethod
    def read(cls, env: Mapping[str, str]) -> "Options":
        """Read the choices from ``env``.

        :raises StartError: naming the setting that cannot be understood or is not allowed.
        """
        try:
            offset_s = clock_offset(env)
        except BadSetting as error:
            raise StartError(str(error)) from error
        folder = Path(env.get("DUIKOU_DATA") or CHECKOUT / "data").expanduser()
        return cls(
            data=folder.absolute(),
            host=env.get("DUIKOU_HOST") or "127.0.0.1",
            port=_number(env, "DUIKOU_PORT", default=8000, most=65535),
            web_workers=_number(env, "DUIKOU_WEB_WORKERS", default=2, most=64),
            job_workers=_number(env, "DUIKOU_JOB_WORKERS", default=2, most=64),
            database_url=env.get("DATABASE_URL") or None,
            broker_url=env.get("BROKER_URL") or None,
            secret_key=env.get("SECRET_KEY") or None,
            is_production=env.get("PRODUCTION", "").strip().lower() in _TRUE,
            clock_offset_s=offset_s,
        )

    @property
    def address(self) -> str:
        """The address of the first page."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::", ""} else self.host  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def _number(env: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        message = f"{name} must be a whole number from 1 to {most}, not {text!r}."
        raise StartError(message)
    return int(text)
