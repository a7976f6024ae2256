// Keeps the page live: server-sent events in, rows patched in place, clocks ticked from the server's time.
// The page never trusts this device's clock and never goes on looking live when it is not.
"use strict";
(() => {
  const RECONNECT_MS = 2000;
  const POINTER_REST_MS = 8000; // a pointer left lying on the list stops holding the order after this
  const HOLD_MAX_MS = 15000; // and nothing holds it longer than this
  const SKEW_MS = 5000;

  const body = document.body;
  const byId = (id) => document.getElementById(id);
  const staleAfterMs = Number(body.dataset.staleAfter) * 1000;
  const timeOf = new Intl.DateTimeFormat("en-GB", {
    timeZone: body.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
  const state = {
    offset: Date.parse(body.dataset.now) - performance.now(),
    readAt: Date.parse(body.dataset.readAt || ""),
    heardAt: performance.now(),
    version: body.dataset.version,
    trouble: byId("stale").hidden ? "" : byId("stale-why").textContent,
    usedAt: -Infinity,
    waiting: null,
    owed: "",
    readAgainAt: performance.now(),
  };
  const serverNow = () => performance.now() + state.offset;

  // --- clocks -------------------------------------------------------------------------------------------------
  const two = (number) => String(number).padStart(2, "0");
  const duration = (seconds) => {
    const whole = Math.floor(Math.abs(seconds));
    if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
    if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
    return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
  };
  const tickClock = (node, now) => {
    const { kind, start, end, target } = node.dataset;
    if (kind === "elapsed") {
      const seconds = (now - Date.parse(start)) / 1000;
      node.textContent = duration(seconds);
      if (target) node.closest(".clock")?.classList.toggle("over", seconds > Number(target));
    } else if (kind === "remaining") {
      const seconds = (Date.parse(end) - now) / 1000;
      node.textContent = seconds < 0 ? `${duration(seconds)} over` : duration(seconds);
      node.closest(".clock")?.classList.toggle("over", seconds < 0);
    }
  };

  // --- live or not --------------------------------------------------------------------------------------------
  const whyStale = (now) => {
    if (performance.now() - state.heardAt > staleAfterMs) {
      return `nothing heard from the board's server for ${duration((performance.now() - state.heardAt) / 1000)}`;
    }
    if (state.trouble) return state.trouble;
    if (state.owed && performance.now() - state.readAgainAt > RECONNECT_MS * 2) return state.owed;
    if (now - state.readAt > staleAfterMs) return `the last read of the store is ${duration((now - state.readAt) / 1000)} old`;
    return "";
  };
  const tick = () => {
    const now = serverNow();
    const why = whyStale(now);
    body.classList.toggle("not-live", Boolean(why));
    byId("stale").hidden = !why;
    if (why && byId("stale-why").textContent !== why) byId("stale-why").textContent = why;
    byId("now").textContent = why ? "--:--:--" : timeOf.format(now);
    const read = Number.isFinite(state.readAt) ? `data of ${timeOf.format(state.readAt)}` : "no data yet";
    byId("age").textContent = `${read}${why ? "" : ", live"}`;
    if (!why) document.querySelectorAll(".value[data-kind]").forEach((node) => tickClock(node, now));
    const skew = Math.abs(Date.now() - now);
    byId("skew").hidden = skew < SKEW_MS;
    if (skew >= SKEW_MS) byId("skew").textContent = `this device's clock is off by ${duration(skew / 1000)}`;
    release();
  };

  // --- rows ---------------------------------------------------------------------------------------------------
  const list = () => document.querySelector("ol.cases");
  const isInUse = () => {
    if (!list() || performance.now() - state.usedAt > POINTER_REST_MS) return false;
    return list().matches(":hover") || list().contains(document.activeElement);
  };
  const keepInside = (from, to) => {
    for (const open of from.querySelectorAll("details[open]")) {
      const same = to.querySelector(`details[data-keep="${open.dataset.keep}"]`);
      if (same) same.open = true;
    }
  };
  const replaceRow = (current, fresh) => {
    if (current.dataset.version === fresh.dataset.version) return current;
    const focused = current.contains(document.activeElement) ? document.activeElement : null;
    const selector = focused && (focused.dataset.focus ? `[data-focus="${focused.dataset.focus}"]` : focused.localName);
    keepInside(current, fresh);
    current.replaceWith(fresh);
    if (selector) fresh.querySelector(selector)?.focus({ preventScroll: true });
    return fresh;
  };
  const announce = (fresh) => {
    const news = [...fresh.querySelectorAll('.case[data-tone="emergency"]')].filter((row) => {
      const shown = byId(row.id);
      return !shown || shown.dataset.tone !== "emergency";
    });
    news.unshift(...[...fresh.querySelectorAll(".desk .told")].filter((notice) => !byId(notice.id)));
    if (news.length) byId("announce").textContent = news.map((row) => row.dataset.said).join(". ");
    const count = fresh.querySelectorAll(".case").length;
    const text = `${count} open ${count === 1 ? "case" : "cases"}`;
    if (byId("counts").textContent !== text) byId("counts").textContent = text;
  };
  const patchContent = (fresh) => {
    for (const row of [...fresh.querySelectorAll(".case")]) {
      const shown = byId(row.id);
      if (shown) replaceRow(shown, row.cloneNode(true));
    }
    replaceRow(byId("desk"), fresh.querySelector("#desk").cloneNode(true));
    document.querySelector("ul.counters").replaceWith(fresh.querySelector("ul.counters").cloneNode(true));
  };
  const orderOf = (root) => [...root.querySelectorAll(".case")].map((row) => row.id).join(" ");
  const arrange = (fresh) => {
    const before = new Map([...list().children].map((row) => [row.id, row.getBoundingClientRect().top]));
    const focused = document.activeElement;
    const wanted = [...fresh.querySelectorAll(".case")].map((row) => byId(row.id) || row);
    const ids = new Set(wanted.map((row) => row.id));
    [...list().children].filter((row) => !ids.has(row.id)).forEach((row) => row.remove());
    wanted.forEach((row, index) => {
      const here = list().children[index];
      if (here !== row) list().insertBefore(row, here || null);
    });
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    document.querySelectorAll("#rows > .empty").forEach((node) => node.remove());
    const empty = fresh.querySelector(".empty");
    if (empty) byId("rows").append(empty);
    move(before);
  };
  const move = (before) => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const row of list().children) {
      const was = before.get(row.id);
      const shift = was === undefined ? 0 : was - row.getBoundingClientRect().top;
      if (was === undefined) row.animate([{ opacity: 0 }, { opacity: 1 }], 400);
      else if (shift) row.animate([{ transform: `translateY(${shift}px)` }, { transform: "none" }], { duration: 450, easing: "ease-out" });
    }
  };
  const show = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    announce(fresh);
    if (!list()) {
      byId("rows").replaceChildren(...fresh.children);
      return;
    }
    patchContent(fresh);
    const sameOrder = orderOf(list()) === orderOf(fresh);
    state.waiting = sameOrder ? null : { fresh, since: state.waiting?.since ?? performance.now() };
    release();
  };
  const release = () => {
    const { waiting } = state;
    const held = waiting && isInUse() && performance.now() - waiting.since < HOLD_MAX_MS;
    byId("held") && (byId("held").hidden = !held);
    if (held) {
      const added = [...waiting.fresh.querySelectorAll(".case")].filter((row) => !byId(row.id));
      const grave = added.some((row) => row.dataset.tone === "emergency");
      const text = `New order waits while you use the list${added.length ? `; ${added.length} new` : ""}${grave ? ", EMERGENCY" : ""}`;
      if (byId("held").textContent !== text) byId("held").textContent = text;
    } else if (waiting) {
      state.waiting = null;
      arrange(waiting.fresh);
    }
  };

  // --- events -------------------------------------------------------------------------------------------------
  const heard = (message) => {
    state.heardAt = performance.now();
    state.offset = Date.parse(message.now) - performance.now();
    if (message.read_at) state.readAt = Date.parse(message.read_at);
  };
  // The case page is read again whenever the board changed; until that worked, the page says so and tries again.
  const reload = async () => {
    if (!state.owed) state.readAgainAt = performance.now();
    state.owed = "the case could not be read again";
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
    const active = byId("main").contains(document.activeElement) ? document.activeElement : null;
    const kept = active?.closest("details")?.dataset.keep;
    const selector = kept ? `[data-keep="${kept}"] summary` : active?.dataset.focus && `[data-focus="${active.dataset.focus}"]`;
    const news = [...fresh.querySelectorAll(".desk .told")].filter((notice) => !byId(notice.id));
    if (news.length) byId("announce").textContent = news.map((notice) => notice.dataset.said).join(". ");
    keepInside(byId("main"), fresh);
    byId("main").replaceChildren(...fresh.children);
    if (selector) byId("main").querySelector(selector)?.focus({ preventScroll: true });
    state.owed = "";
    state.readAgainAt = performance.now();
  };
  const onBoard = (event) => {
    const message = JSON.parse(event.data);
    heard(message);
    state.trouble = "";
    state.version = message.version;
    if (body.dataset.reload) reload().catch(() => {});
    else show(message.html);
    tick();
  };
  const onBeat = (event) => {
    heard(JSON.parse(event.data));
    state.trouble = "";
    if (state.owed) reload().catch(() => {});
    tick();
  };
  const onStale = (event) => {
    const message = JSON.parse(event.data);
    heard(message);
    state.trouble = message.words;
    tick();
  };
  const connect = () => {
    const source = new EventSource(`/events?seen=${encodeURIComponent(state.version)}`);
    source.addEventListener("board", onBoard);
    source.addEventListener("beat", onBeat);
    source.addEventListener("stale", onStale);
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, RECONNECT_MS);
    });
  };

  for (const kind of ["pointermove", "pointerdown", "keydown", "focusin", "wheel", "touchstart"]) {
    addEventListener(kind, () => { state.usedAt = performance.now(); }, { passive: true });
  }
  setInterval(tick, 500);
  tick();
  connect();
})();
