"""The input of page filters: the parameters of an address."""

from collections.abc import Iterable
from typing import Protocol


class Query(Protocol):
    """The parameters of an address; each may occur more than once.

    Flask's ``request.args`` is one.
    """

    def getlist(self, key: str) -> list[str]: ...

    def items(self, multi: bool = False) -> Iterable[tuple[str, str]]: ...
