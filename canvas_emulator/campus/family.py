"""A family: two parents, three children with eight courses each, two observers of nobody.

Each child's comments, notes and scores name or mark that child, so that a mixture is seen.
"""

from .builder import Builder
from .chance import scatter
from .courses import Course
from .coursework import Assignment, Submission
from .happenings import Note

MOTHER, FATHER, NADIA, YUSUF, SALMA, UNPAIRED, GUARDIAN = range(21, 28)
CHILDREN = (NADIA, YUSUF, SALMA)
SHARED_COURSE_ID = 8101
EVENING_COURSE_ID = 8130
FIRST_TEACHER, FIRST_CLASSMATE = 81, 1801
SUBJECTS = {
    NADIA: (
        "Physics 11",
        "Calculus",
        "World Literature",
        "French",
        "Chemistry 11",
        "Drawing",
        "Economics",
    ),
    YUSUF: ("Geometry", "Biology 9", "English 9", "Spanish", "Civics", "Design", "History 9"),
    SALMA: ("Mathematics 6", "Science 6", "Reading", "Social Studies", "Music", "Health", "Art"),
}
ENDED = {NADIA: "Summer Physics", YUSUF: "Summer Chess", SALMA: "Summer Swimming"}
LETTERS, HIDDEN = ("Reading", "Health"), ("Geometry", "Civics", "Spanish")
"""Courses that show letters only, and those that hide their totals (all of one child)."""


def raise_family(build: Builder) -> None:
    """Build the family. Their courses are nobody else's, so nobody else's data changes."""
    _members(build)
    shared = _course(build, SHARED_COURSE_ID, "School Newspaper", CHILDREN)
    _shared_work(build, shared)
    for place, child in enumerate(CHILDREN):
        for number, subject in enumerate(SUBJECTS[child]):
            _studies(build, _course(build, 8102 + 8 * place + number, subject, (child,)), child)
        ended = _course(build, 8126 + place, ENDED[child], (child,), term="past")
        _does(build, build.work(ended, "Certificate", -220), child, -220, 8 + place)
    _evening_course(build)
    _links(build)
    _own_things(build)


def _members(build: Builder) -> None:
    build.person(MOTHER, "mother", "Leila Haddad", "observer")
    build.person(
        FATHER, "father", "Omar Haddad", "observer", "student", time_zone="America/New_York"
    )
    build.person(NADIA, "nadia", "Nadia Haddad", "student")
    build.person(YUSUF, "yusuf", "Yusuf Haddad", "student")
    build.person(SALMA, "salma", "Salma Haddad", "student")
    build.person(UNPAIRED, "unpaired", "Ruth Silva", "observer")
    build.person(GUARDIAN, "guardian", "Petra Novak", "observer")
    build.others(FIRST_TEACHER, 6, "teacher")


def _course(
    build: Builder, course_id: int, name: str, children: tuple[int, ...], *, term: str = "now"
) -> Course:
    code = "".join(word[:4].upper() for word in name.split())
    course = build.course(
        course_id,
        name,
        f"{code}-{course_id % 100:02d}",
        term=term,
        hide_final_grades=name in HIDDEN,
        restrict_quantitative_data=name in LETTERS,
        grading_standard=name in LETTERS,
    )
    build.enrol(course, FIRST_TEACHER + course_id % 6, "Teacher")
    build.enrol(course, children)
    build.enrol(course, build.others(FIRST_CLASSMATE, 6))
    return course


def _studies(build: Builder, course: Course, child: int) -> None:
    """Add work of every common status, at other days and with other scores in each course."""
    shift = course.id % 5
    scores = [6 + scatter(course.id, place) % 9 / 2 for place in range(4)]
    for number, day in enumerate((-38 + shift, -24 + shift)):
        _does(build, build.work(course, f"Unit test {number + 1}", day), child, day, scores[number])
    # Its grade was given and posted lately, though it was due long ago.
    late = build.work(course, "Portfolio", -52 + shift, points_possible=20)
    build.graded(build.hands_in(late, child, -51 + shift), 2 * scores[2], -2 - shift)
    recent = build.work(course, "Homework 3", -8 + shift)
    row = _does(build, recent, child, -8 + shift, scores[3])
    build.comments(row, _teacher(build, course), _marker(build, child), -1)
    build.hands_in(build.work(course, "Worksheet", -2, kind="url"), child, -3)
    if shift == 1:
        build.hands_in(build.work(course, "Reading log", -4), child)  # missing
    if shift == 3:
        exam = build.work(course, "Oral exam", -6, kind="paper", post_manually=True)
        build.graded(build.hands_in(exam, child), 7, -2)  # graded, not posted
    build.work(course, "Quiz", 1 + shift, kind="quiz", points_possible=12)
    build.work(course, "Project", 8 + shift, points_possible=30)
    build.work(course, "Journal", None, points_possible=5)
    if shift == 0:
        build.announces(course, f"News of {course.name}", "<p>Bring a pencil.</p>", -2)
        build.happens(f"Trip of {course.name}", 3, 9, hours=4, course_id=course.id)


