"""What an approval is bound to."""

import hashlib
import json
from datetime import UTC, datetime

from schemas.channel import Link
from schemas.enums import Category


def content_hash(
    text: str,
    link: Link,
    *,
    channel: str,
    category: Category,
    policy_version: str,
    expires_at: datetime,
) -> str:
    """
    Return the hash of what a member would see and what governs it; `link` bears no marker.

    Rationale: whoever said yes said it to exactly this; any change needs a new yes (Braze resets
    every approval, Customer.io re-renders behind the reviewer's back: peers.md, section 5).
    """
    content = {
        "text": text,
        "link": [link.title, link.description, link.url],
        "channel": channel,
        "category": category.value,
        "policy": policy_version,
        "expires": expires_at.astimezone(UTC).isoformat(),
    }
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
