"""Canvas's HTML made small and safe: as tidy HTML with few elements, or as plain text.

One walk over the tags produces both, in one pass, with time and memory in proportion to the text,
whatever it contains. Content that Canvas would load (pictures, media, embedded pages) becomes a
marked link; equations become text. HTML made here still goes through a sanitiser.
"""

import html as entities
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin

from canvas_app.domain.equations import equation_of
from canvas_app.domain.html_tokens import TOKEN, attributes_of, one_line, unescaped

MOST_TAGS = 10_000  # more than any text has
MOST_REFERENCES = 50_000  # entities such as "&eacute;"; the sanitiser takes long for each one
LONGEST = 512_000  # characters; Canvas keeps 500 kB - 1 (``maximum_long_text_length``)
DEEPEST = 64  # nesting depth of elements

LABELS = {
    "picture": "Picture",
    "video": "Video",
    "audio": "Audio",
    "embedded": "Embedded content",
    "details": "Details",
    "link": "Link",
    "left_out": "Something in this text cannot be shown here. Canvas shows it.",
}

# Single letters count only together with their end tag: "a <b> c" may be about numbers.
_ELEMENT = re.compile(
    r"<(?:br|div|span|strong|em|ul|ol|li|img|iframe|video|audio|math|table|h[1-6]|pre|details)"
    r"(?:\s[^<>]*)?/?>|</[abipsu]>",
    re.IGNORECASE,
)

