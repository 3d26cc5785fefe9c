"""Why Easel asks for each scope, for the security review before a school grants them."""

REASONS: dict[str, str] = {
    "url:GET|/api/v1/accounts": "who administers accounts, for /admin/setup and /admin/courses",
    "url:GET|/api/v1/accounts/:account_id/courses": (
        "for administrators: courses of their accounts, found by name"
    ),
    "url:GET|/api/v1/calendar_events": "events and due dates, undated work, checkpoints",
    "url:GET|/api/v1/courses": "the person's courses, terms, roles and totals",
    "url:GET|/api/v1/courses/:course_id/assignment_groups": "the assignments of a course by group",
    "url:GET|/api/v1/courses/:course_id/assignments": "assignments where Canvas drops includes",
    "url:GET|/api/v1/courses/:course_id/assignments/:assignment_id/submission_summary": (
        "for graders: how much of an assignment is handed in and graded"
    ),
    "url:GET|/api/v1/courses/:course_id/assignments/:assignment_id/submissions/:user_id": (
        "one's own submission with comments and rubric, or that of a student one observes"
    ),
    "url:GET|/api/v1/courses/:course_id/assignments/:id": "the page of one assignment",
    "url:GET|/api/v1/courses/:course_id/enrollments": (
        "one's own totals and ended enrollments; for graders the students of the class"
    ),
    "url:GET|/api/v1/courses/:course_id/grading_periods": "grading periods and their weights",
    "url:GET|/api/v1/courses/:course_id/group_categories": "for graders: names of sets of groups",
    "url:GET|/api/v1/courses/:course_id/groups": "for graders: names of groups of students",
    "url:GET|/api/v1/courses/:course_id/sections": "for graders: names of sections",
    "url:GET|/api/v1/courses/:course_id/students/submissions": (
        "one's own submissions in a course; for graders those of the class"
    ),
    "url:GET|/api/v1/courses/:id": "one course by its id, so that 403 and 404 are Canvas's own",
    "url:GET|/api/v1/groups/:group_id/users": "for graders: who is in the group they choose",
    "url:GET|/api/v1/planner/items": "the planner: work, notes, events and announcements by day",
    "url:GET|/api/v1/planner/overrides": "what the person has marked done",
    "url:GET|/api/v1/users/:id/colors": "the person's own colours of courses",
    "url:GET|/api/v1/users/:id/dashboard_positions": "the person's own order of courses",
    "url:GET|/api/v1/users/:user_id/enrollments": "courses that have ended for the person",
    "url:GET|/api/v1/users/:user_id/missing_submissions": "what Canvas calls missing",
    "url:GET|/api/v1/users/:user_id/observees": "the students linked to a parent, with their names",
    "url:GET|/api/v1/users/:user_id/profile": "name, time zone and language for dates",
    "url:GET|/api/v1/users/self/activity_stream": "new grades and comments of four weeks",
    "url:GET|/api/v1/users/self/todo": "what waits for the person's grading",
    "url:POST|/api/v1/planner/overrides": "marks a thing done when the person ticks it",
    "url:PUT|/api/v1/planner/overrides/:id": "takes such a mark back, or sets it again",
    "url:POST|/api/v1/planner_notes": "writes a note of the person's own",
    "url:PUT|/api/v1/planner_notes/:id": "changes such a note",
    "url:DELETE|/api/v1/planner_notes/:id": "deletes such a note",
    "url:POST|/api/v1/users/self/favorites/courses/:id": "makes a course a favourite",
    "url:DELETE|/api/v1/users/self/favorites/courses/:id": "takes a favourite back",
    "url:PUT|/api/v1/users/self/course_nicknames/:course_id": "gives a course a nickname",
    "url:DELETE|/api/v1/users/self/course_nicknames/:course_id": "takes a nickname back",
}
"""A reason by scope; for every member of ``canvas_app.canvas.api.SCOPES`` one."""
