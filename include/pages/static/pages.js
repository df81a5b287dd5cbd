// What the pages need of script: Airflow's language and colours, sending what changes something, and searching without a name in an address.
"use strict";

(() => {
  const LANGUAGE = "i18nextLng", THEME = "theme", COOKIE = "orgsync_language", TRIED = "orgsync_language_tried", PLACE = "orgsync_place";
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
    if (!wanted || (wanted.toLowerCase().startsWith("zh") ? "zh" : "en") === shown) return sessionStorage.removeItem(TRIED);
    document.cookie = `${COOKIE}=${encodeURIComponent(wanted)}; path=${document.body.dataset.base || "/"}; samesite=lax`;
    // Once: a browser that keeps no cookie would load for ever.
    if (sessionStorage.getItem(TRIED) === wanted) return;
    sessionStorage.setItem(TRIED, wanted);
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
    try {
      const { text } = await post(form.action, body);
      const page = new DOMParser().parseFromString(text, "text/html");
      place.replaceChildren(...(page.querySelector("main") || page.body).childNodes);
    } catch {
      place.append(Object.assign(document.createElement("p"), { className: "error", textContent: document.body.dataset.unreachable }));
    }
    place.setAttribute("tabindex", "-1");
    place.focus();
    form.querySelectorAll("button").forEach((each) => { each.disabled = false; });
  };

  // A form with data-keep leads to the same page with a little more or less in it: one stays where one was, on the button that one pressed.
  const keepPlace = (button) => {
    sessionStorage.setItem(PLACE, JSON.stringify({ at: location.pathname, top: scrollY, name: button.name, value: button.value }));
  };
  const findPlace = () => {
    const place = JSON.parse(sessionStorage.getItem(PLACE) || "null");
    sessionStorage.removeItem(PLACE);
    if (!place || place.at !== location.pathname) return;
    const button = document.querySelector(`form[data-keep] button[name="${CSS.escape(place.name)}"][value="${CSS.escape(place.value)}"]`);
    scrollTo({ top: place.top, behavior: "instant" });
    if (button) button.focus({ preventScroll: true });
    // Where there is no room beside, what was asked for is below, out of sight.
    const shown = button && button.dataset.shows && document.getElementById(button.dataset.shows);
    if (shown && shown.getBoundingClientRect().top > innerHeight * 0.8) shown.scrollIntoView({ behavior: "instant" });
  };

  addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    if (form.dataset.keep !== undefined && event.submitter) return keepPlace(event.submitter);
    // Whoever thinks better of it closes the dialog.
    if (form.dataset.send === undefined || (event.submitter && event.submitter.formMethod === "dialog")) return;
    event.preventDefault();
    send(form, event.submitter);
  });

  // A button with data-asks opens the dialog that it names, which asks back; also one that came with an answer.
  addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-asks]");
    if (button) document.getElementById(button.dataset.asks).showModal();
  });

  addEventListener("DOMContentLoaded", () => {
    translate();
    findPlace();
    // Of tabs that do not fit beside each other, the one where one is has to be seen.
    document.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
      tab.parentElement.scrollLeft = tab.offsetLeft - (innerWidth - tab.offsetWidth) / 2;
    });
  });
})();
