"""Messages for the viewer about failed and incomplete calls."""

from collections.abc import Iterable

from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    CanvasError,
    MalformedAnswer,
    MissingScope,
    NotFound,
    Throttled,
    Unavailable,
)

UNREAD = "A part of Canvas's answer could not be understood and is left out."


def passing(error: CanvasError | None) -> bool:
    """Return whether a failure may pass, so that an older answer may be shown meanwhile.

    Otherwise Canvas has withdrawn access to it.
    """
    lasting = AuthenticationError | AuthorizationError | NotFound
    return error is not None and not isinstance(error, lasting)


def came(read: int, expected: int | None) -> str:
    """Say how much of a list is here: "3 of 5 pages came." """
    if expected:
        return f"{read} of {expected} pages came."
    return "The first page came." if read == 1 else f"The first {read} pages came."


def as_sentence(text: str) -> str:
    """Return the client's message as a sentence."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


HIDDEN = {
    "term": "terms",
    "total_scores": "course totals",
    "current_grading_period_scores": "totals of the current grading period",
    "favorites": "favourites",
    "course_progress": "module progress",
    "concluded": "which courses have ended",
    "sections": "sections",
    "needs_grading_count": "numbers of submissions to grade",
    "total_students": "numbers of students",
    "course_image": "course pictures",
    "restrict_quantitative_data": "which courses show letters only",
    "grading_scheme": "the grading scheme",
    "syllabus_body": "the syllabus",
    "teachers": "the teachers",
    "assignments": "assignments",
    "assignment": "titles and due dates",
    "submission": "your submissions and grades",
    "submission_comments": "comments",
    "submission_html_comments": "comments",
    "submission_history": "earlier attempts",
    "rubric_assessment": "rubric ratings",
    "score_statistics": "class statistics",
    "can_submit": "whether you can hand in",
    "user": "students' names",
    "planner_overrides": "your done marks",
    "course": "course names",
    "observed_users": "the totals of the students you observe",
}
"""What each include adds to a page, in words for the viewer."""


ALLOW_INCLUDES = (
    "Canvas drops every include parameter of Easel's developer key, because the key enforces "
    "scopes and does not allow them. In Canvas (Admin, Developer Keys) edit the key and switch on "
    "Allow Include Parameters; nobody needs to sign in again."
)


def hidden(includes: Iterable[str]) -> str:
    """Say what is missing from the page because of the developer key."""
    words = list(dict.fromkeys(HIDDEN.get(name, name.replace("_", " ")) for name in includes))
    listed = " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return f"Your school's set-up of Easel hides this: {listed}."


def error_text(error: CanvasError) -> str:
    """Say what happened, in words for the viewer."""
    match error:
        case MissingScope():
            return (
                "Easel's developer key does not allow this. Whoever runs Easel can list the scopes "
                "that the key must grant: python -m canvas_app scopes."
            )
        case AuthorizationError():
            return "Canvas does not share this with you."
        case NotFound():
            return "Canvas did not find this."
        case Throttled():
            return "Canvas accepts no more requests for you at the moment. Try again soon."
        case MalformedAnswer():
            return "Canvas's answer could not be read."
        case Unavailable(status=None):
            return "Canvas did not answer in time."
        case Unavailable():
            return "Canvas is having problems at the moment."
        case _:
            return "Canvas did not accept the request."
