"""List all of one's courses with their terms; exit with 1 if the list may not be whole."""

import os
import sys

from canvas_app.canvas import CanvasClient

with CanvasClient(os.environ["CANVAS_URL"], os.environ["CANVAS_TOKEN"]) as canvas:
    courses = canvas.paginate("/api/v1/courses", params={"include": ["term"]})
    for course in courses:
        # A course that is closed to the person now has an id and nothing else.
        term = (course.get("term") or {}).get("name", "")
        print(course["id"], course.get("name", "(closed)"), term, sep="\t")
    if not courses.complete:
        sys.exit(f"This may not be all: {courses.why}")
