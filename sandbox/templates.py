"""The HTML templates of the sandbox's own pages; whatever comes into them is escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

PLATFORM_TITLES = {"dingtalk": "DingTalk 钉钉", "wecom": "WeCom 企业微信", "feishu": "Feishu 飞书"}


def environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(["j2"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
