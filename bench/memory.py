"""Measure how much a process grows while it streams many rows; it runs as its own program."""

import sys
from pathlib import Path

from bench.others import canvasapi_users, plain_rows
from canvas_app.canvas.client import CanvasClient

USERS = "/api/v1/accounts/1/users"


def resident() -> int:
    """Return the bytes of this process in memory (Linux: proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main(who: str, url: str, token: str, rows: int) -> None:
    """Print the number of rows read and the growth in bytes."""
    with CanvasClient(url, token, per_page=100) as canvas:
        canvas.get("/api/v1/users/self")
        start = most = resident()
        read = 0
        if who == "easel":
            for _ in canvas.paginate(USERS, max_pages=rows):
                read += 1
                if read % 5000 == 0:
                    most = max(most, resident())
        elif who == "plain":
            read = plain_rows(url, token, USERS, pages=rows // 100)
        else:
            read = canvasapi_users(url, token, pages=rows // 100)
    print(read, max(most, resident()) - start)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
