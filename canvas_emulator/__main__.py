"""``canvas-emulator`` or ``python -m canvas_emulator``: serve the stand-in Canvas until stopped."""

import argparse
import logging
from datetime import datetime
from email.utils import formatdate
from typing import Any

from gunicorn import util
from gunicorn.app.base import BaseApplication

from canvas_emulator import create_emulator
from canvas_emulator.control import FIRST, LAST


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with many threads in one process, because the emulator's state is in its memory."""

    def __init__(
        self, host: str, port: int, redirect_uris: list[str], start: datetime | None
    ) -> None:
        self._bind = f"{host}:{port}"
        self._redirect_uris = redirect_uris
        self._start = start
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": 64,
            "keepalive": 75,
            "loglevel": "error",
            "graceful_timeout": 2,
            "control_socket_disable": True,
            "on_starting": _stop_at_once,
            "post_worker_init": _announce,
            "worker_int": self._wake,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        self._emulator = create_emulator(redirect_uris=self._redirect_uris, start=self._start)
        clock = self._emulator.extensions["emulator"].clock

        def date(timestamp: float | None = None) -> str:
            return formatdate(timestamp or clock.seconds(), usegmt=True)

        util.http_date = date  # the Date header shows the emulator's time too (RFC 9110, 6.6.1)
        return self._emulator

    def _wake(self, worker: Any) -> None:
        """End every latency that a request still waits for, so that the process can exit."""
        self._emulator.extensions["emulator"].wake()


def _stop_at_once(arbiter: Any) -> None:
    """Handle SIGTERM like SIGINT: do not wait for connections that are kept alive."""
    arbiter.handle_term = arbiter.handle_int


def _announce(worker: Any) -> None:
    host, port = worker.sockets[0].getsockname()[:2]
    print(f"Canvas emulator at http://{host}:{port}", flush=True)


def moment(text: str) -> datetime:
    """Parse an ISO 8601 time with a UTC offset.

    Raises ``argparse.ArgumentTypeError``, whose message argparse shows, for any other text and for
    a time outside of what the clock can show.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None or not FIRST <= read < LAST:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no ISO 8601 time with a UTC offset from {FIRST.year} to {LAST.year}, "
            "such as 2026-11-23T08:00:00Z"
        )
    return read


def main(prog: str | None = None) -> None:
    """Parse the command line and serve until stopped.

    ``prog`` is the program's name in the usage text; by default argparse takes the file's name.
    """
    parser = argparse.ArgumentParser(
        prog=prog, description="Serve the stand-in Canvas until stopped."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8001, help="0 picks a free one")
    parser.add_argument(
        "--redirect-uri",
        action="append",
        default=[],
        metavar="URI",
        help="register this redirect URI with every developer key (repeatable)",
    )
    parser.add_argument(
        "--start",
        type=moment,
        metavar="TIME",
        help="the time its clock begins at and its campus lies around (ISO 8601); now by default",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="write a line for each request, on stderr"
    )
    options = parser.parse_args()
    logging.basicConfig(format="%(message)s")  # stderr; warnings about lacking routes always show
    logging.getLogger("canvas_emulator").setLevel(logging.INFO if options.verbose else "WARNING")
    Server(options.host, options.port, options.redirect_uri, options.start).run()


if __name__ == "__main__":
    main("python -m canvas_emulator")
