"""What tests upload: bytes, without a file of their own."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.tenant.sharepoint.upload import UploadTarget, upload_file
from analyzer.tenant.sharepoint.webs import Webs

if TYPE_CHECKING:
    from analyzer.tenant.http.session import Session


def upload_content(session: Session, origin: str, folder: str, name: str, content: bytes) -> str:
    """Uploads a file under a new name; its absolute address."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "content"
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        target = UploadTarget(origin, folder, name)
        return upload_file(Webs(session), target, path, digest, keep=lambda _id, _sent: None).uri
