"""What makes the week: days in the person's zone, merging, weights, filters, search."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import requests

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    CalendarEvent,
    CheckpointDetails,
    Course,
    DiscussionTopic,
    DropRules,
    Plannable,
    PlannerItem,
    PlannerSubmission,
    StreamItem,
    Submission,
    TodoItem,
)
from canvas_app.domain.agenda import heading, in_window, placed, sections
from canvas_app.domain.calendar import Person, all_day_date, read_week, write_week
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.rows import Item
from canvas_app.domain.text_search import folded, pieces
from canvas_app.domain.weights import weights, weights_of
from canvas_app.services.dashboard import dashboard
from canvas_app.services.planner_calls import older_calls, with_open_work
from canvas_app.services.planner_writes import BadInput, read_mark, read_note, write_mark
from canvas_app.services.search import search
from canvas_app.services.upcoming import upcoming
from canvas_app.services.upcoming_filters import WeekFilter

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ZONES = [
    "America/Denver",
    "America/St_Johns",
    "America/Santiago",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
]
ALIKE = {"Pacific/Apia", "Pacific/Kiritimati", "Pacific/Pago_Pago"}  # midnight at 10 to 12 UTC
CHANGES = [date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1)]


def look(**courses):
    known = courses or {"4": Course(id="4", name="Biology")}
    return ItemBuilder("https://canvas.example.edu", known, {}, NOW)


def plan(id_, kind="assignment", due=NOW + timedelta(days=2), **more):
    facts = {"plannable": Plannable(title="Work"), "course_id": "4"} | more
    return PlannerItem(plannable_id=id_, plannable_type=kind, plannable_date=due, **facts)


def item(due_at=None, status="due", **more):
    facts = {"id": "1", "type": "assignment", "title": "t", "course_id": "4", "course_name": ""}
    facts |= {"points_possible": None, "done": False, "url": "", "due_at": due_at}
    return Item(**(facts | {"status": status} | more))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("around", CHANGES)
def test_the_days_last_second_is_on_its_day(zone, around):
    """Canvas's own due time, 23:59:59, whatever the clocks do around it."""
    me = Person(time_zone=zone)
    for day in (around - timedelta(days=1), around, around + timedelta(days=1)):
        due = me.moment(day, time(23, 59, 59))

        assert me.day(due) == day
        assert placed(item(due), me, {}).day == day
        assert placed(item(me.moment(day, time(0, 1))), me, {}).day == day
        assert me.day(due + timedelta(seconds=1)) == day + timedelta(days=1)


def test_clocks_that_change():
    """An hour that is not there is an hour later; of two the first is meant."""
    denver = Person(time_zone="America/Denver")

    assert denver.moment(date(2026, 3, 8), time(2, 30)) == datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
    assert denver.moment(date(2026, 11, 1), time(1, 30)) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    shown = denver.moment(date(2026, 3, 8), time(2, 30)).astimezone(denver.zone)
    assert shown.time() == time(3, 30)


@pytest.mark.parametrize("home", [zone for zone in ZONES if zone not in ALIKE])
@pytest.mark.parametrize("reader", ["America/Denver", "UTC", "Asia/Kolkata", "Pacific/Kiritimati"])
def test_all_day_events_are_on_their_day_everywhere(home, reader):
    """Midnight of whoever entered it, on the reader's day."""
    for day in (*CHANGES, date(2026, 7, 15), date(2026, 12, 31)):
        start = datetime.combine(day, time(), ZoneInfo(home))

        assert all_day_date(start, Person(time_zone=reader)) == day


@pytest.mark.parametrize("home", sorted(ALIKE))
def test_all_day_events_are_on_their_day_at_home(home):
    for day in (*CHANGES, date(2026, 7, 15), date(2026, 12, 31)):
        start = datetime.combine(day, time(), ZoneInfo(home))

        assert all_day_date(start, Person(time_zone=home)) == day


