"""Files: written whole or not at all, and named after what they show.

In go a path and its contents; nothing comes out but the file.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path


def write_atomic(path: Path, contents: bytes | str) -> None:
    """Write ``contents`` (text as UTF-8) to ``path``, making its folder; a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = contents.encode() if isinstance(contents, str) else contents
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def file_stem(*parts: str) -> str:
    """A file name without suffix, made of the non-empty ``parts``.

    >>> file_stem("hash_before_validation", "BUG_TRAP(tcp_close: not sk.users)")
    'hash_before_validation-BUG_TRAP-tcp_close-not-sk.users'
    """
    cleaned = (re.sub(r"[^A-Za-z0-9_.]+", "-", part).strip("-.") for part in parts)
    return "-".join(part for part in cleaned if part)
