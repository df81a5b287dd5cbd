"""WeCom (企业微信) as a self-built app and the contact-sync secret see it: qyapi.weixin.qq.com/cgi-bin."""