def test_all_day_where_two_zones_look_alike():
    """10:00 to 12:00 UTC is midnight in Hawaii and in Auckland: the reader's side decides."""
    at = datetime(2026, 11, 23, 11, tzinfo=UTC)

    assert all_day_date(at, Person(time_zone="Pacific/Pago_Pago")) == date(2026, 11, 23)
    assert all_day_date(at, Person(time_zone="Pacific/Auckland")) == date(2026, 11, 24)
    assert all_day_date(at, Person(time_zone="America/Denver")) == date(2026, 11, 23)
    assert all_day_date(at, Person(time_zone="Asia/Tokyo")) == date(2026, 11, 24)
    tongan = Person(time_zone="Pacific/Tongatapu")
    assert all_day_date(datetime(2026, 11, 23, 11, tzinfo=UTC), tongan) == date(2026, 11, 24)


def test_an_all_day_event_stands_under_its_day():
    start = datetime(2026, 11, 24, tzinfo=ZoneInfo("Asia/Kolkata"))
    event = item(start, "nothing_to_hand_in", type="calendar_event", all_day=True)

    assert placed(event, Person(time_zone="America/Denver"), {}).day == date(2026, 11, 24)


def test_weeks_are_read_and_written():
    today = date(2026, 11, 26)
    week = date(2026, 11, 23)

    assert read_week("this", today) == read_week("2026-W48", today) == week
    assert read_week("2026-11-29", today) == week
    assert write_week(week) == "2026-W48"
    assert write_week(read_week("2026-W53", today)) == "2026-W53"
    assert write_week(date(2024, 12, 30)) == "2025-W01"
    for text in ("", "2026-W60", "W48", "next", "0001-01-01", "9999-12-31", "2026-02-30"):
        assert read_week(text, today) is None


def test_headings_by_the_persons_day():
    me = Person(time_zone="Pacific/Auckland")  # 24 November, 01:00
    today = me.day(NOW)

    def under(due, week=None, **more):
        return heading(placed(item(due, **more), me, {}), today, week)

    assert under(NOW + timedelta(hours=3)) == ("today", date(2026, 11, 24))
    assert under(NOW + timedelta(hours=24)) == ("tomorrow", date(2026, 11, 25))
    assert under(NOW + timedelta(days=5))[0] == "day"
    assert under(NOW + timedelta(days=20)) == ("later", None)
    assert under(None) == ("undated", None)
    assert under(NOW - timedelta(days=2), status="custom") == ("earlier", None)
    assert under(NOW - timedelta(days=2), status="missing") == ("overdue", None)
    week = date(2026, 11, 16)
    assert under(NOW - timedelta(days=2), week, status="custom") == ("day", date(2026, 11, 22))


def test_a_week_shows_its_days_in_order():
    me = Person()
    week = date(2026, 11, 23)
    rows = [placed(item(NOW + timedelta(days=n), id=str(n)), me, {}) for n in (3, 0, 1, 2)] + [
        placed(item(NOW - timedelta(hours=1), "missing", id="m"), me, {})
    ]

    found = sections(rows, me, NOW, week)

    assert [section.key for section in found] == ["overdue", "today", "tomorrow", "day", "day"]
    assert [section.day for section in found][1:] == [week + timedelta(days=n) for n in range(4)]


def test_window_of_a_week_has_neither_undated_nor_older_work():
    first, last = date(2026, 11, 23), date(2026, 11, 29)
    old = placed(item(NOW - timedelta(days=40), "missing", missing=True), Person(), {})

    assert in_window(old, first, last, None)
    assert not in_window(old, first, last, first)
    assert in_window(item(), first, last, None)
    assert not in_window(item(), first, last, first)


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


def part(id_, tag="reply_to_topic", due=NOW + timedelta(days=2), own=None):
    """A checkpoint of discussion 5 as the calendar has it."""
    work = Assignment(
        id=id_, course_id="4", name=f"Talk {id_}", due_at=due, submission=own,
        sub_assignment_tag=tag, parent_assignment_id="5",
        discussion_topic=DiscussionTopic(id="700"), html_url="https://c.example/5",
    )  # fmt: skip
    return CalendarEvent(id=f"sub_assignment_{id_}", sub_assignment=work)


