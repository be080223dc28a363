"""Phone numbers, which we never keep: what two sources have in common is a salted hash of them."""

import hmac
from collections.abc import Callable

import phonenumbers

PhoneHash = Callable[[str], str | None]
"""From a number as somebody wrote it to its hash; None if it is no phone number."""


def phone_hash(salt: str, region: str) -> PhoneHash:
    """
    Return the hash of numbers that are of `region` unless they begin with their country's code.

    HMAC-SHA256 over E.164: a plain hash of eleven digits is undone by trying them all.
    """

    def hashed(written: str) -> str | None:
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            return None
        if not phonenumbers.is_valid_number(number):
            return None
        standard = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return hmac.new(salt.encode(), standard.encode(), "sha256").hexdigest()

    return hashed
