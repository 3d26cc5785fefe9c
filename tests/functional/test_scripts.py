"""``easel get``, ``easel enrollment remove`` and ``easel keys new`` against the stand-in Canvas."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet

from canvas_app.canvas import RetryPolicy
from canvas_app.cli import easel as command
from canvas_app.commands import _asking
from canvas_app.support_report import curl_of
from tests.conftest import StandIn, free_port

pytestmark = pytest.mark.anyday

Run = Callable[..., Result]
COURSE = "4101"


@pytest.fixture
def run(canvas: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder of its own; its output never contains the token."""
    monkeypatch.chdir(tmp_path)
    # A command has no log handlers; this process may have those of another test.
    monkeypatch.setattr(logging.getLogger("canvas_app.canvas"), "disabled", True)

    def start(*arguments: str, who: str = "dozen", **environ: str) -> Result:
        token = canvas.token(who)
        given = {"CANVAS_URL": canvas.url, "CANVAS_TOKEN": token} | environ
        done = CliRunner().invoke(command, arguments, env=given)
        assert token not in done.output
        assert not isinstance(done.exception, Exception), done.exception
        return done

    return start


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten a day's patience to a second."""
    policy = RetryPolicy(4, 4, first_pause=0.01, longest_pause=0.02, give_up_after=5)
    monkeypatch.setattr(_asking, "PATIENT", policy)