def test_checkpoints_of_the_calendar():
    """Undated ones are on no other list; what is handed in is not open, the whole stands nowhere.

    They have no page of Easel's: their ids are no assignments'.
    """
    named = Plannable(title="Talk 51", sub_assignment_tag="reply_to_topic")
    planned = plan(
        "51", "sub_assignment", submissions=PlannerSubmission(submitted=False), plannable=named
    )
    done = Submission(workflow_state="submitted", submitted_at=NOW)
    whole = Assignment(id="5", course_id="4", name="Talk", due_at=NOW - timedelta(days=1))
    events = [part("51"), part("52", "reply_to_entry", None), part("53", due=None, own=done)]

    found = look().merged([planned], [whole], events)

    assert [(row.type, row.id, row.status, row.assignment_id) for row in found] == [
        ("sub_assignment", "51", "due", None),
        ("sub_assignment", "52", "due", None),
        ("sub_assignment", "53", "submitted", None),
    ]
    assert {row.title for row in found} == {"Talk 51 Reply to Topic", "Talk 52", "Talk 53"}


def test_a_checkpoints_own_submission_says_more_than_the_planner():
    zero = Submission(score=0.0, grade="0", posted_at=NOW, missing=True, workflow_state="graded")
    named = Plannable(title="Talk", sub_assignment_tag="reply_to_topic")
    told = PlannerSubmission(missing=True)
    planned = plan(
        "51", "sub_assignment", NOW - timedelta(days=1), submissions=told, plannable=named
    )

    (found,) = look().merged([planned], [], [part("51", own=zero)])

    assert (found.status, found.score) == ("graded", 0.0)


def test_missing_lists_word_beats_overdue():
    before = NOW - timedelta(days=1)
    quiet = plan("5", due=before, submissions=PlannerSubmission(missing=False))
    work = Assignment(id="5", course_id="4", due_at=before)

    (alone,) = look().merged([quiet], [])
    (both,) = look().merged([quiet], [work])

    assert (alone.status, both.status) == ("overdue", "missing")


def test_own_date_and_mark_survive_the_calendar():
    """The list of missing work knows the mark, the calendar the submission."""
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


def test_weights_of_groups_and_of_points():
    essays = [Assignment(id=str(n), course_id="4", points_possible=10.0 * n) for n in (1, 3)]
    out = [
        Assignment(id="7", points_possible=50, omit_from_final_grade=True),
        Assignment(id="8", points_possible=50, submission_types=["not_graded"]),
        Assignment(id="9", points_possible=50, submission=Submission(excused=True, posted_at=NOW)),
        Assignment(id="10", points_possible=0),
        Assignment(id="11"),
    ]
    exam = Assignment(id="12", course_id="4", points_possible=10)
    bonus = Assignment(id="13", points_possible=5)
    groups = [
        AssignmentGroup(id="1", group_weight=40, assignments=[*essays, *out]),
        AssignmentGroup(id="2", group_weight=60, assignments=[exam]),
        AssignmentGroup(id="3", group_weight=0, assignments=[bonus]),
        AssignmentGroup(id="4"),
    ]

    assert weights(groups, weighted=True) == {"1": 10.0, "3": 30.0, "12": 60.0}
    assert weights(groups[:2], weighted=False) == {"1": 20.0, "3": 60.0, "12": 20.0}
    courses = {"4": Course(id="4", apply_assignment_group_weights=True)}
    assert weights_of(groups[:2], courses)["12"] == 60.0
    assert weights_of(groups[:2], {}) == {}


def test_weights_are_those_of_the_calculator():
    """Below 100 they are scaled up, above 100 they stay; a group without points gives nothing."""

    def group(number, weight, *points, **rules):
        works = [
            Assignment(id=f"{number}{place}", course_id="4", points_possible=possible)
            for place, possible in enumerate(points)
        ]
        rule = DropRules(**rules)
        return AssignmentGroup(id=str(number), group_weight=weight, assignments=works, rules=rule)

    halves = [group(1, 40, 10), group(2, 40, 25)]
    assert weights(halves, weighted=True) == {"10": 50.0, "20": 50.0}
    assert weights([*halves, group(3, 20, 0)], weighted=True) == {"10": 50.0, "20": 50.0}
    more = [group(1, 60, 10), group(2, 40, 10), group(3, 10, 5, 5)]
    assert weights(more, weighted=True) == {"10": 60.0, "20": 40.0, "30": 5.0, "31": 5.0}
    kept = weights([group(1, 50, 10, 10, 10, drop_lowest=1), group(2, 50, 10)], weighted=True)
    assert kept == {"10": 25.0, "11": 25.0, "12": 25.0, "20": 50.0}
    courses = {
        "4": Course(id="4", apply_assignment_group_weights=True, has_weighted_grading_periods=True)
    }
    assert weights_of(halves, courses) == {}, "which period an assignment is in is not known here"


