"""How a file's version follows from what is done to it, in a library that forces checkout, keeps drafts, or approves.

Seen: in a library that forces checkout, a new file stays checked out, and only its uploader finds it until it is
checked in; with minor versions, a new file is 0.1, a draft (SharePoint/sp-dev-docs 1687, pnp/pnpcore's recordings).
Inferred: the import job reads the last version that is checked in, published, and approved, and there is no file for it
before. In other libraries a file stays 1.0, as recorded, and earlier versions aren't kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from analyzer.emulator.model import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

APPLICATION: Final = "SharePoint App"
"""The name of the tenant's one application where it has checked out a file (inferred)."""

MINOR, MAJOR, OVERWRITE = 0, 1, 2
"""``SP.CheckinType``."""
_PUBLISHED, _DRAFT, _CHECKED_OUT = 1, 2, 255
"""``SP.FileLevel``."""
_CHECKOUT, _NO_CHECKOUT = 0, 2
_APPROVED, _PENDING, _UNPUBLISHED = 0, 2, 3
_IN_A_MAJOR = 512
"""``UIVersion`` of 1.0: major versions count by 512 (seen)."""


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """The settings of a document library that decide who finds a new file.

    Attributes:
        force_checkout: files must be checked out before they are changed.
        minor_versions: files are drafts until they are published.
        moderation: files are pending until they are approved.
        required_column: the name of a column without which no file can be checked in; empty for none.
    """

    force_checkout: bool = False
    minor_versions: bool = False
    moderation: bool = False
    required_column: str = ""


PLAIN: Final = LibrarySettings()


@dataclass(slots=True)
class FileVersion:
    """Which version a file is, and what others than its author read.

    Attributes:
        major: of the version.
        minor: of the version; 0 for a major one.
        is_pending: whether it waits for approval.
        is_hidden: whether no version of it is for all.
        for_all: the content that all read, on disk; None for the current one.
        checked_out_by: a name; empty for a file that isn't checked out.
        undone: the content, and what else there was, at checkout.
        comment: of the last check-in.
    """

    major: int = 1
    minor: int = 0
    is_pending: bool = False
    is_hidden: bool = False
    for_all: Path | None = None
    checked_out_by: str = ""
    undone: tuple[Path, Path | None] | None = None
    comment: str = ""

    def fields(self) -> dict[str, object]:
        """Return the properties of ``SP.File`` that depend on the version."""
        level = _DRAFT if self.minor or self.is_pending else _PUBLISHED
        return {
            "CheckInComment": self.comment,
            "CheckOutType": _CHECKOUT if self.checked_out_by else _NO_CHECKOUT,
            "Level": _CHECKED_OUT if self.checked_out_by else level,
            "MajorVersion": self.major,
            "MinorVersion": self.minor,
            "UIVersion": self.major * _IN_A_MAJOR + self.minor,
            "UIVersionLabel": self.label,
        }

    @property
    def label(self) -> str:
        """Return ``1.0``."""
        return f"{self.major}.{self.minor}"

    @property
    def moderation(self) -> int:
        """Return ``SP.ModerationStatusType``."""
        if self.is_pending:
            return _PENDING
        return _UNPUBLISHED if self.minor else _APPROVED

    def create(self, settings: LibrarySettings) -> None:
        """Begin as a new file."""
        is_draft = settings.force_checkout or settings.minor_versions
        self.major, self.minor = (0, 1) if is_draft else (1, 0)
        self.is_pending = settings.moderation and not is_draft
        self.is_hidden = is_draft or settings.moderation
        self.checked_out_by = APPLICATION if settings.force_checkout else ""

    def check_writable(self, settings: LibrarySettings, name: str) -> None:
        """Pass a file whose content may be changed.

        Raises:
            ServiceError: 400, it has to be checked out before (seen; status and code inferred).
        """
        if settings.force_checkout and not self.checked_out_by:
            raise _not_checked_out(name)

    def change(self, settings: LibrarySettings, keep: Callable[[], Path]) -> None:
        """Take a new content; ``keep`` keeps the old one."""
        changes_now = not self.checked_out_by and not settings.minor_versions and not settings.moderation
        if self.for_all is None and not self.is_hidden and not changes_now:
            self.for_all = keep()
        if not self.checked_out_by:
            self.minor += settings.minor_versions
            self.is_pending = settings.moderation and not settings.minor_versions

    def check_out(self, name: str, keep: Callable[[], Path]) -> None:
        """Check out for the application.

        Raises:
            ServiceError: 400, it is checked out already.
        """
        if self.checked_out_by:
            raise checked_out(name, self.checked_out_by)
        self.checked_out_by = APPLICATION
        self.undone = (keep(), self.for_all)

    def undo_check_out(self, name: str) -> Path | None:
        """End a checkout; returns the content that was there before, None where the file was new.

        Raises:
            ServiceError: 400, it isn't checked out, or by somebody else.
        """
        self._check_ours(name)
        self.checked_out_by = ""
        before, self.for_all = self.undone or (None, None)
        self.undone = None
        return before

    def check_in(self, settings: LibrarySettings, name: str, kind: int, comment: str) -> None:
        """End a checkout with a new version.

        Raises:
            ServiceError: 400, it isn't checked out, or by somebody else, or a required column is empty (seen; code and
                text inferred).
        """
        self._check_ours(name)
        if settings.required_column:
            raise _refused("You must fill out all required properties before checking in this document.")
        self.checked_out_by, self.undone, self.comment = "", None, comment
        if kind == MAJOR or not settings.minor_versions:
            self._become_major(settings)
        elif kind == MINOR and self.label != "0.1":
            self.minor += 1
        elif not self.minor and not self.is_pending:
            self._reveal()

    def publish(self, settings: LibrarySettings, name: str, comment: str) -> None:
        """Make a major version of a draft.

        Raises:
            ServiceError: 400, it is checked out, is no draft, or the library has none (inferred).
        """
        if self.checked_out_by:
            raise checked_out(name, self.checked_out_by)
        if not settings.minor_versions or not self.minor:
            raise _refused(f'The file "{name}" is not a draft that can be published.')
        self.comment = comment
        self._become_major(settings)

    def approve(self, name: str) -> None:
        """Approve what waits for it.

        Raises:
            ServiceError: 400, it doesn't (inferred).
        """
        if not self.is_pending or self.checked_out_by:
            raise _refused(f'The file "{name}" does not wait for approval.')
        self._reveal()

    def _become_major(self, settings: LibrarySettings) -> None:
        self.major, self.minor = self.major + 1, 0
        if settings.moderation:
            self.is_pending = True
        else:
            self._reveal()

    def _reveal(self) -> None:
        self.is_pending = self.is_hidden = False
        self.for_all = None

    def _check_ours(self, name: str) -> None:
        if not self.checked_out_by:
            raise _not_checked_out(name)
        if self.checked_out_by != APPLICATION:
            raise checked_out(name, self.checked_out_by)


def checked_out(name: str, holder: str) -> ServiceError:
    """What is answered for a file that somebody has checked out (code and text seen, the status inferred)."""
    text = f'The file "{name}" is checked out for editing by {holder}.'
    return ServiceError(400, "-2130575306, Microsoft.SharePoint.SPException", text)


def _not_checked_out(name: str) -> ServiceError:
    """What is answered for a file that has to be checked out (the first sentence seen)."""
    text = f'The file "{name}" is not checked out. You must first check out this document before making changes.'
    return _refused(text)


def _refused(text: str) -> ServiceError:
    return ServiceError(400, "-2146232832, Microsoft.SharePoint.SPException", text)
