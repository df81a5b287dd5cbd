"""The addresses that an administrator pastes into a platform's console, and what is wrong with one that was pasted.

Their forms are those of the platforms' pages: DingTalk's login and console links, WeCom's in-client and browser pages (whose trusted domain
has to fit by host and port, else 50001), Feishu's authorize page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from orgsync.check import Check
from orgsync.connections.site import CALLBACK, LOGIN
from orgsync.words import Words

CORP_ID = "$CORPID$"
"""DingTalk fills it in when it opens a page of its workbench."""
WECHAT = "#wechat_redirect"
LONGEST_STATE = 128
STATE = "orgsync"

_DINGTALK = "https://login.dingtalk.com/oauth2/auth"
_WECOM_CLIENT = "https://open.weixin.qq.com/connect/oauth2/authorize"
_WECOM_BROWSER = "https://login.work.weixin.qq.com/wwlogin/sso/login"
_FEISHU, _LARK = "https://accounts.feishu.cn", "https://accounts.larksuite.com"
_AUTHORIZE = "/open-apis/authen/v1/authorize"

LINK = "link"


@dataclass(frozen=True)
class App:
    """What its links are made of: `login` is Client ID, Corp ID or App ID; `base_url` is where Airflow is reached, `path` a page there."""

    platform: str
    login: str
    base_url: str
    agent_id: str = ""
    host: str = ""
    path: str = "/"

    @property
    def page(self) -> str:
        return self._below(self.path)

    @property
    def login_page(self) -> str:
        return self._below(LOGIN)

    @property
    def callback(self) -> str:
        return self._below(CALLBACK)

    def _below(self, path: str) -> str:
        return f"{self.base_url.rstrip('/')}/{path.lstrip('/')}"


@dataclass(frozen=True)
class Link:
    """What goes where: `place` is in the platform's console."""

    name: Words
    place: Words
    value: str


def list_links(app: App) -> list[Link]:
    return list({"dingtalk": _of_dingtalk, "wecom": _of_wecom, "feishu": _of_feishu}[app.platform](app))


_SIGN_IN = (Words("where people sign in", "登录页面"), Words("for bookmarks and your own pages", "可供收藏，或放在您自己的页面中"))
_COMES_BACK = Words("where a login comes back to", "登录回调")


def _same(text: str) -> Words:
    """What the console itself calls it, in both languages."""
    return Words(text, text)


def _of_dingtalk(app: App) -> Iterator[Link]:
    page, config = f"{app.page}{'&' if '?' in app.page else '?'}corpId={CORP_ID}", "开发配置 → 网页应用"
    yield Link(Words("home page on a phone", "移动端首页"), _same(f"{config} → 应用首页地址"), page)
    yield Link(Words("home page on a computer", "PC 端首页"), _same(f"{config} → PC端首页地址"), page)
    yield Link(Words("admin page", "管理后台"), _same(f"{config} → 管理后台地址"), page)
    yield Link(_COMES_BACK, _same("安全设置 → 重定向URL"), app.callback)
    yield Link(*_SIGN_IN, app.login_page)


def _of_wecom(app: App) -> Iterator[Link]:
    settings = Words("应用管理 → app → {field}", "应用管理 → 应用 → {field}")
    scope = {"response_type": "code", "scope": "snsapi_base", "state": STATE, "agentid": app.agent_id}
    client = _query(appid=app.login, redirect_uri=app.page, **scope)
    home = Words("home page in the client", "工作台应用主页")
    yield Link(home, settings.fill(field="应用主页"), f"{_WECOM_CLIENT}?{client}{WECHAT}")
    yield Link(Words("trusted domain", "可信域名"), settings.fill(field="网页授权及JS-SDK"), _domain(app.page))
    yield Link(Words("callback domain", "授权回调域"), settings.fill(field="企业微信授权登录"), _domain(app.page))
    yield Link(*_SIGN_IN, app.login_page)


def _of_feishu(app: App) -> Iterator[Link]:
    yield Link(Words("home page", "网页应用主页"), _same("应用能力 → 网页应用 → 桌面端主页、移动端主页"), app.page)
    yield Link(_COMES_BACK, _same("安全设置 → 重定向 URL"), app.callback)
    yield Link(*_SIGN_IN, app.login_page)


def _query(**parameters: str) -> str:
    """Each value encoded once, blanks as %20."""
    return "&".join(f"{name}={_encode(value)}" for name, value in parameters.items())


def check_link(app: App, url: str) -> list[Check]:
    """Each mistake of a pasted address, with what to write; nothing wrong is one that is ok."""
    found = [Check(LINK, "broken", reason, fix) for reason, fix in _find_mistakes(app, url.strip())]
    return found or [Check(LINK, "ok", Words("as it has to be", "正确"))]


