"""Make requests that nobody should send; the same seed and number make the same request."""

from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote, quote_plus, unquote, urlsplit

from fuzz.pages import Form

LARGE = 9_000  # characters of a long value

TEXTS = (
    *("", " ", "0", "1", "-1", "1.5", "1e309", "NaN", "inf", "-0", "９", "٣", "²", "0x10", "1_0"),
    *("2147483648", "9223372036854775807", "9223372036854775808", "1" * 30, "9" * 400),
    *("true", "null", "undefined", "[]", "{}", "on", "all", "none", "self", "%", "%00", "%zz"),
    *("\x00", "\x1f", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "\U0010ffff", "\u202e", "ﬀ"),
    *(
        "İ",
        "ß",
        "e\u0301",
        "\u200b",
        "日本",
        "👩\u200d🚀",
        "a" * LARGE,
        "é" * 3000,
        "\n",
        "\r\nX: y",
    ),
    *("'", '"', "' OR 1=1--", "<script>fuzz()</script>", "{{7*7}}", "${7*7}", "%s%n", "=1+1"),
    *("../../etc/passwd", "..\\..", "/", "//", "//host", "/\\host", "http://[", "javascript:a"),
    *("2026-W48", "2026-W99", "0000-W01", "9999-W53", "2026-11-28", "9999-12-31", "0001-01-01"),
    *("2026-02-30", "25:61", "23:59:60", "12:00", "+1", "1,5", "85 %", "1e5", "-85", "1/0"),
    *("graded", "missing", "due", "grades", "done", "this", "teacher", "student", "past"),
)
NAMES = (
    *("q", "week", "show", "sort", "status", "course", "period", "retry", "child", "arrange"),
    *("page", "per_page", "environment", "next", "error", "error_description", "code", "state"),
    *("force_login", "saved", "state[]", "goal", "try", "score", "item", "title", "details"),
    *("role", "term", "kind", "label", "on", "name", "from", "to", "hide", "early", "part", "lang"),
    *("", "__class__", "q[]", "q[a][b]", "a" * 300, "ÿ", "\x00"),
)
METHODS = (
    *("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "GETT"),
    *("M-SEARCH", "G" * 60, "GÉT", "POST", "POST"),
)
HEADERS = (
    *("Accept", "Accept-Language", "Accept-Encoding", "Accept-Charset", "User-Agent", "Referer"),
    *(
        "Origin",
        "Sec-Fetch-Site",
        "X-Requested-With",
        "If-None-Match",
        "If-Modified-Since",
        "Range",
    ),
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Script-Name"),
    *("Authorization", "Content-Type", "Content-Encoding", "X-HTTP-Method-Override", "TE", "Via"),
    *("Connection", "Upgrade", "Cache-Control", "Max-Forwards", "X_Odd", "Script-Name", "Date"),
    *("If-Match", "If-Range", "X-CSRFToken", "X-CSRF-Token", "Traceparent", "Server-Timing"),
)
VALUES = (
    *("*/*", "application/json", "text/html;q=0.5, */*;q=1e9", "de, en;q=nan", "x" * 300 + ";q=1"),
    *("zz-ZZ-zz-ZZ, *;q=0", "gzip, deflate, br, zstd;q=0.1", "gzip;q=0", "identity;q=0, *;q=0"),
    *("bytes=0-", "bytes=9-1", "bytes=-9999999999999999999", "bytes=0-0,1-1,2-2", "items=1"),
    *('"a", W/"b", *', "W/", '"' * 50, "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Foo 99999 99:99"),
    *("same-origin", "cross-site", "none", "null", "http://127.0.0.1", "http://[::1", "http://é"),
    *("Basic é", "Basic ====", "Bearer", "Bearer " + "a" * 300, "Digest a=b", "Negotiate"),
    *("text/plain", "application/json; charset=utf-16", "multipart/form-data", "a/b; charset=zz"),
    *("multipart/form-data; boundary=", "multipart/form-data; boundary=é", "close", "keep-alive"),
    *("application/x-www-form-urlencoded; charset=utf-7", "127.0.0.1, é", "for=[::1]:99999999"),
    *("XMLHttpRequest", "h2c", "trailers", "DELETE", "/other", "0", "-1", "9" * 40, ",", ";", "="),
)
CONTENT_TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain",
    "application/octet-stream; charset=no-such",
    "x" * 200,
)
HOSTS = (
    *("localhost", "127.0.0.1", "[::1]", "[::1", "evil.example", "a..b", "é", "a" * 70, "x" * 300),
    *(
        "127.0.0.1:99999999",
        "127.0.0.1:-1",
        "127.0.0.1:x",
        "@",
        "a b",
        "",
        "[",
        "xn--a",
        "%41",
        ",",
    ),
)
GARBAGE = (
    *(
        b"",
        b"\r\n",
        b"\r\n\r\n",
        b"\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\x16\x03\x01\x02",
    ),
    *(b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/0.9\r\n\r\n", b"GET / HTTP/1.1 x\r\n\r\n"),
    *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n"),
    *(b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", b"GET //x HTTP/1.1\r\nHost: a\r\n\r\n"),
    *(b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", b"GET / HTTP/1.1\r\n: none\r\n\r\n"),
    *(b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", b"GET / HTTP/1.1\nHost: a\n\n"),
    *(
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    *(
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
        b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
    ),
    *(
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na",
    ),
    *(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",),
    *(
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
    ),
    *(
        b"GET / HTTP/1.1\r\nX: " + b"a1" * 4000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nX" + b"a" * 8000 + b"\r\n\r\n",
    ),
    *(
        b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"PROXY TCP4 1.1.1.1 1.1.1.1 1 2\r\n",
    ),
)


@dataclass(frozen=True)
class Visitor:
    """The sender of a request: the cookies and CSRF token of a signed-in person, or none."""

    name: str = "nobody"
    cookie: str = field(default="", repr=False)
    csrf: str = field(default="", repr=False)


@dataclass(frozen=True)
class Case:
    """One numbered request, or a few on one connection.

    ``pieces`` are sent with ``pause`` seconds between them; ``methods`` are those of the expected
    answers. With ``whole`` an answer must come; without it the client hangs up after a moment.
    """

    number: int
    kind: str
    who: str
    pieces: tuple[bytes, ...] = field(repr=False)
    methods: tuple[str, ...] = ("GET",)
    pause: float = 0.0
    whole: bool = True

    def told(self, secrets: tuple[str, ...] = ()) -> str:
        """Describe how to repeat it, without the given secrets."""
        sent = repr(b"".join(self.pieces)[:1500])
        for secret in filter(None, secrets):
            sent = sent.replace(secret, "…")
        return f"request {self.number} ({self.kind}, {self.who}): {sent}"


@dataclass(frozen=True)
class Maker:
    """Makes cases from what the server offers.

    ``routes`` are pairs of a method and a path, with ``<…>`` in place of a value. ``links`` and
    ``forms`` come from a person's pages. ``ends`` are paths whose forms end a sign-in.
    """

    seed: int
    port: int
    routes: tuple[tuple[str, str], ...]
    links: tuple[str, ...]
    forms: tuple[Form, ...]
    ends: tuple[str, ...]

    def case(self, number: int, person: Visitor) -> Case:
        """Return the case with this number, sent by the person or without a sign-in."""
        random = Random(f"{self.seed}:{number}")
        who = person if random.random() < 0.45 else Visitor()
        kind = random.choices(
            ("page", "form", "path", "method", "garbage", "flipped", "together", "half", "slow"),
            (34, 22, 10, 8, 8, 7, 5, 4, 2),
        )[0]
        if kind == "garbage":
            piece = random.choice(GARBAGE)
            return Case(number, kind, "nobody", (piece,), whole=False)
        if kind == "together":
            many = [self.request(random, who) for _ in range(random.randint(2, 6))]
            joined = b"".join(sent for _, sent in many)
            return Case(number, kind, who.name, (joined,), tuple(method for method, _ in many))
        method, sent = self.request(random, who, kind)
        if kind == "flipped":
            return Case(number, kind, who.name, (flipped(random, sent),), (method,), whole=False)
        if kind == "half":
            return Case(
                number,
                kind,
                who.name,
                (sent[: random.randrange(len(sent))],),
                (method,),
                whole=False,
            )
        if kind == "slow":
            return Case(number, kind, who.name, torn(random, sent), (method,), pause=0.03)
        return Case(number, kind, who.name, (sent,), (method,))

    def request(self, random: Random, who: Visitor, kind: str = "") -> tuple[str, bytes]:
        """Return method and bytes of a well-formed request with odd contents."""
        kind = kind or random.choice(("page", "page", "form", "path", "method"))
        if kind == "form" or (kind not in ("path", "method") and random.random() < 0.2):
            return self.sent_form(random, who)
        path = odd_path(random) if kind == "path" else self.page(random)
        method = random.choice(METHODS) if kind == "method" else "GET"
        body = b"" if method in ("GET", "HEAD") or random.random() < 0.5 else b"a=b&" * 3
        return method, self.bytes_of(random, who, method, path, body)

    def page(self, random: Random) -> str:
        """Return a route or link with a query, some of it odd."""
        if self.links and random.random() < 0.5:
            path = random.choice(self.links)
        else:
            path = filled(random, random.choice(self.routes)[1])
        if random.random() < 0.6:
            more = query(random, [(random.choice(NAMES), text(random)) for _ in range(few(random))])
            path = f"{path}{'&' if '?' in path else '?'}{more}"
        if random.random() < 0.1:
            path = misspelt(random, path)
        return path

    def sent_form(self, random: Random, who: Visitor) -> tuple[str, bytes]:
        """Send a form of a page, or one to any route, with fields changed, left out and added."""
        posts = [path for method, path in self.routes if method == "POST"]
        if self.forms and random.random() < 0.7:
            form = random.choice(self.forms)
        else:
            form = Form("POST", filled(random, random.choice(posts)))
        path = form.action or "/"
        ends = path.endswith(self.ends)
        fields = {name: value for name, value in form.fields.items() if random.random() < 0.9}
        for name in list(fields):
            if random.random() < 0.4:
                fields[name] = text(random)
        for _ in range(few(random)):
            fields[random.choice(NAMES)] = text(random)
        fields.pop("csrf_token", None)
        if random.random() < (0.02 if ends else 0.75):
            fields["csrf_token"] = who.csrf
        elif random.random() < 0.5:
            fields["csrf_token"] = text(random)
        if form.method == "GET":
            return "GET", self.bytes_of(
                random, who, "GET", f"{path}?{query(random, [*fields.items()])}", b""
            )
        type_, body = body_of(random, fields)
        return "POST", self.bytes_of(random, who, "POST", path, body, type_)

    def bytes_of(
        self, random: Random, who: Visitor, method: str, path: str, body: bytes, type_: str = ""
    ) -> bytes:
        host = random.choice(HOSTS) if random.random() < 0.05 else f"127.0.0.1:{self.port}"
        lines = [
            f"{method} {path} HTTP/1.{'0' if random.random() < 0.03 else '1'}",
            f"Host: {host}",
        ]
        if cookie := cookie_of(random, who):
            lines.append(f"Cookie: {cookie}")
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        if type_:
            lines.append(f"Content-Type: {type_}")
        if random.random() < 0.35:
            lines += [
                f"{random.choice(HEADERS)}: {random.choice(VALUES)}" for _ in range(few(random))
            ]
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("utf-8" if random.random() < 0.5 else "latin-1", "replace") + body


def few(random: Random) -> int:
    return random.choice((1, 1, 1, 2, 3, 8))


def text(random: Random) -> str:
    """Return a value, mostly short, sometimes two joined."""
    chosen = random.choice(TEXTS)
    if random.random() < 0.15:
        chosen = chosen[:200] + random.choice(TEXTS)[:200]
    return chosen


def escaped(random: Random, value: str, safe: str = "") -> str:
    """Percent-encode a value correctly, in another encoding, or hardly at all."""
    way = random.random()
    if way < 0.75:
        return quote(value, safe=safe)
    if way < 0.85:
        return quote(value.encode("utf-16-le"), safe=safe)
    if way < 0.95:
        return "".join(f"%{byte:02x}" for byte in value.encode("latin-1", "replace")[:500])
    return "".join(each for each in value if each.isprintable() and each not in " #")


def query(random: Random, pairs: list[tuple[str, str]]) -> str:
    """Return a query that can have a few mistakes."""
    joined = "&".join(f"{quote_plus(name)}={escaped(random, value)}" for name, value in pairs)
    return random.choice(("", "", "", "", "&&", "=", "%", "%ff&", "a;b&", "?")) + joined


def filled(random: Random, rule: str) -> str:
    """Fill a route's parameters with ids that exist, ids that do not, and other texts."""
    while "<" in rule:
        before, _, rest = rule.partition("<")
        ids = ("4101", "4102", "1", "0", "50001", "999999", "007", "9" * 18, str(2**63))
        value = random.choice(ids) if random.random() < 0.8 else escaped(random, text(random)[:300])
        rule = f"{before}{value}{rest.partition('>')[2]}"
    return rule


def misspelt(random: Random, path: str) -> str:
    """Spoil a path: other endings, extra slashes, dots, upper case, or a second encoding."""
    plain, mark, rest = path.partition("?")
    way = random.randrange(8)
    plain = (
        f"{plain}/",
        f"/{plain}",
        f"{plain}//",
        f"{plain}/../{plain.lstrip('/')}",
        plain.upper(),
        quote(unquote(plain).encode("utf-8", "replace")).replace("/", "%2F"),
        plain + random.choice((".json", ".csv", ".ics", ".html", ".", "%00", "%20", ";a=b", "%0d")),
        f"{plain}/{escaped(random, text(random)[:100])}",
    )[way]
    return f"{plain}{mark}{rest}"


def odd_path(random: Random) -> str:
    pieces = [escaped(random, text(random)[:2000], "/") for _ in range(random.randint(1, 4))]
    start = random.choice(
        ("/", "/", "/", "/static/", "/courses/", "/calendar/", "//", "/oauth/", "")
    )
    return (start + "/".join(pieces)) or "/"


def cookie_of(random: Random, who: Visitor) -> str:
    """Return the visitor's cookies, or something similar to them."""
    way = random.random()
    if way < 0.88:
        return who.cookie
    if way < 0.94:
        names = ("easel_session", "easel_sign_in", "easel_preferences", "x", "", "$Version")
        return "; ".join(
            f"{random.choice(names)}={random.choice(TEXTS)[:500]!r}"[:900] for _ in range(3)
        )
    cut = random.randrange(len(who.cookie) + 1)
    return who.cookie[:cut] + random.choice(("x", "=", ";", '"', "é", "")) + who.cookie[cut + 1 :]


def body_of(random: Random, fields: dict[str, str]) -> tuple[str, bytes]:
    """Return content type and body of a form, well-formed or not."""
    coded = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields.items())
    way = random.random()
    if way < 0.7:
        return CONTENT_TYPES[0], coded.encode()
    if way < 0.85:
        parts = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        end = random.choice(("--x--\r\n", "--x", "", "--y--"))
        return CONTENT_TYPES[2], (parts + end).encode("utf-8", "replace")
    if way < 0.92:
        return random.choice(CONTENT_TYPES), coded.encode()
    return CONTENT_TYPES[0], bytes(random.randrange(256) for _ in range(random.randrange(400)))


def flipped(random: Random, sent: bytes) -> bytes:
    """Change, remove or double a few of the bytes."""
    changed = bytearray(sent)
    for _ in range(random.randint(1, 8)):
        at = random.randrange(len(changed))
        way = random.randrange(3)
        if way == 0:
            changed[at] = random.randrange(256)
        elif way == 1 and len(changed) > 1:
            del changed[at]
        else:
            changed[at:at] = changed[at : at + random.randint(1, 20)]
    return bytes(changed)


def torn(random: Random, sent: bytes) -> tuple[bytes, ...]:
    """Cut the bytes into up to six pieces."""
    cuts = sorted(random.randrange(len(sent)) for _ in range(random.randint(1, 5)))
    return tuple(sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True) if a < b)


def path_of(link: str) -> str:
    """Return a link's path and query."""
    parts = urlsplit(link)
    return parts.path + (f"?{parts.query}" if parts.query else "")
