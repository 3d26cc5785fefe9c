"""Rules of attention in the database: each person's own, kept beyond a sign-out, and deleted."""

from dataclasses import replace
from datetime import timedelta

from canvas_app.storage.storage import Storage
from tests.unit.storage.conftest import Clock, Scripted
from tests.unit.storage.test_retention import BEN
from tests.unit.storage.test_storage import ADA, enter, entered

RULES = {"missing": "3", "below": "", "idle": "7", "fell": "12.5"}


def test_each_persons_and_courses_own(storage: Storage) -> None:
    storage.rules.keep(ADA.owner, "1", {"missing": "1"})
    storage.rules.keep(ADA.owner, "1", RULES)
    storage.rules.keep(BEN.owner, "1", {"missing": "9"})

    assert storage.rules.kept(ADA.owner, "1") == RULES
    assert storage.rules.kept(ADA.owner, "2") == {}
    assert storage.rules.kept(replace(ADA, real_user_id=BEN.user_id).owner, "1") == {}
    assert [storage.rules.count(who.owner) for who in (ADA, BEN)] == [1, 1]


def test_they_outlive_a_sign_out(storage: Storage, clock: Clock) -> None:
    secret = enter(storage, clock)
    storage.rules.keep(ADA.owner, "1", RULES)
    storage.sign_out(secret, lambda _: Scripted())

    assert storage.rules.kept(ADA.owner, "1") == RULES


def test_deleting_everything_deletes_them(storage: Storage, clock: Clock) -> None:
    grant_id = entered(storage, enter(storage, clock)).grant_id
    described = storage.describe(grant_id)
    assert described is not None
    assert described.courses_with_rules == 0
    for who in (ADA, BEN):
        storage.rules.keep(who.owner, "1", RULES)

    storage.delete_everything(grant_id, lambda _: Scripted())

    assert storage.rules.kept(ADA.owner, "1") == {}
    assert storage.rules.kept(BEN.owner, "1") == RULES


def test_operator_forgets_who_has_no_grant(storage: Storage) -> None:
    """Also the rules they set while acting as somebody else."""
    acting = replace(BEN, real_user_id=ADA.user_id, real_user_name=ADA.user_name)
    for who in (ADA, BEN, acting):
        storage.rules.keep(who.owner, "1", RULES)

    assert storage.forget(ADA.environment, ADA.user_id, lambda _: Scripted()) == 0

    assert storage.rules.kept(ADA.owner, "1") == storage.rules.kept(acting.owner, "1") == {}
    assert storage.rules.kept(BEN.owner, "1") == RULES
    assert storage.forget(ADA.environment, ADA.user_id, lambda _: Scripted()) is None


def test_unused_ones_end_with_the_retention(storage: Storage, clock: Clock) -> None:
    """While the person has a grant, they stay, however old they are."""
    storage.rules.keep(ADA.owner, "1", RULES)
    storage.rules.keep(BEN.owner, "1", RULES)
    clock.advance(days=29)
    enter(storage, clock)
    assert storage.rules.kept(BEN.owner, "1") == RULES
    clock.advance(days=2)

    storage.rules.retire(clock() - timedelta(days=30))

    assert storage.rules.kept(ADA.owner, "1") == RULES
    assert storage.rules.kept(BEN.owner, "1") == {}
