"""Name who has not handed an assignment in. Usage: not_handed_in.py COURSE_ID ASSIGNMENT_ID"""

import os
import sys

from canvas_app.canvas import CanvasClient
from canvas_app.canvas.parameters import api_path

path = api_path("courses", sys.argv[1], "assignments", sys.argv[2], "submissions")
with CanvasClient(os.environ["CANVAS_URL"], os.environ["CANVAS_TOKEN"]) as canvas:
    # Never include read_status: asking for it marks what is read.
    submissions = canvas.paginate(path, params={"include": ["user"]})
    for row in submissions:
        if row["workflow_state"] == "unsubmitted" and not row.get("excused"):
            print(row["user_id"], (row.get("user") or {}).get("name", ""), sep="\t")
    if not submissions.complete:
        sys.exit(f"This may not be all: {submissions.why}")
