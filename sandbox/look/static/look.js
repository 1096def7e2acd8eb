"use strict";
/* Keeps the page up to date: asks whether anything happened, and then takes over the live regions of
   the page as it is now. Everything works without it too, by loading the page again. */

(() => {
  const IDLE_MS = 1000;
  const EAGER_MS = 150;
  const EAGER_FOR_MS = 4000;
  const NEAR_END = 80;

  let version = document.body.dataset.version;
  let eagerUntil = 0;
  let timer = 0;

  const follows = () => document.querySelector("[data-follow]")?.checked !== false;
  const isAtEnd = (region) => region.scrollHeight - region.scrollTop - region.clientHeight < NEAR_END;
  const toEnd = (region) => { region.scrollTop = region.scrollHeight; };

  function isBeingUsed(region) {
    const active = document.activeElement;
    return active && region.contains(active) && active.matches("select, textarea, input:not([type=checkbox]):not([type=hidden])");
  }

  function openForms() {
    for (const dialog of document.querySelectorAll("dialog[data-modal]")) {
      if (dialog.matches(":modal")) continue;
      dialog.close();
      dialog.showModal();
      dialog.querySelector(".inner select, .inner input:not([type=hidden]), .inner textarea")?.focus();
    }
  }

  function takeOver(region, fresh) {
    const wasAtEnd = isAtEnd(region);
    const scrolled = region.scrollTop;
    const opened = [...region.querySelectorAll("details[open] summary")].map((one) => one.textContent);
    const focused = region.contains(document.activeElement) ? document.activeElement : null;
    const again = focused && focused.name ? `[name="${CSS.escape(focused.name)}"][value="${CSS.escape(focused.value)}"]` : "";
    const node = document.importNode(fresh, true);
    region.replaceWith(node);
    for (const one of node.querySelectorAll("details")) {
      one.open = opened.includes(one.querySelector("summary").textContent);
    }
    if (again) node.querySelector(again)?.focus();
    node.scrollTop = scrolled;
    if ("follows" in node.dataset && wasAtEnd) toEnd(node);
  }

  function show(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const region of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(region.id);
      if (!fresh) continue;
      const isKeyed = "key" in region.dataset;
      if (isKeyed ? region.dataset.key === fresh.dataset.key : region.outerHTML === fresh.outerHTML) continue;
      if (!isKeyed && isBeingUsed(region)) continue;
      takeOver(region, fresh);
    }
    openForms();
    version = page.body.dataset.version || version;
  }

  async function refresh() {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok) show(await answer.text());
  }

  async function look() {
    try {
      const answer = await fetch("/look/version");
      const told = await answer.json();
      for (const clock of document.querySelectorAll("[data-clock]")) clock.textContent = told.clock;
      if (told.version !== version && follows()) await refresh();
    } catch {
      eagerUntil = 0; /* the sandbox has stopped: ask again later */
    }
    schedule();
  }

  function schedule() {
    clearTimeout(timer);
    timer = setTimeout(look, Date.now() < eagerUntil ? EAGER_MS : IDLE_MS);
  }

  function notice(text) {
    const place = document.getElementById("notice");
    place.textContent = text;
    place.hidden = !text;
  }

  async function send(form, button) {
    const body = new URLSearchParams(new FormData(form, button));
    const target = button?.getAttribute("formaction") || form.getAttribute("action");
    const answer = await fetch(target, { method: "POST", body });
    const text = await answer.text();
    if (answer.ok && answer.url !== location.href) {
      location.assign(answer.url);
      return;
    }
    if (answer.ok) {
      notice("");
      if ("clears" in form.dataset) form.querySelector("textarea").value = "";
      show(text);
    } else {
      notice(new DOMParser().parseFromString(text, "text/html").getElementById("trouble")?.textContent || "That failed.");
    }
    eagerUntil = Date.now() + EAGER_FOR_MS;
    schedule();
  }

  document.addEventListener("submit", (event) => {
    const { target: form, submitter: button } = event;
    if (form.method !== "post") return;
    event.preventDefault();
    if (button?.dataset.confirm && !window.confirm(button.dataset.confirm)) return;
    send(form, button);
  });

  document.addEventListener("change", (event) => {
    const field = event.target;
    if ("goes" in field.dataset) {
      field.form.requestSubmit();
    } else if (field.value) {
      const button = field.closest(".menu")?.querySelector("[data-chooses]");
      if (button) field.form.requestSubmit(button);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && "sends" in event.target.dataset) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });

  document.addEventListener("cancel", (event) => {
    event.preventDefault(); /* Escape closes the form as its button does, so that the app is told */
    event.target.querySelector("[data-closes]")?.click();
  }, true);

  document.addEventListener("DOMContentLoaded", () => {
    document.documentElement.classList.add("js");
    for (const region of document.querySelectorAll("[data-follows]")) toEnd(region);
    openForms();
    schedule();
  });
})();
