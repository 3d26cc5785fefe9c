"""The rules of attention that teachers keep, one set for each of their courses."""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from canvas_app.storage.database import reading
from canvas_app.storage.schema import class_rules, grants
from canvas_app.storage.seal import Owner


class RuleStore:
    """The rules in a database. They outlive a sign-out and are found at the next sign-in."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._clock = clock

    def kept(self, owner: Owner, course_id: str) -> dict[str, str]:
        """Return a person's rules for a course; empty when they have set none."""
        with self._reading.connect() as connection:
            found = connection.execute(
                sa.select(class_rules.c.rules).where(*_of(owner, course_id))
            ).scalar_one_or_none()
        return json.loads(found) if found else {}

    def keep(self, owner: Owner, course_id: str, rules: Mapping[str, str]) -> None:
        """Replace a person's rules for a course."""
        values = {"rules": json.dumps(dict(rules)), "kept_at": self._clock()}
        for _ in range(2):
            try:
                with self._engine.begin() as connection:
                    change = class_rules.update().where(*_of(owner, course_id)).values(**values)
                    if not connection.execute(change).rowcount:
                        key = dict(
                            zip(("environment", "user_id", "real_user_id"), owner, strict=True)
                        )
                        row = key | {"course_id": course_id} | values
                        connection.execute(class_rules.insert().values(**row))
                return
            except sa.exc.IntegrityError:
                continue  # another tab has just stored the first ones; these replace them

    def count(self, owner: Owner) -> int:
        """Return for how many courses a person has set rules."""
        with self._reading.connect() as connection:
            return connection.execute(
                sa.select(sa.func.count()).select_from(class_rules).where(*_of(owner))
            ).scalar_one()

    def forget(self, owners: Collection[Owner]) -> None:
        """Delete all rules of these people."""
        with self._engine.begin() as connection:
            for owner in owners:
                connection.execute(class_rules.delete().where(*_of(owner)))

    def forget_user(self, environment: str, user_id: int) -> int:
        """Delete a Canvas user's rules, also those set while acting as others; return how many."""
        theirs = sa.or_(class_rules.c.user_id == user_id, class_rules.c.real_user_id == user_id)
        with self._engine.begin() as connection:
            return connection.execute(
                class_rules.delete().where(class_rules.c.environment == environment, theirs)
            ).rowcount

    def retire(self, before: datetime) -> None:
        """Delete the rules set before a moment by people who have no grant left."""
        grant = sa.select(grants.c.id).where(
            grants.c.environment == class_rules.c.environment,
            grants.c.user_id == class_rules.c.user_id,
            grants.c.real_user_id == class_rules.c.real_user_id,
        )
        with self._engine.begin() as connection:
            connection.execute(
                class_rules.delete().where(class_rules.c.kept_at < before, ~grant.exists())
            )


def _of(owner: Owner, course_id: str | None = None) -> list[sa.ColumnElement[bool]]:
    environment, user_id, real_user_id = owner
    found = [
        class_rules.c.environment == environment,
        class_rules.c.user_id == user_id,
        class_rules.c.real_user_id == real_user_id,
    ]
    return found if course_id is None else [*found, class_rules.c.course_id == course_id]
