"""Signing in to Airflow by DingTalk, WeCom or Feishu: who may what follows from where they work, and ends when they leave."""
