"""``UniqueId``: the same whenever the emulator was started, and kept when something is moved."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5


class UniqueIds:
    """The ids of one host's files and folders by server-relative path, in any casing."""

    def __init__(self, host: str = "") -> None:
        """Makes the ids of ``host``; what lies at the same path of another one has others."""
        self._host = host
        self._given: dict[str, UUID] = {}

    def of(self, path: str) -> UUID:
        """The id of what lies at a path, or would."""
        return self._given.get(path.lower()) or uuid5(NAMESPACE_URL, self._host + path.lower())

    def moved(self, source: str, target: str) -> None:
        """Lets an id go along; what comes to lie at ``source`` later is something else."""
        going = self.of(source)
        self._given[target.lower()] = going
        self._given[source.lower()] = uuid5(going, "what comes after it")
