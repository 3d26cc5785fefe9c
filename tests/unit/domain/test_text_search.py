"""Finding words in titles: the order of hits, and which part is marked."""

import pytest

from canvas_app.domain.text_search import Hit, best, fold, folded, pieces, rank


def hit(title, course_name=""):
    return Hit("1", "assignment", title, "4", course_name, "")


def test_best_match_comes_first():
    """First titles that begin with the words, then words that do, any part, and the course."""
    found = best(
        [
            hit("Reading", "Essay writing"),
            hit("Counteressay"),
            hit("My essay"),
            hit("Essay one"),
            hit("Quiz"),
        ],
        ("essay",),
    )

    assert [each.title for each in found] == ["Essay one", "My essay", "Counteressay", "Reading"]


def test_every_word_must_be_there_in_title_or_course():
    assert best([hit("Essay", "Biology")], ("essay", "biology"))
    assert best([hit("Essay", "Biology")], ("essay", "art")) == []


def test_matches_are_marked_in_title_and_course():
    (found,) = best([hit("Essai", "Été")], ("ete",))

    assert [(piece.text, piece.found) for piece in found.course_pieces] == [("Été", True)]
    assert [piece.found for piece in found.pieces] == [False]


def test_hyphens_divide_words():
    assert rank("self-study", ("study",)) == 1


def test_one_character_may_become_several_or_none():
    assert (fold("ﬁ"), fold("ß"), fold("\u0301"), fold("–")) == ("fi", "ss", "", "-")


def test_search_folds_case_and_accents():
    assert folded("Élan Vital – STRASSE ﬁn") == "elan vital - strasse fin"
    assert folded("straße") == "strasse"
    assert folded("İstanbul") == "istanbul"


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("Biology 101", ("bio",), ["Bio"]),
        ("Étude de l’été", ("ete",), ["été"]),
        ("e\u0301tude", ("etude",), ["e\u0301tude"]),
        ("Große Straße", ("strasse",), ["Straße"]),
        ("banana", ("ana",), ["anana"]),
        ("Quiz: mitosis", ("mito", "qu"), ["Qu", "mito"]),
        ("数学 入門", ("入",), ["入"]),
        ("nothing", ("x",), []),
        ("", ("x",), []),
    ],
)
def test_matches_are_marked_in_their_own_spelling(text, words, marked):
    found = pieces(text, words)

    assert "".join(piece.text for piece in found) == text
    assert [piece.text for piece in found if piece.found] == marked
