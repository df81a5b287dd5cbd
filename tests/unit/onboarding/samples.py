"""Settings as others have them: O2OA's as in its documentation, JeecgBoot's as in its application.yml and table, keys in a list."""

from __future__ import annotations

DINGDING_OF_OLD = """{
  "enable": false,
  "corpId": "dingsandbox",
  "agentId": "3000000001",
  "corpSecret": "sso",
  "syncCron": "10 0/10 * * * ?",
  "forceSyncCron": "10 45 8,12 * * ?",
  "oapiAddress": "https://oapi.dingtalk.com",
  "messageEnable": true,
}"""

DINGDING = """{
  "enable": true, "###enable": "是否启用###",
  "corpId": "dingsandbox",
  "agentId": "3000000001",
  "appKey": "dingkey", // Client ID
  "appSecret": "app-secret",
  "syncCron": "0 0 * * * ?",
  "forceSyncCron": "0 30 1 ? * MON-FRI",
  "oapiAddress": "https://oapi.dingtalk.com",
  "token": "",
  "encodingAesKey": "",
  "workUrl": "https://oa.example.com/x_desktop/",
  "messageRedirectPortal": "",
  "messageEnable": true
}"""

QIYEWEIXIN = """{
  "enable": true,
  "syncCron": "10 0/10 * * * ?",
  "forceSyncCron": "10 45 8,12 * * ?",
  "apiAddress": "https://qyapi.weixin.qq.com",
  "corpId": "wwsandbox",
  "corpSecret": "app-secret",
  "agentId": "1000002",
  "token": "1",
  "encodingAesKey": "1",
  "messageEnable": true
}"""

JEECG = """
server:
  port: 8080
justauth:
  enabled: true
  type:
    GITHUB:
      client-id: ??
      client-secret: ??
    DINGTALK:
      client-id: dingkey
      client-secret: app-secret
      redirect-uri: http://sso.example.com:8080/jeecg-boot/thirdLogin/dingtalk/callback
third-app:
  enabled: false
  type:
    WECHAT_ENTERPRISE:
      enabled: true
      client-id: wwsandbox
      client-secret: contact-secret
      agent-id: 1000002
      agent-app-secret: own-secret
    DINGTALK:
      enabled: false
      client-id: dingkey
      client-secret: app-secret
      agent-id: 3000000001
"""

ROWS = """[
  {"id": "1", "tenant_id": 0, "agent_id": "3000000001", "client_id": "dingkey", "client_secret": "app-secret", "corp_id": "dingcorp",
   "third_type": "dingtalk", "status": 1},
  {"id": "2", "tenantId": 0, "agentId": "1000002", "clientId": "wwsandbox", "clientSecret": "app-secret",
   "thirdType": "wechat_enterprise", "status": 0}
]"""

ROWS_CSV = """id,tenant_id,agent_id,client_id,client_secret,corp_id,third_type,status
1,0,3000000001,dingkey,app-secret,dingcorp,dingtalk,1
2,0,1000002,wwsandbox,app-secret,,wechat_enterprise,0
"""

KEY_LIST = """CorpId：dingsandbox
应用名称：组织同步
AgentId: 3000000001
Client ID（原 AppKey）: dingkey
Client Secret（AppSecret）= app-secret
SSOsecret: sso
"""
