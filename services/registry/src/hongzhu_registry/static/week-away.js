// On a bad line: what was recorded is kept on the phone first, sent once, and taken off it when it has arrived.
// The form's key makes the record's id, so what arrives twice is one record.  Without this file a form is sent as ever.
{
  const STORE = "hongzhu-unsent";
  const PATIENCE = 60_000; // milliseconds for one sending, which may carry a photo
  const AGAIN = 30_000; // milliseconds between tries
  const section = document.getElementById("unsent");
  const list = section.querySelector("ul");
  const row = section.querySelector("template");
  const form = document.querySelector("form.record");
  const { whose, link, programme, until } = section.dataset;
  const said = section.dataset;
  const gone = []; // what was sent, or was too old, while this page was open: no longer kept, still shown

  const all = () => JSON.parse(localStorage.getItem(STORE) ?? "[]");
  const store = (entries) =>
    entries.length ? localStorage.setItem(STORE, JSON.stringify(entries)) : localStorage.removeItem(STORE);
  const mine = () => all().filter((each) => each.whose === whose);
  const change = (entry, state) => {
    entry.state = state;
    store(all().map((each) => (each.id === entry.id ? entry : each)));
    show();
  };
  const drop = (entry, state) => {
    store(all().filter((each) => each.id !== entry.id));
    if (state) gone.push({ ...entry, state });
    show();
  };

  function keep() {
    const sent = new URLSearchParams(new FormData(form));
    const entry = {
      id: `${Date.now()}-${sent.get("key")}`,
      whose,
      programme,
      title: document.querySelector("h1").textContent,
      body: sent.toString(),
      until: Date.parse(until),
      state: "sending",
    };
    try {
      store([...all(), entry]);
    } catch {
      return undefined; // the phone has no room
    }
    show();
    return entry;
  }

  // Answers where the record is shown; nothing as long as it has not arrived.
  async function send(entry) {
    change(entry, "sending");
    try {
      const answer = await fetch(`${link}/${entry.programme}`, {
        method: "POST",
        body: new URLSearchParams(entry.body),
        signal: AbortSignal.timeout?.(PATIENCE),
      });
      if (answer.ok && answer.redirected) {
        drop(entry, "sent");
        return answer.url;
      }
      change(entry, { 404: "closed", 422: "refused" }[answer.status] ?? "waits");
    } catch {
      change(entry, "waits");
    }
    return undefined;
  }

  let sending = false;
  async function sendAll() {
    if (sending) return;
    sending = true;
    let shown;
    for (const entry of mine().filter((each) => each.state !== "refused")) {
      const url = await send(entry);
      if (url && entry.programme === programme) shown = url;
      if (entry.state === "waits") break;
    }
    sending = false;
    // Whoever is filling in the form goes on doing so.
    if (gone.some((each) => each.state === "sent") && !touched()) location.assign(shown ?? location.pathname);
  }

  const touched = () => form !== null && [...form.querySelectorAll("textarea, input[type=text]")].some((each) => each.value !== each.defaultValue) ||
    form !== null && [...form.querySelectorAll("input[type=checkbox], input[type=radio]")].some((each) => each.checked !== each.defaultChecked);

  function show() {
    const entries = [...mine(), ...gone];
    section.hidden = entries.length === 0;
    list.replaceChildren(
      ...entries.map((entry) => {
        const item = row.content.cloneNode(true).firstElementChild;
        const sent = new URLSearchParams(entry.body);
        const children = sent.getAll("child").length;
        const whom = children ? ` · ${said.children.replace("{count}", children)}` : "";
        item.querySelector(".what").textContent = `${entry.title} · ${sent.get("occurred_on")}${whom}`;
        item.querySelector(".stands").textContent = said[entry.state];
        const [again, look, remove] = item.querySelectorAll("button");
        again.hidden = !["waits", "closed"].includes(entry.state);
        look.hidden = entry.state !== "refused";
        remove.hidden = !["closed", "refused"].includes(entry.state);
        again.addEventListener("click", sendAll);
        look.addEventListener("click", () => lookThrough(entry));
        remove.addEventListener("click", () => window.confirm(said.sure) && drop(entry));
        return item;
      }),
    );
    mark();
  }

  // Who waits here is not recorded a second time.
  function mark() {
    if (form === null) return;
    const waiting = new Set(
      [...mine(), ...gone.filter((each) => each.state === "sent")]
        .filter((each) => each.programme === programme)
        .flatMap((each) => new URLSearchParams(each.body).getAll("child")),
    );
    for (const box of form.querySelectorAll("input[name=child]")) {
      const kept = waiting.has(box.value);
      const label = box.closest("label");
      label.querySelector(".kept")?.remove();
      if (kept) {
        box.checked = false;
        label.append(Object.assign(document.createElement("span"), { className: "mark kept", textContent: said.kept }));
      }
      box.disabled = kept;
    }
    form.dispatchEvent(new Event("change"));
  }

  // The server says on its own page what is not right yet, with everything as it was typed.
  function lookThrough(entry) {
    const again = document.createElement("form");
    again.method = "post";
    again.action = `${link}/${entry.programme}`;
    for (const [name, value] of new URLSearchParams(entry.body)) {
      again.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(again);
    drop(entry);
    again.submit();
  }

  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = form.querySelector("button.file");
    if (file.disabled) return;
    const boxes = [...form.querySelectorAll("input[name=child]")];
    const whole = form.checkValidity() && (boxes.length === 0 || boxes.some((box) => box.checked));
    if (!whole) {
      // What is missing is said by the server; without a line only the browser can.
      if (navigator.onLine) form.submit();
      else if (form.reportValidity()) document.getElementById("children").focus();
      return;
    }
    file.disabled = true;
    const entry = keep();
    if (entry === undefined) {
      if (navigator.onLine) form.submit();
      else window.alert(said.full);
      file.disabled = false;
      return;
    }
    const url = await send(entry);
    if (url) location.assign(url);
    else if (entry.state === "waits") {
      form.reset();
      show();
      section.scrollIntoView({ block: "nearest" });
    } else lookThrough(entry);
    file.disabled = false;
  });

  for (const entry of all().filter((each) => each.until < Date.now())) drop(entry, "old");
  for (const entry of mine().filter((each) => each.state === "sending")) change(entry, "waits"); // a page that was left
  const away = document.querySelector(".away");
  const line = () => (away.hidden = navigator.onLine && !("away" in document.body.dataset));
  line();
  show();
  sendAll();
  window.addEventListener("offline", line);
  window.addEventListener("online", () => {
    delete document.body.dataset.away;
    line();
    sendAll();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && sendAll());
  setInterval(() => mine().some((each) => each.state === "waits") && sendAll(), AGAIN);

  if ("serviceWorker" in navigator) {
    const first = navigator.serviceWorker.controller === null;
    navigator.serviceWorker.register("/w/worker.js").catch(() => undefined);
    if (first) {
      const made = [...document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src], img[src]")];
      const files = [...new Set(made.map((each) => each.href ?? each.src))];
      navigator.serviceWorker.ready.then((worker) => worker.active.postMessage({ page: location.pathname, files }));
    }
  }
}
