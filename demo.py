"""``make demo``: run a stand-in Canvas and Easel together."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from canvas_app.lti.configuration import configuration

HERE = Path(__file__).resolve().parent
ISSUER = "https://canvas.instructure.com"  # the default lti_iss of every Canvas
START_LIMIT = 60.0  # seconds that each program may take to start

#: What is worth seeing as each person of the stand-in Canvas.
WORTH_SEEING = {
    "dozen": "Home: what is due next, sent back and newly graded; then a course's what-if",
    "busy": "a crowded three weeks; Upcoming, week by week",
    "many": "137 courses: nothing is cut, and Home still answers on its first screen",
    "newcomer": "what stands there before the first course",
    "hostile": "names and texts that try to break pages, and do not",
    "teacher": "Teaching: what waits for grading; then a course's gradebook and people",
    "ta": "somebody who assists in one course and studies in others",
    "observer": "a parent who observes a student's courses",
    "bigteacher": "a class of hundreds: its gradebook and statistics",
    "admin": "the search for courses of the account; /admin/setup checks Easel itself",
    "visitor": "an account of another school, signed in through this one",
    "mother": "a parent of several children",
    "father": "a parent who studies too",
    "nadia": "one of the children, with eight courses",
    "yusuf": "one of the children; three courses hide their totals",
    "salma": "one of the children, with eight courses",
    "unpaired": "an observer who was never paired with a student",
    "guardian": "an observer whose link to a student has ended",
}


def main() -> int:
    """Start both programs, print where to go, and wait for Ctrl-C; return 1 if one failed."""
    port = int(os.environ.get("PORT", "8000"))
    emulator_port = int(os.environ.get("EMULATOR_PORT", "8001"))
    for name, number in (("PORT", port), ("EMULATOR_PORT", emulator_port)):
        if taken(number):
            print(
                f"Port {number} is in use, so the demo was not started. "
                f"Stop what uses it, or choose another: make demo {name}={number + 10}"
            )
            return 1

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    programs: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="easel-demo-") as instance:
        try:
            public_url = f"http://127.0.0.1:{port}"
            # A different site than Easel's, so that its frames behave like those of a real Canvas.
            canvas_url = f"http://localhost:{emulator_port}"
            callback = f"{public_url}/oauth/callback"
            print("Starting a stand-in Canvas…", flush=True)
            programs.append(
                run("canvas_emulator", "--port", str(emulator_port), "--redirect-uri", callback)
            )
            wait_for(f"{canvas_url}/_emulator/keys", programs)
            name_application(canvas_url)
            key = developer_key(canvas_url)
            tool = lti_key(canvas_url, public_url)
            print("Starting Easel…", flush=True)
            programs.append(
                run(
                    "gunicorn",
                    "app:app",
                    settings={
                        "CANVAS_URL": canvas_url,
                        "CANVAS_CLIENT_ID": str(key["client_id"]),
                        "CANVAS_CLIENT_SECRET": str(key["client_secret"]),
                        "LTI_CLIENT_ID": tool["client_id"],
                        "LTI_DEPLOYMENT_IDS": tool["deployments"][0]["id"],
                        "LTI_ISSUER": ISSUER,
                        "PUBLIC_URL": public_url,
                        "PORT": str(port),
                        "INSTANCE_PATH": instance,
                        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
                    },
                )
            )
            wait_for(f"{public_url}/healthz", programs)
            welcome(public_url, canvas_url)
            return first_to_stop(programs)
        except KeyboardInterrupt:
            return 0
        except RuntimeError as failure:
            print(failure, file=sys.stderr)
            return 1
        finally:
            stop(programs)


def taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run(
    module: str, *arguments: str, settings: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    # The demo ignores this machine's own settings of Easel (its database, its keys).
    named = set(re.findall(r"^#?([A-Z_]+)=", (HERE / ".env.example").read_text(), re.MULTILINE))
    inherited = {name: value for name, value in os.environ.items() if name not in named}
    # In its own session it gets no Ctrl-C; this program does and stops both in order.
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=HERE,
        env=inherited | dict(settings or {}),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for(url: str, programs: list["subprocess.Popen[bytes]"]) -> None:
    """Return once ``url`` answers; raises RuntimeError if its program ended or took too long."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if (code := programs[-1].poll()) is not None:
            raise RuntimeError(f"The program behind {url} ended with status {code}; see above.")
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        threading.Event().wait(0.1)
    raise RuntimeError(f"{url} did not answer within {START_LIMIT:.0f} seconds.")


def name_application(canvas_url: str) -> None:
    """Let the consent page of the stand-in Canvas say who asks."""
    requests.post(
        f"{canvas_url}/_emulator/control", json={"app_name": "Easel"}, timeout=10
    ).raise_for_status()


def developer_key(canvas_url: str) -> dict[str, Any]:
    keys = requests.get(f"{canvas_url}/_emulator/keys", timeout=10).json()
    return next(key for key in keys if key["kind"] == "confidential")


def lti_key(canvas_url: str, public_url: str) -> dict[str, Any]:
    """Install Easel as a tool, as an administrator does with /lti/config.json; return the key."""
    pasted = configuration(public_url, frame=True)
    requests.post(
        f"{canvas_url}/_emulator/control",
        json={"lti": {"install": [{"configuration": pasted}]}},
        timeout=10,
    ).raise_for_status()
    told = requests.get(f"{canvas_url}/_emulator/lti", timeout=10).json()
    key: dict[str, Any] = told["keys"][0]
    return key


def welcome(public_url: str, canvas_url: str) -> None:
    people = requests.get(f"{canvas_url}/_emulator/people", timeout=10).json()
    logins = {person["key"]: person["login"] for person in people}
    known = [key for key in WORTH_SEEING if key in logins]
    others = [key for key in logins if key not in WORTH_SEEING]
    wide = max(len(login) for login in logins.values())
    print(
        f"\nEasel is at {public_url}\n\nSign in as one of these; the password is the login with "
        '"-password" behind it:\n'
    )
    for key in known + others:
        print(f"  {logins[key]:{wide}}  {WORTH_SEEING.get(key, '')}".rstrip())
    print(
        f"\nThe stand-in Canvas is at {canvas_url}; there, each course's menu opens Easel too. "
        "Ctrl-C stops both.",
        flush=True,
    )


def first_to_stop(programs: list["subprocess.Popen[bytes]"]) -> int:
    while True:
        for program in programs:
            if (code := program.poll()) is not None:
                print(f"One of the two programs ended with status {code}; stopping the other.")
                return 1
        time.sleep(0.5)


def stop(programs: list["subprocess.Popen[bytes]"]) -> None:
    for program in reversed(programs):
        program.terminate()
    for program in programs:
        try:
            program.wait(timeout=10)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


if __name__ == "__main__":
    sys.exit(main())
