"""The package as a library: what it exports, and what it says to a first mistake."""

from importlib.resources import files

import pytest

import canvas_app.canvas as library
from canvas_app.canvas import CanvasClient, KeyPool, PersonalToken, Transport, errors

URL = "https://canvas.example.edu"


def test_the_package_names_what_a_program_needs():
    wanted = {"CanvasClient", "CanvasAPI", "Credentials", "PersonalToken", "Throttle"}

    assert wanted | {"RetryPolicy", "models"} <= set(library.__all__)
    for name in library.__all__:
        assert hasattr(library, name)
    assert library.models.Course


def tree(kind):
    """An error and those below it; other packages may have errors of their own."""
    below = [each for each in kind.__subclasses__() if each.__module__.startswith(library.__name__)]
    return [kind, *(error for each in below for error in tree(each))]


@pytest.mark.parametrize("kind", tree(errors.CanvasError), ids=lambda kind: kind.__name__)
def test_every_error_is_exported_and_drawn(kind):
    assert getattr(library, kind.__name__) is kind
    assert kind.__name__ in library.__all__

    drawn = errors.__doc__.splitlines()
    [row] = [line for line in drawn if line.split()[:1] == [kind.__name__]]
    above = [
        line for line in drawn[: drawn.index(row)] if line.strip() and depth(line) < depth(row)
    ]
    assert kind is errors.CanvasError or above[-1].split()[0] == kind.__mro__[1].__name__


def depth(line):
    return len(line) - len(line.lstrip())


def test_type_checkers_may_read_the_annotations():
    assert (files("canvas_app") / "py.typed").is_file()


@pytest.mark.parametrize("token", [None, "", "  ", "1~secret\n", "1~secr et", "1~sécret"])
def test_what_cannot_be_a_token_is_refused_at_once(token):
    makers = (PersonalToken, KeyPool, lambda each: CanvasClient(URL, each))

    for make in makers:
        with pytest.raises(ValueError, match="access token") as caught:
            make(token)
        assert "ecr" not in str(caught.value)


@pytest.mark.parametrize("credentials", [42, b"1~secret", PersonalToken])
def test_other_credentials_are_a_mistake_of_type(credentials):
    with pytest.raises(TypeError, match="Credentials") as caught:
        CanvasClient(URL, credentials)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("end", ["/api/v1", "/api/v1/", "/API/v1", "/api"])
def test_a_base_url_has_no_api_in_it(end):
    with pytest.raises(ValueError, match=f"without {end.rstrip('/')}.*{URL}"):
        Transport(URL + end)


@pytest.mark.parametrize("path", ["/courses", "/", "/apiary/v1/x"])
def test_a_path_begins_with_the_api(path):
    with (
        CanvasClient(URL, "1~secret") as canvas,
        pytest.raises(ValueError, match=r"/api/v1/courses"),
    ):
        canvas.get(path)


@pytest.mark.parametrize("path", ["/api/v1/x", "/api/quiz/v1/x", "/api/lti/x", "/api/graphql"])
def test_every_api_of_canvas_may_be_asked(path, scripted, reply):
    server = scripted(reply({"id": "1"}))

    with CanvasClient(server.url, "1~secret") as canvas:
        assert canvas.get(path) == {"id": "1"}