def test_courses_with_the_nearest_open_work_come_first():
    plans = [
        plan("1", due=NOW + timedelta(days=3), course_id="9"),
        plan("2", due=NOW + timedelta(days=1), course_id="4"),
        plan("3", due=NOW + timedelta(days=2), course_id="9"),
        plan("4", due=NOW - timedelta(days=2), course_id="7"),
        plan("5", "announcement", course_id="8"),
        plan("6", course_id="6", submissions=PlannerSubmission(submitted=True)),
    ]

    assert with_open_work(plans, NOW) == ["4", "9"]


def test_old_missing_work_is_looked_up_once():
    work = [
        Assignment(id=str(n), course_id="4", due_at=NOW - timedelta(days=30 * n)) for n in (1, 2, 3)
    ]

    (call,) = older_calls([plan("1")], work)

    assert call.keywords["course_ids"] == ("4",)
    assert call.keywords["start_date"].date() == date(2026, 8, 24)
    assert older_calls([plan("1")], work[:1]) == []


def test_undated_missing_work_is_looked_up_where_work_has_no_date():
    """Among undated work, and among the parts of discussions: theirs are the dates."""
    calls = older_calls([plan("1")], [Assignment(id="2", course_id="4")])

    assert [call.func.__name__ for call in calls] == [
        "calendar_assignments",
        "calendar_checkpoints",
    ]
    assert all(call.keywords["course_ids"] == ("4",) for call in calls)
    assert not any("start_date" in call.keywords for call in calls)


def test_stream_tells_the_grade_of_missing_work():
    zero = StreamItem(
        type="Submission", assignment_id="5", score=0.0, grade="0", posted_at=NOW, missing=True
    )

    (found,) = look().merged([], [Assignment(id="5", course_id="4")], stream=[zero])

    assert (found.status, found.missing, found.done) == ("graded", True, True)


def test_split_discussion_is_graded_part_by_part():
    """Should Canvas list the whole beside its parts, it stands there once more for nothing."""
    parts = [
        TodoItem(type="grading", course_id="4", assignment=Assignment(id=id_, name="Talk"),
                 checkpoint_label=tag, parent_assignment_id="5")
        for id_, tag in (("51", "reply_to_topic"), ("52", "reply_to_entry"))
    ]  # fmt: skip
    whole = TodoItem(type="grading", course_id="4", assignment=Assignment(id="5", name="Talk"))

    found = look().grading([whole, *parts])

    assert [row.title for row in found] == ["Talk Reply to Topic", "Talk Required Replies"]


def test_wishes_are_read_leniently():
    given = {
        "week": ["2026-W48", " this "], "show": ["due"], "course": ["1", "", "2"],
        "type": ["quiz", "nonsense"], "status": ["missing", "x"], "favorites": ["yes"],
        "done": ["1"],
    }  # fmt: skip

    wanted = WeekFilter.from_query(lambda name: given.get(name, []))

    assert wanted == WeekFilter(
        week="this",
        show="due",
        courses=frozenset({"1", "2"}),
        types=frozenset({"quiz"}),
        statuses=frozenset({"missing"}),
        done=True,
    )
    assert WeekFilter.from_query(lambda name: []) == WeekFilter()


def test_marks_and_notes_are_read_with_care():
    text = "quiz:9:8:1:0:Quiz: the cell"
    mark = read_mark(text)

    assert (mark.type, mark.id, mark.override_id, mark.dismissed, mark.done, mark.title) == (
        *("quiz", "9", "8", True, False, "Quiz: the cell"),
    )
    assert write_mark(mark) == text
    with pytest.raises(BadInput):
        read_mark("quiz:9")
    note = partial(read_note, Person(time_zone="Europe/Berlin"), details="", course_id="")
    assert note(title=" a  b ", day="2026-03-29", clock="23:59").due_at == datetime(
        2026, 3, 29, 21, 59, 59, tzinfo=UTC
    )
    assert note(title="a", day="2026-03-29", clock="02:30").due_at == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


