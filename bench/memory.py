"""How much a process grows while it streams many rows; run as a program of its own."""

import sys
from pathlib import Path

from canvas_app.canvas.client import CanvasClient


def resident() -> int:
    """Bytes of this process in memory now (Linux: proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def main(url: str, token: str, rows: int) -> None:
    with CanvasClient(url, token, per_page=100) as canvas:
        canvas.get("/api/v1/users/self")
        start = most = resident()
        read = 0
        for _ in canvas.paginate("/api/v1/accounts/1/users", max_pages=rows):
            read += 1
            if read % 5000 == 0:
                most = max(most, resident())
            if read >= rows:
                break
    print(read, most - start)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
