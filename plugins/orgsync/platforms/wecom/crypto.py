"""The cipher of WeCom's exported files."""

from __future__ import annotations

import base64
import secrets
import string

from orgsync.platforms.hearing import cipher as aes

BLOCK_BYTES = 32


def make_key() -> str:
    """`encoding_aeskey`: 43 letters and digits, the base64 of 32 bytes without its final `=`."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(43))


def decrypt(cipher: bytes, key: str) -> bytes:
    """AES-256-CBC, the IV being the key's first half, padded to 32 bytes (not 16). Raises ValueError without a word of what it holds."""
    secret = base64.b64decode(f"{key}=")
    return aes.decrypt(cipher, key=secret, iv=secret[:16], pad_to=BLOCK_BYTES)
