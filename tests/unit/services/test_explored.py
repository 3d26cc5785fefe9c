"""The calls that the explorer may send, and how it shows JSON."""

from typing import Any

import pytest

from canvas_app.services import explored
from canvas_app.services.explored import NotAsked, read_asked

CANVAS = "https://canvas.example.edu"


def asked(text: str, scopes: tuple[str, ...] = ()) -> tuple[str, dict[str, Any]]:
    return read_asked(text, CANVAS, scopes)


@pytest.mark.parametrize(
    ("text", "path", "params"),
    [
        ("/api/v1/users/self", "/api/v1/users/self", {}),
        ("courses", "/api/v1/courses", {}),
        (f" {CANVAS}/api/v1/courses?per_page=5 ", "/api/v1/courses", {"per_page": "5"}),
        ("/api/quiz/v1/courses/1/quizzes", "/api/quiz/v1/courses/1/quizzes", {}),
        (
            "courses?include[]=term&include[]=sections&state=available",
            "/api/v1/courses",
            {"include[]": ["term", "sections"], "state": "available"},
        ),
        ("users/sis_user_id:a%2Fb/profile", "/api/v1/users/sis_user_id:a%2Fb/profile", {}),
        ("conversations/7", "/api/v1/conversations/7", {"auto_mark_as_read": "false"}),
        (
            "conversations?auto_mark_as_read=true",
            "/api/v1/conversations",
            {"auto_mark_as_read": "false"},
        ),
    ],
)
def test_what_is_asked(text: str, path: str, params: dict[str, Any]) -> None:
    assert asked(text) == (path, params)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://elsewhere.example/api/v1/users/self", "elsewhere"),
        ("//elsewhere.example/api/v1/users/self", "elsewhere"),
        (f"{CANVAS}.evil.example/api/v1/users/self", "elsewhere"),
        ("/api/v1/courses/:id", "id_missing"),
        ("/api/v1/../../login", "path"),
        ("/api/v1/%2e%2e/login", "path"),
        ("courses/a b", "path"),
        ("courses\\1", "path"),
        ("http://[", "path"),
        ("x" * 5000, "path"),
        ("users/self?as_user_id=1", "acting"),
        ("users/self?access_token=x", "token"),
        ("courses/1/students/submissions?include[]=read_state", "marks_read"),
        ("courses/1/students/submissions?include=submission,read_status", "marks_read"),
        ("courses?read_status=1", "marks_read"),
    ],
)
def test_what_is_not_asked(text: str, why: str) -> None:
    with pytest.raises(NotAsked) as refusal:
        asked(text)
    assert refusal.value.why == why


def test_scopes_of_the_grant_bound_it() -> None:
    scopes = ("url:GET|/api/v1/courses/:course_id/users", "url:POST|/api/v1/planner_notes")

    assert asked("courses/1/users.json", scopes)[0] == "/api/v1/courses/1/users.json"
    for text in ("courses", "courses/1/users/2", "planner_notes"):
        with pytest.raises(NotAsked) as refusal:
            asked(text, scopes)
        assert refusal.value.why == "scope"


def test_catalogue_is_what_easel_reads() -> None:
    known = {each.path: each for each in explored.known_endpoints()}

    assert "/api/v1/courses/:course_id/assignments" in known
    assert all(path.startswith("/api/v1/") for path in known)
    assert all(each.doc.startswith("https://") for each in known.values())
    assert known["/api/v1/accounts"].what
    assert known["/api/v1/accounts"].parameters == ("include[]",)
    assert set(explored.PARAMETERS) <= set(known)


def test_occurrences_are_named_by_their_path() -> None:
    value = [{"id": 1, "name": "Maya", "more": {"names": ["Maya L.", None]}}, "maya"]

    assert explored.occurrences(value, "MAYA") == [
        ("[0].name", "Maya"),
        ("[0].more.names[0]", "Maya L."),
        ("[1]", "maya"),
    ]
    assert ("[0].more.names", "") in explored.occurrences(value, "names")
    assert len(explored.occurrences(["x"] * 1000, "x")) == explored.MOST_FOUND


def test_nodes_are_counted_no_further_than_needed() -> None:
    assert explored.count_nodes({"a": [1, 2], "b": None}) == 5
    assert explored.count_nodes(list(range(10_000)), most=50) == 51


def test_code_is_the_same_call() -> None:
    params = {"include[]": ["term"]}

    code = explored.python_of(CANVAS, "/api/v1/courses", params, many=True)
    compile(code, "snippet", "exec")
    assert "paginate('/api/v1/courses', {'include[]': ['term']})" in code
    assert 'os.environ["CANVAS_TOKEN"]' in code
    compile(explored.python_of(CANVAS, "/api/v1/users/self", {}, many=False), "snippet", "exec")
    assert explored.path_and_query("/api/v1/courses", params) == "/api/v1/courses?include[]=term"
