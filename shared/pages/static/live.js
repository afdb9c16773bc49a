// What pages do beyond their links and forms. Everything works without it; nothing here decides anything.
(() => {
  "use strict";

  // The zone of this browser, for the next page: times are written by the server.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`frontline_zone=${encodeURIComponent(zone)}`)) {
    document.cookie = `frontline_zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
  }

  // A form that was sent is not sent again by a second click. Its key would make it the same request anyway.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", (event) => {
    for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
    // A page that comes back from memory has the filters that it lists by, and not those that were chosen on it.
    if (event.persisted) for (const form of document.querySelectorAll("[data-auto]")) form.reset();
  });

  // Ctrl+Enter sends an answer, never anything else: what cannot be answered has no such button.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.matches("[data-send]")) return;
    event.preventDefault();
    const button = event.target.form.querySelector("[value=agent_replied]");
    if (button) event.target.form.requestSubmit(button);
  });

  // A filter that was chosen counts at once; the button is for readers without scripts.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-auto] select")) event.target.form.requestSubmit();
  });

  // Single keys, where nobody is typing: what has a key is pressed, followed, or written in; j and k go along a list.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) {
      if (event.key === "Escape" && event.target.matches("[data-key]")) event.target.blur();
      return;
    }
    if (event.key === "j" || event.key === "k") {
      const rows = [...document.querySelectorAll("tbody .subject")];
      const here = rows.indexOf(document.activeElement);
      rows[Math.max(0, Math.min(rows.length - 1, here + (event.key === "j" ? 1 : -1)))]?.focus();
      return;
    }
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, textarea")) target.focus();
    else target.click();
  });

  // What belongs to one choice is shown with it.
  const showChosen = () => {
    for (const choice of document.querySelectorAll("[data-shows]")) {
      document.getElementById(choice.dataset.shows).hidden = !choice.checked;
    }
  };
  document.addEventListener("change", showChosen);
  showChosen();

  // After an error, the reader begins at what is wrong.
  document.getElementById("mistakes")?.focus();

  // The time that is left, by the second, as the server writes it: days and hours, hours and minutes, minutes or seconds.
  const written = (seconds) => {
    const days = Math.floor(seconds / 86400), hours = Math.floor(seconds / 3600) % 24;
    const minutes = Math.floor(seconds / 60) % 60, rest = seconds % 60;
    if (days) return `${days} d ${hours} h`;
    if (hours) return `${hours} h ${minutes} min`;
    if (minutes >= 10) return `${minutes} min`;
    return minutes ? `${minutes} min ${rest} s` : `${rest} s`;
  };
  const tick = () => {
    // Without a connection nobody knows whether what counts down still runs: what was shown last stays.
    if (document.getElementById("stale")?.hidden === false) return;
    for (const place of document.querySelectorAll("[data-due]")) {
      const left = Math.floor((Date.parse(place.dataset.due) - Date.now()) / 1000);
      const text = left >= 0 ? written(left) : `${place.dataset.late} ${written(-left)}`;
      if (place.textContent !== text) place.textContent = text;
      if (place.dataset.soon) {
        place.classList.toggle("left-late", left < 0);
        place.classList.toggle("left-warn", left >= 0 && Date.parse(place.dataset.soon) <= Date.now());
      }
    }
  };
  setInterval(tick, 1000);
  tick();

  // A browser has six connections for each host (HTTP/1.1), and each page that follows holds one. The extension lets that
  // of a page go while it is in the background (pauseOnBackground), but not that of a page which was opened there.
  document.addEventListener("htmx:sse:after:message", () => {
    if (document.hidden) document.dispatchEvent(new Event("visibilitychange"));
  });

  // A stream that has ended is tried again. Until it is there, the page says that it may be old. So it does if it hears
  // nothing: the stream of a page says something every two seconds, unless the service or the network stands still.
  const stale = document.getElementById("stale");
  if (stale && document.querySelector("[data-hx-sse\\:connect]")) {
    const SILENT_AFTER = 5000;
    let heardAt = Date.now(), connection = null;
    const heard = () => { heardAt = Date.now(); stale.hidden = true; };
    document.addEventListener("htmx:sse:error", () => { stale.hidden = false; });
    document.addEventListener("htmx:sse:after:connection", (event) => { connection = event.detail.connection; heard(); });
    document.addEventListener("htmx:sse:after:message", heard);
    // In the background a page hears nothing (above). Once it is seen again, it has a second to hear something.
    document.addEventListener("visibilitychange", () => { if (!document.hidden) heardAt = Date.now() - SILENT_AFTER + 1000; });
    setInterval(() => {
      if (document.hidden || !stale.hidden || Date.now() - heardAt < SILENT_AFTER) return;
      stale.hidden = false;
      connection?.reader?.cancel();  // another one is tried: of this one nobody may ever say that it has ended
    }, 500);
    // A screen reader hears what is new, and not the page again. A text that is there already would not be heard: it
    // is taken away first.
    const news = document.getElementById("news");
    const latest = () => [...document.querySelectorAll("h1 + .pill, .events li:last-child span")].map((e) => e.textContent).join(": ");
    const state = () => `${document.querySelectorAll(".events li").length} ${latest()}`;
    let told = state();
    document.addEventListener("htmx:sse:after:message", () => {
      tick();
      showChosen();
      if (state() === told) return;
      told = state();
      news.textContent = "";
      setTimeout(() => { news.textContent = latest(); }, 100);
    });
  }
})();
