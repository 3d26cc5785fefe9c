"""Each thing to do once, from all of Canvas's lists."""

from datetime import UTC, datetime, timedelta

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    CalendarEvent,
    CheckpointDetails,
    Course,
    DiscussionTopic,
    Plannable,
    PlannerItem,
    PlannerOverride,
    PlannerSubmission,
    StreamItem,
    Submission,
    TodoItem,
    TodoQuiz,
)
from canvas_app.domain.planner_items import ItemBuilder, assignment_kind, is_done, planner_key
from canvas_app.domain.weights import weights_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def look(**courses):
    known = courses or {"4": Course(id="4", name="Biology")}
    return ItemBuilder("https://canvas.example.edu", known, {}, NOW)


def plan(id_, kind="assignment", due=NOW + timedelta(days=2), **more):
    facts = {"plannable": Plannable(title="Work"), "course_id": "4"} | more
    return PlannerItem(plannable_id=id_, plannable_type=kind, plannable_date=due, **facts)


def test_one_assignment_of_all_sources_appears_once():
    before = NOW - timedelta(days=1)
    own = Submission(missing=True, cached_due_date=before)
    work = Assignment(
        id="5", course_id="4", name="Essay", due_at=before, submission=own, quiz_id="9"
    )
    quiz = plan(
        "9", "quiz", before, plannable=Plannable(assignment_id="5"),
        submissions=PlannerSubmission(missing=True),
    )  # fmt: skip
    event = CalendarEvent(assignment=work)
    group = AssignmentGroup(id="1", assignments=[work])
    stream = [StreamItem(id="7", type="Submission", assignment_id="5", assignment=work)]

    (found,) = look().merged([quiz], [work], [event], stream, [group])

    assert (found.type, found.id, found.assignment_id) == ("quiz", "9", "5")
    assert found.status == "missing"
    assert found.title == "Essay"  # the planner sent none


def test_items_built_before_the_calendar_came_are_those_built_after_it():
    """Taken over but for their colour where the calendar is silent, else built anew."""
    ago = NOW - timedelta(days=1)
    tag = Plannable(title="Talk", sub_assignment_tag="reply_to_topic")
    plans = [
        plan("1"), plan("1"), plan("2", due=ago), plan("3", due=ago), plan("4", "wiki_page"),
        plan("51", "sub_assignment", html_url="/courses/4/assignments/5", plannable=tag),
    ]  # fmt: skip
    missing = [Assignment(id=id_, course_id="4", name=f"Work {id_}") for id_ in ("3", "6", "7")]
    zero = Submission(score=0, posted_at=ago, workflow_state="graded", grade="0")
    facts = {"assignment_id": "8", "course_id": "4", "score": 5, "posted_at": ago}
    stream = [StreamItem(id="9", type="Submission", **facts)]
    part = Assignment(id="51", course_id="4", parent_assignment_id="5", due_at=ago, name="Talk")
    events = [
        CalendarEvent(assignment=Assignment(id=id_, course_id="4", due_at=ago, submission=zero))
        for id_ in ("2", "7")
    ] + [CalendarEvent(sub_assignment=part)]
    answers = (plans, missing, events, stream)
    colored = ItemBuilder(look().canvas_url, look().courses, {"4": "#123456"}, NOW)

    earlier = look().by_key(plans, missing, (), stream)
    taken = colored.by_key(*answers, earlier=earlier)

    assert taken == colored.by_key(*answers)
    assert list(taken.values()) == colored.merged(*answers)
    assert {item.color for item in taken.values()} == {"#123456"}
    assert earlier["assignment", "2"].status != taken["assignment", "2"].status == "graded"


def test_checkpoints_stand_for_their_discussion():
    parts = [
        plan(id_, "sub_assignment", html_url="/courses/4/assignments/5",
             plannable=Plannable(title="Talk", sub_assignment_tag=tag),
             details=CheckpointDetails(reply_to_entry_required_count=3))
        for id_, tag in (("51", "reply_to_topic"), ("52", "reply_to_entry"))
    ]  # fmt: skip
    whole = Assignment(id="5", course_id="4", name="Discussion", due_at=NOW - timedelta(days=1))

    found = look().merged([*parts], [whole])

    assert [row.title for row in found] == ["Talk Reply to Topic", "Talk Required Replies (3)"]


