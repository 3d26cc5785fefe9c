"""Record what was found and how to repeat it, and watch the log and the memory of the server."""

import re
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PAGE = 4096
KEPT = 20_000  # request ids whose cases are kept for the reading of the log
TRACE = re.compile(r"Traceback \(most recent call last\)|Exception ignored|Exception in thread")
FATAL = re.compile(r" CRITICAL |WORKER TIMEOUT|Worker exiting|SIGKILL|Fatal Python error")
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ \S+ \[([0-9a-f]{16}|-)\]")
FRAME = re.compile(r'File "[^"]*/([^/"]+/[^/"]+)", line (\d+)')


def resident(pid: int) -> int:
    """Return the bytes that a process has in memory (proc(5), statm); 0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process has used (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@dataclass
class Findings:
    """Every kind of finding once, with the first case that led to it and how often it occurred."""

    found: "OrderedDict[str, str]" = field(default_factory=OrderedDict)
    times: Counter[str] = field(default_factory=Counter)
    statuses: Counter[object] = field(default_factory=Counter)
    _cases: "OrderedDict[str, str]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, what: str, case: str) -> None:
        with self._lock:
            self.times[what] += 1
            if what in self.found:
                return
            self.found[what] = case
        print(f"FOUND {what}\n      {case}", flush=True)

    def answered(self, status: object, request_id: str = "", case: str = "") -> None:
        """Count an answer, and remember its case for log entries with its request id."""
        with self._lock:
            self.statuses[status] += 1
            if request_id:
                self._cases[request_id] = case
                if len(self._cases) > KEPT:
                    self._cases.popitem(last=False)

    def case_of(self, request_id: str) -> str:
        return self._cases.get(request_id, f"request id {request_id}, whose answer did not come")

    def summary(self) -> str:
        counted = sorted(self.statuses.items(), key=lambda item: str(item[0]))
        return ", ".join(f"{status}: {times:,}" for status, times in counted)


class LogWatch:
    """Reads new lines of a server's log and turns tracebacks and dead workers into findings."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self._path = path
        self._findings = findings
        self._read = 0
        self._entry: list[str] = []

    def look(self, *, last: bool = False) -> None:
        with self._path.open(errors="replace") as log:
            log.seek(self._read)
            lines = log.readlines()
            self._read = log.tell()
        for line in lines:
            if self._entry and ENTRY.match(line):
                self._judge()
                self._entry = []
            self._entry.append(line.rstrip("\n"))
            self._entry = self._entry[:1] + self._entry[1:][-400:]
        if last and self._entry:
            self._judge()
            self._entry = []

    def _judge(self) -> None:
        text = "\n".join(self._entry)
        entry = ENTRY.match(self._entry[0])
        case = self._findings.case_of(entry[1]) if entry and entry[1] != "-" else "-"
        if TRACE.search(text):
            frames = FRAME.findall(text)
            at = ":".join(frames[-1]) if frames else "?"
            own = [f for f in frames if "canvas_app" in f[0] or "views" in f[0]]
            where = f"{':'.join(own[-1])} … {at}" if own else at
            self._findings.add(f"traceback: {self._entry[-1][:160]} at {where}", f"{case}\n{text}")
        elif FATAL.search(text):
            self._findings.add(f"log: {self._entry[0][24:160]}", case)


class Memory:
    """A process's resident memory while something runs: at the beginning, middle and end."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.samples: list[int] = []

    def sample(self) -> None:
        self.samples.append(resident(self._pid))

    def told(self) -> str:
        begin, middle, end = self.three()
        return f"{begin:.0f} MiB at the begin, {middle:.0f} in the middle, {end:.0f} at the end"

    def three(self) -> tuple[float, float, float]:
        """Return MiB: the first sample, the maximum of the second quarter, and that of the last."""
        found = [each / 2**20 for each in self.samples]
        quarter = max(1, len(found) // 4)
        return found[0], max(found[quarter : 2 * quarter] or found), max(found[-quarter:])


def watch(
    done: Callable[[], int], total: int, look: Callable[[], None], over: threading.Event, what: str
) -> None:
    """Call ``look`` every second and print the progress every ten, until ``over`` is set."""
    began = told = time.monotonic()
    while not over.wait(1):
        look()
        if time.monotonic() - told >= 10:
            told = time.monotonic()
            print(f"  {done():,} of {total:,} {what}, {told - began:.0f} s", flush=True)