SILENT = {"script", "style", "template"}  # never text
RAW = {*SILENT, "iframe", "noembed", "noframes", "svg", "math"}  # read separately
RENAMED = {
    "section article aside header footer main nav figure figcaption center address "
    "fieldset legend form": "div",
    "tt kbd samp var": "code",
    "strike": "s",
    "acronym": "abbr",
    "h1 h2": "h3",  # the page has its own first and second headings
}
SPELLED = {old: new for names, new in RENAMED.items() for old in names.split()}
BLOCKS = {
    *("p", "div", "blockquote", "pre", "ul", "ol", "li", "dl", "dt", "dd", "hr"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr"),
    *("h3", "h4", "h5", "h6", "details", "summary"),
}
INLINE = {
    *("span", "code", "sub", "sup", "small", "strong", "b", "em", "i", "u", "s", "del", "ins"),
    *("mark", "abbr", "cite", "q", "a", "ruby", "rt", "rp"),
}
VOID = {"br", "hr"}
TAGS = BLOCKS | INLINE | VOID | {"th", "td"}
ATTRIBUTES = {"a": {"href"}, "th": {"colspan", "rowspan", "scope"}, "td": {"colspan", "rowspan"}}
EVERYWHERE = {"lang", "title"}

SECTIONS = {"thead", "tbody", "tfoot"}
CELLS = {"td", "th"}
STRUCTURE = {"table", *SECTIONS, "tr"}  # hold no text of their own
STANDS_IN = {
    "caption": {"table"},
    **{name: {"table"} for name in SECTIONS},
    "tr": {"table", *SECTIONS},
    "td": {"tr"},
    "th": {"tr"},
}
# Elements that a start tag closes, up to the elements named second.
ENDS: dict[str, tuple[set[str], set[str]]] = {
    **{name: ({"p"}, {"table", "caption", *CELLS}) for name in BLOCKS - {*STANDS_IN, "summary"}},
    "a": ({"a"}, {"table", *CELLS}),
    "li": ({"li", "p"}, {"ul", "ol", "table", *CELLS}),
    **dict.fromkeys(("dt", "dd"), ({"dt", "dd", "p"}, {"dl", "table", *CELLS})),
    **dict.fromkeys(CELLS, (CELLS, {"tr", "table"})),
    "tr": ({"tr"}, {"table"}),
    **dict.fromkeys(SECTIONS, (SECTIONS | {"caption"}, {"table"})),
    **dict.fromkeys(("rt", "rp"), ({"rt", "rp"}, {"ruby", "table", *CELLS})),
}
MEDIA = {"video", "audio"}
EMBEDS = {"iframe": "src", "embed": "src", "object": "data", "applet": "code", "frame": "src"}
CONTROLS = {"input", "select", "textarea", "button", "canvas", "svg"}  # dropped silently


class Writer(Protocol):
    """Interface through which a walk reports a text's words and elements."""

    def text(self, source: str) -> None:
        """Take text as it stands in the HTML, with its character references."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def mark(self, kind: str, name: str, href: str) -> None:
        """Take a picture or medium: its kind (a key of the labels), name and address, if any."""

    def label(self, kind: str) -> None:
        """Take the label of a link's target; it precedes the link's own words."""

    def equation(self, words: str) -> None: ...


@dataclass(frozen=True)
class Tidied:
    """Well nested HTML of only ``TAGS`` and ``ATTRIBUTES``, and whether something is left out.

    ``text_alone``: there are no tags except line breaks.
    """

    html: str
    left_out: bool = False
    text_alone: bool = False


def tidied(html: str, base: str = "", labels: Mapping[str, str] = LABELS) -> Tidied:
    """Return Canvas's HTML as plain, well nested HTML with addresses absolute against ``base``.

    Each element is closed where it was opened, so that a parser that repairs HTML finds nothing to
    duplicate. A text with more than ``MOST_TAGS`` tags becomes plain text.
    """
    if html.count("<") > MOST_TAGS or html.count("&") > MOST_REFERENCES:
        text, _ = lines_of(html, labels)
        return Tidied("<br>".join(map(entities.escape, text)), left_out=True, text_alone=True)
    page = _Page(base, labels)
    left_out = walk(html, page)
    return Tidied(page.whole(), left_out)


def plain_text(rich: str | None, labels: Mapping[str, str] = LABELS) -> str:
    """Return Canvas's HTML as text; each of its paragraphs gets a line of its own."""
    lines, left_out = lines_of(rich or "", labels)
    return "\n".join([*lines, f"({labels['left_out']})"] if left_out else lines)


def is_html(text: str) -> bool:
    """Return whether a text is HTML as Canvas's editor writes it, and not ``x < y > z``."""
    return _ELEMENT.search(text) is not None


def spoken(text: str | None) -> str:
    """Return a text, which may be HTML or plain, as plain text."""
    return plain_text(text) if text and is_html(text) else text or ""


def lines_of(html: str, labels: Mapping[str, str]) -> tuple[list[str], bool]:
    """Return the lines of a text that are not empty, and whether something is left out."""
    if not re.search(r"[<&]", html) and len(html) <= LONGEST:
        text, left_out = html, False  # enough for most titles and comments
    else:
        words = _Words(labels)
        left_out = walk(html, words)
        text = "".join(words.parts)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return list(filter(None, lines)), left_out


def walk(html: str, writer: Writer) -> bool:
    """Report a text's words and elements to a writer; return whether something is left out."""
    walking = _Walk(html[:LONGEST], writer)
    walking.whole()
    return walking.left_out or len(html) > LONGEST


class _Walk:
    """One pass over a text."""

    def __init__(self, html: str, writer: Writer) -> None:
        self._html = html
        self._writer = writer
        self._at = 0
        self._endless: set[str] = set()  # elements that nothing ends any more
        self._media: list[tuple[str, str]] = []  # kind and name, where no address came yet
        self.left_out = False

    def whole(self) -> None:
        while token := TOKEN.search(self._html, self._at):
            self._words(self._html[self._at : token.start()])
            self._at = token.end()
            name = (token["name"] or "").lower()
            if token["end"]:
                self._end(name)
            elif name and token[0].endswith(">"):
                self._start(name, token["attributes"])
        self._words(self._html[self._at :])
        while self._media:
            self._writer.mark(*self._media.pop(), "")

    def _words(self, source: str) -> None:
        if source:
            self._writer.text(source)

    def _start(self, name: str, source: str) -> None:
        given = attributes_of(source) if source and not source.isspace() else {}
        if name == "img":
            self._picture(given)
        elif name in MEDIA:
            self._medium(name, given)
        elif name == "source" and self._media and given.get("src"):
            self._writer.mark(*self._media.pop(), given["src"])
        elif name in EMBEDS:
            self._embedded(name, given)
        elif name == "area" and given.get("href"):
            self._writer.mark("link", given.get("alt", ""), given["href"])
        elif name in CONTROLS:
            self.left_out = True
        else:
            spelled = SPELLED.get(name, name)
            if spelled in TAGS:
                self._writer.start(spelled, given)
                if spelled == "a" and (kind := recording(given)):
                    self._writer.label(kind)
        if name in RAW:
            self._apart(name, given)

    def _end(self, name: str) -> None:
        if name in MEDIA and self._media:
            self._writer.mark(*self._media.pop(), "")
            self.left_out = True
        elif (spelled := SPELLED.get(name, name)) in TAGS:
            self._writer.end(spelled)

    def _apart(self, name: str, given: Mapping[str, str]) -> None:
        """Parse the content of an element whose content is not HTML."""
        end = None
        if name not in self._endless:
            end = re.compile(rf"</{name}(?=[\s/>])[^>]*+>?", re.IGNORECASE).search(
                self._html, self._at
            )
        inside = self._html[self._at : end.start()] if end else ""
        if end:
            self._at = end.end()
        else:
            self._endless.add(name)
            if name not in ("svg", "math"):
                self._at = len(self._html)
        if name == "math":
            if words := equation_of(given, inside):
                self._writer.equation(words)
        elif name == "svg":
            title = re.search(r"<title[^<>]*>([^<>]*)", inside)
            label = given.get("aria-label") or (unescaped(title[1]) if title else "")
            self._writer.mark("picture", label, "")

    def _picture(self, given: Mapping[str, str]) -> None:
        """Report an equation as its LaTeX (``data-equation-content``), other pictures as links."""
        alt = one_line(given.get("alt") or given.get("title") or "")
        latex = given.get("data-equation-content")
        if latex is None and "equation_image" in given.get("class", "").split():
            latex = alt.removeprefix("LaTeX:") or given.get("title", "")
        if latex and latex.strip():
            self._writer.equation(one_line(latex))
            return
        self._marked("picture", alt, given.get("src", ""))

    def _medium(self, name: str, given: Mapping[str, str]) -> None:
        label = title_of(given)
        if given.get("src"):
            self._marked(name, label, given["src"])
        else:
            self._media.append((name, label))

    def _embedded(self, name: str, given: Mapping[str, str]) -> None:
        kind = given.get("data-media-type", "")
        address = given.get(EMBEDS[name], "")
        if address or name == "iframe":
            self._marked(kind if kind in MEDIA else "embedded", title_of(given), address)

    def _marked(self, kind: str, name: str, href: str) -> None:
        self._writer.mark(kind, name, href)
        if not web_address(href, "https://canvas.invalid/"):
            self.left_out = True


def title_of(given: Mapping[str, str]) -> str:
    """Return an element's own title."""
    names = ("title", "aria-label", "alt", "data-alt", "data-title")
    return next((one_line(given[name]) for name in names if given.get(name, "").strip()), "")


def recording(given: Mapping[str, str]) -> str:
    """Return which medium a link plays (``instructure_inline_media_comment``)."""
    kinds = given.get("class", "").split()
    if "instructure_inline_media_comment" not in kinds and not given.get("id", "").startswith(
        "media_comment_"
    ):
        return ""
    audio = "audio_comment" in kinds or given.get("data-media_comment_type") == "audio"
    return "audio" if audio else "video"


def web_address(href: str, base: str = "") -> str:
    """Return an address, made absolute, that is safe to open in a browser; otherwise empty."""
    if not href.strip():
        return ""
    try:
        absolute = urljoin(base, href.strip())
    except ValueError:  # a host in an unpaired bracket
        return ""
    return absolute if absolute.lower().startswith(("https://", "http://")) else ""


class _Page:
    """Writer of HTML in which each element ends inside the one it began in."""

    def __init__(self, base: str, labels: Mapping[str, str]) -> None:
        self._base = base
        self._labels = labels
        self._parts: list[str] = []
        self._open: list[tuple[str, int]] = []  # name, and the amount of text before it
        self._said = 0
        self._unwritten: Counter[str] = Counter()  # elements that are not closed yet

    def whole(self) -> str:
        self._close(0)
        return "".join(self._parts)

    def text(self, source: str) -> None:
        self._parts.append(entities.escape(unescaped(source), quote=False))
        if not source.isspace():
            self._said += 1

    def label(self, kind: str) -> None:
        self._say(f"{self._labels[kind]}: ")

    def mark(self, kind: str, name: str, href: str) -> None:
        words = f"{self._labels[kind]}: {name}" if name else self._labels[kind]
        before = self._parts[-1] if self._parts else ""
        if before[-1:].isalnum() or before.endswith(("]", "</a>")):
            self._parts.append(" ")
        address = web_address(href, self._base)
        if address and not any(element == "a" for element, _ in self._open):
            self._parts.append(f'<a href="{entities.escape(address)}">')
            self._say(words)
            self._parts.append("</a>")
        else:
            self._say(f"[{words}]")

    def equation(self, words: str) -> None:
        self._parts.append("<code>")
        self._say(words)
        self._parts.append("</code>")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ENDS:
            self._end_those(*ENDS[name])
        top = self._top()
        if name in CELLS and top in STRUCTURE - {"tr"}:
            self._element("tr", {})
            top = "tr"
        fits = top in STANDS_IN[name] if name in STANDS_IN else top not in STRUCTURE
        if name in VOID:
            if fits:
                self._parts.append(f"<{name}>")
        elif fits and len(self._open) < DEEPEST:
            self._element(name, attributes)
        else:
            self._unwritten[name] += 1

    def end(self, name: str) -> None:
        if self._unwritten[name]:
            self._unwritten[name] -= 1
            return
        limits = {"table"} if name in STANDS_IN else {"table", "caption", *CELLS}
        at = self._find({name}, limits - {name})
        if at is not None:
            self._close(at)

    def _element(self, name: str, attributes: Mapping[str, str]) -> None:
        kept = EVERYWHERE | ATTRIBUTES.get(name, set())
        given = {key: value for key, value in attributes.items() if key in kept}
        if "href" in given:
            given["href"] = self._absolute(given["href"])
        written = "".join(f' {key}="{entities.escape(value)}"' for key, value in given.items())
        self._parts.append(f"<{name}{written}>")
        self._open.append((name, self._said))

    def _absolute(self, href: str) -> str:
        return web_address(href, self._base) or (href if ":" in href else "")

    def _say(self, words: str) -> None:
        self._parts.append(entities.escape(words))
        self._said += 1

    def _top(self) -> str:
        return self._open[-1][0] if self._open else ""

    def _find(self, names: set[str], limits: set[str]) -> int | None:
        """Return where the innermost of these elements is open, within the limits."""
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at][0] in names:
                return at
            if self._open[at][0] in limits:
                return None
        return None

    def _end_those(self, names: set[str], limits: set[str]) -> None:
        while (at := self._find(names, limits)) is not None:
            self._close(at)

    def _close(self, length: int) -> None:
        """Close the innermost elements until ``length`` are open; a link always gets words."""
        while len(self._open) > length:
            name, said = self._open[-1]
            if said == self._said and name in ("a", "summary"):
                self._say(self._labels["link" if name == "a" else "details"])
            self._parts.append(f"</{name}>")
            self._open.pop()


class _Words:
    """Writer of text alone."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels
        self.parts: list[str] = []

    def text(self, source: str) -> None:
        self.parts.append(unescaped(source))

    def label(self, kind: str) -> None:
        self.parts.append(f"{self._labels[kind]}: ")

    def mark(self, kind: str, name: str, href: str) -> None:
        label = self._labels[kind]
        self.parts.append(f" [{label}: {name}] " if name else f" [{label}] ")

    def equation(self, words: str) -> None:
        self.parts.append(words)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._break(name)

    def end(self, name: str) -> None:
        self._break(name)

    def _break(self, name: str) -> None:
        if name in BLOCKS or name == "br":
            self.parts.append("\n")
        elif name in CELLS:
            self.parts.append(" ")
