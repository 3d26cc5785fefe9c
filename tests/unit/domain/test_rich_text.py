"""Canvas's HTML as tidy HTML and as text: losses are reported, and nothing multiplies."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from canvas_app.domain.rich_text import is_html, plain_text, spoken, tidied, web_address
from canvas_app.views import safe_html

CANVAS = "https://canvas.example.edu/courses/1/assignments/2"

MANY = 3000
BOMBS = {
    "formatting elements": "<p>" + "".join(f"<b {n}>" for n in range(MANY)) + "<p>x" * MANY,
    "several kinds of them": "<p>"
    + "".join(f"<{('code', 'em', 'nobr', 'font')[n % 4]} a{n}=1>" for n in range(MANY))
    + "<div>x</div>" * MANY,
    "with titles": "<p>" + "".join(f"<i title={n}>" for n in range(MANY)) + "<p>x" * MANY,
    "before a table": "<table>" + "".join(f"<u lang={n}>" for n in range(MANY)) + "<tr>x" * MANY,
    "links": "<p>" + "".join(f"<a href=/{n}>" for n in range(MANY)) + "<p>x" * MANY,
    "links that end nowhere": "<a href=/>" * 9000,
    "crossed": "<b><i>" * MANY + "</b></i><p>x" * 1500,
    "deep": "<div>" * 4900 + "x" + "</div>" * 4900,
    "too deep": "<div>" * 100_000,
    "tables in tables": "<table><tr><td>" * MANY + "x",
    "tables in rows": "<table><tr>" * 4000 + "x",
    "lists": "<ul><li>" * 4500,
    "many attributes": "<p " + " ".join(f"a{n}=1" for n in range(80_000)) + ">x",
    "references": "&amp;" * 100_000,
    "long references": "&CounterClockwiseContourIntegral;" * 15_000,
    "ampersands": "&" * 500_000,
    "brackets": "<" * 500_000,
    "a number of many digits": "&#" + "9" * 400_000 + ";&#x" + "f" * 100_000 + ";",
    "zeros": "&#" + "0" * 400_000 + "65;",
    "comments": "<!---->" * 70_000,
    "comments without end": "<!--" * 9000 + "-->",
    "quotes without end": "<a b=\"<a b='" * 4500,
    "blanks": "<p " + " " * 400_000,
    "elements of raw text": "<script><svg><math>" * 3000,
    "equations": "<math>" + "<msup><mi>x</mi>" * MANY + "</math>",
    "media": "<video>" * 9000,
    "endings": "</b></p></table>" * 3300,
    "no end of it": "<p>word " * 200_000,
}

BOUNDED = """
import json, resource, sys
from canvas_app.domain.rich_text import plain_text
from canvas_app.views.safe_html import rich
rich("<p>all that is loaded once</p>")
bombs = json.load(sys.stdin)
in_use = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (in_use + 64 * 2**20,) * 2)
for name, html in bombs.items():
    print(name, file=sys.stderr)
    print(json.dumps([name, len(rich(html, "https://canvas.example.edu/")), len(plain_text(html))]))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's limits")
def test_no_text_takes_more_than_its_share():
    """64 MB is enough for any text, and the result grows only in proportion."""
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED],
        input=json.dumps(BOMBS),
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    sizes = {name: (page, text) for name, page, text in map(json.loads, done.stdout.splitlines())}
    assert sizes.keys() == BOMBS.keys()
    for name, (page, text) in sizes.items():
        assert page <= 10 * len(BOMBS[name]) + 1000, name
        assert text <= 3 * len(BOMBS[name]) + 1000, name


