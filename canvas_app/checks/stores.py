"""Checks that the database and Redis can be used as Easel uses them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from canvas_app.checks.finding import Finding, doubt, fault, fine
from canvas_app.settings import Settings
from canvas_app.storage import database
from canvas_app.storage.database import sqlite_file
from canvas_app.storage.notes import SCOPES_MISSING, Note
from canvas_app.storage.schema import notes

#: Policies by which a full Redis evicts the least used keys.
EVICTING = ("allkeys-", "volatile-")


@dataclass(frozen=True)
class Examined:
    """State of a database. ``schema`` and ``head`` are revisions, None when there is none."""

    answers: bool = True
    error: str = ""
    unwritable: bool = False  # whether the rights on the file are the reason
    schema: str | None = None
    known: bool = True  # whether this Easel knows the schema's revision
    head: str = ""
    read_only: str = ""
    limit: int | None = None  # connections the server takes
    wanted: int = 0  # connections Easel may open


def examine_database(settings: Settings) -> Examined:
    """Connect, read the schema's revision and begin a write that changes nothing."""
    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        return Examined(head=newest_revision()[0])  # connecting would create the file
    engine = database.open_engine(settings.database_url)
    try:
        return _examined(settings, engine)
    except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as error:
        # SQLite cannot even read a file if it may not create its own files beside it.
        locked_up = file is not None and not all(
            os.access(path, os.W_OK) for path in (file, file.parent)
        )
        return Examined(answers=False, error=_cause(error), unwritable=locked_up)
    finally:
        engine.dispose()


def _examined(settings: Settings, engine: sa.Engine) -> Examined:
    from alembic.runtime.migration import MigrationContext  # imported here because it takes long

    head, revisions = newest_revision()
    limit = None
    with database.reading(engine).connect() as connection:
        schema = MigrationContext.configure(connection).get_current_revision()
        if engine.dialect.name == "postgresql":
            limit = int(connection.exec_driver_sql("SHOW max_connections").scalar_one())
    return Examined(
        schema=schema,
        known=schema is None or schema in revisions,
        head=head,
        read_only=write_refused(engine) if schema else "",
        limit=limit,
        wanted=settings.processes * settings.database_pool,
    )


def write_refused(engine: sa.Engine) -> str:
    """Return why the database takes no writes; empty when it takes them. No row is changed."""
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            connection.execute(notes.update().where(sa.false()).values(detail=""))
            transaction.rollback()
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        return _cause(error)
    return ""


def newest_revision() -> tuple[str, frozenset[str]]:
    """Return the newest revision of the schema that this Easel knows, and all it knows."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    folder = Path(database.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    return str(scripts.get_current_head()), frozenset(
        each.revision for each in scripts.walk_revisions()
    )


def _cause(error: BaseException) -> str:
    """Return the driver's message, on one line and without SQLAlchemy's explanations."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def judge_database(examined: Examined) -> list[Finding]:
    """Judge whether the database answers, has our schema, takes writes and enough connections."""
    if examined.unwritable:
        return [read_only(examined.error)]
    if not examined.answers:
        return [
            fault(
                "database",
                f"The database cannot be used: {examined.error}",
                "Start it, or correct DATABASE_URL; a SQLite file needs a folder Easel may write "
                "to.",
            )
        ]
    found = [judge_schema(examined)]
    if examined.read_only:
        found.append(read_only(examined.read_only))
    elif examined.schema:
        found.append(fine("database_read_only", "The database takes writes."))
    return found


def read_only(why: str) -> Finding:
    return fault(
        "database_read_only",
        f"The database takes no writes: {why}",
        "A SQLite file and its folder must be writable for the user Easel runs as, and their disk "
        "have room; PostgreSQL must not be a standby, nor have default_transaction_read_only on.",
    )


