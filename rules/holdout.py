"""Who is left alone so that we learn what our messages are worth."""

import hashlib

from schemas.enums import Arm
from schemas.governing import Holdout

BUCKETS = 10_000


def arm_of(bucket: int, scene: str, holdout: Holdout) -> Arm:
    """
    Return the arm of a person in a scene, by their bucket (0 to 9,999).

    Rationale: the lowest buckets are the holdout, so that a larger share keeps everyone who was
    in a smaller one, and a person's arm never depends on who else there is. A scene draws anew from
    the bucket: who is left alone by one is not left alone by all.
    """
    if is_held_out(bucket, holdout):
        return Arm.HOLDOUT
    share = holdout.scenes.get(scene, 0)
    held_out = share > 0 and bucket_in(scene, bucket) < round(share * BUCKETS)
    return Arm.HOLDOUT if held_out else Arm.TREATED


def is_held_out(bucket: int, holdout: Holdout) -> bool:
    """Tell whether a person of a bucket hears nothing of any scene."""
    return bucket < round(holdout.share * BUCKETS)


def bucket_in(scene: str, bucket: int) -> int:
    """Return a person's bucket (0 to 9,999) in a scene's own draw, by their bucket of all."""
    drawn = hashlib.sha256(f"{scene}:{bucket}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") % BUCKETS
