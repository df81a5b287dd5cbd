"""Sends a letter by mail, through the SMTP connection that Airflow's own mails use.

Written against apache-airflow-providers-smtp 3.2. Its hook connects and logs in (TLS, OAuth); its `send_email_smtp` is not used: it
knows no plain text beside the HTML, forgets whom the server refused, and sends up to six times whatever the error was.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate, parseaddr
from html import escape
from typing import Any

from orgsync.carriers.letters import Entry, Letter, write_plain
from orgsync.connections.finding import find_connection
from orgsync.errors import (
    ConfigurationError,
    CredentialError,
    NoConnectionError,
    OrgsyncError,
    PlatformError,
    Refusal,
    RefusedError,
    ThrottledError,
    UnreachableError,
)
from orgsync.platforms.speaking.redact import redact
from orgsync.words import Words

CONN_TYPE = "smtp"
PLATFORM, INTERFACE = "smtp", "sendmail"
MOST_SUBJECT = 200

_NO_SENDER = Words(
    "connection {conn_id!r} does not say from whom mails are; set from_email in its extra fields",
    "连接 {conn_id!r} 没有写明发件人；请在扩展字段中设置 from_email",
)
_NO_HOST = Words(
    "connection {conn_id!r} has no host; set it to the mail server's name", "连接 {conn_id!r} 缺少 host；请设为邮件服务器的名称"
)
_CHECK_SERVER = Words(
    "Check host, port, disable_ssl and disable_tls of connection {conn_id!r}: port 465 speaks TLS at once, 587 after STARTTLS "
    "(disable_ssl), 25 often none (both)",
    "检查连接 {conn_id!r} 的 host、port、disable_ssl 和 disable_tls：465 端口直接使用 TLS，"
    "587 使用 STARTTLS（disable_ssl），25 通常两者都不用（两项都设）",
)
_CHECK_LOGIN = Words("Set login and password of connection {conn_id!r} anew", "重新设置连接 {conn_id!r} 的 login 和 password")
_LOGIN = Words("the mail server does not accept login and password", "邮件服务器不接受用户名和密码")
_NO_ANSWER = Words("no connection to the mail server, or it broke: {why}", "无法连接邮件服务器，或连接中断：{why}")
_NO_TLS = Words("no TLS with the mail server: {why}", "与邮件服务器之间无法建立 TLS：{why}")
_SAID = Words("the mail server does not take the mail: {why}", "邮件服务器不接收这封邮件：{why}")
_READ_WORDS = Words("Look at the address, and at from_email of connection {conn_id!r}", "检查收件地址，以及连接 {conn_id!r} 的 from_email")
_LATER = Words("It may be taken later; orgsync tries again", "稍后可能会接收，orgsync 会重试")
_UNUSABLE = Words("connection {conn_id!r} cannot be used: {why}", "连接 {conn_id!r} 无法使用：{why}")


def check_mail_connection(conn_id: str) -> Any:
    """The connection, if mails can be sent with it as far as it tells; raises ConfigurationError. Nothing is asked of a server."""
    connection = find_connection(conn_id, conn_type=CONN_TYPE)
    if not connection.host:
        raise ConfigurationError(_NO_HOST.fill(conn_id=conn_id))
    if not str(connection.extra_dejson.get("from_email") or "").strip():
        raise ConfigurationError(_NO_SENDER.fill(conn_id=conn_id))
    return connection


def send_mail(conn_id: str, address: str, letter: Letter) -> None:
    """One mail to one address. Raises PlatformError with what the server said, or ConfigurationError."""
    connection = check_mail_connection(conn_id)
    message = write_mail(letter, sender=str(connection.extra_dejson["from_email"]).strip(), address=address)
    problem: OrgsyncError
    try:
        _hand_over(conn_id, message)
    except Exception as error:
        problem = _explain(conn_id, error)
    else:
        return
    raise problem  # outside the handler: what the server said may quote addresses


def write_mail(letter: Letter, *, sender: str, address: str) -> MIMEMultipart:
    """Plain text, and the same as HTML. `Message-ID` is the letter's own, so that a mail sent again can be known.

    The older classes, since the newer ones put a blank into a long subject that is English and Chinese.
    """
    message = MIMEMultipart("alternative")
    subject = flatten(letter.subject)[:MOST_SUBJECT]
    message["Subject"] = Header(subject, None if subject.isascii() else "utf-8", header_name="Subject").encode()
    message["From"] = formataddr(parseaddr(flatten(sender)))
    message["To"] = flatten(address)
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = f"<{letter.key}@orgsync.invalid>"
    # RFC 3834: nobody's holiday reply, please.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    for text, kind in ((write_plain(letter) + "\n", "plain"), (write_html(letter), "html")):
        message.attach(MIMEText(text, kind, "utf-8"))
    return message


def flatten(text: str) -> str:
    """In one line: a line end in a header would begin another header."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).split())


