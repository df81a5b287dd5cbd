// What the pages need of script: Airflow's language and colours, sending what changes something, and searching without a name in an address.
"use strict";

(() => {
  const LANGUAGE = "i18nextLng", THEME = "theme", COOKIE = "orgsync_language";
  const read = (name) => { try { return localStorage.getItem(name) || ""; } catch { return ""; } };

  // Airflow keeps both where a frame of the same origin reads them; the colours are set before anything is painted.
  const paint = () => {
    const theme = read(THEME).replace(/"/g, "");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
  const translate = () => {
    const wanted = read(LANGUAGE).replace(/"/g, "");
    const shown = document.body.dataset.language;
    if (!wanted || (wanted.toLowerCase().startsWith("zh") ? "zh" : "en") === shown) return;
    document.cookie = `${COOKIE}=${encodeURIComponent(wanted)}; path=${document.body.dataset.base || "/"}; samesite=lax`;
    // Once: a browser that keeps no cookie would load for ever.
    const tried = `orgsync_language_tried_${wanted}`;
    if (sessionStorage.getItem(tried) === shown) return;
    sessionStorage.setItem(tried, shown);
    location.reload();
  };
  addEventListener("storage", (event) => {
    if (event.key === THEME) paint();
    if (event.key === LANGUAGE) translate();
  });
  paint();

  const post = async (address, body) => {
    const answer = await fetch(address, { method: "POST", headers: { "X-Orgsync": "1" }, body, credentials: "same-origin" });
    return { isDone: answer.ok, text: await answer.text() };
  };

  // A form with data-send is sent with our header; what comes back takes the place of the element it names.
  const send = async (form, button) => {
    const body = new FormData(form);
    if (button && button.name) body.append(button.name, button.value);
    const place = document.getElementById(form.dataset.send);
    form.querySelectorAll("button").forEach((each) => { each.disabled = true; });
    const { text } = await post(form.action, body);
    const page = new DOMParser().parseFromString(text, "text/html");
    place.replaceChildren(...(page.querySelector("main") || page.body).childNodes);
    place.setAttribute("tabindex", "-1");
    place.focus();
    form.querySelectorAll("button").forEach((each) => { each.disabled = false; });
  };
  addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset.send === undefined) return;
    event.preventDefault();
    send(form, event.submitter);
  });

  addEventListener("DOMContentLoaded", () => {
    translate();
  });
})();
