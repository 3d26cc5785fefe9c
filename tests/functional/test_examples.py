"""Each script of examples/ does what its first line says, against the stand-in Canvas."""

import pytest

from tests.conftest import ROOT, StandIn, printed

from .classes import BIOLOGY, raw

pytestmark = pytest.mark.anyday

EXAMPLES = ROOT / "examples"


def run(canvas: StandIn, name: str, who: str, *arguments: str) -> list[str]:
    """Return the lines a script prints; it must succeed and never print the token."""
    token = canvas.token(who)
    file, environ = EXAMPLES / name, {"CANVAS_URL": canvas.url, "CANVAS_TOKEN": token}
    return printed(file, *arguments, token=token, **environ).splitlines()


def test_who_am_i(canvas: StandIn) -> None:
    assert run(canvas, "who_am_i.py", "dozen") == ["1 Maya Lindqvist"]


@pytest.mark.parametrize("who", ["dozen", "many", "newcomer"])
def test_list_courses(canvas: StandIn, who: str) -> None:
    listed = [str(row["id"]) for row in raw(canvas, "courses", who)]

    assert [line.split("\t")[0] for line in run(canvas, "list_courses.py", who)] == listed


def test_roster_csv(canvas: StandIn) -> None:
    path = f"courses/{BIOLOGY}/users"
    students = raw(canvas, path, "teacher", **{"enrollment_type[]": "student"})
    lines = run(canvas, "roster_csv.py", "teacher", str(BIOLOGY))

    assert lines[0] == "id,name,enrollments"
    assert [line.split(",")[0] for line in lines[1:]] == [str(row["id"]) for row in students]


def test_not_handed_in(canvas: StandIn) -> None:
    work = raw(canvas, f"courses/{BIOLOGY}/assignments")[0]["id"]
    rows = raw(canvas, f"courses/{BIOLOGY}/assignments/{work}/submissions", "teacher")
    lacking = [
        str(row["user_id"])
        for row in rows
        if row["workflow_state"] == "unsubmitted" and not row["excused"]
    ]
    lines = run(canvas, "not_handed_in.py", "teacher", str(BIOLOGY), str(work))

    assert [line.split("\t")[0] for line in lines] == lacking


def test_every_example_is_tested_and_told() -> None:
    guide = (ROOT / "docs" / "developers.md").read_text()
    names = {path.name for path in EXAMPLES.glob("*.py")}
    tested = (ROOT / "tests" / "functional" / "test_examples.py").read_text()

    assert names
    for name in names:
        assert f"`examples/{name}`" in guide
        assert f'"{name}"' in tested
