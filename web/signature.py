"""
Whether a body was signed by one who knows a secret, and lately.

The header reads `t=<unix seconds>,v1=<hex>`, where v1 is the HMAC-SHA256 of "<t>.<body>" under
the secret. While secrets are exchanged a sender may give several v1, and we may know several.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime

HEADER = "X-Runwu-Signature"
TOLERANCE_SECONDS = 300

_SECONDS = re.compile("[0-9]{1,12}")


def signature(secret: str, seconds: str, body: bytes) -> str:
    """Return the v1 of a body that is signed at `seconds`."""
    return hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()


def fault_of(header: str, body: bytes, secrets: Iterable[str], at: datetime) -> str | None:
    """Return in a sentence why the header does not sign the body; None if it does."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value.lower().encode() for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not given:
        return f"the header {HEADER} must read t=<unix seconds>,v1=<hex HMAC-SHA256>"
    expected = [signature(secret, times[0], body).encode() for secret in secrets]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        return (
            f"the header {HEADER} does not sign this body with a secret of this source; "
            'sign "<t>.<body>" byte for byte'
        )
    if abs(at.timestamp() - int(times[0])) > TOLERANCE_SECONDS:
        return (
            f"it was signed more than {TOLERANCE_SECONDS} seconds from now; "
            "sign each attempt anew and check the clock"
        )
    return None
