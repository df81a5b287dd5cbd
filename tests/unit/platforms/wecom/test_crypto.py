from __future__ import annotations

import base64
import re

import pytest

from orgsync.platforms.wecom.crypto import decrypt, make_key
from tests.unit.platforms.wecom.fake import encrypt

# The key and cipher of the contract's test vector of callbacks (page 91144): the same cipher, with a frame that exports do not have.
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
CIPHER = "4j/AuRx71kQlxVlzbpsMWCc0j3i77se7U0hKwibkPeo1/W9osY+PFI+pE7tQJl6WR+mIO7FhYpCQJstgz++0bA=="


def test_known_cipher() -> None:
    assert decrypt(base64.b64decode(CIPHER), KEY) == b"0123456789abcdef" + (10).to_bytes(4, "big") + b"1234567890" + b"ww0000000000000001"


@pytest.mark.parametrize("length", [0, 1, 15, 16, 31, 32, 33])
def test_padding_is_to_32_bytes(length: int) -> None:
    plain = b"x" * length
    assert decrypt(encrypt(plain, KEY), KEY) == plain


def test_keys_are_43_letters_and_digits_and_never_the_same() -> None:
    keys = {make_key() for _ in range(20)}
    assert len(keys) == 20
    assert all(re.fullmatch(r"[A-Za-z0-9]{43}", key) and len(base64.b64decode(f"{key}=")) == 32 for key in keys)


@pytest.mark.parametrize("cipher", [b"", b"short", encrypt(b"x", "Z" * 43)], ids=["empty", "cut", "another key"])
def test_what_is_no_cipher_of_this_key_is_refused(cipher: bytes) -> None:
    with pytest.raises(ValueError, match=r"padding|block length|Invalid"):
        decrypt(cipher, KEY)
