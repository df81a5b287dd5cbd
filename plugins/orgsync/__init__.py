"""orgsync keeps a PostgreSQL warehouse equal to a company's directory on DingTalk, WeCom and Feishu."""

__version__ = "0.4.0"
