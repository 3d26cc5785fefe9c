"""Who needs attention: the rules, and the reasons."""

from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from canvas_app.domain.attention import AttentionRules, reasons

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def why(rules: AttentionRules | None = None, **facts: Any) -> tuple[str, ...]:
    given: dict[str, Any] = {
        "missing": 0,
        "score": 90.0,
        "last_activity_at": NOW,
        "activity_known": True,
        "fell": None,
    }
    return reasons(rules or AttentionRules(), **(given | facts), now=NOW)


def test_each_rule_has_its_words() -> None:
    assert why() == ()
    assert why(missing=2) == ("2 missing",)
    assert why(score=69.99) == ("current score 69.99 %",)
    assert why(score=70.0) == why(score=None) == ()
    assert why(last_activity_at=NOW - timedelta(days=7)) == ("no activity for 7 days",)
    assert why(last_activity_at=None) == ("no activity so far",)
    assert why(last_activity_at=None, activity_known=False) == ()
    assert why(fell=12.5) == ("fell 12.5 points in 2 weeks",)
    assert len(why(missing=9, score=1.0, fell=50.0)) == 3


def test_rules_are_read_kept_and_switched_off() -> None:
    read = AttentionRules.from_query
    assert read(MultiDict()) == AttentionRules(2, 70.0, 7, 10.0)
    off = read(MultiDict([("missing", ""), ("below", " "), ("idle", ""), ("fell", "")]))
    assert off == AttentionRules(None, None, None, None)
    assert why(off, missing=9, score=1.0, last_activity_at=None, fell=50.0) == ()
    odd = read(MultiDict([("missing", "x"), ("below", "nan"), ("idle", "-1"), ("fell", "2,5")]))
    assert odd == AttentionRules(2, 70.0, 7, 2.5)
    assert read(MultiDict(), odd.kept()) == odd
    assert read(MultiDict([("fell", "4")]), off.kept()) == AttentionRules(None, None, None, 4.0)
