"""The two forms of a support report: what they contain, and what they never contain."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

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


SAID_OF_PEOPLE = (
    '{"errors":[{"message":"Maya Lindqvist (maya17) is already enrolled"}]}',
    '{"errors":{"login":[{"type":"taken","message":"maya17 is in use"}]},"error_code":"in_use"}',
    "Maya Lindqvist has concluded this course",
    '{"message":"No such page: what-maya-wrote","error":"Maya did that"}',
    '{"error":"invalid_grant","error_description":"of maya17"}',
)


@pytest.mark.parametrize("answer", SAID_OF_PEOPLE)
def test_community_gets_no_words_that_may_name_people(answer: str) -> None:
    """Canvas's support gets all of them, because it has the same in its log."""
    report = replace(REPORT, status=400, answer=answer)
    text = report.for_community()

    assert "maya" not in text.lower().replace("search_term=...", "")
    assert "Status and answer: 400" in text
    assert "left out" in text
    assert answer.split()[0] in report.for_support()


def test_community_gets_what_names_nobody() -> None:
    """These are error codes, and sentences that Canvas says to everybody."""
    refused = '{"status":"unauthorized","errors":[{"message":"%s"}]}'
    said = "user not authorized to perform that action"
    text = replace(REPORT, status=403, answer=refused % said).for_community()
    code = replace(REPORT, status=400, answer=SAID_OF_PEOPLE[1]).for_community()

    assert f"Status and answer: 403 unauthorized {said}\n" in text
    assert "Status and answer: 400 in_use (" in code


@pytest.mark.parametrize("path", ["courses/1/pages/maya", "courses/1/folders/by_path/of/maya"])
def test_names_in_an_address_are_left_out(path: str) -> None:
    """The address of a page or folder is a name that somebody gave it."""
    assert "maya" not in replace(REPORT, path=f"/api/v1/{path}").for_community()


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
