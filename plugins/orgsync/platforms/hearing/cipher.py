"""AES-256-CBC with the padding of PKCS#7, to 16 bytes or to more; every byte of the padding is looked at."""

from __future__ import annotations

AES_BLOCK_BYTES = 16


def decrypt(cipher: bytes, *, key: bytes, iv: bytes, pad_to: int) -> bytes:
    """Raises ValueError, without a word of what it holds."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if not cipher or len(cipher) % AES_BLOCK_BYTES:
        raise ValueError("the block length is not that of AES")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(cipher) + decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= pad_to or padded[-count:] != bytes([count]) * count:
        raise ValueError("the padding is not that of PKCS#7")
    return padded[:-count]


def encrypt(message: bytes, *, key: bytes, iv: bytes, pad_to: int) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    count = pad_to - len(message) % pad_to
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(message + bytes([count]) * count) + encryptor.finalize()