def test_search_folds_case_and_accents():
    assert folded("Élan Vital – STRASSE ﬁn") == "elan vital - strasse fin"
    assert folded("straße") == "strasse"
    assert folded("İstanbul") == "istanbul"


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("Biology 101", ("bio",), ["Bio"]),
        ("Étude de l’été", ("ete",), ["été"]),
        ("e\u0301tude", ("etude",), ["e\u0301tude"]),
        ("Große Straße", ("strasse",), ["Straße"]),
        ("banana", ("ana",), ["anana"]),
        ("Quiz: mitosis", ("mito", "qu"), ["Qu", "mito"]),
        ("数学 入門", ("入",), ["入"]),
        ("nothing", ("x",), []),
        ("", ("x",), []),
    ],
)
def test_matches_are_marked_in_their_own_spelling(text, words, marked):
    found = pieces(text, words)

    assert "".join(piece.text for piece in found) == text
    assert [piece.text for piece in found if piece.found] == marked


def test_a_grade_that_the_stream_does_not_tell_has_its_score(sources_of, canvas):
    """Posted long after it was given, it is not in Canvas's stream; nor is its custom status."""
    headers = {"Authorization": f"Bearer {canvas.token('dozen')}"}
    before = dashboard(sources_of("dozen", cache_seconds=0))
    told = {(row.id, row.score, row.grade, row.status) for row in before.new_grades}
    stream = f"{canvas.url}/api/v1/users/self/activity_stream"
    requests.delete(stream, headers=headers, timeout=30)

    after = dashboard(sources_of("dozen", cache_seconds=0))

    assert requests.get(stream, headers=headers, timeout=30).json() == []
    assert told
    assert {(row.id, row.score, row.grade, row.status) for row in after.new_grades} == told
    custom = after.new_grades[0]
    path = f"courses/{custom.course_id}/assignments/{custom.assignment_id}/submissions/1"
    requests.put(
        f"{canvas.url}/api/v1/{path}",
        data={"submission[custom_grade_status_id]": "1"},
        headers={"Authorization": f"Bearer {canvas.token('admin')}"},
        timeout=30,
    ).raise_for_status()
    last = dashboard(sources_of("dozen", cache_seconds=0))
    assert custom.id not in {row.id for row in last.new_grades}


def test_search_finds_courses_then_work(sources_of, canvas):
    page = search(sources_of("dozen"), "  BIOLÓGY ")

    assert page.query == "BIOLÓGY"
    assert (page.rows[0].type, page.rows[0].title) == ("course", "Biology 101")
    assert page.rows[0].path == "/courses/4101"
    assert {row.type for row in page.rows} > {"course", "assignment", "quiz"}
    quizzes = search(sources_of("dozen"), "weekly check biology").rows
    assert {row.type for row in quizzes} == {"quiz"}
    assert all(row.path.startswith("/courses/4101/assignments/") for row in quizzes)


def test_warm_search_asks_canvas_nothing(sources_of, canvas):
    upcoming(sources_of("dozen"))
    dashboard(sources_of("dozen"))
    before = canvas.stats()["calls"]

    page = search(sources_of("dozen"), "quiz")

    assert page.complete
    assert page.rows
    assert canvas.stats()["calls"] == before


def test_empty_search_asks_nothing(sources_of, canvas):
    before = canvas.stats()["calls"]

    assert search(sources_of("dozen"), " \t").rows == ()
    assert search(sources_of("dozen"), "").complete
    assert canvas.stats()["calls"] == before


def test_search_without_a_match(sources_of):
    page = search(sources_of("dozen"), "zebra " * 100)

    assert page.rows == ()
    assert page.searched > 50
    assert len(page.query) <= 200


def test_calendar_does_not_wait_for_the_planner(sources_of, canvas):
    canvas.control(latency={"GET /api/v1/planner/items": 60})

    page = upcoming(sources_of("dozen", seconds=5.0))

    states = {source.name: source.status for source in page.sources}
    assert states["planner"] == "failed"
    assert states["calendar"] == "fresh"
    assert any(row.due_at is None for row in page.rows)
