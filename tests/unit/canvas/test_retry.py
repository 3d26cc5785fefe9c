"""How long a client tries again."""

from canvas_app.canvas.retry import RetryPolicy


def test_pauses_grow_to_their_limit():
    policy = RetryPolicy(9, 9, first_pause=1.0, longest_pause=8.0, give_up_after=100.0)

    assert all(0 <= policy.pause(1) <= 1 for _ in range(50))
    assert all(0 <= policy.pause(3) <= 4 for _ in range(50))
    assert all(0 <= policy.pause(5000) <= 8 for _ in range(50))
    assert max(policy.pause(9) for _ in range(200)) > 4