def test_missing_lists_word_beats_overdue():
    before = NOW - timedelta(days=1)
    quiet = plan("5", due=before, submissions=PlannerSubmission(missing=False))
    work = Assignment(id="5", course_id="4", due_at=before)

    (alone,) = look().merged([quiet], [])
    (both,) = look().merged([quiet], [work])

    assert (alone.status, both.status) == ("overdue", "missing")


def test_own_date_and_mark_survive_the_calendar():
    """The list of missing work has the mark, the calendar the submission."""
    before = NOW - timedelta(days=60)
    mark = {"id": "8", "marked_complete": True, "dismissed": True}
    work = Assignment(id="5", course_id="4", name="Essay", due_at=before)
    work.planner_override = type("Mark", (), mark)()
    zero = Submission(score=0.0, grade="0", posted_at=NOW, missing=True)
    graded = Assignment(id="5", course_id="4", name="Essay", due_at=before, submission=zero)
    event = CalendarEvent(assignment=graded)

    (found,) = look().merged([], [work], [event])

    assert (found.status, found.missing, found.done) == ("graded", True, True)
    assert (found.override_id, found.dismissed) == ("8", True)
    assert (found.score, found.grade) == (0.0, "0")


def test_unposted_grades_stay_out():
    hidden = Assignment(id="5", submission=Submission(score=9.0, grade="A", posted_at=None))

    found = look().from_planner(plan("5"), hidden)

    assert (found.score, found.grade) == (None, None)
    assert found.status != "graded"


def test_letters_alone_where_numbers_are_restricted():
    course = Course(id="4", name="Chemistry", restrict_quantitative_data=True)
    own = Submission(score=9.0, grade="A", posted_at=NOW)
    graded = Assignment(id="5", course_id="4", points_possible=10, submission=own)

    found = look(**{"4": course}).from_planner(plan("5"), graded)

    assert (found.score, found.grade, found.letters_only) == (None, "A", True)
    group = AssignmentGroup(id="1", group_weight=50, assignments=[graded])
    assert weights_of([group], {"4": course}) == {}


def test_grades_due_long_ago_come_from_the_stream():
    work = Assignment(id="5", course_id="4", name="Old essay", due_at=NOW - timedelta(days=90))
    facts = {"assignment_id": "5", "assignment": work, "posted_at": NOW, "score": 8.0, "grade": "8"}
    stream = [
        StreamItem(id="1", type="Submission", **facts),
        StreamItem(id="2", type="Announcement", title="News"),
        StreamItem(id="3", type="Submission", assignment_id="6"),
    ]

    (found,) = look().merged([], [], stream=stream)

    assert (found.title, found.status, found.score) == ("Old essay", "graded", 8.0)


def test_a_stream_item_without_its_assignment_has_a_title():
    bare = StreamItem(
        id="1", type="Submission", title="Essay", course_id="4", assignment_id="5",
        posted_at=NOW, score=1.0, html_url="/courses/4/assignments/5",
    )  # fmt: skip

    (found,) = look().merged([], [], stream=[bare])

    assert (found.title, found.course_name) == ("Essay", "Biology")
    assert found.url == "https://canvas.example.edu/courses/4/assignments/5"


def test_own_things_are_in_no_course():
    note = plan("1", "planner_note", course_id=None, context_type="User", context_name="Maya")
    group = plan("2", course_id=None, context_type="Group", context_name="Group 3")

    assert look().from_planner(note).course_name == ""
    assert look().from_planner(group).course_name == "Group 3"


def test_a_graded_page_is_one_thing_with_its_assignment():
    """The planner lists it under its assignment's id, and marks it by the page's."""
    page = plan(
        "7",
        "wiki_page",
        plannable=Plannable(id="900", title="Read"),
        submissions=PlannerSubmission(submitted=False),
    )
    free = plan("7", "wiki_page", plannable=Plannable(id="7", title="Other"), submissions=False)
    event = CalendarEvent(id="assignment_7", assignment=Assignment(id="7", name="Read"))

    found = look().merged([page, free], [], [event])

    assert [(row.type, row.id, row.assignment_id) for row in found] == [
        ("wiki_page", "900", "7"),
        ("wiki_page", "7", None),
    ]


