"""The person's work: which calls read it, and items from their answers."""

from datetime import UTC, date, datetime, timedelta

from canvas_app.canvas.models import Assignment, AssignmentGroup, Course, Plannable, PlannerItem
from canvas_app.domain.calendar import Person
from canvas_app.services.own_work import WorkAnswers, start_calendar, start_groups, start_work
from canvas_app.services.planner_calls import asked_days

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_items_have_the_persons_day_and_their_weight():
    plan = PlannerItem(
        plannable_id="1",
        plannable_type="assignment",
        plannable_date=NOW + timedelta(hours=1),
        plannable=Plannable(title="Essay"),
        course_id="4",
    )
    essay = Assignment(id="1", course_id="4", name="Essay", points_possible=10)
    other = Assignment(id="2", course_id="4", name="Quiz", points_possible=30)
    work = WorkAnswers(
        me=Person(time_zone="Pacific/Auckland"),
        courses={"4": Course(id="4", name="Biology")},
        colors={"4": "#123456"},
        planner=(plan,),
        groups=(AssignmentGroup(id="7", assignments=[essay, other]),),
    )

    (item,) = work.with_days(work.merged(NOW))

    assert (item.day, item.weight) == (date(2026, 11, 27), 25.0)
    assert (item.course_name, item.color) == ("Biology", "#123456")
    assert {each.id for each in work.merged(NOW, work.groups)} == {"1"}


def test_answers_hold_what_came_and_how_it_stands(sources_of):
    sources = sources_of("teacher")
    calls = start_work(sources, *asked_days("", sources.now()))

    work = calls.answers(sources, {course.id: course for course in calls.courses.rows()})

    assert [source.name for source in work.sources] == [
        *("courses", "planner", "activity", "todo", "missing", "profile", "colors"),
    ]
    assert work.me.name
    assert work.grading(sources.now())


def test_nothing_to_ask_for_starts_nothing(sources_of):
    sources = sources_of("newcomer")

    assert start_calendar(sources, [], {}) is None
    assert start_groups(sources, []) is None
    assert sources.states() == ()
