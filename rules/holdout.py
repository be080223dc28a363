"""Who is left alone so that we learn what our messages are worth."""

from schemas.enums import Arm

BUCKETS = 10_000


def arm_of(bucket: int, share: float) -> Arm:
    """
    Return the arm of a person by their bucket (0 to 9,999) and the holdout's share (0 to 1).

    Rationale: the lowest buckets are the holdout, so that a larger share keeps everyone who was
    in a smaller one, and a person's arm never depends on who else there is.
    """
    return Arm.HOLDOUT if bucket < round(share * BUCKETS) else Arm.TREATED