_PASTE = Words("Paste what `orgsync links` prints", "请粘贴 `orgsync links` 打印的地址")
_ENCODE = Words("Write redirect_uri as {encoded}", "把 redirect_uri 写成 {encoded}")
_NOT_ENCODED = Words(
    "redirect_uri is not encoded: the platform reads it up to its first & or # (50001 on WeCom)",
    "redirect_uri 没有编码：平台只读到第一个 & 或 #（企业微信报 50001）",
)
_TWICE = Words("redirect_uri is encoded twice", "redirect_uri 编码了两次")
_NO_REDIRECT = Words("redirect_uri is missing", "缺少 redirect_uri")
_OTHER_DOMAIN = Words(
    "redirect_uri leads to {host}, and the trusted domain is {wanted} (50001 on WeCom)",
    "redirect_uri 指向 {host}，而可信域名是 {wanted}（企业微信报 50001）",
)
_PORT = Words(
    "redirect_uri leads to {host} without the port of {wanted}: host and port have to fit (50001 on WeCom)",
    "redirect_uri 指向 {host}，缺少 {wanted} 的端口：主机和端口都要一致（企业微信报 50001）",
)
_PARENT = Words(
    "redirect_uri leads to {host}, which is not {wanted}: a domain above or below it does not count (50001 on WeCom)",
    "redirect_uri 指向 {host}，不是 {wanted}：上级或下级域名不算（企业微信报 50001）",
)
_NO_FRAGMENT = Words("it does not end with #wechat_redirect", "末尾缺少 #wechat_redirect")
_FRAGMENT = Words("Append #wechat_redirect, after everything else", "在最后加上 #wechat_redirect")
_OTHER_APP = Words("{name} is {value}, and the connection's is {wanted}", "{name} 是 {value}，而连接中是 {wanted}")
_NO_APP = Words("{name} is missing", "缺少 {name}")
_SET = Words("Write {name}={wanted}", "写成 {name}={wanted}")
_NO_CORP_ID = Words("it has no corpId=$CORPID$, by which the page knows the company", "缺少 corpId=$CORPID$，页面无法得知是哪家企业")
_FILLED = Words(
    "corpId holds {value} and not the words $CORPID$, which DingTalk fills in itself",
    "corpId 填的是 {value}，而不是由钉钉自动替换的 $CORPID$",
)
_APPEND = Words("Append {text}", "加上 {text}")
_NO_LINK = Words("it is no address of {platform} that is known here, nor of {wanted}", "不是已知的 {platform} 地址，也不是 {wanted} 的地址")
_CODE = Words("response_type is not code", "response_type 不是 code")
_BAD_STATE = Words("state holds other signs than letters and digits, or more than 128", "state 含有字母和数字之外的字符，或超过 128 个")


def _find_mistakes(app: App, url: str) -> Iterator[tuple[str, str]]:
    parts = urlsplit(url)
    start, query = f"{parts.scheme}://{parts.netloc}{parts.path}", dict(parse_qsl(parts.query, keep_blank_values=True))
    pages = {
        "dingtalk": {_DINGTALK: "client_id"},
        "wecom": {_WECOM_CLIENT: "appid", _WECOM_BROWSER: "appid"},
        "feishu": {f"{_FEISHU}{_AUTHORIZE}": "client_id", f"{_LARK}{_AUTHORIZE}": "client_id"},
    }[app.platform]
    if start in pages:
        yield from _check_redirect(app, parts.query)
        yield from _check_name(query, pages[start], app.login)
        if app.platform == "wecom":
            yield from _check_wecom(app, start, url, query)
        if start != _WECOM_BROWSER and query.get("response_type") != "code":
            yield _CODE, _SET.fill(name="response_type", wanted="code")
    elif _domain(url) == _domain(app.page):
        if app.platform == "dingtalk" and start not in (app.login_page, app.callback):
            yield from _check_corp_id(query)
    else:
        yield _NO_LINK.fill(platform=app.platform, wanted=_domain(app.page)), _PASTE


def _check_redirect(app: App, query: str) -> Iterator[tuple[str, str]]:
    """In the text as it was pasted: once it is parsed, nobody sees how it was written."""
    raw = next((part.partition("=")[2] for part in query.split("&") if part.startswith("redirect_uri=")), "")
    encoded = _ENCODE.fill(encoded=_encode(app.page))
    if not raw:
        yield _NO_REDIRECT, encoded
    elif "://" in raw:
        yield _NOT_ENCODED, encoded
    elif "://" not in unquote(raw):
        yield _TWICE, encoded
    else:
        host, wanted = _domain(unquote(raw)), _domain(app.page)
        name, wanted_name = host.partition(":")[0], wanted.partition(":")[0]
        if host == wanted:
            return
        if name == wanted_name:
            yield _PORT.fill(host=host, wanted=wanted), encoded
        elif name.endswith(f".{wanted_name}") or wanted_name.endswith(f".{name}"):
            yield _PARENT.fill(host=host, wanted=wanted), encoded
        else:
            yield _OTHER_DOMAIN.fill(host=host, wanted=wanted), encoded


def _check_name(query: Mapping[str, str], name: str, wanted: str) -> Iterator[tuple[str, str]]:
    if not query.get(name):
        yield _NO_APP.fill(name=name), _SET.fill(name=name, wanted=wanted)
    elif query[name] != wanted:
        yield _OTHER_APP.fill(name=name, value=query[name], wanted=wanted), _SET.fill(name=name, wanted=wanted)


def _check_wecom(app: App, start: str, url: str, query: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if start == _WECOM_CLIENT and not url.endswith(WECHAT):
        yield _NO_FRAGMENT, _FRAGMENT
    if app.agent_id and (start == _WECOM_BROWSER or query.get("agentid")):
        yield from _check_name(query, "agentid", app.agent_id)
    state = query.get("state", "")
    if state and not (state.isascii() and state.isalnum() and len(state) <= LONGEST_STATE):
        yield _BAD_STATE, _SET.fill(name="state", wanted=STATE)


def _check_corp_id(query: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if not query.get("corpId"):
        yield _NO_CORP_ID, _APPEND.fill(text=f"corpId={CORP_ID}")
    elif query["corpId"] != CORP_ID:
        yield _FILLED.fill(value=query["corpId"]), _SET.fill(name="corpId", wanted=CORP_ID)


def _domain(url: str) -> str:
    """Host and port, as a trusted domain is compared; the port of the scheme itself is left out."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    host = (parts.hostname or "").lower()
    try:
        port = parts.port
    except ValueError:
        port = None
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{host}:{port}" if port and port != usual else host


def _encode(text: str) -> str:
    """Once, and all of it: a slash too."""
    return quote(text, safe="")
