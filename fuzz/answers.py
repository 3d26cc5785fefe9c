"""Turn good answers into ones that no Canvas should give; a seed chooses how."""

import json
import re
from copy import deepcopy
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

NUMBERS = (0, -1, 1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**30, 10**400, 1e300, 1e-300, 0.1)
STRINGS = (
    *("", " ", "0", "null", "-1", "a" * 5000, "\x00", "\x07", "\ud800", "\udfff\ud800", "\u202e"),
    *(
        "\u2028",
        "\ufeff",
        "👩\u200d🚀",
        "e\u0301" * 50,
        "<script>fuzz()</script>",
        "--><svg onload=fuzz()>",
    ),
    *(
        '"onmouseover="fuzz()',
        "javascript:fuzz()",
        "data:text/html,<script>fuzz()</script>",
        "=1+1",
    ),
    *(
        "@SUM(A1)",
        "+1",
        "-1",
        "{{7*7}}",
        "%s",
        "BEGIN:VEVENT\r\nX",
        "a\r\nb",
        "../..",
        "//host",
        "[[",
    ),
    *(
        "<p>" * 300,
        "<b " * 200,
        "<a href='java\tscript:fuzz()'>x",
        "<math><mi//xlink:href=a>",
        "&#0;&#x110000;",
    ),
    *(
        "<img src=x onerror=fuzz()>",
        "<table><td><select><p>",
        "\\(x^{" * 30,
        "$$\\frac",
        "]]>",
        "<!--",
    ),
    *(
        "#12",
        "#zzzzzz",
        "rgb(1,1,1)",
        "12:99",
        "Mars/Olympus",
        "../../etc/localtime",
        "en_XX@x",
        "zz",
    ),
)
DATES = (
    *(
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "12026-11-27T10:00:00Z",
        "2026-11-27",
        "soon",
    ),
    *(
        "2026-02-30T00:00:00Z",
        "2026-11-27T10:00:00",
        "2026-11-27T24:00:00Z",
        "2026-11-27T10:00:60Z",
    ),
    *(
        "2026-11-27T10:00:00+99:99",
        "2026-11-27T10:00:00.123456789123Z",
        "2026-11-27 10:00:00 UTC",
        "0",
    ),
    *(
        "-0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59-14:00",
        "2026-W48-1",
    ),
    *("20261127T100000Z", "2026-11-27T10:00:00Ｚ", "", " 2026-11-27T10:00:00Z"),
)
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"id": 1},
    [{}],
    "",
    0,
    7.5,
    [1, "a"],
)
STATUSES = (
    *(
        200,
        200,
        200,
        201,
        202,
        204,
        206,
        299,
        300,
        301,
        302,
        303,
        304,
        307,
        308,
        400,
        402,
        403,
        403,
    ),
    *(
        404,
        404,
        405,
        406,
        408,
        409,
        410,
        418,
        422,
        429,
        429,
        451,
        499,
        500,
        500,
        501,
        502,
        503,
        503,
    ),
    *(504, 520, 599, 999, 600, 100),
)
HEADERS: dict[str, tuple[str, ...]] = {
    "Link": (
        *(
            "",
            "<",
            "<>",
            '<>; rel="next"',
            '</api/v1/x>; rel="next"',
            '<http://[>; rel="next"',
            ",",
        ),
        *(
            '<https://evil.example/api/v1/courses>; rel="next"',
            '</etc/passwd>; rel="next"',
            "<a>; rel",
        ),
        *(
            '<javascript:fuzz()>; rel="next"',
            ('<x>; rel="last",' * 300),
            "<?page=2>; rel=next; rel=last",
        ),
        *(
            '</api/v1/courses?page=99999999999999999999>; rel="last"',
            '</api/v1/é>; rel="next"',
            "\xff",
        ),
        *(
            '</api/v1/courses?page=-1>; rel="last", </api/v1/courses?page=2>; rel="next"',
            "a" * 60_000,
        ),
        *(
            '<//evil/api/v1/x>; rel="next"',
            '</api/v1/../../x>; rel="next"',
            '<http://a:99999/api/v1/>; rel="next"',
        ),
    ),
    "X-Rate-Limit-Remaining": (
        "",
        "x",
        "-1",
        "0",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "-1e300",
        "600.0.0",
        "٣",
        "0x1",
    ),
    "X-Request-Cost": ("", "x", "-5", "0", "nan", "inf", "1e300", "-1e300", "999999", "1,5", "1_0"),
    "Content-Type": (
        "",
        "text/html",
        "application/json; charset=utf-16",
        "a/b; charset=no",
        "\xff",
        ";;;",
        "x" * 3000,
    ),
    "WWW-Authenticate": (
        "",
        'Bearer realm="canvas-lms"',
        "Basic",
        "\xff",
        'Bearer error="' + "x" * 5000,
    ),
    "Location": (
        "",
        "/",
        "//evil.example",
        "http://[",
        "javascript:fuzz()",
        "/api/v1/courses",
        "\xff",
        "x" * 9000,
    ),
    "Retry-After": (
        "",
        "-1",
        "0",
        "1",
        "99999999999999999999",
        "nan",
        "1e400",
        "Thu, 99 Foo",
        "soon",
        "٣",
        "inf",
    ),
    "X-Request-Context-Id": ("", "<script>fuzz()</script>", "\xff", "a" * 5000, "a\tb"),
    "Content-Encoding": ("gzip", "br", "deflate", "x", "gzip, gzip", "identity"),
    "Date": ("", "soon", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"),
    "X-Canvas-Meta": ("q=\xff;", ";;;;", "at=" + "x" * 4000),
    "Set-Cookie": ("a=b; Domain=.", "\xff", "canvas_session=x; Path=/" * 50),
    "X-Odd": ("x" * 70_000, "\x00", "\x85"),
}
DATED = re.compile(r"^\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Answer:
    """One of Canvas's answers, and how it is sent.

    ``length`` replaces the true ``Content-Length``. ``cut`` is the number of bytes of the body to
    send before the connection breaks. ``raw`` is sent in place of the whole answer. ``ways`` lists
    what was spoiled.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    length: str | None = None
    cut: int | None = None
    raw: bytes | None = None
    ways: tuple[str, ...] = ()

    def changed(self, way: str, **facts: Any) -> "Answer":
        return replace(self, **facts, ways=(*self.ways, way))


def spoiled(random: Random, answer: Answer) -> Answer:
    """Return the answer, spoiled in one or two ways."""
    for _ in range(random.choice((1, 1, 1, 2))):
        way = random.choices((values, headers, status, text, connection), (62, 14, 8, 11, 5))[0]
        answer = way(random, answer)
    return answer


def values(random: Random, answer: Answer) -> Answer:
    """Replace some values of the JSON, or all under one name, by others of another type or size."""
    try:
        whole = json.loads(answer.body)
    except (ValueError, RecursionError):
        return headers(random, answer)
    places = list(places_of(whole))
    if not places:
        return answer.changed("other root", body=coded(random.choice((*OTHERS, *NUMBERS))))
    if random.random() < 0.3:
        name = random.choice([key for _, key in places])
        chosen = [place for place in places if place[1] == name]
        way = f"every {name}"
    else:
        chosen = random.sample(places, min(len(places), random.choice((1, 2, 5, 20))))
        way = f"{[key for _, key in chosen][:5]}"
    other = deepcopy(value(random, chosen[0][0][chosen[0][1]]))
    for inside, key in chosen:
        if random.random() < 0.5:
            other = deepcopy(value(random, inside[key]))
        if isinstance(inside, dict) and random.random() < 0.15:
            del inside[key]
        else:
            inside[key] = deepcopy(other)  # a structure that contains itself is not JSON
    return answer.changed(f"{way} → {repr(other)[:60]}", body=coded(whole))


def places_of(node: Any, depth: int = 0) -> "list[tuple[Any, Any]]":
    """Return the places of a JSON value: each with its container, and its key or index.

    Long lists and deep values are visited only in part.
    """
    found: list[tuple[Any, Any]] = []
    pairs: Any = ()
    if isinstance(node, dict):
        pairs = node.items()
    elif isinstance(node, list):
        pairs = enumerate(node[:60])
    for key, inner in pairs:
        found.append((node, key))
        if depth < 8:
            found += places_of(inner, depth + 1)
    return found


def value(random: Random, was: Any) -> Any:
    """Return another value, often of the same type but beyond its usual limits."""
    if random.random() < 0.4:
        return random.choice((*OTHERS, *NUMBERS, *STRINGS, *DATES))
    if isinstance(was, str) and DATED.match(was):
        return random.choice(DATES)
    if isinstance(was, bool) or was is None:
        return random.choice(OTHERS)
    if isinstance(was, int | float):
        return random.choice(
            (*NUMBERS, str(was), -was, float("nan"), float("inf"), float(str(was)) * 1e6)
        )
    if isinstance(was, str):
        return random.choice(STRINGS)
    if isinstance(was, list):
        return random.choice((was * 3, was[::-1], [was], was[:1], [*was, None], [*was, *was], {}))
    return random.choice((list(was.values()), {}, [was], {"id": was}, str(was)[:50]))


def coded(whole: Any) -> bytes:
    return json.dumps(whole).encode()


def headers(random: Random, answer: Answer) -> Answer:
    """Make one of the headers that Easel reads odd, missing or doubled."""
    name = random.choice([*HEADERS])
    value = random.choice(HEADERS[name])
    kept = [(each, said) for each, said in answer.headers if each.lower() != name.lower()]
    if value:
        kept += [(name, value)] * random.choice((1, 1, 1, 2))
    return answer.changed(f"{name}: {value[:60]!r}", headers=tuple(kept))


def status(random: Random, answer: Answer) -> Answer:
    """Change the status, with the same body or that of a failure."""
    number = random.choice(STATUSES)
    body = random.choice(
        (
            answer.body,
            b"",
            b'{"errors":[{"message":"<script>fuzz()</script>\\ud800"}]}',
            b'{"errors":{"x":[{"message":7,"type":null}]},"message":["a"]}',
            b'{"error":["invalid_request"],"error_description":{}}',
            b'"Rate Limit Exceeded"',
            b"403 Forbidden (Rate Limit Exceeded)",
            b"<html><h1>Page is temporarily unavailable</h1>",
        )
    )
    return answer.changed(f"status {number}", status=number, body=body)


def text(random: Random, answer: Answer) -> Answer:
    """Change the body into something that is not JSON, not UTF-8, or different."""
    body = answer.body
    cut = random.randrange(len(body) + 1)
    ways: dict[str, bytes] = {
        "empty": b"",
        "null": b"null",
        "half": body[:cut],
        "a byte that is no UTF-8": body[:cut]
        + random.choice((b"\xff", b"\xed\xa0\x80", b"\xc0\x80"))
        + body[cut:],
        "a byte changed": body[:cut] + bytes([random.randrange(256)]) + body[cut + 1 :],
        "UTF-16": body.decode("utf-8", "replace").encode("utf-16"),
        "BOM": b"\xef\xbb\xbf" + body,
        "while(1)": b"while(1);" + body,
        "twice": body + body,
        "deep": b"[" * 100_000,
        "deep and closed": b"[" * 5000 + b"]" * 5000,
        "deep inside": b'{"id":1,"name":' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}",
        "long number": b'[{"id":' + b"9" * 20_000 + b"}]",
        "HTML": b"<!DOCTYPE html><title>Log in</title><script>fuzz()</script>",
        "NUL": b"\x00" * 50,
        "doubled names": body.replace(b'"id"', b'"id":1,"id"', 3),
        "spaces": b" " * 200_000 + body,
    }
    way = random.choice([*ways])
    return answer.changed(way, body=ways[way])


def connection(random: Random, answer: Answer) -> Answer:
    """Send a wrong length, break the connection, or send bytes that are not HTTP."""
    size = len(answer.body)
    way = random.randrange(6)
    if way == 0:
        length = random.choice((str(size + 50), str(max(0, size - 5)), "-1", "x", "9" * 30, "0"))
        return answer.changed(f"length {length}", length=length)
    if way == 1:
        return answer.changed("cut", cut=random.randrange(size + 1))
    raw = random.choice(
        (
            b"",
            b"HTTP/1.1",
            b"HTTP/1.1 abc OK\r\n\r\n",
            b"\x00\x01\x02\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
            b"3\r\nabc\r\n0\r\n\r\n",
            b"HTTP/1.1 200 " + b"a" * 70_000 + b"\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
        )
    )
    return answer.changed(f"raw {raw[:40]!r}", raw=raw)
