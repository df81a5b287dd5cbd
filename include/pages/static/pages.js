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

  // A form with data-search asks for words that stand in no address: the fragment holds them, which no server is sent.
  const wordsAsked = () => new URLSearchParams(location.hash.slice(1)).get("q") || "";
  const dayAsked = () => new URLSearchParams(location.search).get("at") || "";
  let searches = 0;
  const find = async (form) => {
    const place = document.getElementById(form.dataset.search), search = ++searches;
    const body = new FormData(form);
    form.elements.q.value = wordsAsked();
    body.set("q", wordsAsked());
    body.set("at", dayAsked());
    place.setAttribute("aria-busy", "true");
    const { text } = await post(form.action, body);
    if (search !== searches) return; // somebody has asked for something else since
    const page = new DOMParser().parseFromString(text, "text/html");
    place.replaceChildren(...(page.getElementById(place.id) || page.querySelector("main") || page.body).childNodes);
    place.removeAttribute("aria-busy");
  };
  const ask = (form) => {
    const words = `#${new URLSearchParams({ q: form.elements.q.value.trim() })}`, day = form.elements.at.value;
    if (day !== dayAsked().slice(0, 10)) location.assign(`${location.pathname}${day ? `?at=${day}` : ""}${words}`);
    else if (words !== location.hash) location.hash = words;
    else find(form);
  };
  const listen = (form) => {
    // A fragment without words is a place on the page.
    addEventListener("hashchange", () => { if (!location.hash || location.hash.startsWith("#q=")) find(form); });
    if (wordsAsked()) find(form);
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
    if (form.dataset.search !== undefined) {
      event.preventDefault();
      ask(form);
      return;
    }
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
    document.querySelectorAll("form[data-search]").forEach(listen);
    // Of tabs that do not fit beside each other, the one where one is has to be seen.
    document.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
      tab.parentElement.scrollLeft = tab.offsetLeft - (innerWidth - tab.offsetWidth) / 2;
    });
  });
})();
