"""Which messages are on their way."""

OPEN_STATES = (
    "planned",
    "deferred",
    "drafted",
    "in_review",
    "held",
    "approved",
    "queued",
    "dispatched",
    "confirmed",
    "unknown",
)
OPEN = "state IN ({})".format(", ".join(f"'{state}'" for state in OPEN_STATES))
"""SQL that is true of a message on its way; said as the partial indexes say it."""
