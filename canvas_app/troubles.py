"""What ends a request with an error page, and the pages several rooms share."""

from collections.abc import Iterable

from flask import request


class Trouble(Exception):
    """What ends a request with an error page of its own: what happened and what to do.

    ``for_admin`` speaks to whoever runs Easel. Nothing in it is secret.
    """

    def __init__(
        self, status: int, title: str, happened: str, what_to_do: str, for_admin: str = ""
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.happened = happened
        self.what_to_do = what_to_do
        self.for_admin = for_admin


class ScopesMissing(Exception):
    """The pages need scopes that this person's grant was not given: she must consent anew."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        super().__init__("the pages need further scopes")
        self.scopes = scopes


def sessions_away(nothing: str, again: str) -> Trouble:
    """The page for what cannot be done while the sessions' store does not answer."""
    return Trouble(
        503,
        "Easel cannot do this just now",
        "The part of Easel that remembers forms and sign-ins in progress does not answer. "
        f"{nothing} If you were signed in, you still are.",
        f"Wait a minute and {again}.",
        "Redis (REDIS_URL) does not answer or, without it, the folder of session files "
        "(INSTANCE_PATH) cannot be written; /readyz and the log tell more.",
    )


def database_away(nothing: str, again: str) -> Trouble:
    """The page for what cannot be done while the database does not answer or takes nothing."""
    return Trouble(
        503,
        "Easel cannot do this just now",
        "The part of Easel that remembers who is signed in does not answer or cannot be written. "
        f"{nothing}",
        f"Wait a minute and {again}.",
        "Check whether the database (DATABASE_URL, without it the file in INSTANCE_PATH) runs, has "
        "room on its disk and may be written; /readyz and the log tell more.",
    )


UNDONE = {
    "planner.mark": "The item was not marked.",
    "planner.add_note": "The note was not saved.",
    "planner.change_note": "The note was not changed.",
    "planner.delete_note": "The note was not deleted.",
    "courses.favorite": "The course's star was not changed.",
    "courses.nickname": "The nickname was not changed.",
    "feed.make": "No calendar feed was made.",
    "feed.end": "The calendar feed was not ended.",
    "account.disconnect": "Easel's access to Canvas was not ended just now.",
    "account.delete_everything": "Nothing was deleted just now.",
    "auth.logout": "There was no sign-in left to end.",
}


def signed_out_meanwhile(why: str = "This browser is signed out of Easel.") -> Trouble:
    """The page for a form that was sent when nobody was signed in any more."""
    undone = UNDONE.get(request.endpoint or "", "What you sent was not done.")
    return Trouble(
        403,
        "You are signed out",
        f"{why} {undone}",
        "Sign in, which leads you back to the page you were on, and do it again.",
    )


def grant_these(scopes: Iterable[str]) -> str:
    """What an administrator does when the developer key lacks scopes, with the list to paste."""
    return (
        "In Canvas (Admin, Developer Keys) switch on Allow Include Parameters for Easel's key and "
        "let it grant these scopes; then sign in again.\n" + "\n".join(scopes)
    )
