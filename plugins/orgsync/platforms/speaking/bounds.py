"""How much may come back: a service that answers without end must not fill the memory of whoever asks."""

from __future__ import annotations

MOST_ANSWER_BYTES = 256 << 20
"""Of one answer, once uncompressed. The largest that is real is WeCom's list of a whole company: 100,000 people are some 100 MB."""

MOST_LINE_BYTES = MOST_ANSWER_BYTES * 4 // 3 + (1 << 20)
"""Of one line of the landing zone: an answer, at worst in base64, and its parameters."""
