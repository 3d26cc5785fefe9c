"""Prepared exports: the progress of each, and its file in sealed parts, kept for an hour.

Both are in the database, so that any process can show and send what another one prepares.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from canvas_app.storage.database import reading
from canvas_app.storage.schema import export_parts, exports, grants
from canvas_app.storage.seal import Owner, Seal

EXPORT_KEPT = timedelta(hours=1)
SILENCE = timedelta(seconds=60)
"""Whoever prepares an export reports every few seconds; one not heard of for so long is gone."""
MOST_RUNNING = 2
RUNNING = "running"


class TooManyExports(Exception):
    """The person has as many exports running as may run at once."""


@dataclass(frozen=True)
class Export:
    """One export. ``done`` of ``total`` students are in the file; ``total`` is None at first.

    ``state`` is running, done, incomplete (``trouble`` says why), cancelled, or interrupted (the
    process that prepared it is gone).
    """

    id: str
    course_id: str
    name: str  # of the file, without its ending
    form: str  # csv or json
    state: str
    done: int
    total: int | None
    trouble: str
    created_at: datetime

    @property
    def remaining(self) -> int | None:
        return None if self.total is None else max(0, self.total - self.done)

    @property
    def ends_at(self) -> datetime:
        """Return when the export is deleted."""
        return self.created_at + EXPORT_KEPT

    @property
    def has_file(self) -> bool:
        """Return whether there is a file. There is none if the list of students did not come."""
        return self.state in ("done", "incomplete") and self.total is not None

    @property
    def filename(self) -> str:
        """Return the file's name, which says INCOMPLETE if something is missing."""
        mark = "" if self.state == "done" else "-INCOMPLETE"
        return f"{self.name}{mark}.{self.form}"


class Exports:
    """The exports in a database. An export belongs to a grant and ends with it."""

    def __init__(self, engine: sa.Engine, seal: Seal, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._seal = seal
        self._clock = clock

    def begin(self, grant_id: int, course_id: str, name: str, form: str) -> str:
        """Create an export and return its id. Raise TooManyExports."""
        export_id = secrets.token_urlsafe(24)
        now = self._clock()
        with self._engine.begin() as connection:
            # Lock the grant first: of two requests at once, the second sees the first's export.
            connection.execute(
                sa.select(grants.c.id).where(grants.c.id == grant_id).with_for_update()
            )
            self.sweep(connection)
            running = connection.execute(
                sa.select(sa.func.count())
                .select_from(exports)
                .where(
                    exports.c.grant_id == grant_id,
                    exports.c.state == RUNNING,
                    exports.c.heard_at > now - SILENCE,
                )
            ).scalar_one()
            if running >= MOST_RUNNING:
                raise TooManyExports
            connection.execute(
                exports.insert().values(
                    id=export_id,
                    grant_id=grant_id,
                    course_id=course_id,
                    name=name,
                    form=form,
                    state=RUNNING,
                    done=0,
                    created_at=now,
                    heard_at=now,
                )
            )
        return export_id

    def find(self, export_id: str, grant_id: int) -> Export | None:
        """Return a person's own export; None when there is none, or its hour is over."""
        now = self._clock()
        with self._reading.connect() as connection:
            row = connection.execute(
                sa.select(exports).where(
                    exports.c.id == export_id,
                    exports.c.grant_id == grant_id,
                    exports.c.created_at > now - EXPORT_KEPT,
                )
            ).one_or_none()
        if row is None:
            return None
        silent = row.state == RUNNING and row.heard_at <= now - SILENCE
        return Export(
            id=row.id,
            course_id=row.course_id,
            name=row.name,
            form=row.form,
            state="interrupted" if silent else row.state,
            done=row.done,
            total=row.total,
            trouble=row.trouble or "",
            created_at=row.created_at,
        )

    def heartbeat(self, export_id: str) -> bool:
        """Record that the export is still being prepared; return whether it is still wanted."""
        with self._engine.begin() as connection:
            beat = _running(export_id).values(heard_at=self._clock())
            return bool(connection.execute(beat).rowcount)

    def expect(self, export_id: str, total: int) -> bool:
        """Record how many students there will be; return as ``heartbeat`` does."""
        with self._engine.begin() as connection:
            values = _running(export_id).values(total=total, heard_at=self._clock())
            return bool(connection.execute(values).rowcount)

    def add(self, export_id: str, number: int, content: bytes, owner: Owner, done: int) -> bool:
        """Add a part of the file, which now has ``done`` students; return as ``heartbeat`` does."""
        sealed = self._seal.close_bytes(content, owner, "export")
        with self._engine.begin() as connection:
            progress = _running(export_id).values(done=done, heard_at=self._clock())
            if not connection.execute(progress).rowcount:
                return False
            connection.execute(
                export_parts.insert().values(export_id=export_id, number=number, sealed=sealed)
            )
        return True

    def end(self, export_id: str, trouble: str = "") -> None:
        """Mark the export as done or, with a trouble, as incomplete."""
        state = "incomplete" if trouble else "done"
        with self._engine.begin() as connection:
            connection.execute(_running(export_id).values(state=state, trouble=trouble or None))

    def cancel(self, export_id: str, grant_id: int) -> None:
        """Stop an export that is being prepared, and delete the parts of its file."""
        with self._engine.begin() as connection:
            own = _running(export_id).where(exports.c.grant_id == grant_id)
            if connection.execute(own.values(state="cancelled")).rowcount:
                connection.execute(
                    export_parts.delete().where(export_parts.c.export_id == export_id)
                )

    def parts(self, export_id: str, owner: Owner) -> Iterator[bytes]:
        """Yield the file's parts in order, one in memory at a time. Raise SealBroken."""
        number = 0
        while True:
            with self._reading.connect() as connection:
                sealed = connection.execute(
                    sa.select(export_parts.c.sealed).where(
                        export_parts.c.export_id == export_id, export_parts.c.number == number
                    )
                ).scalar_one_or_none()
            if sealed is None:
                return
            yield self._seal.open_bytes(sealed, owner, "export")
            number += 1

    def sweep(self, connection: sa.Connection) -> None:
        """Delete the exports whose hour is over."""
        old = exports.c.created_at <= self._clock() - EXPORT_KEPT
        connection.execute(exports.delete().where(old))


def _running(export_id: str) -> sa.Update:
    return exports.update().where(exports.c.id == export_id, exports.c.state == RUNNING)