def _shared_work(build: Builder, course: Course) -> None:
    """Add work that all three do: other scores, other due dates, other statuses for each."""
    column = build.work(course, "Column", -7, points_possible=100)
    for child, score in zip(CHILDREN, (91, 72, 53), strict=True):
        row = _does(build, column, child, -7, score)
        build.comments(row, _teacher(build, course), _marker(build, child), -3)
    interview = build.work(course, "Interview", 4, points_possible=50)
    interview.due_dates |= {YUSUF: build.due(5), SALMA: build.due(6)}
    photo = build.work(course, "Photo essay", -3, points_possible=10)
    build.hands_in(photo, NADIA, -4)
    build.hands_in(photo, YUSUF)  # missing
    build.hands_in(photo, SALMA, excused=True)
    only = build.work(course, "Editor's test", 2, only_for=frozenset({NADIA}))
    build.work(course, "Layout", 9, kind="paper", points_possible=only.points_possible)
    build.announces(course, "The next issue", "<p>Pages are due on Friday.</p>", -1)
    build.happens("Editorial meeting", 1, 15, course_id=course.id)


def _evening_course(build: Builder) -> None:
    course = build.course(EVENING_COURSE_ID, "Evening Accounting", "ACCT-90")
    build.enrol(course, FIRST_TEACHER, "Teacher")
    build.enrol(course, FATHER)
    done = build.work(course, "Ledger 1", -10, points_possible=40)
    _does(build, done, FATHER, -10, 37)
    build.hands_in(build.work(course, "Ledger 2", -2, points_possible=40), FATHER)
    build.work(course, "Ledger 3", 3, points_possible=40)


def _links(build: Builder) -> None:
    """Link mother to all three and father to two; the guardian's link to Salma has ended.

    Canvas enrols a linked parent in all of the student's courses.
    """
    campus = build.campus
    watching = [(MOTHER, child) for child in CHILDREN] + [(FATHER, NADIA), (FATHER, YUSUF)]
    for parent, child in watching:
        campus.observees[parent].add(child)
        for course in _courses_of(build, child):
            build.enrol(course, parent, "Observer", associated_user_id=child)
    for course in _courses_of(build, SALMA):
        build.enrol(course, GUARDIAN, "Observer", state="deleted", associated_user_id=SALMA)
    build.enrol(campus.courses[SHARED_COURSE_ID], UNPAIRED, "Observer")


def _courses_of(build: Builder, child: int) -> list[Course]:
    campus = build.campus
    return [campus.courses[row.course_id] for row in campus.enrollments_of(child)]


def _own_things(build: Builder) -> None:
    """Add a note of each child's, which linked parents see, and what mother arranged."""
    for place, child in enumerate(CHILDREN):
        number = 90_101 + place
        made, text = build.at(-6, 9), _marker(build, child)
        build.campus.notes[number] = Note(
            number, child, f"Note of {text}", text, build.at(2 + place, 12), None, made, made
        )
    build.campus.nicknames[MOTHER][SHARED_COURSE_ID] = "Newspaper"
    build.campus.colours[MOTHER][f"course_{SHARED_COURSE_ID}"] = "#7a3e9d"


def _does(build: Builder, work: Assignment, child: int, day: int, score: float) -> Submission:
    """Let a student hand in the day before the work is due, and be graded two days after."""
    return build.graded(build.hands_in(work, child, day - 1), score, min(day + 2, -1))


def _teacher(build: Builder, course: Course) -> int:
    return build.campus.teachers_of(course.id)[0].id


def _marker(build: Builder, child: int) -> str:
    """Return a word that stands in one child's data and in nobody else's."""
    return f"marker-{build.campus.people[child].key}"
