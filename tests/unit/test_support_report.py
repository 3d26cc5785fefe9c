"""The two forms of a support report: what they hold, and what they never do."""

from dataclasses import replace
from datetime import UTC, datetime

from canvas_app.support_report import SupportReport

REPORT = SupportReport(
    tried="Show a course's grades",
    environment="production",
    canvas_url="https://school.instructure.com",
    method="GET",
    path="/api/v1/courses/4101/users/17",
    query="include%5B%5D=email&search_term=Maya&per_page=50&page=bookmark:Wy&access_token=sssssssss",
    at=datetime(2026, 11, 2, 8, 30, 5, tzinfo=UTC),
    status=403,
    answer='{"errors":[{"message":"user not authorized"}],\n "x":"1234~abcdefghijklmnopqrstuvw"}',
    canvas_request_id="c0ffee00-0000-4000-8000-000000000000",
    easel_request_id="0123456789abcdef",
    user_id="10000000000017",
)
LISTED = (  # in the guide's words, in its order
    "What I want to achieve",
    "Programming language",
    "Operating system",
    "Has this ever worked before",
)


def labels(text: str) -> list[str]:
    return [line.partition(":")[0] for line in text.splitlines()]


def test_both_begin_as_the_guide_lists() -> None:
    for text in (REPORT.for_community(), REPORT.for_support()):
        assert tuple(labels(text)[:4]) == LISTED
        assert "Example input data" in labels(text)


def test_support_finds_the_call_in_its_log() -> None:
    text = REPORT.for_support()

    assert "https://school.instructure.com/api/v1/courses/4101/users/17" in text
    assert "2026-11-02 08:30:05 UTC" in text
    assert "403" in text
    assert "user not authorized" in text
    assert REPORT.canvas_request_id in text
    assert REPORT.easel_request_id in text
    assert "10000000000017" in text
    assert "IP address" in text


def test_community_learns_nothing_about_people_or_places() -> None:
    text = REPORT.for_community()

    assert "/api/v1/courses/:id/users/:id" in text
    for private in ("school", "4101", "17\n", "Maya", REPORT.canvas_request_id, "IP address"):
        assert private not in text
    assert "Instructure (SaaS)" in text


def test_values_about_somebody_are_left_out() -> None:
    for text in (REPORT.for_community(), REPORT.for_support()):
        assert "include[]=email&search_term=...&per_page=50&page=..." in text


def test_no_token_in_either() -> None:
    for text in (REPORT.for_community(), REPORT.for_support()):
        assert "sssssssss" not in text
        assert "abcdefghij" not in text
    assert "abcdefghij" not in repr(REPORT)


def test_no_answer_and_another_host() -> None:
    text = replace(REPORT, status=None, answer="", canvas_url="https://canvas.example.edu")

    assert "Status and answer: no answer" in text.for_support()
    assert "self-hosted: (please say)" in text.for_community()
