"""The work of one child: the child's own dates and kinds, and nothing of a sibling's."""

from collections.abc import Callable
from datetime import UTC, datetime

from canvas_app.canvas.models import Assignment, CalendarEvent, Plannable, PlannerItem
from canvas_app.domain.children import Child
from canvas_app.services.children_calls import start_children
from canvas_app.services.children_work import ask_of_child, bare, with_kinds
from canvas_app.services.family import FamilyCalls, start_family
from canvas_app.services.own_work import WorkAnswers
from canvas_app.services.planner_calls import planner_slices
from canvas_app.sources.answer import Source
from canvas_app.sources.sources import Sources

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def test_source_of_a_child_counts_as_their_own() -> None:
    assert bare(Source("child planner: 23", "failed")).name == "planner: 23"
    assert bare(Source("courses", "fresh")).name == "courses"


def test_kinds_come_without_the_dates_of_siblings() -> None:
    """Only work on the child's planner: the calendar lists that of all children."""
    paper = Assignment(id="7", submission_types=["on_paper"], due_at=NOON, lock_at=NOON)
    others = Assignment(id="8", submission_types=["online_url"])
    plan = PlannerItem(
        plannable_id="7", plannable_type="assignment", plannable=Plannable(title="Exam")
    )
    events = [CalendarEvent(id=f"assignment_{w.id}", assignment=w) for w in (paper, others)]

    found = with_kinds(WorkAnswers(planner=[plan], child=Child("23", "Nadia")), events)

    (event,) = found.calendar
    assert event.assignment is not None
    assert (event.assignment.id, event.assignment.due_at) == ("7", None)
    assert event.assignment.submission_types == ["on_paper"]


def test_one_child_is_asked_about_alone(sources_of: Callable[..., Sources]) -> None:
    sources = sources_of("mother")
    now = sources.now()
    slices = planner_slices(now.date(), now.date(), now)

    def start(courses):
        family: FamilyCalls = start_family(sources, courses, "24")
        return start_children(sources, family, slices, lately=True)

    me, children = ask_of_child(sources, now, start)

    (work,) = children.work
    assert work.child == Child("24", "Yusuf Haddad")
    assert set(work.courses) < set(me.courses)
    assert {source.status for source in me.sources} == {"fresh"}
    named = [source for source in me.sources if source.name == "child planner: 24"]
    assert [source.about for source in named] == ["Yusuf Haddad"]
    assert not any("23" in source.name for source in me.sources)