class TestGet:
    @pytest.mark.parametrize("path", ["users/self", "/api/v1/users/self", "URL/api/v1/users/self"])
    def test_one_object(self, run: Run, canvas: StandIn, path: str) -> None:
        done = run("get", path.replace("URL", canvas.url))

        assert done.exit_code == 0
        assert json.loads(done.stdout)["name"] == canvas.person("dozen")["name"]
        assert "production" in done.stderr
        assert "1 call, cost 0.05, remaining" in done.stderr

    def test_json_is_one_line_alone(self, run: Run) -> None:
        done = run("get", "users/self", "--json")

        assert done.stdout.count("\n") == 1
        assert done.stderr == ""

    def test_one_page_says_that_there_are_more(self, run: Run) -> None:
        done = run("get", "courses?per_page=3")

        assert len(json.loads(done.stdout)) == 3
        assert "more pages (--all)" in done.stderr

    def test_all_pages(self, run: Run) -> None:
        done = run("get", "courses?per_page=50&include[]=term", "--all", who="many")

        rows = json.loads(done.stdout)
        assert len(rows) > 100
        assert rows[0]["term"]
        assert f"{len(rows)} rows" in done.stderr

    def test_list_that_is_cut_is_told(self, run: Run, canvas: StandIn, impatient: None) -> None:
        canvas.control(drift={"path": "/api/v1/courses", "remove": 3})
        done = run("get", "courses?per_page=10", "--all", who="many")

        assert done.exit_code == 4
        assert "not complete" in done.stderr
        assert json.loads(done.stdout)

    def test_acting_as_somebody(self, run: Run, canvas: StandIn) -> None:
        other = canvas.person("many")
        done = run("get", "users/self", "--as", str(other["id"]), who="admin")

        assert json.loads(done.stdout)["name"] == other["name"]

    def test_another_environment(self, run: Run, canvas: StandIn) -> None:
        nowhere = f"http://127.0.0.1:{free_port()}"
        done = run(
            "get", "users/self", "--env", "beta", CANVAS_URL=nowhere, CANVAS_BETA_URL=canvas.url
        )

        assert done.exit_code == 0
        assert f"beta ({canvas.url})" in done.stderr
        assert run("get", "users/self", "--env", "test").exit_code == 2

    def test_dry_run_sends_nothing(self, run: Run, canvas: StandIn) -> None:
        before = canvas.stats()["calls"]
        query = "courses?include[]=term&per_page=5"
        done = run("get", query, "--dry-run", "--as", "17", CANVAS_TOKEN="")

        assert done.exit_code == 0
        assert canvas.stats()["calls"] == before
        assert '"Authorization: Bearer $CANVAS_TOKEN"' in done.stdout
        assert f"{canvas.url}/api/v1/courses?include[]=term&per_page=5&as_user_id=17" in done.stdout

    def test_curl_is_the_same_call(self, canvas: StandIn) -> None:
        """A shell accepts the printed line."""
        line = curl_of("GET", f"{canvas.url}/api/v1/courses?a[]=it's&b=$HOME")
        printed = subprocess.run(
            ["/bin/sh", "-c", f'curl() {{ for each; do echo "$each"; done; }}; {line}'],
            capture_output=True,
            text=True,
            env={"CANVAS_TOKEN": "t"},
            check=True,
        )
        assert f"{canvas.url}/api/v1/courses?a[]=it's&b=$HOME" in printed.stdout.splitlines()
        assert "Authorization: Bearer t" in printed.stdout.splitlines()

    @pytest.mark.parametrize(
        "path",
        [
            "https://elsewhere.example/api/v1/users/self",
            "users/self?access_token=x",
            "users/self?access_token[]=x",
            "users/self?as_user_id=2",
            "users/self?as_user_id[]=2",
            "../login",
        ],
    )
    def test_paths_that_are_refused(self, run: Run, canvas: StandIn, path: str) -> None:
        before = canvas.stats()["calls"]
        done = run("get", path)

        assert (done.exit_code, canvas.stats()["calls"]) == (2, before)

    def test_without_a_token(self, run: Run) -> None:
        done = run("get", "users/self", CANVAS_TOKEN="")

        assert done.exit_code == 3
        assert "CANVAS_TOKEN" in done.stderr

    def test_token_of_the_keyring(
        self, run: Run, canvas: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """If the package keyring is installed; there is one token for each Canvas."""
        kept = {("easel", canvas.url): canvas.token("dozen")}
        (tmp_path / "keyring.py").write_text(
            f"def get_password(service, user):\n    return {kept!r}.get((service, user))\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        assert run("get", "users/self", CANVAS_TOKEN="").exit_code == 0
        sys.modules.pop("keyring", None)

    def test_keyring_that_is_locked(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "keyring.py").write_text("def get_password(*_):\n    raise OSError('locked')\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        assert run("get", "users/self", CANVAS_TOKEN="").exit_code == 3
        sys.modules.pop("keyring", None)

    def test_token_from_a_prompt(
        self, run: Run, canvas: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[dict[str, Any]] = []

        def prompt(text: str, **how: Any) -> str:
            asked.append(how)
            return canvas.token("dozen")

        monkeypatch.setattr(_asking, "at_terminal", lambda: True)
        monkeypatch.setattr("click.prompt", prompt)
        assert run("get", "users/self", CANVAS_TOKEN="").exit_code == 0
        assert asked == [{"hide_input": True, "err": True}]

    def test_token_that_is_not_accepted(self, run: Run) -> None:
        done = run("get", "users/self", CANVAS_TOKEN="not-a-token-of-anybody")

        assert done.exit_code == 3
        assert "not-a-token" not in done.output

    def test_refusal_comes_with_a_report(self, run: Run, canvas: StandIn) -> None:
        done = run("get", "courses/6001?include[]=term")

        assert done.exit_code == 1
        assert "To ask in the Canvas Community" in done.stderr
        support = done.stderr.partition("To ask Canvas's support")[2]
        assert f"GET {canvas.url}/api/v1/courses/6001?include[]=term" in support
        assert "Canvas's request id" in support
        assert "Canvas user id the token belongs to: 1000" in support
        assert done.stdout == ""

    def test_canvas_that_is_down_for_a_moment(
        self, run: Run, canvas: StandIn, impatient: None
    ) -> None:
        fault = {"path": "/api/v1/users/self", "kind": "status", "status": 503, "times": 2}
        canvas.control(faults=[fault])

        assert run("get", "users/self").exit_code == 0

    def test_unreachable_address(self, run: Run) -> None:
        """It is not retried for a day, because it was never reached."""
        done = run("get", "users/self", CANVAS_URL=f"http://127.0.0.1:{free_port()}")

        assert done.exit_code == 1
        assert "the connection was refused" in done.stderr

    def test_countdown_shows_the_next_try(self, capsys: pytest.CaptureFixture[str]) -> None:
        slept: list[float] = []
        _asking.countdown(6.5, slept.append)

        assert sum(slept) == 6.5
        assert "next try in 6 s" in capsys.readouterr().err


def enrollments(canvas: StandIn, course: str = COURSE) -> list[dict[str, Any]]:
    """The student enrollments of a course as its teacher sees them."""
    answer = requests.get(
        f"{canvas.url}/api/v1/courses/{course}/enrollments",
        {"type[]": "StudentEnrollment", "per_page": 5},
        headers={"Authorization": f"Bearer {canvas.token('admin')}"},
        timeout=10,
    )
    return list(answer.json())


def deletions(canvas: StandIn) -> int:
    calls = canvas.stats()["calls"]
    return sum(sum(found.values()) for label, found in calls.items() if label.startswith("DELETE"))


class TestEnrollmentRemove:
    def test_nothing_is_sent_without_yes(self, run: Run, canvas: StandIn) -> None:
        before = canvas.stats()["calls"]
        done = run("enrollment", "remove", COURSE, "1", "2", "--task", "delete", CANVAS_TOKEN="")

        assert done.exit_code == 0
        assert canvas.stats()["calls"] == before
        assert done.output.count("production: would delete enrollment") == 2
        assert f"{canvas.url}/api/v1/courses/{COURSE}/enrollments/1?task=delete" in done.output
        assert "Nothing was sent" in done.output
        assert list(Path().iterdir()) == []

    @pytest.mark.parametrize(
        "arguments",
        [
            (COURSE, "1"),
            (COURSE, "1", "--task", "remove"),
            (COURSE, "--task", "delete"),
            (COURSE, "..", "--task", "delete"),
            (COURSE, "1", "--task", "delete", "--yes"),
            (COURSE, "1", "--task", "delete", "--yes", "--env", "beta"),
        ],
    )
    def test_wrong_usage_sends_nothing(
        self, run: Run, canvas: StandIn, arguments: tuple[str, ...]
    ) -> None:
        assert run("enrollment", "remove", *arguments, who="admin").exit_code == 2
        assert deletions(canvas) == 0

    @pytest.mark.parametrize(
        ("task", "state"),
        [
            ("delete", "deleted"),
            ("conclude", "completed"),
            ("inactivate", "inactive"),
            ("deactivate", "inactive"),
        ],
    )
    def test_each_task(self, run: Run, canvas: StandIn, task: str, state: str) -> None:
        one, two = [str(row["id"]) for row in enrollments(canvas)[:2]]
        ask = ("enrollment", "remove", COURSE, one, two, "--task", task)
        done = run(*ask, "--yes", "--env", "production", who="admin")

        assert done.exit_code == 0, done.output
        for each in (one, two):
            assert f"production: enrollment {each} in course {COURSE} done: it is {state} now" in (
                done.stdout
            )

    def test_goes_on_from_its_journal(self, run: Run, canvas: StandIn) -> None:
        """The second of three is refused at first; run again, only that one is sent."""
        ids = [str(row["id"]) for row in enrollments(canvas)[:3]]
        where = f"/api/v1/courses/{COURSE}/enrollments/{ids[1]}"
        canvas.control(faults=[{"path": where, "kind": "status", "status": 403, "times": 1}])
        ask = ("enrollment", "remove", COURSE, *ids, "--task", "conclude")
        ask += ("--yes", "--env", "production", "--journal", "journal.jsonl")

        first = run(*ask, who="admin")
        sent = deletions(canvas)
        second = run(*ask, who="admin")

        assert (first.exit_code, second.exit_code) == (1, 0), first.output + second.output
        assert f"enrollment {ids[1]} in course {COURSE} refused" in first.stdout
        assert sent == 3
        assert deletions(canvas) == 4
        assert second.stdout.count(" done") == 3
        lines = [json.loads(line) for line in Path("journal.jsonl").read_text().splitlines()]
        assert [line["outcome"] for line in lines] == [
            "sending", "done", "sending", "refused", "sending", "done", "sending", "done",
        ]  # fmt: skip

    def test_unknown_outcome(self, run: Run, canvas: StandIn, impatient: None) -> None:
        """Canvas did it and its answer was lost: reported as unknown, and seen by the next run."""
        [one] = [str(row["id"]) for row in enrollments(canvas)[:1]]
        where = f"/api/v1/courses/{COURSE}/enrollments/{one}"
        lost = {"path": where, "kind": "status", "status": 502, "times": 1, "handled": True}
        canvas.control(faults=[lost])
        ask = ("enrollment", "remove", COURSE, one, "--task", "delete", "--yes")

        first = run(*ask, "--env", "production", who="admin")
        second = run(*ask, "--env", "production", who="admin")

        assert (first.exit_code, second.exit_code) == (1, 0), first.output + second.output
        assert f"{one} in course {COURSE} unknown" in first.stdout
        assert f"{one} in course {COURSE} gone" in second.stdout or " done" in second.stdout

    def test_unchanged_enrollment_is_reported(self, run: Run, canvas: StandIn) -> None:
        """A 200 that left the enrollment unchanged does not count as done."""
        [row] = enrollments(canvas)[:1]
        where = f"/api/v1/courses/{COURSE}/enrollments/{row['id']}"
        told = [('"enrollment_state": ?"deleted"', '"enrollment_state":"completed"')]
        canvas.control(faults=[{"path": where, "kind": "rewrite", "rewrite": told}])
        ask = ("enrollment", "remove", COURSE, str(row["id"]), "--task", "delete", "--yes")
        done = run(*ask, "--env", "production", who="admin")

        assert done.exit_code == 1
        assert "differs: Canvas says it is completed now" in done.stdout

    def test_token_that_is_not_accepted_stops_it(self, run: Run, canvas: StandIn) -> None:
        ask = ("enrollment", "remove", COURSE, "1", "2", "--task", "delete", "--yes")
        done = run(*ask, "--env", "production", CANVAS_TOKEN="nobody's")

        assert done.exit_code == 3
        assert deletions(canvas) == 1

    def test_journal_that_is_none(self, run: Run, canvas: StandIn) -> None:
        Path("notes.txt").write_text("my notes\n")
        ask = ("enrollment", "remove", COURSE, "1", "--task", "delete", "--yes")
        done = run(*ask, "--env", "production", "--journal", "notes.txt", who="admin")

        assert done.exit_code == 2
        assert deletions(canvas) == 0
        assert Path("notes.txt").read_text() == "my notes\n"


def test_new_keys_can_be_used(run: Run) -> None:
    first, second = run("keys", "new"), run("keys", "new", "--json")

    made = dict(line.split("=", 1) for line in first.stdout.splitlines())
    again = json.loads(second.stdout)
    assert set(made) == set(again) == {"SECRET_KEY", "TOKEN_KEYS"}
    assert len(made["SECRET_KEY"]) == 64
    assert made["SECRET_KEY"] != again["SECRET_KEY"]
    Fernet(made["TOKEN_KEYS"])
