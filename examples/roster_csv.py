"""Write the students of a course as CSV. Usage: roster_csv.py COURSE_ID (or sis_course_id:...)"""

import csv
import os
import sys

from canvas_app.canvas import CanvasClient
from canvas_app.canvas.parameters import api_path

path = api_path("courses", sys.argv[1], "users")
params = {"enrollment_type": ["student"], "include": ["enrollments"]}
table = csv.writer(sys.stdout)
with CanvasClient(os.environ["CANVAS_URL"], os.environ["CANVAS_TOKEN"]) as canvas:
    students = canvas.paginate(path, params=params)
    table.writerow(["id", "name", "enrollments"])
    for student in students:
        kinds = {each["type"] for each in student.get("enrollments", ())}
        table.writerow([student["id"], student["name"], " ".join(sorted(kinds))])
    if not students.complete:
        sys.exit(f"This may not be all: {students.why}")
