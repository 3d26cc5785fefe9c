"""The files of prepared exports, and the threads that prepare them."""

import logging
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any, Protocol

import msgspec

from canvas_app.canvas.errors import CanvasError
from canvas_app.domain.matrix import MatrixRow
from canvas_app.domain.roster import RosterRow
from canvas_app.services.exports import ExportLine, ExportRow, LongTable
from canvas_app.sources.answer import Source
from canvas_app.storage.exports import Exports
from canvas_app.storage.seal import Owner
from canvas_app.views.answers import plain_failure, source_json
from canvas_app.views.class_student import WORK_COLUMNS, work_cells
from canvas_app.views.csv_table import Cell, csv_rows
from canvas_app.views.gradebook import GRADEBOOK_COLUMNS, gradebook_cells
from canvas_app.views.roster import ROSTER_COLUMNS, roster_cells

log = logging.getLogger(__name__)

BEAT = 5.0  # seconds
STUDENTS_TOGETHER = 25  # in one part of a file
BROKEN_OFF = "Easel could not finish the file."
LINE_COLUMNS = ("Student", "Sortable name", "Sections", *WORK_COLUMNS)


class ExportFile(Protocol):
    """A file's bytes, in the order head, rows, tail."""

    def head(self, table: LongTable) -> bytes: ...
    def rows(self, rows: Sequence[ExportRow]) -> bytes: ...
    def tail(self, lost: Sequence[Source], said: str) -> bytes: ...


class CsvFile:
    """A CSV file; one that is not complete ends in lines that begin with ``# INCOMPLETE``."""

    def __init__(self) -> None:
        self._ids: list[str] = []

    def head(self, table: LongTable) -> bytes:
        self._ids = [each.id for each in table.columns]
        titles = [f"{each.title} ({each.id})" for each in table.columns]
        names = {
            "gradebook": (*GRADEBOOK_COLUMNS, *titles),
            "roster": ROSTER_COLUMNS,
            "submissions": LINE_COLUMNS,
        }[table.name]
        return ("\ufeff" + csv_rows([names])).encode()

    def rows(self, rows: Sequence[ExportRow]) -> bytes:
        return csv_rows(map(self._cells, rows)).encode()

    def _cells(self, row: ExportRow) -> tuple[Cell, ...]:
        if isinstance(row, MatrixRow):
            return gradebook_cells(row, self._ids)
        if isinstance(row, RosterRow):
            return roster_cells(row)
        who = row.student
        return (who.name, who.sortable_name, ", ".join(who.sections), *work_cells(row.work))

    def tail(self, lost: Sequence[Source], said: str) -> bytes:
        sentences = [said] if said else []
        sentences += [f"{each.name} ({each.status}) {each.detail}" for each in lost]
        lines = (" ".join(each.split()) for each in sentences)
        return "".join(f"# INCOMPLETE: {line}\r\n" for line in lines).encode()


class JsonFile:
    """A JSON file; ``complete`` and ``sources`` are its last members."""

    def __init__(self) -> None:
        self._first = True

    def head(self, table: LongTable) -> bytes:
        return msgspec.json.encode(table.head)[:-1] + b',"data":['

    def rows(self, rows: Sequence[ExportRow]) -> bytes:
        found = b",".join(
            msgspec.json.encode(row.flat() if isinstance(row, ExportLine) else row) for row in rows
        )
        comma = b"" if self._first or not found else b","
        self._first = self._first and not found
        return comma + found

    def tail(self, lost: Sequence[Source], said: str) -> bytes:
        end: dict[str, Any] = {
            "complete": not (lost or said),
            "sources": [source_json(each) for each in lost],
        }
        if said:
            end["error"] = said
        return b"]," + msgspec.json.encode(end)[1:]


EXPORT_FORMS: dict[str, Callable[[], ExportFile]] = {"csv": CsvFile, "json": JsonFile}


def prepare_beside(
    store: Exports, export_id: str, owner: Owner, form: str, make: Callable[[], LongTable]
) -> None:
    """Prepare an export in a thread of its own; ``make`` asks for the class and begins a table."""
    job = Preparing(store, export_id, owner, EXPORT_FORMS[form]())
    Thread(target=job.run, args=(make,), name="export", daemon=True).start()


class Preparing:
    """The work of preparing one export; it stops if the export is cancelled or its grant ends."""

    def __init__(self, store: Exports, export_id: str, owner: Owner, file: ExportFile) -> None:
        self._store = store
        self._id = export_id
        self._owner = owner
        self._file = file
        self._over = Event()
        self._wanted = True
        self._parts = 0
        self._done = 0

    def run(self, make: Callable[[], LongTable]) -> None:
        Thread(target=self._report, name="export-heartbeat", daemon=True).start()
        try:
            self._write(make)
        except Exception:  # without heartbeats the export is shown as interrupted
            log.exception("an export could not be stored")
        finally:
            self._over.set()

    def _report(self) -> None:
        """Store a heartbeat every few seconds, and learn whether the export is still wanted."""
        while not self._over.wait(BEAT):
            try:
                self._wanted = self._store.heartbeat(self._id)
            except Exception:
                log.warning("an export's heartbeat was not stored", exc_info=True)

    def _write(self, make: Callable[[], LongTable]) -> None:
        table: LongTable | None = None
        said = ""
        try:
            table = make()
            self._write_rows(table)
        except CanvasError as error:
            said = plain_failure(error)
        except Exception:
            log.exception("an export failed")
            said = BROKEN_OFF
        lost = table.lost() if table else []
        total = table.total if table else None
        if said and total is not None:
            said = f"Only {self._done} of {total} students are in this file. {said}"
        if table:
            self._add(self._file.tail(lost, said))
        reasons = [said] if said else []
        reasons += [f"{each.name}: {each.detail or each.status}" for each in lost]
        self._store.end(self._id, " ".join(dict.fromkeys(reasons)))

    def _write_rows(self, table: LongTable) -> None:
        self._wanted = self._store.expect(self._id, table.total)
        waiting = [self._file.head(table)]
        students = 0
        try:
            for rows in table.rows:
                waiting.append(self._file.rows(rows))
                students += 1
                if students % STUDENTS_TOGETHER == 0:
                    self._add(b"".join(waiting), students)
                    waiting.clear()
                if not self._wanted:
                    break
        finally:  # what came before an error is in the file
            self._add(b"".join(waiting), students)

    def _add(self, content: bytes, done: int | None = None) -> None:
        done = self._done if done is None else done
        self._wanted = self._store.add(self._id, self._parts, content, self._owner, done)
        self._parts += 1
        self._done = done
