"use strict";

// The page of a review.

const PAGE = 100;
const RETRY_MS = 1000;
const CELL = { width: 220, narrow: 150, height: 168 };
const WORDS = { accept: "right", reject: "wrong", relabel: "it is", add: "right, and also", skip: "skipped" };

const review = {
  id: "", reviewer: "", kind: "clips", names: [], class: null, total: 0, position: 0,
  pages: new Map(), list: 0, mode: "single", busy: false, shown: null, picture: null,
};

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ---- Items

function pageOf(number) {
  let page = review.pages.get(number);
  if (!page) {
    const settings = { reviewer: review.reviewer, class: review.class, from: number * PAGE, count: PAGE };
    const list = review.list;
    page = server.json("items", settings).then((found) => {
      if (list === review.list) review.total = found.total;
      return found.items;
    });
    review.pages.set(number, page);
    page.catch(() => review.pages.delete(number));
  }
  return page;
}

async function itemAt(position) {
  const items = await pageOf(Math.floor(position / PAGE));
  return items[position % PAGE];
}

// Puts a changed item into the pages that are loaded; its position, if it is in one.
async function replaceItem(changed) {
  for (const [number, page] of review.pages) {
    const items = await page.catch(() => []);
    const at = items.findIndex((item) => item.item === changed.item);
    if (at >= 0) {
      items[at] = changed;
      return number * PAGE + at;
    }
  }
  return null;
}

// ---- Counts and classes

function showCounts(counts) {
  $("all-left").textContent = `${counts.left} / ${counts.items}`;
  $("all-left").title = `${counts.left} left of ${counts.items}, ${counts.skipped} skipped`;
  $("undo").disabled = !counts.can_undo;
  const list = $("classes");
  counts.classes.forEach((found, at) => {
    let row = list.children[at];
    if (!row) {
      const button = element("button", "class");
      button.type = "button";
      button.append(element("bdi", "name"), element("span", "left"));
      row = element("li");
      row.append(button);
      list.append(row);
    }
    const button = row.firstChild;
    button.onclick = (event) => { letGo(event, button); command(() => choose(found.class)); };
    button.setAttribute("aria-pressed", String(review.class === found.class));
    button.firstChild.textContent = visible(found.name);
    button.title = visible(found.name);
    button.lastChild.textContent = `${found.left} / ${found.items}`;
    button.setAttribute("aria-label", `${visible(found.name)}: ${found.left} left of ${found.items}`);
  });
  $("all").setAttribute("aria-pressed", String(review.class === null));
  const isSortedAgain = review.counts && review.counts.sorted !== counts.sorted;
  review.counts = counts;
  // Somebody has sorted the items by a new model: what is loaded is of another order.
  if (isSortedAgain) {
    review.list += 1;
    review.pages.clear();
    redrawCells();
  }
}

async function choose(name) {
  review.class = name;
  await openList(0);
}

async function openList(from) {
  review.list += 1;
  review.pages.clear();
  cells.forEach((cell) => cell.remove());
  cells.clear();
  await pageOf(0);
  showCounts(review.counts);
  await nextLeft(from);
}

async function loadOverview() {
  const found = await server.json("overview", { reviewer: review.reviewer });
  $("title").textContent = visible(found.title);
  document.title = `earmark review: ${visible(found.title)}`;
  review.id = found.review;
  review.kind = found.kind;
  $("learn").hidden = found.kind !== "clips";
  $("part").hidden = !found.archive;
  $("search").hidden = !found.archive;
  review.names = found.names;
  $("names").replaceChildren(...found.names.map((name) => {
    const option = element("option");
    option.value = name;
    return option;
  }));
  showCounts(found.counts);
}

async function nextLeft(from) {
  const settings = { reviewer: review.reviewer, class: review.class, from };
  const { position } = await server.json("next", settings);
  if (position === null) {
    await goTo(Math.min(review.position, Math.max(0, review.total - 1)));
    say("All items of this list are seen.");
  } else {
    await goTo(position);
  }
}

// ---- One item

function labelTexts(labels) {
  if (!labels.length) return [element("span", "label", "none")];
  return labels.map(({ label, score }) => {
    const shown = element("span", "label");
    shown.append(element("bdi", "", visible(label)), score === null ? "" : ` ${score.toFixed(2)}`);
    return shown;
  });
}

