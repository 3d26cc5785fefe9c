"""Which rows of the course list a filter keeps."""

from dataclasses import dataclass

from canvas_app.domain.courses import ROLES
from canvas_app.domain.queries import Query
from canvas_app.domain.rows import CourseRow


@dataclass(frozen=True)
class CourseFilter:
    """Filters for the course list; all of them apply at once. Unknown values are ignored."""

    text: str = ""
    term: str = ""
    role: str = ""

    @classmethod
    def from_query(cls, args: Query) -> "CourseFilter":
        """Read q, term and role."""
        role = "".join(args.getlist("role")[:1])
        return cls(
            text=" ".join("".join(args.getlist("q")[:1]).split())[:200],
            term="".join(args.getlist("term")[:1])[:200],
            role=role if role in ROLES else "",
        )

    def takes(self, row: CourseRow) -> bool:
        """Return whether a row stays; the text is searched in names, code, term and sections."""
        text = " ".join(
            filter(None, (row.name, row.original_name, row.code, row.term, *row.sections))
        )
        return (
            self.text.casefold() in text.casefold()
            and self.term in ("", row.term)
            and (not self.role or self.role in row.roles)
        )
