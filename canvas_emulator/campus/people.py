"""The people of the campus, and names for those who have no story."""

from dataclasses import dataclass
from datetime import datetime

from .chance import choose, scatter

_FIRST_NAMES_TEXT = (
    "Amara Aiden Beatriz Benjamin Camila Caleb Chidi Chloe Dalia Daniel Elena Elias Emi Ethan "
    "Fatima Felix Freya Gabriel Grace Hana Henry Imani Isaac Isla Jasper Jia Jonah Kaia Kofi "
    "Layla Leon Lucia Malik Maya Mei Mateo Nadia Noah Nora Omar Priya Quinn Rafael Ravi Rosa "
    "Ruth Samir Sofia Tariq Thea Tomás Uma Victor Wanjiru Xavier Yara Yusuf Zoe Zuri Søren"
)
FIRST_NAMES = _FIRST_NAMES_TEXT.split()
_LAST_NAMES_TEXT = (
    "Abebe Adams Alvarez Banerjee Becker Bennett Castillo Chen Cohen Costa Diaz Dubois Eriksen "
    "Fernandez Fischer Flores García Gupta Haddad Hansen Hughes Ibrahim Ivanov Jackson Jensen "
    "Johnson Kaplan Khan Kim Kowalski Larsen Lee Lopez Martin Mbeki Mendoza Morales Nakamura "
    "Nguyen Novak O'Brien Okafor Olsen Ortiz Park Patel Pereira Quiroga Reyes Rossi Sato Schmidt "
    "Silva Singh Tanaka Torres Usman Vargas Walker Wójcik Yilmaz Zhang"
)
LAST_NAMES = _LAST_NAMES_TEXT.split()


SHARD = 10**13
"""Local ids of this Canvas are smaller; adding this makes a global id of one."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in; ``key`` is empty for people without a story."""

    id: int
    key: str
    name: str
    login: str
    password: str
    roles: tuple[str, ...]
    created_at: datetime
    time_zone: str = "America/Denver"
    locale: str | None = None
    pronouns: str | None = None
    bio: str | None = None
    fake: bool = False

    @property
    def global_id(self) -> int:
        """The id by which every Canvas knows them; people of another shard have only this one."""
        return self.id if self.id > SHARD else SHARD + self.id

    @property
    def sis_id(self) -> str | None:
        """Their id in the school's student information system, which has no test students."""
        return None if self.fake or self.id > SHARD else f"S{self.id}"

    @property
    def first_name(self) -> str:
        return self.name.rpartition(" ")[0] or self.name

    @property
    def sortable_name(self) -> str:
        first, _, last = self.name.rpartition(" ")
        return f"{last}, {first}" if first else self.name

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles


def believable_name(person_id: int) -> str:
    """Return first and last name of the person with this id."""
    return f"{choose(FIRST_NAMES, person_id, 1)} {choose(LAST_NAMES, person_id, 2)}"


def passer_by(person_id: int, created_at: datetime, role: str = "student") -> Person:
    """Return a person without a story, derived from the id."""
    zones = ("America/Denver", "America/Denver", "America/New_York", "Europe/London")
    return Person(
        id=person_id,
        key="",
        name=believable_name(person_id),
        login=f"{role}{person_id}",
        password=f"{role}-{scatter(person_id, 7) % 10**8:08d}",
        roles=(role,),
        created_at=created_at,
        time_zone=choose(zones, person_id, 3),
    )