function decisionText(item) {
  if (!item.verdict) return "not seen";
  const labels = ["relabel", "add"].includes(item.verdict) ? `: ${item.decided.map(visible).join(", ")}` : "";
  return WORDS[item.verdict] + labels;
}

async function goTo(position) {
  const item = await itemAt(position);
  if (!item) return;
  review.position = position;
  review.shown = item;
  // A part is of the item that it was chosen in.
  part.picture = null;
  document.body.dataset.position = position;
  document.body.dataset.item = item.item;
  $("file").textContent = visible(item.file);
  const at = item.seconds ? `${item.seconds[0].toFixed(2)} to ${item.seconds[1].toFixed(2)} s, ` : "";
  $("where").textContent = `${at}${position + 1} of ${review.total}`;
  $("labels").replaceChildren(...labelTexts(item.labels));
  $("best").replaceChildren(...labelTexts(item.best));
  $("verdict").textContent = decisionText(item);
  if (review.mode === "single") {
    showPicture(item);
    prepare(position + 1);
  } else {
    if (player.item !== item.item) player.stop();
    showCurrentCell();
  }
}

function singlePicture(item) {
  return pictures.get(item.item, 900, 256, $("band").value, $("context").value);
}

async function showPicture(item) {
  const canvas = $("spectrogram");
  pictures.clear(canvas);
  review.picture = null;
  part.picture = null;
  $("event-span").hidden = true;
  $("part-span").hidden = true;
  const quiet = (error) => { if (review.shown === item) say(error.message, true); };
  player.take(item.item, $("context").value).catch(quiet);
  try {
    const picture = await singlePicture(item);
    if (review.shown !== item) return;
    review.picture = picture;
    pictures.draw(canvas, picture);
    const cut = picture.isCut ? ` (the first ${picture.seconds.toFixed(0)} s)` : "";
    canvas.setAttribute("aria-label", `Spectrogram of ${picture.seconds.toFixed(2)} s${cut}`);
    if (picture.isCut) $("where").textContent += cut;
    const [start, end] = item.seconds || [picture.start, picture.start + Math.min(5, picture.seconds)];
    if (!$("part").hidden) part.show(picture, start, end);
    else part.picture = picture;
    if (item.seconds) {
      const share = (seconds) => 100 * Math.max(0, Math.min(1, (seconds - picture.start) / picture.seconds));
      const span = $("event-span");
      span.hidden = false;
      span.style.left = `${share(item.seconds[0])}%`;
      span.style.right = `${100 - share(item.seconds[1])}%`;
    }
  } catch (error) {
    quiet(error);
  }
}

// What is shown next is fetched before.
async function prepare(position) {
  if (position >= review.total) return;
  const item = await itemAt(position).catch(() => null);
  if (item && review.mode === "single") singlePicture(item).catch(() => {});
}

function showPlace() {
  const place = review.shown && player.item === review.shown.item ? player.place() : 0;
  $("cursor").style.left = `${100 * place}%`;
  if (document.activeElement !== $("seek")) $("seek").value = place;
  const word = player.sound.paused ? "Play" : "Pause";
  if ($("play").firstChild.textContent.trim() !== word) $("play").firstChild.textContent = `${word} `;
}

// ---- The grid: only what is in sight is in the document.

const cells = new Map();

function columnCount() {
  const wide = $("cells").clientWidth;
  // Two on a phone, too.
  return Math.max(1, Math.floor(wide / (wide < 2 * CELL.width ? CELL.narrow : CELL.width)));
}

