"""DingTalk, both generations of its API: oapi.dingtalk.com and api.dingtalk.com/v1.0."""
