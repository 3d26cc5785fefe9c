"""The keys with which a Canvas signs its launches, as it publishes them (RFC 7517)."""

import json
import logging
import re
import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from canvas_app.canvas.agent import USER_AGENT
from canvas_app.canvas.errors import CanvasError, MalformedAnswer
from canvas_app.canvas.transport import Answer, Transport

log = logging.getLogger(__name__)

LARGEST_SET = 64 * 1024  # bytes
FETCH_SECONDS = 5.0
FETCH_EVERY = 60.0  # seconds in which unknown key ids cause at most one fetch
USUAL_AGE = 3600.0  # seconds a key set is valid when Canvas does not say
LONGEST_AGE = 864_000.0  # seconds a key set is valid at most; Canvas says ten days
GRACE = 86_400.0  # seconds for which an expired set is still used while Canvas does not answer
SMALLEST_KEY = 2048  # bits of the shortest key that is accepted


class UnknownKey(Exception):
    """Canvas publishes no key with this id."""


class KeysAway(Exception):
    """Canvas's keys are unknown and cannot be fetched now."""


class PlatformKeys:
    """One Canvas's signing keys, shared by all threads of a process. ``clock`` is in seconds.

    A key set is kept for as long as Canvas says. Canvas publishes a key before it signs with it
    (``key_storage.rb``), so a kept set usually contains the next key too. An id that is not in the
    kept set causes a fetch, at most one a minute.
    """

    def __init__(
        self, fetch: Callable[[], Answer], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = Lock()
        self._keys: dict[str, RSAKey] = {}
        self._ends = 0.0
        self._asked_at: float | None = None

    def find(self, kid: str) -> RSAKey:
        """Return the key with this id.

        Raise ``UnknownKey`` when Canvas publishes no such key, and ``KeysAway`` when its keys are
        not known or were fetched too long ago.
        """
        if kid in self._keys and self._clock() < self._ends:
            return self._keys[kid]
        with self._lock:
            if kid not in self._keys or self._clock() >= self._ends:
                self._renew()
            if not self._keys or self._clock() >= self._ends + GRACE:
                raise KeysAway
            if kid not in self._keys:
                raise UnknownKey
            return self._keys[kid]

    def _renew(self) -> None:
        """Fetch the keys unless that was tried a moment ago; on failure the old ones stay."""
        now = self._clock()
        if self._asked_at is not None and now - self._asked_at < FETCH_EVERY:
            return
        self._asked_at = now
        try:
            answer = self._fetch()
            if answer.status != 200:
                raise MalformedAnswer(f"Canvas answered {answer.status} when asked for its keys.")
            found = read_keys(answer.body)
        except CanvasError as fault:
            log.warning("Canvas's keys for launches could not be had: %s", fault)
            return
        self._keys = found
        self._ends = now + max_age(answer.headers.get("Cache-Control") or "")


def fetcher(transport: Transport, path: str) -> Callable[[], Answer]:
    """Return a function that fetches a Canvas's keys; size and time of the answer are limited."""

    def fetch() -> Answer:
        return transport.send(
            "GET",
            path,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            deadline=time.monotonic() + FETCH_SECONDS,
            largest=LARGEST_SET,
        )

    return fetch


def read_keys(body: bytes) -> dict[str, RSAKey]:
    """Return the RSA signing keys of a set, by id. Keys of other kinds are left out.

    Raise ``MalformedAnswer`` when none is left.
    """
    try:
        listed = json.loads(body)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        listed = None
    found = {}
    for each in listed if isinstance(listed, list) else ():
        key = _signing_key(each)
        if key is not None:
            found[str(each["kid"])] = key
    if not found:
        raise MalformedAnswer("Canvas sent no set of keys that launches can be checked with.")
    return found


def _signing_key(jwk: Any) -> RSAKey | None:
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str):
        return None
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", "RS256") != "RS256":
        return None
    try:
        public = {name: jwk[name] for name in ("kty", "n", "e")}
        if len(public["n"]) * 6 < SMALLEST_KEY:  # in base64url; the library warns of smaller ones
            return None
        return RSAKey.import_key(public)
    except (JoseError, ValueError, KeyError, TypeError):
        return None


def max_age(cache_control: str) -> float:
    """Return for how many seconds a set is valid (RFC 9111 section 5.2.2.1), within bounds."""
    found = re.search(r"(?:^|[\s,])max-age=(\d{1,9})", cache_control, re.IGNORECASE)
    if found is None:
        return USUAL_AGE
    return min(max(float(found[1]), FETCH_EVERY), LONGEST_AGE)
