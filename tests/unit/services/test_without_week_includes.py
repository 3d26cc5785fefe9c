"""With a key that allows no includes, missing work gets its marks and its grades."""

from datetime import UTC, datetime, timedelta

from canvas_app.canvas.models import (
    Assignment,
    Plannable,
    PlannerItem,
    PlannerOverride,
    Submission,
)
from canvas_app.services.without_week_includes import mend_missing, start_older, start_undated

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Rows:
    """A list that is here, under a name; mending it puts other rows in its place."""

    def __init__(self, *rows, name="missing"):
        self._rows, self.name = list(rows), name

    def rows(self):
        return self._rows

    def mend(self, rows):
        self._rows = rows


class Asking:
    """Sources that remember what they were asked for."""

    def __init__(self):
        self.asked = []
        self.now = lambda: NOW

    def start(self, name, *calls):
        self.asked += [(name, call.keywords) for call in calls]
        return Rows()


def work(id_, due=NOW - timedelta(days=200), course_id="4"):
    return Assignment(id=id_, course_id=course_id, due_at=due)


def test_each_mark_goes_to_its_work():
    listed = Rows(work("1"), work("2"))
    mark = PlannerOverride(
        id="8", plannable_type="assignment", plannable_id="2", marked_complete=True
    )

    mend_missing(listed, Rows(mark))

    assert [each.planner_override for each in listed.rows()] == [None, mark]


def test_quizzes_are_marked_under_their_own_id():
    """The planner lists a quiz by its own id, not by its assignment's."""
    quiz = Assignment(id="1", course_id="4", quiz_id="77", submission_types=["online_quiz"])
    listed = Rows(quiz)
    mark = PlannerOverride(id="8", plannable_type="quiz", plannable_id="77")

    mend_missing(listed, Rows(mark))

    assert listed.rows()[0].planner_override == mark


def test_work_gets_ones_own_submission():
    listed = Rows(work("1"), work("2"))

    mend_missing(listed, Rows(), [Rows(Submission(id="91", assignment_id="2", score=4.0))])

    assert [each.own_submission and each.own_submission.score for each in listed.rows()] == [
        None,
        4.0,
    ]


def test_submissions_are_asked_for_once_a_course_and_where_work_has_no_date():
    """For dated work the planner says whether it was graded."""
    asking = Asking()

    start_undated(asking, Rows(work("1", None), work("2", None), work("3", None, "5"), work("4")))

    assert [keywords["course_id"] for _, keywords in asking.asked] == ["4", "5"]


def test_the_planner_is_asked_for_older_work_that_it_did_not_name():
    asking = Asking()
    planned = PlannerItem(
        plannable_id="1", plannable_type="assignment", plannable=Plannable(title="Essay")
    )

    found = start_older(asking, Rows(planned, name="planner"), Rows(work("1"), work("2")))

    assert found is not None
    assert {name for name, _ in asking.asked} == {"planner"}
    assert {keywords["course_ids"] for _, keywords in asking.asked} == {("4",)}
    assert {keywords["only"] for _, keywords in asking.asked} == {"incomplete_items"}
    first = min(keywords["start_date"] for _, keywords in asking.asked)
    last = max(keywords["end_date"] for _, keywords in asking.asked)
    assert first <= NOW - timedelta(days=200) <= last


def test_nothing_older_asks_nothing():
    asking = Asking()
    planned = PlannerItem(
        plannable_id="1", plannable_type="assignment", plannable=Plannable(title="Essay")
    )

    assert start_older(asking, Rows(planned), Rows(work("1"), work("2", None))) is None
    assert asking.asked == []
