"""The connection to SQLite or PostgreSQL, and the upgrade of its schema."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

STATEMENT_SECONDS = 3.0  # for one statement, for a connection from the pool, for SQLite's lock
UPGRADE_SECONDS = 30.0  # the same while another process may be upgrading the schema
CONNECT_SECONDS = 3
MOST_CONNECTIONS = 20  # connections of one process
NEWEST = "0007"  # the schema's revision in this Easel; revisions sort as text
BOUND_SINCE = "0005"  # the revision that added a MAC to sign-ins and feeds
ADVISORY_LOCK = 0x6561_7365  # "ease" as a number; any will do that is the same in every Easel
# For a server that vanished: libpq would wait for hours. In seconds, except tcp_user_timeout, in
# milliseconds, which bounds a query that nobody acknowledges.
SERVER_TIMEOUTS = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
# BEGIN takes SQLite's write lock, so it fails when the lock is not free.
WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "BEGIN "})
#: The database does not answer, is locked, full or read-only: not a fault in Easel.
AWAY = (sa.exc.OperationalError, sa.exc.InternalError, sa.exc.TimeoutError)


@dataclass
class Writes:
    """Counts the failed writes of an engine, and remembers whether the latest one succeeded."""

    taken: bool = True
    failed: int = 0


def watch_writes(engine: sa.Engine) -> Writes:
    """Record an engine's writes, and whether a read-only server or a full disk refused them."""
    writes = Writes()

    @sa.event.listens_for(engine, "after_cursor_execute")
    def wrote(connection: sa.Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip()[:6].upper() in WRITING:
            connection.info["wrote"] = True

    @sa.event.listens_for(engine, "commit")
    def committed(connection: sa.Connection) -> None:
        connection.info["committing"] = connection.info.pop("wrote", False)

    @sa.event.listens_for(engine, "checkin")
    def given_back(_connection: Any, record: Any) -> None:
        record.info.pop("wrote", None)
        if record.info.pop("committing", False):
            writes.taken = True

    @sa.event.listens_for(engine, "handle_error")
    def failed(context: sa.ExceptionContext) -> None:
        info = context.connection.info if context.connection else {}
        committing = info.pop("committing", False)
        begun = (context.statement or "").lstrip()[:6].upper() in WRITING
        if (begun or committing) and isinstance(context.sqlalchemy_exception, AWAY):
            writes.taken = False
            writes.failed += 1

    return writes


def open_engine(
    database_url: str, seconds: float = STATEMENT_SECONDS, most: int = MOST_CONNECTIONS
) -> sa.Engine:
    """Open ``sqlite:///...`` or ``postgresql+psycopg://...`` (``postgres://`` means the latter).

    No statement takes longer than ``seconds``, nor does waiting for a lock or for one of ``most``
    connections; half of these stay open.
    """
    url = make_url(database_url)
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    # Errors name the statement, never its values: people's names, hashes, sealed tokens.
    if url.get_backend_name() != "sqlite":
        engine = sa.create_engine(
            url,
            connect_args=SERVER_TIMEOUTS,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=most // 2,
            max_overflow=most - most // 2,
            pool_timeout=seconds,
        )
        bound_statements(engine, seconds)
        return engine
    engine = sa.create_engine(
        url,
        connect_args={"timeout": seconds},
        hide_parameters=True,
        pool_size=most // 2,
        max_overflow=most - most // 2,
        pool_timeout=seconds,
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def bound_statements(engine: sa.Engine, seconds: float) -> None:
    """Limit how long a statement waits for a PostgreSQL server that has stopped answering.

    A limit in the server does not help, because the server may be what hangs; nor does one of TCP,
    because the machine still acknowledges. The connection is closed, because the outcome of the
    statement is unknown.
    """
    from psycopg import Connection, OperationalError
    from psycopg.abc import PQGen

    def bounded(gen: "PQGen[Any]", connection: "Connection[Any]") -> "PQGen[Any]":
        ends = time.monotonic() + seconds
        ready: Any = None
        while True:
            try:
                wanted = gen.send(ready)
            except StopIteration as end:
                return end.value
            # psycopg calls this several times a second, with False when nothing came.
            ready = yield wanted
            if not ready and time.monotonic() > ends:
                gen.close()
                connection.pgconn.finish()
                raise OperationalError(f"the server did not answer within {seconds:g} s")

    class BoundedConnection(Connection[Any]):
        def wait(self, gen: "PQGen[Any]", *arguments: Any, **options: Any) -> Any:
            return super().wait(bounded(gen, self), *arguments, **options)

    @sa.event.listens_for(engine, "do_connect")
    def connect(
        _dialect: Any, _record: Any, arguments: Any, options: Any
    ) -> "BoundedConnection | None":
        return BoundedConnection.connect(*arguments, **options)


def reading(engine: sa.Engine) -> sa.Engine:
    """Return the engine for read-only transactions, which on SQLite do not wait for a writer."""
    return engine.execution_options(only_reads=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # sqlite3 opens no transaction by itself; _begin_sqlite does
    # Overwrite deleted rows, so that they cannot be read from the file.
    for pragma in ("synchronous=normal", "foreign_keys=on", "secure_delete=on"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # IMMEDIATE takes the write lock now, so that a later write cannot fail as "locked".
    only_reads = connection.get_execution_options().get("only_reads")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def schema_revision(engine: sa.Engine) -> str | None:
    """Return the schema's revision; None when the database is empty. Create no file."""
    file = sqlite_file(engine.url)
    if file is not None and not file.exists():  # connecting would create it
        return None
    with reading(engine).connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(
            sa.text("SELECT version_num FROM alembic_version")
        ).scalar()
    return found


def sqlite_file(database_url: str | sa.URL) -> Path | None:
    """Return the file of a SQLite database, also if it is named as a URI; None for PostgreSQL."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return None
    return Path((url.database or "").removeprefix("file:").partition("?")[0])


def upgrade(engine: sa.Engine, bind_rows: Callable[[sa.Connection], None]) -> None:
    """Bring the schema up to date; several processes may do so at once.

    The schema of a newer Easel stays as it is. If rows are older than their MACs, ``bind_rows`` is
    called within the transaction to add them.

    Everything happens in one transaction that holds SQLite's write lock, or an advisory lock on
    PostgreSQL: the first process does the work, the others find it done.
    """
    from alembic import command  # imported here because it takes half a second
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

    if engine.dialect.name == "sqlite":
        _enter_wal(engine)
    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
    )
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        config.attributes["connection"] = connection
        before = MigrationContext.configure(connection).get_current_revision()
        if before is not None and before > NEWEST:
            return
        command.upgrade(config, "head")
        if before is not None and before < BOUND_SINCE:
            bind_rows(connection)


def forget_deleted(engine: sa.Engine) -> None:
    """Empty SQLite's log, which still holds deleted rows; not while another connection reads it."""
    if engine.dialect.name != "sqlite":
        return
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()


def _enter_wal(engine: sa.Engine) -> None:
    """Switch the file to write-ahead logging, permanently.

    Several processes may try this on a new file at once, and SQLite's busy timeout does not apply
    to it.
    """
    if engine.url.database:
        file = Path(engine.url.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)  # readable by its owner only; SQLite gives its log the same mode
    ends = time.monotonic() + UPGRADE_SECONDS
    while True:
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA journal_mode=WAL")
            return
        except Exception as fault:
            if "locked" not in str(fault) or time.monotonic() > ends:
                raise
            time.sleep(0.02)
        finally:
            raw.close()
