"""Wall and CPU time of a piece of work, repeated, and how a row of results is printed."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Seconds of wall clock and of this process's CPU, one entry per repetition."""

    wall: list[float]
    cpu: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.wall)

    @property
    def median_cpu(self) -> float:
        return statistics.median(self.cpu)


def once(work: Callable[[], object]) -> tuple[float, float]:
    """Run it; return wall and CPU seconds."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def side_by_side(
    times: int, before: Callable[[], object], **works: Callable[[], object]
) -> dict[str, Sample]:
    """Repeat each in turn, so that a busy moment of the machine meets them all."""
    samples = {name: Sample([], []) for name in works}
    for _ in range(times):
        for name, work in works.items():
            before()
            wall, cpu = once(work)
            samples[name].wall.append(wall)
            samples[name].cpu.append(cpu)
    return samples


def title(text: str) -> None:
    print(f"\n{text}")
    print(f"  {'':22}{'median':>9}  {'spread':17}{'CPU':>9}  ratio")


def row(name: str, sample: Sample, against: float, what: str) -> None:
    """Print one line; the ratio is of the medians of wall clock."""
    spread = f"{min(sample.wall):.3f}-{max(sample.wall):.3f} s"
    print(
        f"  {name:22}{sample.median:7.3f} s  {spread:17}{sample.median_cpu:7.3f} s"
        f"  {sample.median / against:5.2f} x {what}"
    )


def limit(seconds: float, why: str) -> None:
    print(f"  {'the limit':22}{seconds:7.3f} s  {why}")


def verdict(text: str, value: float, most: float) -> None:
    outcome = "met" if value <= most else "MISSED"
    print(f"  -> {text}: {value:.2f}, target at most {most:.2f}: {outcome}")
