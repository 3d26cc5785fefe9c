"""One assignment's page and twin, as its student, teacher and observer see it."""

import html

import pytest

from .conftest import sign_in


def work(easel, name, course="4101", who="teacher"):
    """The id of an assignment of the campus, by its name, asked of Canvas itself."""
    import requests

    rows = requests.get(
        f"{easel.canvas.url}/api/v1/courses/{course}/assignments",
        params={"per_page": 100},
        headers={"Authorization": f"Bearer {easel.canvas.token(who)}"},
        timeout=30,
    ).json()
    return next(str(row["id"]) for row in rows if row["name"] == name)


@pytest.mark.parametrize("who", ["dozen", "teacher", "ta", "observer"])
def test_page_stands_for_everybody(easel, who):
    path = f"{easel.url}/courses/4101/assignments/{work(easel, 'Essay: why we age')}"
    browser = sign_in(easel, who)

    page = browser.get(path, timeout=30)
    twin = browser.get(f"{path}.json", timeout=30).json()

    assert page.status_code == 200, page.text
    assert "Essay: why we age" in html.unescape(page.text)
    assert twin["complete"] is True, twin["sources"]
