"""A personal token is sent as it is and never renewed."""

import pytest

from canvas_app.canvas.credentials import PersonalToken
from canvas_app.canvas.errors import AuthenticationError, SignInRequired


def test_personal_token_is_given() -> None:
    assert PersonalToken("1~mine").access_token() == "1~mine"


def test_personal_token_cannot_be_renewed() -> None:
    with pytest.raises(AuthenticationError) as caught:
        PersonalToken("1~mine").renewed("1~mine")
    assert not isinstance(caught.value, SignInRequired)
    assert "1~mine" not in str(caught.value)


def test_empty_personal_token_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        PersonalToken("")


def test_repr_shows_no_secret() -> None:
    assert "mine" not in repr(PersonalToken("1~mine"))