function drawGrid() {
  if (review.mode !== "grid") return;
  const [grid, columns] = [$("grid"), columnCount()];
  const width = Math.floor($("cells").clientWidth / columns);
  $("cells").style.height = `${Math.ceil(review.total / columns) * CELL.height}px`;
  const first = Math.max(0, Math.floor(grid.scrollTop / CELL.height) - 1) * columns;
  const rows = Math.ceil(grid.clientHeight / CELL.height) + 3;
  const end = Math.min(review.total, first + rows * columns);
  for (const [position, cell] of cells) {
    if (position < first || position >= end) {
      cell.remove();
      cells.delete(position);
    }
  }
  // From the end: what is asked for last is fetched first, and people look at the top first.
  for (let position = end - 1; position >= first; position -= 1) {
    let cell = cells.get(position);
    if (!cell) {
      cell = newCell(position);
      cells.set(position, cell);
      // In their order, which a screen reader follows.
      $("cells").insertBefore(cell, cells.get(position + 1) || null);
    }
    cell.style.width = `${width}px`;
    cell.style.height = `${CELL.height}px`;
    cell.style.transform = `translate(${(position % columns) * width}px, ${Math.floor(position / columns) * CELL.height}px)`;
  }
}

function newCell(position) {
  const cell = element("div", "cell");
  cell.id = `cell-${position}`;
  cell.setAttribute("role", "option");
  cell.setAttribute("aria-posinset", position + 1);
  cell.setAttribute("aria-setsize", review.total);
  cell.setAttribute("aria-selected", String(position === review.position));
  const canvas = element("canvas");
  canvas.setAttribute("aria-hidden", "true");
  cell.append(canvas, element("p", "name"), element("p", "labels"), element("p", "mark"));
  cell.onclick = () => command(() => goTo(position));
  cell.ondblclick = () => command(async () => { await goTo(position); await setMode("single"); });
  fillCell(cell, position);
  return cell;
}

async function fillCell(cell, position) {
  const list = review.list;
  try {
    const item = await itemAt(position);
    if (!item || list !== review.list) return;
    const [canvas, name, labels, mark] = cell.children;
    name.textContent = visible(item.file);
    name.title = visible(item.file);
    labels.textContent = item.labels.map(({ label }) => visible(label)).join(", ") || "no label";
    mark.textContent = decisionText(item);
    mark.className = `mark ${item.verdict || ""}`;
    if (cell.dataset.drawn || !cell.isConnected) return;
    const picture = await pictures.get(item.item, 200, 96, $("band").value, $("context").value);
    cell.dataset.drawn = "yes";
    pictures.draw(canvas, picture);
  } catch (error) {
    if (error.message !== "left out") cell.lastChild.textContent = error.message;
  }
}

function redrawCells() {
  pictures.forget();
  cells.forEach((cell) => cell.remove());
  cells.clear();
  drawGrid();
}

function showCurrentCell() {
  const grid = $("grid");
  const top = Math.floor(review.position / columnCount()) * CELL.height;
  if (top < grid.scrollTop) grid.scrollTop = top;
  if (top + CELL.height > grid.scrollTop + grid.clientHeight) {
    grid.scrollTop = top + CELL.height - grid.clientHeight;
  }
  drawGrid();
  for (const [position, cell] of cells) {
    cell.setAttribute("aria-selected", String(position === review.position));
  }
  $("cells").setAttribute("aria-activedescendant", `cell-${review.position}`);
}

async function setMode(mode) {
  review.mode = mode;
  $("single").hidden = mode !== "single";
  $("grid").hidden = mode !== "grid";
  $("mode").setAttribute("aria-pressed", String(mode === "single"));
  redrawCells();
  await goTo(review.position);
}

// ---- Decisions

// Nothing is decided while the decision before it is not on the server's disk.
function command(work) {
  return oneAtATime(review, work);
}

// Sends a decision until the server has it. It is kept by the browser meanwhile: after a reload it is sent again, and
// the server knows by its id whether it has it already.
async function send(decision) {
  const key = pendingKey() + decision.id;
  kept.set(key, JSON.stringify(decision));
  const options = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(decision),
  };
  for (;;) {
    try {
      const answer = await server.json("decide", {}, options);
      kept.set(key, null);
      return answer;
    } catch (error) {
      if (error.status && error.status < 500) {
        kept.set(key, null);
        throw error;
      }
      say(`Not saved yet: ${error.message}. Trying again.`, true);
      await new Promise((resume) => { setTimeout(resume, RETRY_MS); });
    }
  }
}

function pendingKey() {
  return `pending-${review.id}-${review.reviewer}-`;
}

async function sendPending() {
  for (const text of kept.all(pendingKey())) await send(JSON.parse(text));
}