def test_stream_tells_the_grade_of_missing_work():
    zero = StreamItem(
        type="Submission", assignment_id="5", score=0.0, grade="0", posted_at=NOW, missing=True
    )

    (found,) = look().merged([], [Assignment(id="5", course_id="4")], stream=[zero])

    assert (found.status, found.missing, found.done) == ("graded", True, True)


def test_split_discussion_is_graded_part_by_part():
    """If Canvas lists the whole discussion as well, it is left out."""
    parts = [
        TodoItem(type="grading", course_id="4", assignment=Assignment(id=id_, name="Talk"),
                 checkpoint_label=tag, parent_assignment_id="5")
        for id_, tag in (("51", "reply_to_topic"), ("52", "reply_to_entry"))
    ]  # fmt: skip
    whole = TodoItem(type="grading", course_id="4", assignment=Assignment(id="5", name="Talk"))

    found = look().grading([whole, *parts])

    assert [row.title for row in found] == ["Talk Reply to Topic", "Talk Required Replies"]


def test_calendar_knows_more_than_the_planner():
    before = NOW - timedelta(days=1)
    plan = PlannerItem(
        plannable_id="5",
        plannable_type="assignment",
        plannable_date=before,
        submissions=PlannerSubmission(),
    )
    paper = Assignment(id="5", due_at=before, submission_types=["on_paper"])
    custom = Assignment(id="5", submission=Submission(custom_grade_status_id="2"))

    assert look().from_planner(plan).status == "overdue"
    assert look().from_planner(plan, paper).status == "on_paper"
    assert look().from_planner(plan, custom).status == "custom"
    assert look().from_planner(plan, custom).status_label == "Custom status"
    graded = Assignment(id="5", submission=Submission(score=1.0, posted_at=before, late=True))
    item = look().from_calendar(graded)
    assert (item.status, item.done, item.late, item.posted_at) == ("graded", True, True, before)


def test_own_mark_decides_done():
    handed_in = PlannerSubmission(submitted=True)
    plan = PlannerItem(plannable_id="1", plannable_type="assignment")
    unmarked = PlannerItem(
        plannable_id="1",
        plannable_type="assignment",
        planner_override=PlannerOverride(marked_complete=False),
    )

    assert is_done(plan, handed_in)
    assert not is_done(unmarked, handed_in)
    assert not is_done(plan, PlannerSubmission(submitted=True, redo_request=True))
    assert not is_done(plan, PlannerSubmission(graded=True))
    assert not is_done(plan, None)


def test_one_key_for_one_assignment():
    quiz = PlannerItem(
        plannable_id="9", plannable_type="quiz", plannable=Plannable(assignment_id="5")
    )
    review = PlannerItem(
        plannable_id="9",
        plannable_type="assessment_request",
        plannable=Plannable(assignment_id="5"),
    )

    assert planner_key(quiz) == ("assignment", "5")
    assert planner_key(review) == ("assessment_request", "9")
    assert assignment_kind(Assignment(id="5", quiz_id="9")) == ("quiz", "9")
    topic = Assignment(id="5", discussion_topic=DiscussionTopic(id="8"))
    assert assignment_kind(topic) == ("discussion_topic", "8")


def test_links_are_absolute_and_http():
    assert look().link("/courses/4") == "https://canvas.example.edu/courses/4"
    assert look().link("javascript:alert(1)") == ""
    assert look().link(None) == ""


def test_quiz_to_grade_has_a_row():
    item = TodoItem(
        type="grading",
        course_id="4",
        html_url="/courses/4/quizzes/2",
        needs_grading_count=3,
        quiz=TodoQuiz(id="2", title="Quiz"),
    )

    (row,) = look().grading([item, item, TodoItem(type="submitting")])

    assert (row.id, row.title, row.course_name) == ("2", "Quiz", "Biology")
    assert row.url == "https://canvas.example.edu/courses/4/quizzes/2"
