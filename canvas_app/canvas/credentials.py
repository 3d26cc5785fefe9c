"""Where a client's access token comes from, and what to do when Canvas rejects it."""

from typing import Protocol

from canvas_app.canvas.errors import AuthenticationError


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
        if not token:
            raise ValueError("The access token is empty; make one in Canvas, Account, Settings.")
        self._token = token

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
