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
    """Gunicorn with one process, whose memory is the emulator, and many threads."""

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

        util.http_date = date  # gunicorn's Date is this Canvas's time, too (RFC 9110 6.6.1)
        return self._emulator

    def _wake(self, worker: Any) -> None:
        """End every latency that is still being waited out, so that the process can end."""
        self._emulator.extensions["emulator"].wake()


def _stop_at_once(arbiter: Any) -> None:
    """Stop for SIGTERM as for SIGINT: kept-alive connections are not waited for."""
    arbiter.handle_term = arbiter.handle_int


def _announce(worker: Any) -> None:
    host, port = worker.sockets[0].getsockname()[:2]
    print(f"Canvas emulator at http://{host}:{port}", flush=True)


def moment(text: str) -> datetime:
    """The time an ISO 8601 text names; argparse shows the message of what it raises."""
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
    """Serve as the command line says; ``prog`` names the program when its file does not."""
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
    logging.basicConfig(format="%(message)s")  # on stderr: what it lacks is told in any case
    logging.getLogger("canvas_emulator").setLevel(logging.INFO if options.verbose else "WARNING")
    Server(options.host, options.port, options.redirect_uri, options.start).run()


if __name__ == "__main__":
    main("python -m canvas_emulator")
