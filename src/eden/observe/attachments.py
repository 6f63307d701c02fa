"""Files that come along with reports (attachments of crashes, profiles): blobs of their own, named by their content."""

from __future__ import annotations

#: beside the content of packages, whose sweep does not know of these
FOLDER = "observe/"


def attachment_name(sha256: str) -> str:
    """Name in the blob store of the bytes that a document's column `blob` has by their SHA-256."""
    return f"{FOLDER}{sha256[:2]}/{sha256}"
