"""Where a client's access token comes from, and what to do when Canvas rejects it."""

import re
from typing import Protocol

from canvas_app.canvas.errors import AuthenticationError

# What a token is made of (RFC 6749 appendix A.12), less the space, which no header can carry.
_TOKEN = re.compile(r"[\x21-\x7e]+")


class Credentials(Protocol):
    """One person's access to one Canvas. Deadlines are monotonic seconds."""

    def access_token(self, deadline: float | None = None) -> str:
        """Return a token to send. Raises SignInRequired or Unavailable."""
        ...

    def renewed(self, rejected: str, deadline: float | None = None) -> str:
        """Return another token after a 401 with ``WWW-Authenticate`` on ``rejected``.

        Raises AuthenticationError when there is none, SignInRequired when the grant is over,
        Unavailable when Canvas cannot be asked now.
        """
        ...


class PersonalToken:
    """A token made by hand in Canvas's profile settings; nothing can renew it."""

    def __init__(self, token: str) -> None:
        self._token = usable(token)

    def __repr__(self) -> str:
        return "PersonalToken(...)"

    def access_token(self, deadline: float | None = None) -> str:
        return self._token

    def renewed(self, rejected: str, deadline: float | None = None) -> str:
        raise AuthenticationError(
            "Canvas does not accept this access token (wrong, expired or deleted). "
            "Make a new one in Canvas, Account, Settings.",
            status=401,
        )


def usable(token: str | None) -> str:
    """Return a token that a header can carry; any other one is a ``ValueError`` without it."""
    if not token:
        what = "None" if token is None else "empty"
        raise ValueError(f"The access token is {what}; make one in Canvas, Account, Settings.")
    if not _TOKEN.fullmatch(token):
        raise ValueError(
            "The access token holds a space, a line break or a character outside ASCII; "
            "copy it again, without what is around it."
        )
    return token


def credentials_of(given: str | Credentials) -> Credentials:
    """Return the credentials given, a token as a ``PersonalToken``.

    Raises ``ValueError`` for a text that cannot be a token, ``TypeError`` for any other type.
    """
    if given is None or isinstance(given, str):
        return PersonalToken(given)
    if isinstance(given, type) or not hasattr(given, "access_token"):
        raise TypeError("credentials is an access token (a str) or an object like Credentials")
    return given
