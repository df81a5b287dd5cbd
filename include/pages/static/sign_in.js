// Within DingTalk's client: asks it for a code (dd.requestAuthCode, contract login.md §2) and goes on with what our server makes of that.
"use strict";

(() => {
  const asking = document.getElementById("asking");
  const give_up = () => { asking.hidden = true; document.getElementById("no-client").hidden = false; };
  const send = async (code) => {
    const body = new URLSearchParams({ code, state: asking.dataset.state });
    const answer = await fetch(asking.dataset.sendTo, { method: "POST", headers: { "X-Orgsync": "1" }, body, credentials: "same-origin" });
    if (answer.ok) location.replace(answer.headers.get("location"));
    else document.documentElement.replaceWith(document.importNode(new DOMParser().parseFromString(await answer.text(), "text/html").documentElement, true));
  };
  if (!window.dd || !window.dd.requestAuthCode) { give_up(); return; }
  window.dd.requestAuthCode({
    corpId: asking.dataset.corpId,
    clientId: asking.dataset.clientId,
    onSuccess: (result) => send(result.code),
    onFail: give_up,
  });
})();
