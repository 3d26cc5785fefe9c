"""Observations about a Canvas that its administrator should see until they are resolved."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from canvas_app.outages import Outage
from canvas_app.storage.database import AWAY, reading
from canvas_app.storage.schema import notes

INCLUDES_DROPPED = "includes_dropped"
INCLUDES_READ = "includes_read"  # Canvas reads include parameters; only an answer can show this
SCOPES_MISSING = "scopes_missing"  # scopes that the developer key lacks
RETIRED = "retired"  # when unused grants were last looked for
WRITES_TAKEN = "writes_taken"  # only whether the write succeeds matters

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Note:
    """One observation, and when it was made first and last. ``detail`` has what was observed."""

    environment: str
    subject: str
    detail: tuple[str, ...]
    first_at: datetime
    last_at: datetime


class Notes:
    """The notes in a database, one for each environment and subject.

    If the database takes no writes, a note is lost, but the request that made it succeeds.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock
        self._unwritten = Outage(log, "a note could not be written or taken back")

    def put(self, environment: str, subject: str, detail: Iterable[str]) -> None:
        """Record an observation now; its words are added to those of earlier ones."""
        now = self._clock()
        try:
            with self._engine.begin() as connection:
                known = connection.execute(
                    sa.select(notes.c.detail).where(*_named(environment, subject)).with_for_update()
                ).scalar_one_or_none()
                words = " ".join(sorted({*(known or "").split(), *detail}))
                if known is None:
                    connection.execute(
                        notes.insert().values(
                            environment=environment,
                            subject=subject,
                            detail=words,
                            first_at=now,
                            last_at=now,
                        )
                    )
                else:
                    connection.execute(
                        notes.update()
                        .where(*_named(environment, subject))
                        .values(detail=words, last_at=now)
                    )
        except sa.exc.IntegrityError:
            pass  # another process recorded it at the same moment
        except AWAY as fault:
            self._unwritten.failed(fault)

    def touch(self, subject: str) -> bool:
        """Write the current time, only to test whether writes are accepted."""
        now = self._clock()
        try:
            with self._engine.begin() as connection:
                stamp = notes.update().where(*_named("", subject)).values(last_at=now)
                if not connection.execute(stamp).rowcount:
                    row = {"environment": "", "subject": subject, "detail": ""}
                    connection.execute(notes.insert().values(first_at=now, last_at=now, **row))
        except sa.exc.IntegrityError:
            return True  # another process wrote it at the same moment
        except AWAY:
            return False
        return True

    def claim(self, subject: str, every: timedelta) -> bool:
        """Return whether the caller is to do a periodic task, which any process may do."""
        now = self._clock()
        try:
            with self._engine.begin() as connection:
                due = notes.update().where(*_named("", subject), notes.c.last_at <= now - every)
                if connection.execute(due.values(last_at=now)).rowcount:
                    return True
                known = sa.select(notes.c.last_at).where(*_named("", subject))
                if connection.execute(known).one_or_none() is not None:
                    return False
                row = {"environment": "", "subject": subject, "detail": ""}
                connection.execute(notes.insert().values(first_at=now, last_at=now, **row))
        except sa.exc.IntegrityError:
            return False  # another process was quicker
        return True

    def clear(self, environment: str, subject: str) -> None:
        """Delete a note, because the matter is resolved."""
        try:
            with self._engine.begin() as connection:
                connection.execute(notes.delete().where(*_named(environment, subject)))
        except AWAY as fault:
            self._unwritten.failed(fault)

    def about(self, subject: str) -> tuple[Note, ...]:
        """Return the notes about a subject, by environment."""
        with self._reading.connect() as connection:
            rows = connection.execute(
                sa.select(notes).where(notes.c.subject == subject).order_by(notes.c.environment)
            )
            return tuple(
                Note(r.environment, r.subject, tuple(r.detail.split()), r.first_at, r.last_at)
                for r in rows
            )


def _named(environment: str, subject: str) -> tuple[sa.ColumnElement[bool], ...]:
    return notes.c.environment == environment, notes.c.subject == subject
