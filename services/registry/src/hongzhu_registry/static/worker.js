// Shows a teacher's week without a line: the last page of each address she opened, and the files it is made of.
// A page names the day until which a phone may keep it; whatever is older is taken out as soon as this wakes.
const PAGES = "hongzhu-weeks";
const FILES = "hongzhu-files";
const UNTIL = "Hongzhu-Keep-Until";
const PATIENCE = 8000; // milliseconds that a page on a bad line is waited for before the kept one is shown

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(sweep().then(() => self.clients.claim())));

// A phone's first visit is over before this script is there: the page says what it is made of.
self.addEventListener("message", (event) => {
  const { page, files } = event.data;
  event.waitUntil(Promise.all([fetch(page).then((answer) => keep(page, answer)), ...files.map((each) => file(each))]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (pathname.startsWith("/static/")) event.respondWith(file(request.url));
  else if (request.mode === "navigate" && !pathname.endsWith("/account")) {
    event.respondWith(page(event, pathname, search.includes("tick=")));
  }
});

async function page(event, path, passing) {
  const line = fetch(event.request);
  const kept = await keptPage(path);
  try {
    const answer = await (kept ? Promise.race([line, tooLong()]) : line);
    if (!passing) event.waitUntil(keep(path, answer.clone()));
    return answer;
  } catch (error) {
    line.catch(() => undefined);
    if (!kept) throw error;
    // The page says itself that it is the kept one.
    return new Response((await kept.text()).replace("<body>", "<body data-away>"), { headers: kept.headers });
  }
}

function tooLong() {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("no line")), PATIENCE));
}

async function keptPage(path) {
  await sweep();
  const pages = await caches.open(PAGES);
  return (await pages.match(path)) ?? pages.match(linkOf(path));
}

async function keep(path, answer) {
  const pages = await caches.open(PAGES);
  if (answer.ok && answer.headers.has(UNTIL)) return pages.put(path, answer);
  // A link that opens nothing any more shows nothing any more, with or without a line.
  if (answer.status !== 404) return undefined;
  const gone = (await pages.keys()).filter((each) => linkOf(new URL(each.url).pathname) === linkOf(path));
  return Promise.all(gone.map((each) => pages.delete(each)));
}

async function sweep() {
  const pages = await caches.open(PAGES);
  for (const each of await pages.keys()) {
    const until = Date.parse((await pages.match(each)).headers.get(UNTIL));
    if (!(until > Date.now())) await pages.delete(each);
  }
}

async function file(address) {
  const files = await caches.open(FILES);
  const kept = await files.match(address);
  if (kept) return kept;
  const answer = await fetch(address);
  if (answer.ok) {
    await files.delete(address, { ignoreSearch: true }); // what it was before
    await files.put(address, answer.clone());
  }
  return answer;
}

function linkOf(path) {
  return path.split("/").slice(0, 3).join("/");
}
