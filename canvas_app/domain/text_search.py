"""Search for words in titles and names, regardless of case and accents."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
QUOTES = str.maketrans({"\u2019": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"'})
"""What keyboards have, for what typography makes of it."""


@dataclass(frozen=True)
class Piece:
    """A part of a text; ``found`` when it matches."""

    text: str
    found: bool = False


@dataclass(frozen=True)
class Hit:
    """A course or a piece of work; ``path`` is Easel's own page of it, ``url`` Canvas's."""

    id: str
    type: str  # course, or the planner's word
    title: str
    course_id: str | None
    course_name: str
    url: str
    path: str = ""
    status: str = ""
    kind: str = ""  # the type in words
    pieces: tuple[Piece, ...] = ()  # the title, cut where it matches
    course_pieces: tuple[Piece, ...] = ()

    @property
    def listed_as(self) -> str:
        """Return under which heading it is listed: course, student or work."""
        return self.type if self.type in ("course", "student") else "work"


def hit_weight(hit: Hit) -> int:
    """Return how many elements of a page a result takes: each match is marked."""
    marked = sum(piece.found for piece in (*hit.pieces, *hit.course_pieces))
    return 7 + (5 if hit.status else 0) + marked


def best(hits: Iterable[Hit], words: tuple[str, ...]) -> list[Hit]:
    """Return hits with every word in title or course, best first, with their matches marked."""
    ranked = []
    for hit in hits:
        title, about = folded(hit.title), folded(hit.course_name)
        if all(word in title or word in about for word in words):
            ranked.append((rank(title, words), hit))
    ranked.sort(key=lambda pair: pair[0])  # the sort is stable: equals keep their order
    return [
        replace(
            hit,
            pieces=pieces(hit.title, words),
            course_pieces=pieces(hit.course_name, words),
        )
        for _, hit in ranked
    ]


def rank(title: str, words: tuple[str, ...]) -> int:
    """Return 0: title begins so, 1: its words do, 2: it has the words, 3: only its course does."""
    if title.startswith(" ".join(words)):
        return 0
    starts = title.replace("-", " ").split()
    if all(any(start.startswith(word) for start in starts) for word in words):
        return 1
    return 2 if all(word in title for word in words) else 3


def folded(text: str) -> str:
    """Return a text without case and accents, and with plain dashes and quotes."""
    if text.isascii():
        return text.casefold()
    return "".join(map(fold, text))


@lru_cache(maxsize=4096)
def fold(char: str) -> str:
    """Return a character as it is compared: nothing, one or several."""
    plain = unicodedata.normalize("NFKD", char.translate(DASHES).translate(QUOTES).casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def pieces(text: str, words: Iterable[str]) -> tuple[Piece, ...]:
    """Return a text cut where a word matches, in its original spelling."""
    places = [n for n, char in enumerate(text) for _ in fold(char)]
    plain = folded(text)
    marked: set[int] = set()
    for word in words:
        at = plain.find(word)
        while at >= 0:
            marked.update(places[at : at + len(word)])
            at = plain.find(word, at + 1)
    found: list[Piece] = []
    for n, char in enumerate(text):
        # A combining accent belongs to the letter before it.
        hit = n in marked or bool(not fold(char) and found and found[-1].found)
        if found and found[-1].found == hit:
            found[-1] = Piece(found[-1].text + char, hit)
        else:
            found.append(Piece(char, hit))
    return tuple(found)
