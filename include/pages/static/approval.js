// Answers the question about a plan through Airflow's own API, with the cookie of whoever looks at the page: Airflow checks who may, and the task
// that waits writes down what was decided.
"use strict";

(() => {
  const place = document.querySelector("[data-question]");
  const status = place.querySelector("[role=status]");
  const buttons = place.querySelector("[hidden]");
  const OUTCOMES = { 401: "signed_out", 403: "forbidden", 404: "nobody_asks", 409: "answered" };

  const pick = (name) => place.querySelector(`template[data-says="${name}"]`).content.cloneNode(true);
  const show = (outcome, detail = "") => {
    status.replaceChildren(pick(outcome));
    if (detail) {
      const by = pick("by");
      by.querySelector("b").textContent = detail;
      status.append(by);
    }
    if (outcome !== "unreachable") status.append(pick("again"));
    status.focus();
  };

  const ask = async (method, body) => {
    const headers = { Accept: "application/json", "Content-Type": "application/json" };
    const answer = await fetch(place.dataset.question, { method, headers, body, credentials: "same-origin" });
    return { status: answer.status, isDone: answer.ok, said: answer.ok ? await answer.json() : null };
  };

  // An answer of nobody: the task looks whether its question still stands, and asks again in a moment.
  const tell = ({ responded_by_user: by, chosen_options: options }) => (
    by ? show("answered", [by.name, ...(options || [])].join(": ")) : show("looking"));

  // The options are in the order in which the task names them: to approve, to reject.
  const answer = async (name, number) => {
    const asked = await ask("GET");
    if (!asked.isDone) return show(OUTCOMES[asked.status] || "failed");
    const { said } = asked;
    if (said.response_received) return tell(said);
    const body = JSON.stringify({ chosen_options: [said.options[number]], params_input: {} });
    const { status: code, isDone } = await ask("PATCH", body);
    if (!isDone) return show(OUTCOMES[code] || "failed");
    buttons.remove();
    return show(name === "approve" ? "approved" : "rejected");
  };

  const send = async (name, number) => {
    buttons.querySelectorAll("button").forEach((each) => { each.disabled = true; });
    try {
      await answer(name, number);
    } catch {
      show("unreachable");
    }
    buttons.querySelectorAll("button").forEach((each) => { each.disabled = false; });
  };

  buttons.hidden = false;
  buttons.querySelectorAll("[data-opens]").forEach((button) => {
    const dialog = document.getElementById(button.dataset.opens);
    button.addEventListener("click", () => { dialog.returnValue = ""; dialog.showModal(); });
    dialog.addEventListener("close", () => {
      const name = dialog.returnValue;
      if (name) send(name, Number(dialog.querySelector("[data-option]").dataset.option));
    });
  });
})();
