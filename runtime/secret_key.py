"""The secret key of an installation, and the keys that are derived from it, one for each purpose."""

import hmac

RENEWED = ("internal:", "database-role:", "console-forms")
"""The beginnings of purposes whose keys change with the round: nothing that is stored needs an old one."""


def derived(secret_key: str, purpose: str, key_round: int = 0) -> bytes:
    """Return the 32-byte key for one purpose: ``derived(secret_key, "database-role:zaken")``.

    ``key_round`` counts how often the keys were renewed; what encrypts stored secrets stays the same.
    """
    if key_round and purpose.startswith(RENEWED):
        purpose += f"#{key_round}"
    # HMAC-SHA256 as the expand step of HKDF (RFC 5869), of which one block is enough.
    return hmac.digest(secret_key.encode(), f"samenzaak/{purpose}".encode() + b"\x01", "sha256")


def key_of(pair: str) -> tuple[str, str]:
    """Return (purpose, key) of `purpose=key`, a key of 32 bytes in hexadecimal digits; raise ValueError, without the
    key, for anything else."""
    purpose, equals, key = pair.strip().partition("=")
    if not purpose or len(key) != 64 or set(key.lower()) - set("0123456789abcdef"):
        raise ValueError(
            f"the key for {purpose[:50] if equals else 'nothing'} must look like purpose=64 hexadecimal digits"
        )
    return purpose, key
