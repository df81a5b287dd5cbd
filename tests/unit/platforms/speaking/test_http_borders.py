"""What the libraries refuse before anything is sent is told in our words, and names the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgsync.errors import ConfigurationError
from orgsync.platforms.speaking.http_sender import HttpSender
from orgsync.platforms.speaking.transport import Request

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.mark.parametrize(
    ("host", "environment", "words"),
    [
        pytest.param("http://[::1", {}, "'acme' has no usable host", id="half an address"),
        pytest.param("http://127.0.0.1:port", {}, "'acme' has no usable host", id="port that is none"),
        pytest.param("http://127.0.0.1:99999", {}, "'acme' has no usable host", id="port too large"),
        pytest.param("gopher://127.0.0.1", {}, "'acme' has no usable host", id="scheme"),
        pytest.param("https://127.0.0.1:9", {"REQUESTS_CA_BUNDLE": "/nowhere/ca.pem"}, "/nowhere/ca.pem.*REQUESTS_CA_BUNDLE", id="no CA"),
        pytest.param("http://10.0.0.1", {"HTTP_PROXY": "http://"}, "proxy.*HTTPS_PROXY.*NO_PROXY", id="empty proxy"),
        pytest.param("http://10.0.0.1", {"HTTP_PROXY": "http://[::1"}, "proxy.*HTTPS_PROXY.*NO_PROXY", id="half a proxy"),
        pytest.param("http://10.0.0.1", {"HTTP_PROXY": "socks5://127.0.0.1:9"}, "proxy.*HTTPS_PROXY.*NO_PROXY", id="SOCKS"),
    ],
)
def test_setting_that_cannot_be_used_is_named(
    host: str, environment: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=words):
        HttpSender(host, platform="dingtalk", conn_id="acme", parallel=1, connect_timeout_seconds=1)(Request("any", "GET", "any"))