// A new decision of this reviewer.
function made(verdict, more) {
  return { id: newId(), review: review.id, reviewer: review.reviewer, verdict, ...more };
}

async function decide(verdict, labels) {
  const { item } = review.shown;
  const answer = await send(made(verdict, labels ? { item, labels } : { item }));
  await apply(answer);
  const isNew = (labels || []).some((label) => !review.names.includes(label));
  if (isNew) await loadOverview();
  say(`Saved: ${decisionText(answer.item)}. ${answer.counts.left} left.`);
  await nextAfterDecision();
}

async function nextAfterDecision() {
  const settings = { reviewer: review.reviewer, class: review.class, from: review.position + 1 };
  const { position } = await server.json("next", settings);
  if (position === null) {
    await goTo(review.position);
    say(`${$("status").textContent} All items of this list are seen.`);
  } else {
    await goTo(position);
  }
}

async function apply(answer) {
  showCounts(answer.counts);
  if (!answer.item) return null;
  const position = await replaceItem(answer.item);
  const cell = position === null ? null : cells.get(position);
  if (cell) await fillCell(cell, position);
  return position;
}

async function undo() {
  const answer = await send(made("undo"));
  const position = await apply(answer);
  if (answer.item) {
    say(`Undone: ${visible(answer.item.file)}.`);
    if (position !== null) await goTo(position);
  } else {
    await reopen("Undone.");
  }
}

async function reopen(text) {
  const { position } = review;
  review.list += 1;
  review.pages.clear();
  await loadOverview();
  redrawCells();
  await goTo(position);
  say(text);
}

// Asks for labels; null where the dialog was closed.
function askLabels(title, what, first) {
  const [dialog, text, list] = [$("dialog"), $("dialog-text"), $("dialog-labels")];
  const isRename = what === "New name";
  const labels = [];
  $("dialog-title").textContent = title;
  $("dialog-what").textContent = what;
  $("dialog-class-label").hidden = !isRename;
  $("dialog-more").hidden = isRename;
  list.replaceChildren();
  text.value = first || "";
  const more = () => {
    const label = text.value.trim();
    if (!label || labels.includes(label)) return;
    labels.push(label);
    list.append(element("li", "label", visible(label)));
    text.value = "";
    text.focus();
  };
  $("dialog-more").onclick = more;
  $("dialog-cancel").onclick = () => dialog.close("cancel");
  $("dialog-form").onsubmit = () => { more(); dialog.returnValue = "ok"; };
  text.onkeydown = (event) => {
    if (event.key === "Enter" && event.altKey && !isRename) {
      event.preventDefault();
      more();
    }
  };
  dialog.returnValue = "cancel";
  dialog.showModal();
  text.focus();
  return new Promise((answered) => {
    dialog.onclose = () => answered(dialog.returnValue !== "cancel" && labels.length ? labels : null);
  });
}

async function decideLabels(verdict) {
  const title = verdict === "relabel" ? "It is ..." : "It is also ...";
  const labels = await askLabels(`${title} (${visible(review.shown.file)})`, "Label");
  if (labels) await decide(verdict, labels);
}

async function rename() {
  const select = $("dialog-class");
  select.replaceChildren(...review.counts.classes.map(({ class: number, name }) => {
    const option = element("option", "", visible(name));
    option.value = name;
    option.selected = number === review.class;
    return option;
  }));
  const names = await askLabels("Rename a class", "New name");
  if (!names) return;
  await send(made("rename", { class: select.value, labels: names }));
  await reopen(`Renamed: ${visible(select.value)} is ${visible(names[0])}.`);
}

// The page of the index, with what sounds like the chosen part.
function find() {
  if ($("part").hidden) return;
  if (review.mode !== "single") {
    say("Show a single item first: what is searched for is a part of its spectrogram.", true);
    return;
  }
  if (!part.picture) {
    say("The spectrogram is not there yet.", true);
    return;
  }
  const address = new URL("search", document.baseURI);
  const settings = { review_item: review.shown.item, start: part.start.toFixed(3), end: part.end.toFixed(3) };
  for (const [key, value] of Object.entries(settings)) address.searchParams.set(key, value);
  location.href = address;
}

