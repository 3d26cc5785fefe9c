"""Who needs attention: rules a teacher sees and sets, and why a student meets one."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from canvas_app.domain.queries import Query

WEEKS_BACK = timedelta(days=14)


@dataclass(frozen=True)
class AttentionRules:
    """When a student needs attention; None switches a rule off.

    At least so many ``missing``; a current score ``below``; ``idle`` days without activity; a
    current score that ``fell`` by so many points in two weeks.
    """

    missing: int | None = 2
    below: float | None = 70.0
    idle: int | None = 7
    fell: float | None = 10.0

    @classmethod
    def from_query(cls, args: Query, kept: Mapping[str, str] | None = None) -> "AttentionRules":
        """Read missing, below, idle and fell, from the address or else from what was ``kept``.

        An empty value switches a rule off; a value that is not a number leaves it unchanged.
        """
        given = dict(kept or {}) | dict(args.items())
        found: dict[str, float | int | None] = {}
        for field in fields(cls):
            text = given.get(field.name)
            if text is None:
                continue
            value = positive(text)
            if value is not None or not text.strip():
                whole = field.name in ("missing", "idle")
                found[field.name] = int(value) if whole and value is not None else value
        return cls(**found)  # type: ignore[arg-type]

    def kept(self) -> dict[str, str]:
        """Return the rules as text that can be stored and read again."""
        return {
            field.name: "" if (value := getattr(self, field.name)) is None else f"{value:g}"
            for field in fields(self)
        }


def positive(text: str) -> float | None:
    """Return a number from 0 to 1000, or None."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if 0 <= value <= 1000 else None


def reasons(
    rules: AttentionRules,
    *,
    missing: int,
    score: float | None,
    last_activity_at: datetime | None,
    activity_known: bool,
    fell: float | None,
    now: datetime,
) -> tuple[str, ...]:
    """Return why a student needs attention, in words; empty when no rule is met."""
    found = []
    if rules.missing is not None and missing >= max(1, rules.missing):
        found.append(f"{missing} missing")
    if rules.below is not None and score is not None and score < rules.below:
        found.append(f"current score {score:g} %")
    if rules.idle is not None and activity_known:
        if last_activity_at is None:
            found.append("no activity so far")
        elif (days := (now - last_activity_at).days) >= max(1, rules.idle):
            found.append(f"no activity for {days} days")
    if rules.fell is not None and fell is not None and fell >= max(0.01, rules.fell):
        found.append(f"fell {fell:g} points in 2 weeks")
    return tuple(found)
