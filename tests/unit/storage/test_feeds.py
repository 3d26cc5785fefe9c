"""Calendar feeds in the database: hashed secrets, one visitor at a time, grants kept alive."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from canvas_app.storage.feeds import (
    MOST_FEEDS,
    REST,
    UNFETCHED_FEED_LIVES,
    Feed,
    FeedContents,
    NoFeed,
)
from canvas_app.storage.schema import feeds, grants, outbox
from canvas_app.storage.seal import SealBroken
from canvas_app.storage.storage import Storage
from tests.unit.storage.conftest import KEY, Clock, Scripted
from tests.unit.storage.test_outbox import unavailable
from tests.unit.storage.test_storage import (
    ADA,
    count,
    enter,
    entered,
    full,
    token,
)

ALL = FeedContents(("work", "event", "note"))
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def fed(storage: Storage, clock: Clock, wanted: FeedContents = ALL) -> tuple[str, int, str]:
    """A person signed in, with a feed: sign-in secret, grant, feed secret."""
    browser = enter(storage, clock)
    grant_id = entered(storage, browser).grant_id
    return browser, grant_id, storage.feeds.make(grant_id, "Phone", wanted)


def found(storage: Storage, secret: str) -> Feed:
    feed = storage.feeds.find(secret)
    assert feed is not None
    return feed


class TestMaking:
    def test_label_the_database_would_not_take(self, storage: Storage, clock: Clock) -> None:
        grant_id = entered(storage, enter(storage, clock)).grant_id
        storage.feeds.make(grant_id, "my\x00phone\x1b", ALL)
        assert storage.feeds.of(grant_id)[0].label == "my phone"

    def test_full_disk_gives_what_is_kept(self, storage: Storage, clock: Clock) -> None:
        _, _, secret = fed(storage, clock)
        storage.feeds.keep(found(storage, secret), CALENDAR)
        full(storage, "UPDATE feeds")
        clock.advance(hours=1)
        assert found(storage, secret).kept == CALENDAR

    def test_feed_is_as_it_was_wanted(self, storage: Storage, clock: Clock) -> None:
        wanted = FeedContents(("work",), ("4101", "9070000000000417"), done=False)
        _, grant_id, secret = fed(storage, clock, wanted)
        feed = found(storage, secret)
        assert (feed.wanted, feed.label, feed.grant_id) == (wanted, "Phone", grant_id)
        assert feed.created_at == clock()
        assert feed.kept is None
        assert feed.environment == "production"
        assert storage.feeds.find("another") is None

    def test_secret_is_nowhere(self, storage: Storage, clock: Clock) -> None:
        _, _, secret = fed(storage, clock)
        with storage.engine.connect() as connection:
            rows = connection.execute(sa.select(feeds)).all()
        assert secret not in repr(rows)
        assert secret not in repr(found(storage, secret))
        assert len(secret) == 43

    def test_label_is_one_short_line(self, storage: Storage, clock: Clock) -> None:
        grant_id = entered(storage, enter(storage, clock)).grant_id
        for label in ("  my\r\n  phone ", "x" * 500, " "):
            storage.feeds.make(grant_id, label, ALL)
        labels = [feed.label for feed in storage.feeds.of(grant_id)]
        assert labels == ["my phone", "x" * 60, "Calendar"]

    def test_who_may_have_none(self, storage: Storage, clock: Clock) -> None:
        acting = enter(storage, clock, replace(ADA, real_user_id=1, real_user_name="Root"))
        with pytest.raises(NoFeed, match="acting as somebody else"):
            storage.feeds.make(entered(storage, acting).grant_id, "x", ALL)
        with pytest.raises(NoFeed, match="Sign in again"):
            storage.feeds.make(12345, "x", ALL)
        assert count(storage, feeds) == 0

    def test_enough_is_enough(self, storage: Storage, clock: Clock) -> None:
        grant_id = entered(storage, enter(storage, clock)).grant_id
        for _ in range(MOST_FEEDS):
            storage.feeds.make(grant_id, "x", ALL)
        with pytest.raises(NoFeed, match="end one"):
            storage.feeds.make(grant_id, "x", ALL)
        assert len(storage.feeds.of(grant_id)) == MOST_FEEDS


class TestVisits:
    def test_one_of_many_visits(self, open_storage: Callable[..., Storage], clock: Clock) -> None:
        storage = open_storage()
        storage.upgrade()
        _, _, secret = fed(storage, clock)
        feed = found(storage, secret)
        start, may = threading.Barrier(6), []

        def ask(mine: Storage) -> None:
            start.wait()
            may.append(mine.feeds.may_visit(feed))

        others = [storage, storage, storage, open_storage(), open_storage(), open_storage()]
        threads = [threading.Thread(target=ask, args=(each,)) for each in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(may) == [False] * 5 + [True]
        clock.advance(seconds=REST.total_seconds() - 1)
        assert not storage.feeds.may_visit(feed)
        clock.advance(seconds=1)
        assert storage.feeds.may_visit(feed)

    def test_calendar_is_kept_sealed(self, storage: Storage, clock: Clock) -> None:
        _, _, secret = fed(storage, clock)
        kept = storage.feeds.keep(found(storage, secret), CALENDAR)
        assert kept is not None
        assert (kept.kept, kept.kept_at, kept.changed_at) == (CALENDAR, clock(), clock())
        with storage.engine.connect() as connection:
            assert "VCALENDAR" not in repr(connection.execute(sa.select(feeds)).all())

    def test_same_calendar_has_not_changed(self, storage: Storage, clock: Clock) -> None:
        _, _, secret = fed(storage, clock)
        storage.feeds.keep(found(storage, secret), CALENDAR)
        first = clock()
        clock.advance(hours=1)
        same = storage.feeds.keep(found(storage, secret), CALENDAR)
        assert same is not None
        assert (same.changed_at, same.kept_at) == (first, clock())
        other = storage.feeds.keep(same, CALENDAR * 2)
        assert other is not None
        assert other.changed_at == clock()

    def test_trouble_leaves_the_calendar(self, storage: Storage, clock: Clock) -> None:
        _, _, secret = fed(storage, clock)
        storage.feeds.keep(found(storage, secret), CALENDAR)
        noted = storage.feeds.note_trouble(found(storage, secret), "Canvas did not answer.")
        assert noted is not None
        assert (noted.kept, noted.trouble) == (CALENDAR, "Canvas did not answer.")
        mended = storage.feeds.keep(noted, CALENDAR)
        assert mended is not None
        assert mended.trouble is None

    def test_ended_feed_keeps_nothing(self, storage: Storage, clock: Clock) -> None:
        _, grant_id, secret = fed(storage, clock)
        feed = found(storage, secret)
        assert storage.end_feed(grant_id, feed.id, lambda _: Scripted())
        assert storage.feeds.keep(feed, CALENDAR) is None
        assert storage.feeds.note_trouble(feed, "x") is None
        assert not storage.feeds.may_visit(feed)
        assert storage.feeds.find(secret) is None

    def test_key_lost_means_no_feed(
        self, storage: Storage, open_storage: Callable[..., Storage], clock: Clock
    ) -> None:
        """Without the key neither its owner nor its grant can be read."""
        _, _, secret = fed(storage, clock)
        storage.feeds.keep(found(storage, secret), CALENDAR)
        assert open_storage(Fernet.generate_key().decode()).feeds.find(secret) is None

    def test_damaged_calendar_means_asking_again(self, storage: Storage, clock: Clock) -> None:
        _, _, secret = fed(storage, clock)
        storage.feeds.keep(found(storage, secret), CALENDAR)
        with storage.engine.begin() as connection:
            connection.execute(sa.text("UPDATE feeds SET sealed = 'x'"))
        assert found(storage, secret).kept is None

    def test_reseal_includes_calendars(
        self, storage: Storage, open_storage: Callable[..., Storage], clock: Clock
    ) -> None:
        _, grant_id, secret = fed(storage, clock)
        storage.feeds.make(grant_id, "never fetched", ALL)
        storage.feeds.keep(found(storage, secret), CALENDAR)
        new = Fernet.generate_key().decode()
        assert open_storage(new, KEY).reseal() == (2, 0)
        assert found(open_storage(new), secret).kept == CALENDAR

    def test_calendar_opens_in_its_own_row_only(self, storage: Storage, clock: Clock) -> None:
        _, _, mine = fed(storage, clock)
        storage.feeds.keep(found(storage, mine), CALENDAR)
        other = enter(storage, clock, replace(ADA, user_id=8), "2")
        theirs = storage.feeds.make(entered(storage, other).grant_id, "x", ALL)
        with storage.engine.begin() as connection:
            sealed = connection.execute(
                sa.select(feeds.c.sealed).where(feeds.c.sealed.is_not(None))
            ).scalar_one()
            connection.execute(feeds.update().values(sealed=sealed))
        assert found(storage, mine).kept == CALENDAR
        assert found(storage, theirs).kept is None
        seal = storage.feeds._seal
        with pytest.raises(SealBroken, match="another owner"):
            seal.open_bytes(sealed, ADA.owner, "grant")


class TestLives:
    def test_last_sign_out_leaves_the_grant(self, storage: Storage, clock: Clock) -> None:
        browser, _, secret = fed(storage, clock)
        endpoint = Scripted()
        assert storage.sign_out(browser, lambda _: endpoint)
        assert endpoint.revoked == []
        assert storage.signed_in(browser) is None
        assert found(storage, secret)

    def test_ending_the_last_use_ends_the_grant(self, storage: Storage, clock: Clock) -> None:
        browser, grant_id, secret = fed(storage, clock)
        endpoint = Scripted()
        storage.sign_out(browser, lambda _: endpoint)
        assert storage.end_feed(grant_id, found(storage, secret).id, lambda _: endpoint)
        assert endpoint.revoked == ["access~1"]
        assert count(storage, grants) == 0

    def test_ending_a_feed_leaves_browsers(self, storage: Storage, clock: Clock) -> None:
        browser, grant_id, secret = fed(storage, clock)
        endpoint = Scripted()
        assert storage.end_feed(grant_id, found(storage, secret).id, lambda _: endpoint)
        assert endpoint.revoked == []
        assert storage.signed_in(browser)

    def test_feed_of_another_stays(self, storage: Storage, clock: Clock) -> None:
        _, _, secret = fed(storage, clock)
        other = entered(storage, enter(storage, clock, replace(ADA, user_id=8), "2")).grant_id
        storage.end_feed(other, found(storage, secret).id, lambda _: Scripted())
        assert found(storage, secret)

    def test_signing_out_everywhere(self, storage: Storage, clock: Clock) -> None:
        first, grant_id, secret = fed(storage, clock)
        second = enter(storage, clock, name="2")
        endpoint = Scripted()
        with storage.engine.begin() as connection:
            connection.execute(outbox.delete())  # the replaced token
        assert storage.sign_out_everywhere(grant_id, lambda _: endpoint)
        assert storage.signed_in(first) is None
        assert storage.signed_in(second) is None
        assert found(storage, secret)
        assert endpoint.revoked == []

    @pytest.mark.parametrize("end", ["disconnect", "delete_everything"])
    def test_disconnecting_ends_feeds(self, storage: Storage, clock: Clock, end: str) -> None:
        _, grant_id, secret = fed(storage, clock)
        endpoint = Scripted(revoke_with=unavailable)
        assert not getattr(storage, end)(grant_id, lambda _: endpoint)
        assert storage.feeds.find(secret) is None
        assert count(storage, feeds) == 0

    def test_new_consent_keeps_feeds(self, storage: Storage, clock: Clock) -> None:
        _, grant_id, secret = fed(storage, clock)
        enter(storage, clock, name="2")
        assert found(storage, secret).grant_id == grant_id

    def test_idle_browsers_leave_a_fetched_feed(self, storage: Storage, clock: Clock) -> None:
        browser, _, secret = fed(storage, clock)
        endpoint = Scripted()
        clock.advance(days=179)
        assert found(storage, secret)
        clock.advance(days=100)
        storage.tend(lambda _: endpoint)
        assert storage.signed_in(browser) is None
        assert found(storage, secret)
        assert endpoint.revoked == []

    def test_forgotten_feed_ends_with_its_grant(self, storage: Storage, clock: Clock) -> None:
        _, _, secret = fed(storage, clock)
        endpoint = Scripted(refresh_with=lambda _: token(clock, "2"))
        clock.advance(seconds=UNFETCHED_FEED_LIVES.total_seconds() + 1)
        storage.tend(lambda _: endpoint)
        assert storage.feeds.find(secret) is None
        assert endpoint.revoked == ["access~2"]
        assert count(storage, grants) == 0

    def test_fetching_is_noted_now_and_then(self, storage: Storage, clock: Clock) -> None:
        _, grant_id, secret = fed(storage, clock)
        first = clock()
        storage.feeds.find(secret)
        clock.advance(minutes=5)
        storage.feeds.find(secret)
        (feed,) = storage.feeds.of(grant_id)
        assert feed.fetched_at == first
        clock.advance(minutes=15)
        storage.feeds.find(secret)
        (feed,) = storage.feeds.of(grant_id)
        assert feed.fetched_at == first + timedelta(minutes=20)

    def test_last_sign_out_and_a_new_feed_at_once(
        self, open_storage: Callable[..., Storage], clock: Clock
    ) -> None:
        """Either both the feed and the grant exist afterwards, or neither."""
        storage, other = open_storage(), open_storage()
        storage.upgrade()
        for _ in range(5):
            browser = enter(storage, clock)
            grant_id = entered(storage, browser).grant_id
            start, made = threading.Barrier(2), []

            def make(
                start: threading.Barrier = start, made: list[str] = made, grant_id: int = grant_id
            ) -> None:
                start.wait()
                with contextlib.suppress(NoFeed):
                    made.append(other.feeds.make(grant_id, "x", ALL))

            thread = threading.Thread(target=make)
            thread.start()
            start.wait()
            storage.sign_out(browser, lambda _: Scripted())
            thread.join()
            assert count(storage, feeds) == count(storage, grants) == len(made)
            storage.disconnect(grant_id, lambda _: Scripted())