def judge_schema(examined: Examined) -> Finding:
    if examined.schema is None:
        return fine(
            "database", "The database is empty; Easel makes its tables when its server starts."
        )
    if not examined.known:
        return doubt(
            "database",
            f"A newer Easel has upgraded the schema ({examined.schema}, not {examined.head}). The "
            "release just before it works with it, older ones may not.",
            "Install that newer Easel again, or restore the backup made before the upgrade.",
        )
    if examined.schema != examined.head:
        return doubt(
            "database",
            f"The schema is that of an earlier Easel ({examined.schema}, not {examined.head}).",
            "Make a backup and run: easel upgrade",
        )
    if examined.limit is not None and examined.limit < examined.wanted:
        return doubt(
            "database",
            f"PostgreSQL takes {examined.limit} connections, and Easel may open {examined.wanted}.",
            "Raise max_connections at the server, or lower DATABASE_POOL or WEB_CONCURRENCY.",
        )
    return fine("database", f"The database answers; its schema is up to date ({examined.schema}).")


def noted(settings: Settings, environment: str, subject: str) -> Note | None:
    """Return the note on this subject about an environment; None if there is none or no answer."""
    from canvas_app.storage.storage import Storage

    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        return None
    storage = Storage(settings.database_url, settings.token_keys)
    try:
        return next(
            (note for note in storage.notes.about(subject) if note.environment == environment), None
        )
    except sa.exc.DBAPIError:
        return None
    finally:
        storage.close()


def note_scopes(settings: Settings, environment: str, missing: Sequence[str] | None) -> None:
    """Note which scopes the developer key lacks, for ``/readyz``; None when it lacks none."""
    from canvas_app.storage.storage import Storage

    storage = Storage(settings.database_url, settings.token_keys)
    try:
        storage.notes.clear(environment, SCOPES_MISSING)
        if missing is not None:
            storage.notes.put(environment, SCOPES_MISSING, missing)
    finally:
        storage.close()


@dataclass(frozen=True)
class RedisShown:
    """State of a Redis or Valkey server.

    ``policy`` is how it makes room when it is full; ``most`` is its limit in bytes, 0 for none.
    """

    error: str = ""
    policy: str = ""
    most: int = 0


def examine_redis(redis_url: str) -> RedisShown:
    """Ping the server and read how it makes room when it is full."""
    from redis import Redis, RedisError

    client = Redis.from_url(redis_url, socket_timeout=5, socket_connect_timeout=5)
    try:
        client.ping()
        memory: Any = client.info("memory")
    except (RedisError, OSError) as error:
        return RedisShown(error=" ".join(str(error).split()) or type(error).__name__)
    finally:
        client.close()
    return RedisShown(
        policy=str(memory.get("maxmemory_policy", "")), most=int(memory.get("maxmemory", 0))
    )


def judge_redis(settings: Settings, shown: RedisShown | None) -> Finding:
    """Judge whether Redis answers and keeps accepting writes; Redis is optional."""
    if shown is None:
        if settings.web_concurrency > 1:
            return doubt(
                "redis",
                f"WEB_CONCURRENCY is {settings.web_concurrency}, but without REDIS_URL one process "
                "runs.",
                "Set REDIS_URL, or leave WEB_CONCURRENCY out and raise WEB_THREADS.",
            )
        return fine("redis", "No Redis is set; one process serves, which needs none.")
    if shown.error:
        return fault(
            "redis",
            f"Redis does not answer: {shown.error}",
            "Start it, or correct REDIS_URL. Meanwhile pages work, but nobody can sign in.",
        )
    if shown.most and not shown.policy.startswith(EVICTING):
        return doubt(
            "redis",
            f"Redis takes no more writes once {shown.most / 2**20:.0f} MB are full "
            f"({shown.policy}).",
            "Set its maxmemory-policy to allkeys-lru: losing what is old costs Easel little.",
        )
    return fine("redis", f"Redis answers ({shown.policy or 'policy unknown'}).")


def check_stores(settings: Settings) -> Sequence[Finding]:
    """Check the database and Redis."""
    redis = examine_redis(settings.redis_url) if settings.redis_url else None
    return [*judge_database(examine_database(settings)), judge_redis(settings, redis)]
