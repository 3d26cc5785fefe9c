"""What visitors who are not signed in leave behind in the stores."""

from pathlib import Path

import pytest
import requests

from .conftest import RunningEasel, sign_in

pytestmark = pytest.mark.anyday


def kept(easel: RunningEasel) -> list[Path]:
    folder = easel.app.extensions["easel"].settings.instance_path / "sessions"
    return list(folder.iterdir()) if folder.exists() else []


def test_no_address_but_login_stores_anything(easel: RunningEasel) -> None:
    """Each route is asked without a cookie; /login keeps the state that comes back from Canvas."""
    for rule in easel.app.url_map.iter_rules():
        path = rule.rule.replace("<int:", "<").replace("<path:", "<")
        while "<" in path:
            before, _, after = path.partition("<")
            path = f"{before}1{after.partition('>')[2]}"
        if rule.endpoint == "auth.login":
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            answer = requests.request(
                method, f"{easel.url}{path}", allow_redirects=False, timeout=30
            )
            assert "easel_session=" not in answer.headers.get("Set-Cookie", "").replace(
                "easel_session=;", ""
            ), path

    assert kept(easel) == []


def test_sign_in_in_progress_is_kept_for_an_hour_and_a_person_longer(easel: RunningEasel) -> None:
    """A session lasts a week once somebody is signed in with it."""
    requests.get(f"{easel.url}/login", allow_redirects=False, timeout=30)
    (begun,) = kept(easel)
    browser = sign_in(easel, "dozen")
    browser.get(f"{easel.url}/account", timeout=30)

    ends = sorted(path.stat().st_mtime for path in kept(easel))

    assert ends[0] == begun.stat().st_mtime
    assert ends[-1] - ends[0] > 6 * 24 * 3600
