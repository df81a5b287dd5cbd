"""The encryption and the signature of callbacks that DingTalk and WeCom have in common."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

KEY_FORM = re.compile(r"[A-Za-z0-9]{43}")
SALT_BYTES, LENGTH_BYTES = 16, 4
PADDED_TO = 32
"""And not to the cipher's 16."""


class OpeningError(Exception):
    """What was received is not what it should be."""


def sign(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """The four texts in the order of their characters, whatever they mean."""
    joined = "".join(sorted((token, timestamp, nonce, encrypted)))
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def is_signed(signature: str, token: str, timestamp: str, nonce: str, encrypted: str) -> bool:
    return hmac.compare_digest(sign(token, timestamp, nonce, encrypted).encode(), signature.encode())


def seal(message: bytes, *, key: str, owner: str, salt: bytes) -> str:
    plain = salt + len(message).to_bytes(LENGTH_BYTES, "big") + message + owner.encode()
    missing = PADDED_TO - len(plain) % PADDED_TO
    raw = _raw(key)
    encryptor = Cipher(AES256(raw), CBC(raw[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()).decode()


def unseal(encrypted: str, *, key: str, owner: str) -> bytes:
    """The message. Raises `OpeningError`."""
    salt_and_rest = _decrypt(encrypted, _raw(key))
    length = int.from_bytes(salt_and_rest[SALT_BYTES : SALT_BYTES + LENGTH_BYTES], "big")
    message = salt_and_rest[SALT_BYTES + LENGTH_BYTES :][:length]
    if len(message) != length or salt_and_rest[SALT_BYTES + LENGTH_BYTES + length :] != owner.encode():
        raise OpeningError("it is of another length or for another owner")
    return message


def _decrypt(encrypted: str, raw: bytes) -> bytes:
    try:
        cipher = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        raise OpeningError("it is no base64") from None
    if not cipher or len(cipher) % 16:
        raise OpeningError("it is no whole number of blocks")
    decryptor = Cipher(AES256(raw), CBC(raw[:16])).decryptor()
    padded = decryptor.update(cipher) + decryptor.finalize()
    amount = padded[-1]
    if not 1 <= amount <= PADDED_TO or padded[-amount:] != bytes([amount]) * amount:
        raise OpeningError("its padding is broken")
    return padded[:-amount]


def _raw(key: str) -> bytes:
    """The last character may carry bits that are for nothing."""
    return base64.b64decode(key + "=")