SOUP = st.lists(
    st.sampled_from(
        [
            *("<p>", "</p>", "<b>", "</b>", "<b title=1>", "<a href=/x>", "</a>", "<li>", "</li>"),
            *("<ul>", "</ul>", "<table>", "</table>", "<tr>", "<td>", "</td>", "<th>", "<caption>"),
            *("<div>", "</div>", "<h1>", "</h1>", "<i>", "</i>", "<br>", "<details>", "<summary>"),
            *("<svg>", "</svg>", "<math>", "</math>", "<mi>", "<img src=a>", "<iframe>", "<video>"),
            *("</video>", "<script>", "</script>", "<style>", "<!--", "-->", "<textarea>", "<"),
            *(">", '"', "'", "&", "&#", "&lt;", "word", " ", "=", "/", "<p title='", "\x00"),
        ]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(SOUP)
@example("<table><b><tr>x")
def test_the_sanitiser_finds_nothing_to_repeat(soup):
    made = tidied(soup, CANVAS)

    clean = safe_html.sanitised(made)

    assert len(clean) <= safe_html.MOST_GROWTH * len(made.html) + 1000
    for evil in ("<script", "<style", "<img", "<iframe", "<svg", "<math", "<video", "<textarea"):
        assert evil not in clean


def test_what_grows_all_the_same_is_text(monkeypatch):
    """If the sanitiser repeats something nevertheless, only the text is shown."""
    monkeypatch.setattr("canvas_app.views.safe_html.nh3.clean", lambda html, **_: html * 1000)

    assert safe_html.rich("<p>Read <b>this</b></p>") == "Read this"


@pytest.mark.parametrize(
    ("html", "page", "text"),
    [
        (
            'Solve <img class="equation_image" data-equation-content="x^2+2x=8"'
            ' alt="LaTeX: x^2+2x=8"> for x.',
            "Solve <code>x^2+2x=8</code> for x.",
            "Solve x^2+2x=8 for x.",
        ),
        ('<img class="equation_image" alt="LaTeX: a<b">', "<code>a&lt;b</code>", "a<b"),
        ('<img class="equation_image" title="\\pi" src="/x">', "<code>\\pi</code>", "\\pi"),
        (
            "<math><mfrac><mn>1</mn><msup><mi>x</mi><mn>2</mn></msup></mfrac><mo>=</mo>"
            "<msqrt><mi>y</mi></msqrt></math>",
            "<code>1/(x^2)=√(y)</code>",
            "1/(x^2)=√(y)",
        ),
        (
            "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>\\xi"
            "</annotation></semantics></math>",
            "<code>\\xi</code>",
            "\\xi",
        ),
        ("<math alttext='x over y'><mi>x</mi></math>", "<code>x over y</code>", "x over y"),
        (
            "<math><msubsup><mo>∫</mo><mn>0</mn><mi>n</mi></msubsup><mroot><mi>x</mi><mn>3</mn>"
            "</mroot><mtext>if</mtext><mtable><mtr><mtd>1</mtd><mtd>2</mtd></mtr></mtable>"
            "<msub><mi>a</mi><mi>i</mi></msub><mspace/></math>",
            "<code>∫_0^n√[3](x) if [1, 2]a_i</code>",
            "∫_0^n√[3](x) if [1, 2]a_i",
        ),
        ("a<math></math>b", "ab", "ab"),
    ],
)
def test_equations_are_text(html, page, text):
    assert safe_html.rich(html, CANVAS) == page
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("html", "href", "words"),
    [
        ('<img src="/files/1/preview" alt="A cat">', "/files/1/preview", "Picture: A cat"),
        ('<img src="/files/1/preview" alt="">', "/files/1/preview", "Picture"),
        ('<picture><source srcset=x><img src="/p" title="Map"></picture>', "/p", "Picture: Map"),
        (
            '<iframe src="/media_objects_iframe/m-1" data-media-type="video" title="Video player'
            ' for a.mp4"></iframe>',
            "/media_objects_iframe/m-1",
            "Video: Video player for a.mp4",
        ),
        (
            '<iframe src="https://youtu.be/1" title="How bees dance">old</iframe>',
            "https://youtu.be/1",
            "Embedded content: How bees dance",
        ),
        ('<video src="/v.mp4" title="Bees"></video>', "/v.mp4", "Video: Bees"),
        (
            '<video data-media_comment_id="m-1"><source src="/v.mp4"></video>',
            "/v.mp4",
            "Video",
        ),
        ('<audio controls src="/a.mp3"></audio>', "/a.mp3", "Audio"),
        ('<object data="/o.pdf" title="Plan"><param></object>', "/o.pdf", "Embedded content: Plan"),
        ('<embed src="/o.swf">', "/o.swf", "Embedded content"),
        ('<map><area href="/north" alt="North"></map>', "/north", "Link: North"),
    ],
)
def test_pictures_and_media_are_marked_links(html, href, words):
    page = safe_html.rich(f"<p>See {html}</p>", CANVAS)

    address = href if href.startswith("https:") else f"https://canvas.example.edu{href}"
    assert f'<a href="{address}" rel="noopener noreferrer nofollow">{words}</a>' in page
    assert "cannot be shown" not in page
    assert plain_text(f"See {html}") == f"See [{words}]"


@pytest.mark.parametrize(
    ("html", "page"),
    [
        ("<a href='/f'><img src=x alt='A map'></a>", ">[Picture: A map]</a>"),
        ("<a href='/f'></a>", ">Link</a>"),
        (
            "<a id='media_comment_m-1' class='instructure_inline_media_comment video_comment'"
            " href='/media_objects/m-1'>my answer</a>",
            ">Video: my answer</a>",
        ),
        (
            "<a class='instructure_inline_media_comment audio_comment' href='/m'>x</a>",
            ">Audio: x</a>",
        ),
        ("text<img src=/a alt=A><img src=/b alt=B>", "text <a href"),
    ],
)
def test_links_keep_words(html, page):
    assert page in safe_html.rich(html, CANVAS)


@pytest.mark.parametrize(
    "html",
    [
        "<img src='data:image/png;base64,AAAA' alt='Figure 1'>",
        "<video title='Figure 1'></video>",
        "<iframe title='Figure 1'></iframe>",
        "<svg><title>Figure 1</title><path d='M0 0'/></svg>",
        "<svg aria-label='Figure 1'>",
        "<img src='http://[' alt='Figure 1'>",
        "<img src='javascript:x()' alt='Figure 1'>",
    ],
)
def test_what_cannot_be_shown_is_said(html):
    page, text = safe_html.rich(f"<p>See {html}</p>", CANVAS), plain_text(f"See {html}")

    for said in (page, text):
        assert "Figure 1]" in said
        assert said.count("Something in this text cannot be shown here.") == 1
    assert "<a" not in page


@pytest.mark.parametrize("html", ["<input value=x>", "<canvas></canvas>", "<select></select>"])
def test_a_form_is_left_out_and_said(html):
    assert safe_html.rich(f"<p>a{html}b</p>").endswith("Canvas shows it.</p>")


def test_what_is_too_long_is_cut_and_said():
    text = plain_text("word " * 200_000)

    assert len(text) < 520_000
    assert text.endswith("(Something in this text cannot be shown here. Canvas shows it.)")


@pytest.mark.parametrize(
    ("html", "page"),
    [
        (
            "<details><summary>More</summary><p>hidden</p></details>",
            "<details><summary>More</summary><p>hidden</p></details>",
        ),
        ("<details><summary></summary>x</details>", "<summary>Details</summary>x</details>"),
        ("<section>a</section><center>b</center>", "<div>a</div><div>b</div>"),
        ("<p><b>a<p>b</b>", "<p><b>a</b></p><p>b</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<dl><dt>a<dd>b</dl>", "<dl><dt>a</dt><dd>b</dd></dl>"),
        (
            "<table><caption>c</caption><tr><th scope=col>a<td colspan=2>b</table>",
            '<table><caption>c</caption><tbody><tr><th scope="col">a</th><td colspan="2">b</td>'
            "</tr></tbody></table>",
        ),
        ("<table><td>x<td>y</table>", "<tr><td>x</td><td>y</td></tr>"),
        ("<p>a</p></p></b>", "<p>a</p>"),
        ("<b><table><tr><td>a</b>c</td></tr></table></b>", "<td>ac</td>"),
        ("<ruby>漢<rt>kan</ruby>", "<ruby>漢<rt>kan</rt></ruby>"),
        ("<p don't>text</p> isn't", "<p>text</p> isn't"),
        ("a < b <3 & c", "a &lt; b &lt;3 &amp; c"),
        ("a<!-- b -->c<? d ?>e<![CDATA[f]]>g", "aceg"),
        ("<a href='http://['>x</a>", ">x</a>"),
        ("<p>a<br>b<hr>c</p>", "<p>a<br>b</p><hr>c"),
    ],
)
def test_structure_stays(html, page):
    assert page in safe_html.rich(html, CANVAS)


def test_text_keeps_lines_and_cells():
    assert plain_text("<ul><li>a</li><li>b</li></ul><table><tr><td>c<td>d</table>") == "a\nb\nc d"
    assert plain_text("Tom &amp; Jerry") == "Tom & Jerry"
    assert plain_text("no markup\nat all") == "no markup\nat all"


def test_a_reference_of_any_length_is_read():
    """Python itself refuses numbers of more than 4,300 digits."""
    assert plain_text("&#" + "9" * 5000 + ";&#x" + "f" * 5000 + "; &#" + "0" * 5000 + "65;") == (
        "\ufffd\ufffd A"
    )


@pytest.mark.parametrize(
    "text", ["if x < y > z", "a <b> c", "1<2", "<3", "I <p>", "", "Tom & Jerry"]
)
def test_plain_text_is_not_taken_for_html(text):
    assert not is_html(text)
    assert spoken(text) == text


@pytest.mark.parametrize("text", ["<p>Hi</p>", "a<br>b", "<IMG src=x>", "<b>Well done</b>"])
def test_html_is_told_from_text(text):
    assert is_html(text)
    assert "<" not in spoken(text)


@pytest.mark.parametrize("url", ["http://[", "//[", "javascript:x()", "", "  ", "data:,x"])
def test_what_no_browser_may_be_sent_to_is_no_address(url):
    assert web_address(url, "https://canvas.example.edu/") == ""


def test_html_becomes_text() -> None:
    rich = "<p>Bring <b>boots</b>.<br>And&nbsp;water &lt;1 l&gt;</p><script>evil()</script><p> </p>"
    assert plain_text(rich) == "Bring boots.\nAnd water <1 l>"
    assert plain_text(None) == ""
