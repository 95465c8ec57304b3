"""Whose a thing is: a hash of the owner's token, which alone stands on the disk."""

from __future__ import annotations

import hashlib


def hashed(owner: str) -> str:
    """The owner as databases and folders name them: 64 hex digits, from which the token cannot be had."""
    return hashlib.sha256(owner.encode()).hexdigest()
