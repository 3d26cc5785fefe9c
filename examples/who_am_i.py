"""Say whose token this is: the first thing to try. CANVAS_URL and CANVAS_TOKEN are read."""

import os

from canvas_app.canvas import CanvasClient

with CanvasClient(os.environ["CANVAS_URL"], os.environ["CANVAS_TOKEN"]) as canvas:
    me = canvas.get("/api/v1/users/self")
    print(me["id"], me["name"])
