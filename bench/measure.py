"""Measure wall and CPU time of repeated work, and print the results."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """Seconds of wall clock and of this process's CPU, one entry per repetition."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.wall)

    def times(self, factor: float) -> "Sample":
        """Return the sample of ``factor`` times the work."""
        return Sample([factor * each for each in self.wall], [factor * each for each in self.cpu])


def once(work: Callable[[], object]) -> tuple[float, float]:
    """Run the work once; return wall and CPU seconds."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def side_by_side(
    rounds: int,
    before: Callable[[], object],
    works: dict[str, Callable[[], object]],
    seldom: tuple[str, ...] = (),
) -> dict[str, Sample]:
    """Run the works in turn for some rounds, so that a busy moment of the machine affects all.

    The works named in ``seldom``, the slowest ones, run only in the first round. ``before`` runs
    before each work and is not measured.
    """
    samples = {name: Sample() for name in works}
    for turn in range(rounds):
        for name, work in works.items():
            if turn and name in seldom:
                continue
            before()
            wall, cpu = once(work)
            samples[name].wall.append(wall)
            samples[name].cpu.append(cpu)
    return samples


def ratios(ours: list[float], theirs: list[float]) -> tuple[float, float, float]:
    """Return median, least and greatest ratio of ours to theirs, compared round by round."""
    each = [one / other for one, other in zip(ours, theirs, strict=True)]
    return statistics.median(each), min(each), max(each)


def table(title: str, samples: dict[str, Sample], least: float | None, why: str) -> None:
    """Print one benchmark: a line for each client and the least time possible (seconds).

    ``why`` says how that limit comes about. Without a limit the clients are compared with Easel.
    """
    print(f"\n{title}")
    print(f"  {'':24}{'median':>9}   {'least':>7} - {'most':8}{'CPU':>10}   {'times':>6}")
    against = least or samples["Easel"].median
    for name, sample in samples.items():
        spread = f"{min(sample.wall):7.3f} -{max(sample.wall):7.3f} s"
        cpu = statistics.median(sample.cpu)
        print(
            f"  {name:24}{sample.median:7.3f} s   {spread}{cpu:8.3f} s   "
            f"{sample.median / against:6.2f}"
        )
    if least is not None:
        print(f"  {'the limit':24}{least:7.3f} s   {why}")


class Targets:
    """The targets of the benchmarks, and whether each was met."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def at_most(self, text: str, value: float, most: float, spread: str = "") -> None:
        self._line(text, value, f"at most {most:g}", value <= most, spread)

    def at_least(self, text: str, value: float, least: float, spread: str = "") -> None:
        self._line(text, value, f"at least {least:g}", value >= least, spread)

    def ratio(self, text: str, ours: list[float], theirs: list[float], most: float) -> None:
        """Check the median ratio of times measured side by side, round by round."""
        value, low, high = ratios(ours, theirs)
        self.at_most(text, value, most, f"{low:.2f} - {high:.2f}")

    def _line(self, text: str, value: float, target: str, met: bool, spread: str) -> None:
        outcome = "met" if met else "MISSED"
        self._lines.append(f"  {text:58}{value:8.2f}  {spread:13} {target:14} {outcome}")
        print(f"  -> {text}: {value:.2f}{f' ({spread})' if spread else ''}, {target}: {outcome}")

    def summary(self) -> None:
        print("\nTargets" + " " * 55 + "measured  spread")
        print("\n".join(self._lines))
