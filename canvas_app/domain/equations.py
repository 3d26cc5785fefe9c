"""MathML as text in one line."""

import re
from collections import Counter
from collections.abc import Mapping

from canvas_app.domain.html_tokens import TOKEN, one_line, unescaped

DEEPEST_EQUATION = 64  # nesting depth of elements


def equation_of(given: Mapping[str, str], inside: str) -> str:
    """Return MathML in one line: its own text (``alttext``, TeX), else ``x^2+2x=8``."""
    notes = re.finditer(r"<annotation\b([^<>]*+)>([^<]*+)", inside)
    tex = next((note[2] for note in notes if "application/x-tex" in note[1]), "")
    own = given.get("alttext") or unescaped(tex)
    return one_line(own or _linear(inside))


def _linear(source: str) -> str:
    """Return MathML's elements in one line, powers with ``^`` and fractions with ``/``."""
    rows: list[tuple[str, list[str]]] = [("math", [])]
    unwritten: Counter[str] = Counter()

    def end() -> None:
        name, inner = rows.pop()
        rows[-1][1].append(_in_line(name, inner))

    at = 0
    for token in TOKEN.finditer(source):
        rows[-1][1].append(one_line(unescaped(source[at : token.start()])))
        at = token.end()
        name = (token["name"] or "").lower()
        if token["end"]:
            if unwritten[name]:
                unwritten[name] -= 1
            elif any(name == row for row, _ in rows[1:]):
                while rows[-1][0] != name:
                    end()
                end()
        elif name and not token["attributes"].endswith("/"):
            if len(rows) < DEEPEST_EQUATION:
                rows.append((name, []))
            else:
                unwritten[name] += 1
    rows[-1][1].append(one_line(unescaped(source[at:])))
    while len(rows) > 1:
        end()
    return "".join(rows[0][1])


def _in_line(name: str, inner: list[str]) -> str:
    """Return one MathML element in one line; its parts are in one line already."""
    parts = list(filter(None, inner))
    one = [part if len(part) == 1 or part.isalnum() else f"({part})" for part in parts]
    match name, len(parts):
        case "annotation" | "annotation-xml", _:
            return ""
        case "mfrac", 2:
            return f"{one[0]}/{one[1]}"
        case "msup" | "mover", 2:
            return f"{one[0]}^{one[1]}"
        case "msub" | "munder", 2:
            return f"{one[0]}_{one[1]}"
        case "msubsup" | "munderover", 3:
            return f"{one[0]}_{one[1]}^{one[2]}"
        case "msqrt", _:
            return f"√({''.join(parts)})"
        case "mroot", 2:
            return f"√[{parts[1]}]({parts[0]})"
        case "mtext", _:
            return f" {''.join(parts)} "
        case "mtr" | "mlabeledtr", _:
            return f"[{', '.join(parts)}]"
    return "".join(parts)
