"""Checks of a page: accessibility, width, weight, layout shifts, the place of the focus."""

import re
from itertools import pairwise
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Reader

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
MOST_REQUESTS = 6
MOST_BYTES = 100_000  # compressed, all requests of a page together
MOST_SHIFT = 0.05  # cumulative layout shift

SHIFT = """() => new Promise(tell => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => tell(sum), 50);
})"""
BYTES = """() => [...performance.getEntriesByType("navigation"),
  ...performance.getEntriesByType("resource")].map(entry => entry.encodedBodySize)
  .reduce((sum, size) => sum + size, 0)"""
# Elements wider than the window, except inside an element that scrolls by itself.
TOO_WIDE = """() => {
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over <= 0) return [];
  return [...document.querySelectorAll("main *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .filter(e => !e.closest(".scroll, .rich, .hidden"))
    .slice(0, 3).map(e => e.outerHTML.slice(0, 160)).concat(`${over} px too wide`);
}"""

# Rows far down are clipped, and have no size of their own, until they are scrolled to.
# axe would think that their content covers what follows.
LAY_OUT = """() => {
  if (document.laidOut) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".row, .card { content-visibility: visible !important }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  document.laidOut = true;
}"""


def barriers(page: Page) -> list[str]:
    """Return what axe finds against WCAG 2.2 AA, with the page scrolled through."""
    page.evaluate(LAY_OUT)
    if page.evaluate("typeof axe === 'undefined'"):
        found = Axe().run(page, options=RULES).response
    else:
        found = page.evaluate("rules => axe.run(document, rules)", RULES)
    assert found["passes"], "axe checked nothing"
    return [
        f"{page.url} {fault['id']}: {node['html'][:200]}"
        for fault in found["violations"]
        for node in fault["nodes"][:3]
    ]


def too_wide(page: Page) -> list[str]:
    """Return the elements that do not fit into the window."""
    return [f"{page.url}: {what}" for what in page.evaluate(TOO_WIDE)]


def in_every_dress(page: Page, *, long: bool = False) -> list[str]:
    """Return barriers and too wide elements: light and dark, at 320 px and 1280 px.

    For a ``long`` page, whose kind is checked in all four elsewhere, only narrow dark and wide
    light.
    """
    wrong = []
    for width, height, own in ((320, 720, "dark"), (1280, 900, "light")):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            if long and scheme != own:
                continue
            page.emulate_media(color_scheme=scheme)
            wrong += [f"{scheme}, {width} px: {fault}" for fault in barriers(page) + too_wide(page)]
    return wrong


def in_forced_colours(page: Page) -> list[str]:
    """Barriers with the system's own few colours, wide as the page stands and narrow."""
    wrong = []
    page.emulate_media(forced_colors="active")
    for width, height in ((1280, 900), (320, 720)):
        page.set_viewport_size({"width": width, "height": height})
        wrong += [f"forced colours, {width} px: {fault}" for fault in barriers(page)]
    page.emulate_media(forced_colors="none")
    return wrong


def in_order(reader: Reader) -> list[str]:
    """Return what is wrong with an opened page's structure, weight and steadiness."""
    page, wrong = reader.page, []
    asked = [r.url for r in reader.requests if not r.url.startswith(("data:", "about:"))]
    if foreign := [url for url in asked if not url.startswith(reader.easel.url)]:
        wrong.append(f"asks others for {foreign}")
    if len(asked) > MOST_REQUESTS:
        wrong.append(f"asks {len(asked)} times: {asked}")
    if (size := page.evaluate(BYTES)) > MOST_BYTES:
        wrong.append(f"weighs {size} bytes")
    if (shift := page.evaluate(SHIFT)) > MOST_SHIFT:
        wrong.append(f"shifts by {shift:.3f}")
    if page.locator("h1").count() != 1:
        wrong.append("has not exactly one first heading")
    if not re.fullmatch(r".+ – Easel|Easel.*", page.title()):
        wrong.append(f"is titled {page.title()!r}")
    if page.locator(".waiting:visible").count():
        wrong.append("still shows its placeholder")
    doubled = page.evaluate(
        "() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
        " return ids.filter((id, at) => ids.indexOf(id) !== at) }"
    )
    if doubled:
        wrong.append(f"has these ids twice: {doubled[:3]}")
    levels = page.evaluate(
        "() => [...document.querySelectorAll('h1, h2, h3, h4')]"
        ".filter(e => !e.closest('.rich')).map(e => +e.tagName[1])"
    )
    if any(after - before > 1 for before, after in pairwise(levels)):
        wrong.append(f"leaves out a level of headings: {levels}")
    return [f"{page.url} {fault}" for fault in wrong]


def shape(path: str) -> str:
    """Return a path without its numbers and secrets: pages of one shape are of one kind."""
    return re.sub(r"\d+", ":id", urlsplit(path).path)


def links(page: Page, root: str) -> list[str]:
    """Return the addresses of Easel's own pages that this page links to, without fragments."""
    found: Any = page.evaluate(
        "root => [...document.querySelectorAll('a[href]')].map(a => a.href.split('#')[0])"
        ".filter(href => href.startsWith(root + '/'))",
        root,
    )
    return list(dict.fromkeys(url.removeprefix(root) for url in found))