// ---- Keys and buttons

function turn(select) {
  select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
  select.dispatchEvent(new Event("change"));
}

async function move(by) {
  const position = review.position + by;
  if (position >= 0 && position < review.total) await goTo(position);
}

const vertical = (sign) => () => move(sign * (review.mode === "grid" ? columnCount() : 1));
const ACTIONS = {
  a: () => decide("accept"),
  x: () => decide("reject"),
  k: () => decide("skip"),
  r: () => decideLabels("relabel"),
  d: () => decideLabels("add"),
  c: rename,
  u: undo,
  n: () => nextLeft(review.position + 1),
  g: () => setMode(review.mode === "single" ? "grid" : "single"),
  ArrowLeft: () => move(-1),
  ArrowRight: () => move(1),
  ArrowUp: vertical(-1),
  ArrowDown: vertical(1),
  Enter: () => setMode("single"),
};
// These change nothing on the server and need not wait.
const AT_ONCE = {
  " ": () => player.toggle(review.shown.item, $("context").value).catch((error) => say(error.message, true)),
  ",": () => player.seek(player.sound.currentTime - 1),
  ".": () => player.seek(player.sound.currentTime + 1),
  s: () => turn($("speed")),
  b: () => turn($("band")),
  "[": () => { if (!$("part").hidden) part.set(part.now(), Math.max(part.now(), part.end)); },
  "]": () => { if (!$("part").hidden) part.set(Math.min(part.now(), part.start), part.now()); },
  f: find,
  l: () => { if (!$("learn").hidden) $("learn-start").focus(); },
  "?": () => { document.querySelector("details").open = !document.querySelector("details").open; },
};
const BUTTONS = {
  accept: "a", reject: "x", relabel: "r", add: "d", skip: "k", undo: "u", next: "n", mode: "g", rename: "c", play: " ",
  find: "f",
};

function press(key) {
  if (!review.shown) return false;
  if (AT_ONCE[key]) AT_ONCE[key]();
  else if (ACTIONS[key]) command(ACTIONS[key]);
  else return false;
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("dialog").open || $("review").hidden) return;
  if (event.target.matches("input, select, textarea")) return;
  const isButton = event.target.matches("button, summary");
  if (isButton && (event.key === " " || event.key === "Enter")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (press(key)) event.preventDefault();
});

for (const [id, key] of Object.entries(BUTTONS)) {
  $(id).addEventListener("click", (event) => {
    press(key);
    letGo(event, $(id));
  });
}
$("all").addEventListener("click", (event) => { letGo(event, $("all")); command(() => choose(null)); });
$("speed").addEventListener("change", () => player.setSpeed(Number($("speed").value)));
for (const id of ["band", "context"]) {
  $(id).addEventListener("change", () => {
    if (!review.shown) return;
    redrawCells();
    if (review.mode === "single") showPicture(review.shown);
  });
}
for (const id of ["speed", "band", "context"]) $(id).addEventListener("change", () => $(id).blur());
$("seek").addEventListener("input", () => player.seek(Number($("seek").value) * (player.sound.duration || 0)));
part.listen();
let isDrawing = false;
const drawSoon = () => {
  if (isDrawing || review.mode !== "grid") return;
  isDrawing = true;
  requestAnimationFrame(() => { isDrawing = false; pictures.forget(); drawGrid(); retryCells(); });
};
function retryCells() {
  for (const [position, cell] of cells) {
    if (!cell.dataset.drawn) fillCell(cell, position);
  }
}
$("grid").addEventListener("scroll", drawSoon);
window.addEventListener("resize", drawSoon);

$("who").addEventListener("submit", (event) => {
  event.preventDefault();
  command(async () => {
    review.reviewer = $("reviewer").value.trim();
    server.token = $("token").value;
    if (!review.reviewer) return;
    await loadOverview();
    kept.set("reviewer", review.reviewer);
    await sendPending();
    await loadOverview();
    review.class = null;
    $("review").hidden = false;
    $("reviewer").blur();
    await openList(0);
    say(`${review.counts.left} left of ${review.counts.items}.`);
    await learning.load();
  });
});
$("reviewer").value = kept.get("reviewer") || "";
player.follow(showPlace);
