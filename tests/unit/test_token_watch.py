"""What the latest calls of a token endpoint say about the next one."""

import pytest

from canvas_app.canvas.errors import CanvasError, Unavailable
from canvas_app.canvas.oauth import InvalidClient, InvalidGrant
from canvas_app.token_watch import BELIEVED, TokenWatch

AWAY = Unavailable("Canvas could not be reached.")
WRONG_KEY = InvalidClient("unknown client")


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ([], None),
        ([AWAY], None),
        ([AWAY, AWAY], AWAY),
        ([WRONG_KEY, WRONG_KEY], WRONG_KEY),
        ([AWAY, None, AWAY], None),
        ([AWAY, AWAY, InvalidGrant("no such code")], None),
    ],
)
def test_two_failures_in_a_row_tell(
    heard: list[CanvasError | None], expected: CanvasError | None
) -> None:
    watch = TokenWatch()
    for error in heard:
        watch.heard(error)

    assert watch.failing() is expected


def test_somebody_may_try_again_after_a_while() -> None:
    now = [0.0]
    watch = TokenWatch(clock=lambda: now[0])
    for _ in range(2):
        watch.heard(AWAY)

    now[0] = BELIEVED

    assert watch.failing() is None
