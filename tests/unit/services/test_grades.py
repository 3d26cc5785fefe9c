"""A course's grades: from Canvas's objects to the calculation, and back to what is shown."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import msgspec
import pytest
from werkzeug.datastructures import MultiDict

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    Course,
    CourseEnrollment,
    DropRules,
    Grades,
    GradingPeriod,
    Submission,
)
from canvas_app.domain.calendar import Person
from canvas_app.domain.grade_book import (
    EVERY_PERIOD,
    book_of,
    counts,
    period_of,
    scale_of,
    scheme_of,
)
from canvas_app.domain.grade_calculator import Book, Group, Period, Work, current, shares
from canvas_app.domain.grade_rows import grade_row, history, part_of
from canvas_app.domain.grade_totals import (
    Shown,
    basis_of,
    canvas_totals,
    checked,
    chosen_period,
    reason,
    stated_grades,
)
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.submissions import submission_row
from canvas_app.domain.what_if import WhatIf, closed, typed
from canvas_app.services.grade_calls import AskedGrades, read_period_totals
from canvas_app.services.grades import GradesPage, course, grades, lay_out, why_other
from canvas_app.sources.answer import Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HALVES = [
    GradingPeriod(
        id="901", title="First", start_date=NOW - timedelta(60), end_date=NOW - timedelta(30)
    ),
    GradingPeriod(id="902", title="Last", start_date=NOW - timedelta(30), end_date=NOW, weight=60),
]


def assignment(id_="1", score=None, posted=True, points=10.0, **more):
    own = Submission(
        id=f"9{id_}",
        score=score,
        posted_at=NOW - timedelta(1) if posted else None,
        **more.pop("submission", {}),
    )
    return Assignment(id=id_, name=f"Work {id_}", points_possible=points, submission=own, **more)


def group(*assignments, **more):
    return AssignmentGroup(id="5", name="Work", assignments=list(assignments), **more)


def student(**more):
    return CourseEnrollment(type="student", enrollment_state="active", user_id="3", **more)


# What counts


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"submission_types": ["online_upload"]}, True),
        ({"submission_types": ["none"]}, True),
        ({"submission_types": ["not_graded"]}, False),
        ({"submission_types": ["wiki_page"]}, False),
        ({"grading_type": "not_graded"}, True),  # the kind of grade is not asked (assignment.rb)
        ({"omit_from_final_grade": True}, False),
        ({"published": False}, False),
    ],
)
def test_what_counts(fields, expected):
    assert counts(Assignment(id="1", **fields)) is expected


def test_book_is_what_canvas_says():
    rules = DropRules(drop_lowest=1, drop_highest=-1, never_drop=[1, "2"])
    found = Course(
        id="7",
        enrollments=[student()],
        apply_assignment_group_weights=True,
        has_weighted_grading_periods=True,
    )

    book = book_of(
        found,
        [
            group(
                assignment("1", 0.1, submission={"grading_period_id": "901"}),
                Assignment(id="2"),
                group_weight=12.5,
                rules=rules,
            )
        ],
        HALVES,
    )

    first, second = book.work
    assert (first.score, first.posted, first.period_id, first.present) == (
        D("0.1"),
        True,
        "901",
        True,
    )
    assert (second.score, second.posted, second.present, second.points) == (None, False, False, 0)
    assert book.groups == (Group("5", D("12.5"), 1, 0, frozenset({"1", "2"})),)
    assert book.periods == (Period("901", D(0)), Period("902", D(60)))
    assert book.weighted
    assert not book.concluded


def test_periods_without_weights_do_not_weigh():
    book = book_of(Course(id="7"), [group(assignment("1", 5.0))], HALVES)

    assert book.periods == ()


def test_concluded_when_every_enrollment_is():
    """Of whatever type (grade_calculator.rb)."""
    ended = CourseEnrollment(type="student", enrollment_state="completed")
    watching = CourseEnrollment(type="observer", enrollment_state="active")

    assert book_of(Course(id="7", enrollments=[ended, ended]), [], []).concluded
    assert not book_of(Course(id="7", enrollments=[ended, watching]), [], []).concluded
    assert not book_of(Course(id="7", enrollments=[ended, student()]), [], []).concluded


# Grading periods


@pytest.mark.parametrize(
    ("days", "expected"), [(-40, "901"), (-2, "902"), (5, None), (None, "902")]
)
def test_period_by_date_when_canvas_names_none(days, expected):
    due = None if days is None else NOW + timedelta(days)

    assert period_of(Assignment(id="1", due_at=due), HALVES) == expected


def test_bounds_of_a_period():
    """The start is not in it, the end is; both are cut to the minute (grading_period.rb)."""
    begin, end = datetime(2026, 9, 1, 6, tzinfo=UTC), datetime(2026, 10, 1, 6, 0, 30, tzinfo=UTC)
    periods = [
        GradingPeriod(id="1", start_date=begin, end_date=end),
        GradingPeriod(id="2", start_date=end, end_date=end + timedelta(days=30)),
    ]

    def found(moment):
        return period_of(Assignment(id="1", due_at=moment), periods)

    assert found(begin + timedelta(seconds=59)) is None
    assert found(begin + timedelta(minutes=1)) == "1"
    assert found(end + timedelta(seconds=29)) == "1"
    assert found(end + timedelta(seconds=30)) == "2"


def test_period_of_own_due_date_comes_first():
    own = assignment(due_at=NOW - timedelta(40), submission={"cached_due_date": NOW - timedelta(2)})

    assert period_of(own, HALVES) == "902"
    assert period_of(own, []) is None
    assert period_of(Assignment(id="1"), []) is None


def test_chosen_period():
    now = student(current_grading_period_id="902")

    assert chosen_period("", HALVES, now) == "902"
    assert chosen_period("901", HALVES, now) == "901"
    assert chosen_period("all", HALVES, now) == EVERY_PERIOD
    assert chosen_period("77", HALVES, now) == "902"
    assert chosen_period("", HALVES, None) == EVERY_PERIOD
    assert chosen_period("all", [], now) == EVERY_PERIOD


def test_basis_names_the_period():
    assert basis_of("902", HALVES) == "Last"
    assert basis_of(EVERY_PERIOD, HALVES) == "all grading periods"
    assert basis_of(EVERY_PERIOD, []) == ""


# Canvas's totals


def test_totals_of_each_basis():
    mine = student(
        computed_current_score=80.0,
        computed_current_grade="B",
        computed_final_score=40.0,
        current_grading_period_id="902",
        current_period_computed_current_score=90.0,
        current_period_computed_final_score=30.0,
    )
    found = Course(id="7", enrollments=[mine])

    assert canvas_totals(found, mine, "all") == ("percentage", Shown(80.0, "B", 40.0, None))
    assert canvas_totals(found, mine, "902") == ("percentage", Shown(90.0, None, 30.0, None))
    assert canvas_totals(found, mine, "901") == ("other_period", Shown())
    assert canvas_totals(found, None, "all") == ("not_available", Shown())
    assert canvas_totals(found, student(), "all") == ("not_available", Shown())


@pytest.mark.parametrize(
    ("course_fields", "fields", "state"),
    [
        ({}, {"computed_current_score": None}, "none"),
        ({}, {"computed_current_score": None, "computed_current_grade": "B"}, "letter"),
        # A total whose letter did not come is no missing grade.
        ({"restrict_quantitative_data": True}, {"computed_current_score": 90.0}, "not_available"),
        ({"restrict_quantitative_data": True}, {"computed_current_score": None}, "none"),
        (
            {"restrict_quantitative_data": True, "grading_scheme": [["A", 0.9], ["B", 0]]},
            {"computed_current_score": 90.0, "computed_final_score": 20.0},
            "letter",
        ),
        ({"hide_final_grades": True}, {"computed_current_score": 90.0}, "hidden"),
    ],
)
def test_grade_states(course_fields, fields, state):
    found = Course(id="7", **course_fields)

    assert canvas_totals(found, student(**fields), "all")[0] == state
    assert canvas_totals(found, student(**fields), "all")[1].current is None


def test_why_nothing_is_worked_out():
    plain, mine = Course(id="7", has_grading_periods=True), student()
    by_period = student(totals_for_all_grading_periods_option=False)

    assert reason(plain, mine, "all", "percentage", True) == ""
    assert reason(plain, None, "all", "not_available", True) == "not_student"
    assert reason(plain, mine, "all", "hidden", True) == "hidden"
    assert reason(plain, mine, "all", "percentage", False) == "incomplete"
    assert reason(plain, by_period, "all", "percentage", True) == "periods_only"
    assert reason(plain, by_period, "902", "percentage", True) == ""
    letters = Course(id="7", restrict_quantitative_data=True)
    assert reason(letters, mine, "all", "letter", True) == "letters"


def test_check_allows_for_rounding_alone():
    assert checked(Shown(90.0, None, 40.0, None), Shown(90.01, None, 39.99, None)) == "agrees"
    assert checked(Shown(90.0), Shown(90.02)) == "differs"
    assert checked(Shown(90.0, None, 40.0, None), Shown(90.0, None, 41.0, None)) == "differs"
    assert checked(Shown(90.0), Shown()) == "differs"
    assert checked(Shown(), Shown(90.0)) == "differs"
    assert checked(Shown(), Shown()) == "unchecked"


@pytest.mark.parametrize(
    ("minutes", "canvas", "own", "why"),
    [
        (5, Shown(90.0, None, 40.0), Shown(80.0, None, 35.0), "fresh"),
        (90, Shown(90.0, None, 40.0), Shown(80.0, None, 35.0), ""),
        (90, Shown(90.0, None, 90.0), Shown(80.0, None, 35.0), "by_hand"),
        (90, Shown(90.0, None, 90.0), Shown(80.0, None, 80.0), ""),  # all is graded: no telling
        (None, Shown(), Shown(80.0, None, 80.0), ""),
    ],
)
def test_why_a_difference_is_normal(minutes, canvas, own, why):
    at = NOW - timedelta(minutes=minutes) if minutes else None
    look = ItemBuilder("https://canvas.example.edu", {}, {}, NOW)
    work = assignment("1", 5.0, posted=False)
    work.submission.posted_at = at
    rows = (grade_row(work, Course(id="7"), look),)

    assert why_other(GradesPage(now=NOW, canvas=canvas, rows=rows), own) == why


def test_scheme_as_far_as_it_can_be_read():
    found = Course(id="7", grading_scheme=[["A", 0.9], ["B", 1], ["C"], None, [3, 0.1]])

    assert scheme_of(found) == [("A", D("0.9")), ("B", D(1))]
    assert scheme_of(Course(id="7")) == []
    assert scheme_of(Course(id="7", grading_scheme=[["A", 0.93999999]])) == [("A", D("0.94"))]


def test_only_a_scheme_based_on_points_has_a_scale():
    """A scheme by percentages comes with a factor of 1 (lib/api/v1/course.rb)."""
    by_points = Course(id="7", points_based_grading_scheme=True, scaling_factor=4.0)

    assert scale_of(by_points) == 4
    assert scale_of(Course(id="7", points_based_grading_scheme=False, scaling_factor=1.0)) is None
    assert scale_of(Course(id="7", points_based_grading_scheme=True)) is None


def test_part_of_each_piece_of_work():
    groups, periods = (Group("5", drop_lowest=1),), (Period("901", D(100)),)
    works = {
        "counted": Work("1", "5", D(10), D(9), period_id="901"),
        "ungraded": Work("3", "5", D(10), None, posted=False, period_id="901"),
        "excused": Work("4", "5", D(10), None, excused=True, period_id="901"),
        "review": Work("6", "5", D(10), D(3), pending_review=True, period_id="901"),
        "omitted": Work("7", "5", D(10), D(3), counts=False, period_id="901"),
        "outside": Work("8", "5", D(10), D(3)),
    }
    book = Book(tuple(works.values()), groups, periods=periods)

    total = current(book)

    assert {name: part_of(work, book, total) for name, work in works.items()} == {
        name: name for name in works
    }


# What is typed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8.5", D("8.5")),
        ("8,5", D("8.5")),
        ("85 %", D(85)),
        ("\u22123", D(-3)),
        ("", None),
        ("ten", None),
        ("NaN", None),
        ("Infinity", None),
    ],
)
def test_numbers_as_people_type_them(text, value):
    assert typed(text) == value


def test_wanted_of_a_query():
    given = [("period", "902"), ("s5", " 8 "), ("s6", ""), ("goal", "90"), ("q", "x")]

    assert WhatIf.from_query(MultiDict(given)) == WhatIf("902", {"5": "8"}, "90")


@pytest.mark.parametrize(
    ("fields", "own", "expected"),
    [
        ({}, {}, False),
        ({"lock_at": NOW + timedelta(1)}, {}, False),
        ({"lock_at": NOW - timedelta(1)}, {}, True),
        ({"lock_at": NOW - timedelta(1)}, {"submitted_at": NOW - timedelta(2)}, False),
        ({"lock_at": NOW - timedelta(1)}, {"workflow_state": "graded"}, False),
    ],
)
def test_closed_work_cannot_help(fields, own, expected):
    assert closed(assignment(posted=False, submission=own, **fields), NOW) is expected


def test_worth_follows_the_groups():
    parts = [group(assignment("1"), assignment("2", points=30.0), group_weight=50)]
    other = AssignmentGroup(id="2", group_weight=20, assignments=[assignment("3")])
    periods = [GradingPeriod(id="901", weight=30), GradingPeriod(id="902", weight=20)]
    in_period = {"1": "901", "2": "901", "3": "902"}
    for part in (*parts, other):
        for each in part.assignments:
            each.submission.grading_period_id = in_period[each.id]
    by_weight = Course(id="7", apply_assignment_group_weights=True)
    by_period = Course(id="7", has_weighted_grading_periods=True)

    def worth(course, groups, *period):
        return {
            id_: float(s) for id_, s in shares(book_of(course, groups, periods), *period).items()
        }

    assert worth(Course(id="7"), parts) == {"1": 25.0, "2": 75.0}
    # A weight below 100 is scaled up, as in the total.
    assert worth(by_weight, parts) == {"1": 25.0, "2": 75.0}
    assert worth(by_weight, [*parts, AssignmentGroup(id="2", group_weight=50)]) == {
        "1": 25.0,
        "2": 75.0,
    }
    assert worth(by_period, [*parts, other]) == {"1": 15.0, "2": 45.0, "3": 40.0}
    assert worth(by_period, [*parts, other], "901") == {"1": 25.0, "2": 75.0}


def test_history_has_one_point_a_day():
    works = {}
    for id_, score, hours in (("1", 5.0, 50), ("2", 10.0, 49), ("3", 9.0, 1)):
        works[id_] = assignment(id_, score)
        works[id_].submission.posted_at = NOW - timedelta(hours=hours)
    works["4"] = assignment("4", 1.0, posted=False)
    book = book_of(Course(id="7"), [group(*works.values())], [])

    look = ItemBuilder("https://canvas.example.edu", {}, {}, NOW)
    rows = [submission_row(a.submission, a, Course(id="7"), look) for a in works.values()]

    found = history(book, None, rows, Person(time_zone="America/Denver"))

    assert found == ((NOW - timedelta(hours=49), 75.0), (NOW - timedelta(hours=1), 80.0))
    assert found[-1][1] == float(current(book).percent)


# Laid out without a network, a thread or a clock


def asked_of(*assignments, course=None, **more):
    """What Canvas answered a student about a course with one group of work."""
    mine = student(computed_current_score=80.0, computed_final_score=40.0)
    found = course or Course(id="7", name="Biology", enrollments=[mine])
    return AskedGrades(
        canvas_url="https://canvas.example.edu",
        course=found,
        groups=[group(*assignments)],
        sources=(Source("course", "fresh", NOW), Source("assignments", "fresh", NOW)),
        **more,
    )


def test_page_works_out_what_canvas_says():
    page = lay_out(asked_of(assignment("1", 8.0), assignment("2", posted=False)), WhatIf(), NOW)

    assert (page.check, page.own) == ("agrees", Shown(80.0, None, 40.0))
    assert [(row.submission.title, row.part, row.share) for row in page.rows] == [
        ("Work 1", "counted", 50.0),
        ("Work 2", "ungraded", 50.0),
    ]
    assert page.history == ((NOW - timedelta(1), 80.0),)
    assert page.complete


def test_tried_scores_change_the_total_and_no_grade():
    asked = asked_of(assignment("1", 8.0), assignment("2", posted=False))

    page = lay_out(asked, WhatIf(scores={"2": "10", "99": "1", "1": "x"}, goal="90"), NOW)

    assert page.what_if == Shown(90.0, None, 90.0)
    assert page.canvas == Shown(80.0, None, 40.0)
    assert [row.submission.assignment_id for row in page.tried] == ["2"]
    assert [problem.about for problem in page.problems] == ["Work 1"]
    assert (page.aim.state, page.aim.open_work) == ("certain", 0)


def test_nothing_is_worked_out_from_a_part():
    page = lay_out(asked_of(assignment("1", 8.0), whole=False), WhatIf(scores={"1": "9"}), NOW)

    assert (page.why_not, page.own, page.what_if, page.history) == ("incomplete", None, None, ())
    assert [row.submission.score for row in page.rows] == [8.0]


def test_other_period_has_its_own_total_and_work():
    mine = student(computed_current_score=80.0, current_grading_period_id="902")
    by_period = Course(id="7", enrollments=[mine], has_grading_periods=True)
    works = [assignment("1", 6.0, due_at=NOW - timedelta(40)), assignment("2", 9.0, due_at=NOW)]
    asked = asked_of(
        *works,
        course=by_period,
        periods=HALVES,
        named=HALVES,
        period_totals=Grades(current_score=60.0, final_score=60.0),
    )

    page = lay_out(asked, WhatIf(period="901"), NOW)

    assert (page.basis, page.canvas, page.check) == ("First", Shown(60.0, None, 60.0), "agrees")
    assert [row.submission.title for row in page.rows] == ["Work 1"]
    assert [(choice.current, choice.chosen) for choice in page.periods] == [
        (False, True),
        (True, False),
    ]


# Against the stand-in Canvas


@pytest.mark.parametrize(
    ("who", "id_"),
    [
        ("dozen", "4101"),
        ("teacher", "4101"),
        ("ta", "4101"),
        ("observer", "4101"),
        ("hostile", "6001"),
    ],
)
def test_everybody_has_pages(sources_of, who, id_):
    page = grades(sources_of(who), id_)

    assert page.complete
    assert msgspec.json.encode(page)


def test_course_page_has_all_periods_and_more(sources_of):
    page = course(sources_of("dozen"), "4101")

    assert page.period == EVERY_PERIOD
    assert {row.submission.assignment_id for row in page.rows} == {
        row.submission.assignment_id for part in page.groups for row in part.rows
    }
    assert page.teachers == ("Helen Okonkwo",)
    assert page.syllabus
    assert page.course.name == "Biology 101"


def test_totals_of_a_period_that_canvas_does_not_tell(sources_of):
    assert read_period_totals(sources_of("dozen"), "4103", "1", "1") is None
    assert stated_grades(Course(id="4103"), None) == ("not_available", Shown())


def test_round_trips(sources_of, canvas):
    """The course, then the rest at once; a past period's totals come third."""
    grades(sources_of("dozen"), "4101", WhatIf(period="901"))

    calls = canvas.stats()["calls"]
    asked = {route: sum(by.values()) for route, by in calls.items() if "courses" in route}
    assert asked == {
        "GET /api/v1/courses/:id": 1,
        "GET /api/v1/courses/:course_id/assignment_groups": 1,
        "GET /api/v1/courses/:course_id/grading_periods": 1,
        "GET /api/v1/courses/:course_id/enrollments": 1,
    }
