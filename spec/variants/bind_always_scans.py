"""get_port looks at the owners of a port every time: no fast path for buckets whose owners once had SO_REUSEADDR."""

from __future__ import annotations

from checker.language import pure
from spec.state import BindBucket, Sock


@pure
def fastreuse_applies(sk: Sock, tb: BindBucket) -> bool:
    return False


OVERRIDES = {"fastreuse_applies": fastreuse_applies}
