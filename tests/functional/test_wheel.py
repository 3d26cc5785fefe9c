"""The wheel, installed without a checkout: both programs start and have all that they need."""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin
from zipfile import ZipFile

import pytest
import requests
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from packaging.requirements import Requirement

from tests import moment
from tests.conftest import ROOT, free_port, stand_in_at, stop

from .conftest import RunningEasel, sign_in, wait_for

pytestmark = pytest.mark.anyday

SOURCES = ("canvas_app", "canvas_emulator", "templates", "setup.py", "pyproject.toml")
CATALOGUE = "canvas_app/translations/eo/LC_MESSAGES/messages.mo"
PYTHON = (sys.executable, "-I", "-m")


def run(*command: str | Path) -> str:
    """Run a program to its end; return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what the wheel is built from, with a language added."""
    copy = tmp_path_factory.mktemp("source")
    for name in (*SOURCES, "README.md", "LICENSE"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy)
    catalog = Catalog(locale="eo")
    catalog.add("Submissions", "Enmeta\u0135oj")
    written = BytesIO()
    write_mo(written, catalog)
    (copy / CATALOGUE).parent.mkdir(parents=True, exist_ok=True)
    (copy / CATALOGUE).write_bytes(written.getvalue())
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    run(*PYTHON, "pip", "wheel", "--quiet", *offline, "--wheel-dir", folder, source)
    (built,) = folder.iterdir()
    return built


def pinned() -> Iterator[str]:
    """The distributions that a deployment installs on this platform."""
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if "==" in line:
            requirement = Requirement(line.removesuffix("\\"))
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement.name


def lend(name: str, packages: Path) -> None:
    """Copy a distribution of this environment into another one."""
    lent = distribution(name)
    for part in {file.parts[0] for file in lent.files or ()} - {"..", "__pycache__"}:
        if not (packages / part).exists():
            (packages / part).symlink_to(str(lent.locate_file(part)))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the pinned requirements, the wheel and nothing else."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    shown = run(python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    clock = ["time-machine"] if moment.environ() else []
    for name in [*pinned(), *clock]:
        lend(name, Path(shown.strip()))
    offline = ("--quiet", "--no-index", "--no-deps")
    run(*PYTHON, "pip", f"--python={python}", "install", *offline, wheel)
    return home / "bin"


def environ(**settings: str) -> dict[str, str]:
    """Return a shell's environment in which no variable leads to the checkout."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | moment.environ() | settings


@pytest.fixture
def canvas_url(installed: Path, tmp_path: Path) -> Iterator[str]:
    """The URL that the installed emulator prints."""
    process = subprocess.Popen(
        [installed / "canvas-emulator", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        env=environ(),
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
    finally:
        stop(process)


@pytest.fixture
def easel(installed: Path, canvas_url: str, tmp_path: Path) -> Iterator[RunningEasel]:
    """The installed Easel, which serves in an empty folder."""
    canvas = stand_in_at(canvas_url)
    key = canvas.key("confidential")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    canvas.control(redirect_uris=[f"{url}/oauth/callback"])
    process = subprocess.Popen(
        [installed / "easel", "serve", "--bind", f"127.0.0.1:{port}"],
        cwd=tmp_path,
        env=environ(
            CANVAS_URL=canvas_url,
            CANVAS_CLIENT_ID=str(key["client_id"]),
            CANVAS_CLIENT_SECRET=str(key["client_secret"]),
            PUBLIC_URL=url,
        ),
    )
    try:
        wait_for(url)
        yield RunningEasel(url, app=None, canvas=canvas, server=None)  # type: ignore[arg-type]
    finally:
        stop(process)


def test_wheel_holds_every_file(source: Path, wheel: Path) -> None:
    """The wheel has all modules, templates, static files and catalogues of the checkout."""
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    packages = ("canvas_app/", "canvas_emulator/", "templates/")
    there = {name for name in files if name.startswith(packages) and not name.endswith(".po")}

    names = set(ZipFile(wheel).namelist())

    assert CATALOGUE in names
    assert {re.sub("^templates/", "canvas_app/templates/", name) for name in there} == {
        name for name in names if ".dist-info/" not in name
    }


def test_installed_is_not_the_checkout(installed: Path, tmp_path: Path) -> None:
    """The installed programs import only from their own environment."""
    code = "import canvas_app, canvas_emulator as e; print(canvas_app.__file__, e.__file__)"
    shown = subprocess.run(
        [installed / "python", "-c", code],
        cwd=tmp_path,
        env=environ(),
        capture_output=True,
        text=True,
    )

    assert len(shown.stdout.split()) == 2, shown.stderr
    for path in shown.stdout.split():
        assert Path(path).is_relative_to(installed.parent)


def test_installed_easel_serves(easel: RunningEasel) -> None:
    """A person signs in; the page speaks their language and has its style and script."""
    browser = sign_in(easel, "dozen")

    page = browser.get(f"{easel.url}/", headers={"Accept-Language": "eo"}, timeout=30)

    assert page.status_code == 200
    assert "Enmeta\u0135oj" in page.text
    assert str(easel.canvas.person("dozen")["name"]) in page.text
    linked = re.findall(r'(?:href|src)="([^"]*/static/[^"]+)"', page.text)
    assert {link.partition("?")[0].rpartition(".")[2] for link in linked} == {"css", "js", "svg"}
    for link in linked:
        file = requests.get(urljoin(page.url, link), timeout=30)
        assert file.status_code == 200, link
        assert file.content


def test_programs_name_themselves(installed: Path) -> None:
    """The help shows the name of the command that was called."""
    assert "Usage: easel serve " in run(installed / "easel", "serve", "--help")
    assert "usage: canvas-emulator " in run(installed / "canvas-emulator", "--help")
