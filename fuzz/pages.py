"""Read the links of a page, and its forms with their fields."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True)
class Form:
    """A form with the fields that a browser would send unchanged."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """Links and forms of a page; the values of all kinds of fields are texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.values: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"].partition("#")[0])
        elif tag == "form":
            self.forms.append(Form(given.get("method", "get").upper(), given.get("action", "")))
        elif tag in ("input", "button", "select", "textarea") and given.get("name") and self.forms:
            self.forms[-1].fields.setdefault(given["name"], given.get("value", ""))
            self.values.setdefault(given["name"], []).append(given.get("value", ""))

    def form(self, action: str) -> Form | None:
        """Return the first form whose action ends with ``action``, or None."""
        return next((form for form in self.forms if form.action.endswith(action)), None)
