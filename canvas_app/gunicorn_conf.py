"""Gunicorn's configuration: one process with many threads; several processes only with Redis."""

import ctypes
import gc
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path
from threading import Thread
from typing import Any

from gunicorn.glogging import Logger

from canvas_app import logs
from canvas_app.checks.examination import warn_of_access
from canvas_app.gateway import upgrade_database
from canvas_app.settings import Settings, SettingsError, is_loopback
from canvas_app.worker import limit_bodies

try:
    settings = Settings.from_environ(os.environ)
    logs.configure(settings)
    upgrade_database(settings)  # before the app is loaded, which requires the newest schema
except SettingsError as fault:
    sys.exit(str(fault))

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # glibc's malloc.h

OWN_COUNTERS = "easel-metrics-"  # prefix of the folder that is deleted when the server stops

if settings.processes > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    # Before prometheus_client is imported, because each process writes its counters there.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=OWN_COUNTERS)

wsgi_app = "canvas_app.wsgi:app"
# On all interfaces if Easel has a host name of its own; a demo stays on this machine.
bind = f"127.0.0.1:{settings.port}" if is_loopback(settings.public_url) else f":{settings.port}"
worker_class = "canvas_app.worker.Worker"
limit_bodies(settings.max_form)
worker_connections = 500  # half of the file descriptors a process commonly has
workers = settings.processes
threads = settings.web_threads
preload_app = True  # so that workers share the code's memory and settings are checked once
timeout = 60
graceful_timeout = 30
keepalive = 5
limit_request_line = 8190  # a course's what-if form sends a field for each assignment
loglevel = settings.log_level.lower()
accesslog = None  # Easel writes its own access log, with route templates instead of paths
control_socket_disable = True
# Easel reads forwarded headers itself (TRUSTED_PROXIES).
forwarded_allow_ips = ""


class NoSlowClients(logging.Filter):
    """Filter for the tracebacks that gunicorn logs for connections that fell silent."""

    def filter(self, record: logging.LogRecord) -> bool:
        fault = record.exc_info[1] if record.exc_info else None
        return not isinstance(fault, BlockingIOError | TimeoutError)


class NoAddresses(logging.Filter):
    """Filter that hides requests' addresses, which gunicorn logs at DEBUG and with its own errors.

    They may hold secrets: a feed's is in its path, a code in the callback's query.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("Invalid request from ip="):
            # The fault comes first; then follows what was sent, which may include the address.
            what, colon, _ = str(record.msg).partition("'")
            record.msg = f"{what}(not shown)" if colon else what
        if isinstance(record.args, tuple):
            record.args = tuple(
                "(address)" if isinstance(each, str) and each.startswith("/") else each
                for each in record.args
            )
        return True


class EaselLogger(Logger):  # type: ignore[misc]
    """Gunicorn's logger, which writes through Easel's log from the first line on."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logs.configure(settings)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.addFilter(NoSlowClients())
        self.error_log.addFilter(NoAddresses())


logger_class = EaselLogger


def on_starting(server: Any) -> None:
    """Log why there is only one process."""
    if settings.web_concurrency > settings.processes:
        server.log.warning(
            "WEB_CONCURRENCY is %s, but without REDIS_URL one process runs: several would not "
            "know of each other's sessions and calls. Set REDIS_URL, or raise WEB_THREADS.",
            settings.web_concurrency,
        )


def when_ready(server: Any) -> None:
    """Compile the templates before the first fork."""
    # Imported here, because it loads the app, for which the settings must be right.
    from canvas_app.views.rendering import compile_templates

    compile_templates(server.app.wsgi())


def on_reload(server: Any) -> None:
    """Log what HUP does not reload."""
    server.log.warning(
        "HUP replaces the processes, with the code and settings of the start: restart Easel for a "
        "new version or new settings."
    )


def post_fork(server: Any, worker: Any) -> None:
    """Keep the process small: 104 MB instead of 131 after 200 pages, in no more time.

    A page leaves some thousand objects in reference cycles (made by templates). So garbage is
    collected more often, but not among the objects loaded before the fork. The memory of large
    pages is returned to the system.
    """
    gc.collect()
    gc.freeze()
    gc.collect()
    gc.set_threshold(700, 5, 3)
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):  # glibc only
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_MMAP_THRESHOLD, 64 * 1024)
        mallopt(M_TRIM_THRESHOLD, 64 * 1024)


def post_worker_init(worker: Any) -> None:
    """Record how many threads serve, and check Canvas and the developer key once.

    The checks run beside the first requests.
    """
    worker.wsgi.extensions["easel.metrics"].threads.set(worker.cfg.threads)
    if worker.age == 1:  # the first process; those that replace it have a higher age
        Thread(target=warn_of_access, args=(settings,), daemon=True).start()


def worker_exit(server: Any, worker: Any) -> None:
    """Close the worker's connections; a worker that failed to start has no app."""
    if app := getattr(worker, "wsgi", None):
        app.extensions["easel"].close()


def on_exit(server: Any) -> None:
    """Delete the folder of counters, unless the operator chose it."""
    folder = Path(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""))
    if folder.name.startswith(OWN_COUNTERS):
        shutil.rmtree(folder, ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    """Delete the gauges of a process that ended."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
