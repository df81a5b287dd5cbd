"""Looks at what is typed into a connection, before anything is sent with it: pure, and without showing a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from orgsync.check import Check
from orgsync.platforms.examining import CALLBACK, CONNECTION, NO_SYNC
from orgsync.words import Words

# Not only blanks: what a copy from a web page or a chat brings along and nobody sees.
_UNSEEN = re.compile(r"[\s\u0000-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_AROUND = re.compile(rf"^{_UNSEEN.pattern}|{_UNSEEN.pattern}$")

_INSIDE = Words("{field} holds a blank or an invisible character inside", "{field} 的中间有空格或不可见字符")
_OUTSIDE = Words("{field} has a blank or an invisible character at its end", "{field} 的首尾有空格或不可见字符")
_TYPE_ANEW = Words(
    "Delete the value and type or copy it anew, without anything around it (Admin → Connections)",
    "清空后重新填写或复制，首尾不要带任何字符（Admin → Connections）",
)
_LEFT_OUT = Words("nothing: blanks at the ends are left out", "无影响：首尾的空格会被去掉")
_NO_EVENTS = Words("events cannot be received", "无法接收事件")

TOKEN = "callback_token"  # noqa: S105 - a field's name
AES_KEY = "callback_aes_key_secret"
# DingTalk §12.1, WeCom §11.1.
AES_KEY_FORM = re.compile(r"[A-Za-z0-9]{43}")


def inspect_values(values: Mapping[str, str]) -> Iterator[Check]:
    """Of each field what nobody sees in it. Blanks at the ends cost nothing, since they are not sent; other characters are."""
    for field, value in values.items():
        if _UNSEEN.search(value.strip()):
            is_around = _AROUND.search(value.strip()) and not _UNSEEN.search(value.strip()[1:-1])
            reason = (_OUTSIDE if is_around else _INSIDE).fill(field=field)
            yield Check(CONNECTION, "broken", reason, _TYPE_ANEW, NO_SYNC, subject=field)
        elif value != value.strip():
            yield Check(CONNECTION, "degraded", _OUTSIDE.fill(field=field), _TYPE_ANEW, _LEFT_OUT, subject=field)


def inspect_callback(token: str, aes_key: str, *, token_form: re.Pattern[str], key_form: re.Pattern[str]) -> Iterator[Check]:
    """Whether both are there and written as the console writes them; nothing where neither is."""
    if not token and not aes_key:
        return
    for field, value, form in ((TOKEN, token, token_form), (AES_KEY, aes_key, key_form)):
        if not value:
            reason = Words("{field} is missing, and the other of the two is there", "缺少 {field}，而另一项已填写").fill(field=field)
        elif not form.fullmatch(value):
            reason = Words("{field} is not written as the console writes it", "{field} 的格式与管理后台给出的不符").fill(field=field)
        else:
            continue
        yield Check(CALLBACK, "broken", reason, _COPY_CALLBACK.fill(field=field), _NO_EVENTS, subject=field)
        return
    yield Check(CALLBACK, "ok", Words("token and key are well-formed", "Token 与密钥格式正确"))


_COPY_CALLBACK = Words(
    "Copy Token and EncodingAESKey (43 letters and digits) of the app's event subscription into callback_token and callback_aes_key_secret",
    "把应用事件订阅中的 Token 和 EncodingAESKey（43 位字母和数字）复制到 callback_token 和 callback_aes_key_secret",
)