def write_html(letter: Letter) -> str:
    """Texts only, whoever wrote them; no picture, no script, nothing that is fetched."""
    entries = "".join(_entry(entry, letter.open_words) for entry in letter.entries)
    rest = "".join(f'<p style="color:#666">{_lines(text)}</p>' for text in (letter.remark, letter.closing) if text)
    return f'<!doctype html><html><body style="font-family:sans-serif;font-size:14px;line-height:1.5">{entries}{rest}</body></html>\n'


def _entry(entry: Entry, open_words: str) -> str:
    link = f'<br><a href="{escape(entry.web_link, quote=True)}">{escape(open_words)}</a>' if entry.web_link else ""
    lines = "".join(f"<br>{_lines(line)}" for line in entry.lines)
    return f"<p><strong>{_lines(entry.heading)}</strong>{lines}{link}</p>"


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _hand_over(conn_id: str, message: MIMEMultipart) -> None:
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    hook = SmtpHook(conn_id)
    try:
        hook.get_conn()
        # The only way to the client that the hook has logged in.
        client: smtplib.SMTP = hook._smtp_client
        client.send_message(message)
    finally:
        # Its `with` would leave it open where logging in fails.
        if hook._smtp_client is not None:
            hook._smtp_client.close()


def _explain(conn_id: str, error: Exception) -> OrgsyncError:
    """The server's words are told, without addresses."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return CredentialError(_refuse(str(error.smtp_code), _LOGIN, _CHECK_LOGIN.fill(conn_id=conn_id)))
        case smtplib.SMTPRecipientsRefused():
            code, words = next(iter(error.recipients.values()), (550, b""))
            return _refused_by(conn_id, code, words)
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            return _unreachable(conn_id, UnreachableError, f"{error.smtp_code} {_decode(error.smtp_error)}")
        case smtplib.SMTPResponseException():
            return _refused_by(conn_id, error.smtp_code, error.smtp_error)
        case ssl.SSLError():
            reason = _NO_TLS.fill(why=redact(str(error.reason or error)))
            return UnreachableError(_refuse("nothing", reason, _CHECK_SERVER.fill(conn_id=conn_id)))
        case ConnectionRefusedError():
            return _unreachable(conn_id, NoConnectionError, "refused")
        case smtplib.SMTPServerDisconnected() | OSError():
            return _unreachable(conn_id, UnreachableError, str(error) or type(error).__name__)
        case smtplib.SMTPNotSupportedError():
            return ConfigurationError(_UNUSABLE.fill(conn_id=conn_id, why=redact(str(error))))
    # Whatever else the hook says of its connection, such as no token for OAuth.
    if type(error).__name__ == "AirflowException" and "connect" in str(error):
        return _unreachable(conn_id, UnreachableError, str(error))
    return ConfigurationError(_UNUSABLE.fill(conn_id=conn_id, why=redact(f"{type(error).__name__}: {error}")))


def _refused_by(conn_id: str, code: int, words: bytes | str) -> PlatformError:
    """Codes of 400 to 499 are for now, others for good (RFC 5321, 4.2.1)."""
    reason = _SAID.fill(why=redact(_decode(words)))
    if 400 <= code < 500:
        return ThrottledError(_refuse(str(code), reason, _LATER))
    return RefusedError(_refuse(str(code), reason, _READ_WORDS.fill(conn_id=conn_id)))


def _unreachable(conn_id: str, kind: type[UnreachableError], why: str) -> PlatformError:
    return kind(_refuse("nothing", _NO_ANSWER.fill(why=redact(why)), _CHECK_SERVER.fill(conn_id=conn_id)))


def _refuse(code: str, reason: str, fix: str) -> Refusal:
    return Refusal(PLATFORM, INTERFACE, code, reason=reason, fix=fix)


def _decode(words: bytes | str) -> str:
    return " ".join((words.decode("utf-8", "replace") if isinstance(words, bytes) else words).split())
