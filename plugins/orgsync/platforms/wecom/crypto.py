"""The cipher of WeCom's exported files."""

from __future__ import annotations

import base64
import secrets
import string

BLOCK_BYTES = 32


def make_key() -> str:
    """`encoding_aeskey`: 43 letters and digits, the base64 of 32 bytes without its final `=`."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(43))


def decrypt(cipher: bytes, key: str) -> bytes:
    """AES-256-CBC, the IV being the key's first half, padded to 32 bytes (not 16). Raises ValueError without a word of what it holds."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    secret = base64.b64decode(f"{key}=")
    decryptor = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).decryptor()
    padded = decryptor.update(cipher) + decryptor.finalize()
    count = padded[-1] if padded else 0
    if not 1 <= count <= BLOCK_BYTES or padded[-count:] != bytes([count]) * count:
        raise ValueError("the padding is not that of PKCS#7")
    return padded[:-count]
