require("dingtalk-jsapi/entry/union");
const { requestAuthCode$ } = require("dingtalk-jsapi/api/union/requestAuthCode");
window.dd = { requestAuthCode: requestAuthCode$ };
