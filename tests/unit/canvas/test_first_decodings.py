"""Threads that decode a type for the first time at once; msgspec may show it half initialised."""

import subprocess
import sys

RACE = """
import sys, threading
import msgspec
from msgspec import Struct
from canvas_app.canvas import models
from canvas_app.canvas.paging import decode_page

sys.setswitchinterval(1e-6)  # threads change places as often as they can


def race(types):
    body = msgspec.json.encode([dict.fromkeys(n for t in types for n in t.__struct_fields__)])
    start = threading.Barrier(8)

    def read(number):
        start.wait()
        for type in types[:: 1 if number % 2 else -1]:
            decode_page(body, type, "/api/v1/things")

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def of_somebody_else():
    # Annotations that are text are looked up by Python code, where threads change places.
    leaf = type("Leaf", (Struct,), {"__annotations__": {"word": "str | None"}})
    scope = {"Leaf": leaf}
    exec("class Tree(Struct):\\n a: Leaf | None\\n b: int | None\\n", scope | globals(), kept := {})
    return [kept["Tree"], leaf]


MODELS = [t for t in vars(models).values() if isinstance(t, type) and issubclass(t, models.Model)]
"""


def run(source: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", RACE + source], capture_output=True, text=True)


def test_models_are_known_before_there_are_threads():
    ended = run("assert len(MODELS) > 20\nrace(MODELS)\n")

    assert ended.returncode == 0, ended.stderr


def test_other_types_are_looked_through_by_one_thread_at_a_time():
    ended = run("for _ in range(40):\n    race(of_somebody_else())\n")

    assert ended.returncode == 0, ended.stderr
