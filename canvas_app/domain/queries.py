"""What the filters of pages read: the parameters of an address."""

from collections.abc import Iterable
from typing import Protocol


class Query(Protocol):
    """The parameters of an address, of which each may stand there more than once.

    Flask's ``request.args`` is one.
    """

    def getlist(self, key: str) -> list[str]: ...

    def items(self, multi: bool = False) -> Iterable[tuple[str, str]]: ...
