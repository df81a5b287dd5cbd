"""What signing in says."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "sign_in.title": ("Sign in", "登录"),
    "sign_in.by": ("Sign in with {platform}", "用{platform}登录"),
    "sign_in.password": ("Sign in with a password", "用密码登录"),
    "sign_in.nobody": (
        "No organization is set up for signing in; docs/sign-in.md says how.",
        "尚未配置可用于登录的组织，见 docs/sign-in.zh.md。",
    ),
    "sign_in.asking": ("DingTalk is asked who you are …", "正在向钉钉确认您的身份……"),
    "sign_in.no_client": ("The client did not answer. Sign in with a QR code instead.", "客户端没有响应，请改为扫码登录。"),
    "sign_in.again": ("Sign in again", "重新登录"),
    "sign_in.refused": ("You are not signed in", "未能登录"),
    "sign_in.declined": ("Signing in was declined on the platform's page.", "您在平台页面上取消了登录。"),
    "sign_in.not_begun": (
        "This sign-in was not begun in this browser, or more than five minutes ago. Begin again.",
        "这次登录不是在此浏览器中发起的，或已超过五分钟。请重新开始。",
    ),
    "sign_in.stranger": ("You are not a member of this organization.", "您不是该组织的成员。"),
    "sign_in.spent": ("The code of this sign-in was used before, or is too old. Sign in again.", "登录凭证已被使用或已过期，请重新登录。"),
    "sign_in.platform": ("The platform could not say who you are. What it answered:", "平台未能确认您的身份，其应答为："),
    "sign_in.not_there": (
        "You are a member, but not in the directory as it was read last. Whoever joined today can sign in after the next sync.",
        "您是该组织的成员，但最近一次同步的通讯录中没有您。今天入职的人请在下一次同步之后再登录。",
    ),
    "sign_in.no_right": (
        "You are a member, but nothing here is open to you. Whoever administers Airflow can change that (include/access.yaml).",
        "您是该组织的成员，但没有任何权限。Airflow 管理员可以在 include/access.yaml 中授权。",
    ),
    "sign_in.no_warehouse": (
        "The warehouse, which knows who may come in, cannot be reached now. Try again later.",
        "暂时无法连接数仓，无法确认您的权限。请稍后再试。",
    ),
    "sign_in.not_set_up": ("Signing in is not set up right. What is wrong:", "登录配置有误："),
    "sign_in.no_address": (
        "Airflow does not know its own address: set [api] base_url to what people type into their browsers.",
        "Airflow 不知道自己的地址：请把 [api] base_url 设为用户在浏览器中输入的地址。",
    ),
    "sign_in.no_organization": ("There is no such organization to sign in with.", "没有可用于登录的该组织。"),
}
