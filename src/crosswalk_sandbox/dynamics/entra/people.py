"""The people of the tenant, who may sign in. Nobody has a password here."""

from __future__ import annotations

from dataclasses import dataclass

from crosswalk_sandbox.dynamics import ids

# first, last, whether an administrator of the tenant; the first ones are users of the environment, in this order
NAMES = (
    ("Ada", "Lindqvist", True), ("Bruno", "Costa", False), ("Chiyo", "Tanaka", False), ("Dora", "Novák", False),
    ("Eva", "Svoboda", False),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Human:
    """One person of the tenant."""

    name: str
    upn: str  # the user principal name
    object_id: str
    admin: bool


def upn(first: str, last: str) -> str:
    """The name by which a person signs in."""
    return f"{first}.{last}@org.example".lower().replace("á", "a")


def object_id(seed: int, number: int) -> str:
    """The object id of the person of that number, the first being 1."""
    return ids.make(seed, f"object id {number}")


class People:
    """Everybody, by user principal name."""

    def __init__(self, seed: int) -> None:
        everybody = (
            Human(
                name=f"{first} {last}", upn=upn(first, last), object_id=object_id(seed, number), admin=admin
            )
            for number, (first, last, admin) in enumerate(NAMES, start=1)
        )
        self.by_name = {human.upn: human for human in everybody}

    def find(self, name: str) -> Human | None:
        """The person of that name, whatever its case."""
        return self.by_name.get(name.lower())

    def shown(self) -> dict[str, str]:
        """The names that a page shows, by user principal name."""
        return {human.upn: human.name for human in self.by_name.values()}
