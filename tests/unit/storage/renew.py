"""A process that asks for a new token of a grant, as a worker of Easel would."""

import json
import sys

from canvas_app.canvas.errors import CanvasError
from canvas_app.canvas.oauth import TokenEndpoint
from canvas_app.storage.storage import Storage

if __name__ == "__main__":
    asked = json.loads(sys.stdin.readline())
    storage = Storage(asked["database"], [asked["key"]], lease=asked["lease"])
    endpoint = TokenEndpoint(
        asked["url"], asked["client_id"], asked["client_secret"], time_limit=asked["limit"]
    )
    credentials = storage.credentials(asked["grant"], endpoint)
    try:
        told = credentials.renewed(asked["rejected"])
    except CanvasError as fault:
        told = type(fault).__name__
    sys.stdout.write(told + "\n")
    storage.close()
