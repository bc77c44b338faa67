// The trial's chat page. It shows what the served Bot API holds for one person and sends that person's acts.
// Everything that people or the bot wrote becomes a text node: no markup is ever read from a message.
"use strict";

const $ = (id) => document.getElementById(id);
const ROLES = {
  officer: "经办人", liaison: "单位联络员", head: "单位负责人", coordinator: "政法处", auditor: "只读", stranger: "未登记人员",
};
const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};
const state = { people: [], user: 0, since: 0, messages: new Map(), seen: {}, waiting: new Map(), poll: null, now: "", atEnd: true };

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { testid, ...rest } = properties;
  if (testid) element.dataset.testid = testid;
  Object.assign(element, rest);
  element.append(...children);
  return element;
}

// --- dates -------------------------------------------------------------------------------------------------
const SHAPE = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai", year: "numeric", month: "numeric", day: "numeric", weekday: "short",
  hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
function parts(iso) {
  return Object.fromEntries(SHAPE.formatToParts(new Date(iso)).map((part) => [part.type, part.value]));
}
function day(iso, { year } = {}) {
  // The year stands where it is not this one.
  const at = parts(iso);
  const stated = year || at.year !== parts(state.now).year ? `${at.year}年` : "";
  return `${stated}${at.month}月${at.day}日（${at.weekday}）`;
}
function hour(iso) {
  const at = parts(iso);
  return `${at.hour}:${at.minute}`;
}

// --- the wire ----------------------------------------------------------------------------------------------
async function post(path, body, headers = { "content-type": "application/json" }) {
  const answer = await fetch(path, { method: "POST", headers: { ...headers, "x-trial": "1" }, body });
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.error);
  return result;
}
function act(promise) {
  return promise.catch((error) => toast(`未能发送：${error.message}`));
}
function say(text) {
  return act(post("/trial/type", JSON.stringify({ user: state.user, text })));
}

