"""Feishu (飞书): open.feishu.cn, everything below /open-apis/."""