async function follow(user) {
  state.poll?.abort();
  const poll = (state.poll = new AbortController());
  while (!poll.signal.aborted) {
    try {
      const answer = await fetch(`/trial/events?user=${user}&since=${state.since}`, { signal: poll.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      receive(await answer.json());
    } catch (error) {
      if (poll.signal.aborted) return;
      toast("连接中断，正在重试");
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

function receive(news) {
  if (news.version < state.since) return choose(state.user); // the trial was started anew
  const first = state.since === 0;
  state.since = news.version;
  showNow(news.now);
  const arrived = news.messages.map(place).some(Boolean);
  if (news.messages.length) showDays();
  showMenu(news.commands);
  showPinned(news.pinned);
  showCounts(news.counts);
  news.answers.forEach(settle);
  const empty = !state.messages.size;
  $("start").hidden = !empty;
  $("composer").hidden = empty;
  if (first || arrived || (state.atEnd && news.messages.length)) toEnd(first);
}

// --- the chat ----------------------------------------------------------------------------------------------
function nearEnd() {
  const log = $("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 120;
}
function toEnd(atOnce) {
  state.atEnd = true;
  const log = $("log");
  // A message that is taller than the screen is read from its beginning.
  const last = log.lastElementChild?.getBoundingClientRect();
  const beginning = last?.height > log.clientHeight ? log.scrollTop + last.top - log.getBoundingClientRect().top - 8 : Infinity;
  log.scrollTo({ top: Math.min(beginning, log.scrollHeight), behavior: atOnce ? "instant" : "auto" });
}

function place(message) {
  const old = state.messages.get(message.id);
  if (message.deleted) {
    old?.remove();
    state.messages.delete(message.id);
    return false;
  }
  const element = draw(message);
  const focused = old?.contains(document.activeElement);
  if (old) old.replaceWith(element);
  else $("log").append(element);
  if (focused) element.focus({ preventScroll: true });
  state.messages.set(message.id, element);
  return !old;
}

function draw(message) {
  const element = make("article", { className: "message", tabIndex: -1, testid: "message" });
  element.dataset.id = message.id;
  element.dataset.at = message.at;
  element.classList.toggle("mine", message.mine);
  element.classList.toggle("keyed", message.buttons.length > 0);
  const bubble = make("div", { className: "bubble" });
  bubble.append(make("span", { className: "sr", textContent: message.mine ? "您：" : "信选：" }));
  bubble.append(...attached(message));
  const text = message.text ?? message.caption ?? "";
  const body = make("div", { className: "text", testid: "message-text" });
  body.append(...formatted(text, message.entities ?? message.caption_entities ?? [], 0, text.length));
  const edited = message.edited && message.mine ? "已修改 " : "";
  bubble.append(body, make("span", { className: "meta", textContent: edited + hour(message.at) }));
  element.append(bubble);
  if (message.buttons.length) element.append(keys(message));
  return element;
}

// Telegram's offsets count UTF-16 units, as JavaScript's strings do.
function formatted(text, entities, from, to) {
  const nodes = [];
  let at = from;
  for (let index = 0; index < entities.length; index++) {
    const entity = entities[index];
    const end = Math.min(entity.offset + entity.length, to);
    if (entity.offset < at) continue;
    nodes.push(...plain(text.slice(at, entity.offset)));
    const inner = entities.slice(index + 1).filter((each) => each.offset + each.length <= end);
    const wrapped = wrap(entity);
    wrapped.append(...formatted(text, inner, entity.offset, end));
    nodes.push(wrapped);
    at = end;
  }
  nodes.push(...plain(text.slice(at, to)));
  return nodes;
}
function wrap(entity) {
  if (entity.type === "text_link" && /^(https?|tg):\/\//.test(entity.url)) {
    return make("a", { href: entity.url, target: "_blank", rel: "noopener noreferrer" });
  }
  if (entity.type === "spoiler") return make("span", { className: "spoiler", tabIndex: 0 });
  return make(TAGS[entity.type] ?? "span");
}
function plain(text) {
  return text.split(/((?<![^\s（(，。、：])\/[a-z][a-z0-9_]{1,31})\b/).map((piece, index) => {
    if (index % 2 === 0) return document.createTextNode(piece);
    return make("button", { type: "button", className: "command", textContent: piece, onclick: () => say(piece) });
  });
}

function attached(message) {
  const url = (file) => `/trial/file/${file.file_id}?user=${state.user}`;
  if (message.photo) {
    const photo = message.photo.at(-1);
    const image = make("img", {
      className: "picture", src: url(photo), alt: message.caption || "图片", width: photo.width, height: photo.height, testid: "picture",
    });
    image.style.height = "auto";
    return [make("a", { href: url(photo), target: "_blank" }, image)];
  }
  if (!message.document) return [];
  const file = message.document;
  const label = make("span", {}, file.file_name, make("small", { textContent: size(file.file_size) }));
  return [make("a", { className: "file", href: url(file), download: file.file_name, testid: "file" }, label)];
}
function size(bytes) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function keys(message) {
  const rows = message.buttons.map((row) => make("div", { className: "row" }, ...row.map((each) => key(message, each))));
  return make("div", { className: "keys" }, ...rows);
}
function key(message, button) {
  const shape = { className: `key ${button.style ?? ""}`.trim(), textContent: button.text, testid: "key" };
  if (button.url) return make("a", { ...shape, href: button.url, target: "_blank", rel: "noopener noreferrer" });
  const element = make("button", { ...shape, type: "button" });
  element.onclick = () => (button.copy_text ? copy(button.copy_text.text) : press(message.id, button.callback_data, element));
  return element;
}
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("已复制");
  } catch {
    notify(text); // no right to the clipboard: show it, to be copied by hand
  }
}
async function press(message, data, element) {
  element.setAttribute("aria-busy", "true");
  setTimeout(() => element.removeAttribute("aria-busy"), 15000);
  const query = await act(post("/trial/press", JSON.stringify({ user: state.user, message, data })));
  if (query) state.waiting.set(query.id, element);
  else element.removeAttribute("aria-busy");
}
function settle(answer) {
  // The answer may come before press() has learnt the id: then nothing waits under it, and all busy keys are freed.
  const busy = state.waiting.get(answer.id);
  if (busy) busy.removeAttribute("aria-busy");
  else document.querySelectorAll("[aria-busy]").forEach((each) => each.removeAttribute("aria-busy"));
  state.waiting.delete(answer.id);
  if (answer.toast) (answer.alert ? notify : toast)(answer.toast);
}

function showDays() {
  document.querySelectorAll(".day").forEach((each) => each.remove());
  let last = "";
  for (const element of document.querySelectorAll(".message")) {
    const on = day(element.dataset.at);
    if (on !== last) element.before(make("div", { className: "day", textContent: on }));
    last = on;
  }
}
function showPinned(id) {
  const element = state.messages.get(id);
  $("pinned").hidden = !element;
  if (!element) return;
  $("pinned").textContent = `置顶：${element.querySelector(".text").textContent.split("\n")[0]}`;
  $("pinned").onclick = () => element.scrollIntoView({ block: "center" });
}

let toastTimer = 0;
function toast(text) {
  clearTimeout(toastTimer);
  $("toast").textContent = text;
  $("toast").classList.add("shown");
  toastTimer = setTimeout(() => $("toast").classList.remove("shown"), 4000);
}
function notify(text) {
  $("alert").querySelector("p").textContent = text;
  if (!$("alert").open) $("alert").showModal();
}

// --- writing -----------------------------------------------------------------------------------------------
function showMenu(commands) {
  const items = commands.map((each) => {
    const label = [make("b", { textContent: `/${each.command}` }), make("span", { textContent: each.description })];
    const button = make("button", { type: "button", testid: `command-${each.command}` }, ...label);
    button.onclick = () => { openMenu(false); say(`/${each.command}`); };
    return make("li", {}, button);
  });
  $("menu").replaceChildren(...(items.length ? items : [make("li", { className: "none", textContent: "暂无命令" })]));
}
function openMenu(open) {
  $("menu").hidden = !open;
  $("menu-button").setAttribute("aria-expanded", String(open));
}
function send(event) {
  event?.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  say(text);
}
async function upload() {
  const file = $("file").files[0];
  if (!file) return;
  const kind = ["image/png", "image/jpeg"].includes(file.type) ? "photo" : "document";
  const query = new URLSearchParams({ user: state.user, name: file.name, kind, caption: $("text").value.trim() });
  $("text").value = $("file").value = "";
  await act(post(`/trial/upload?${query}`, file, { "content-type": "application/octet-stream" }));
}

// --- people and time ---------------------------------------------------------------------------------------
function role(person) {
  const name = ROLES[person.role] ?? person.role;
  return person.unit && person.unit !== name ? `${name} · ${person.unit}` : name;
}
function showPeople() {
  const items = state.people.map((person) => {
    const who = make("span", { className: "who" }, person.name, make("small", { textContent: role(person) }));
    const badge = make("span", { className: "unread", hidden: true });
    const button = make("button", { type: "button", testid: `person-${person.id}` }, who, badge);
    button.dataset.id = person.id;
    button.onclick = () => { openPeople(false); choose(person.id); };
    return make("li", {}, button);
  });
  $("people").replaceChildren(...items);
}
function showCounts(counts) {
  state.seen[state.user] = counts[state.user];
  let others = 0;
  for (const button of $("people").querySelectorAll("button")) {
    const unread = counts[button.dataset.id] - (state.seen[button.dataset.id] ?? 0);
    const badge = button.querySelector(".unread");
    others += Math.max(unread, 0);
    badge.hidden = unread <= 0;
    badge.textContent = unread;
    badge.title = `${unread}条未读`;
  }
  const badge = make("span", { className: "unread", hidden: !others, textContent: others, title: `其他身份${others}条未读` });
  $("switch").replaceChildren(make("span", { textContent: $("as").textContent }), badge);
}
function openPeople(open) {
  $("people").classList.toggle("open", open);
  $("switch").setAttribute("aria-expanded", String(open));
}
function choose(id) {
  const person = state.people.find((each) => each.id === id);
  Object.assign(state, { user: id, since: 0, messages: new Map(), waiting: new Map() });
  $("log").replaceChildren();
  $("as").textContent = `${person.name}，${role(person)}`;
  $("toast").classList.remove("shown");
  for (const button of $("people").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.id) === id));
  }
  openMenu(false);
  follow(id);
}
function showNow(iso) {
  state.now = iso;
  $("now").textContent = `${day(iso, { year: true })} ${hour(iso)}`;
  $("now").dateTime = iso;
}
async function advance(target) {
  const buttons = [...document.querySelectorAll("[data-target]")];
  buttons.forEach((each) => (each.disabled = true));
  $("clock-news").textContent = "时间推进中，请稍候";
  try {
    const outcome = await post("/trial/clock", JSON.stringify({ target }));
    showNow(outcome.now);
    $("clock-news").textContent = outcome.moved ? `已到${day(outcome.now)} ${hour(outcome.now)}` : "目前没有待发的提醒，时间未变";
  } catch (error) {
    $("clock-news").textContent = `时间未能推进：${error.message}`;
  }
  buttons.forEach((each) => (each.disabled = false));
}

async function open() {
  const { people, bot } = await (await fetch("/trial/people")).json();
  state.people = people;
  $("bot-name").textContent = bot;
  showPeople();
  $("composer").onsubmit = send;
  // While a Chinese input method composes, Enter chooses a word and must not send.
  $("text").onkeydown = (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && send(event);
  $("attach").onclick = () => $("file").click();
  $("file").onchange = upload;
  $("menu-button").onclick = () => openMenu($("menu").hidden);
  $("switch").onclick = () => openPeople(!$("people").classList.contains("open"));
  $("start").querySelector("button").onclick = () => say("/start");
  for (const button of document.querySelectorAll("[data-target]")) button.onclick = () => advance(button.dataset.target);
  document.addEventListener("keydown", (event) => event.key === "Escape" && (openMenu(false), openPeople(false)));
  // Whoever reads the end of the chat stays there when the space for it changes (menu, keyboard, pinned line).
  $("log").onscroll = () => (state.atEnd = nearEnd());
  new ResizeObserver(() => state.atEnd && toEnd(true)).observe($("log"));
  choose(people[0].id);
}
open();
