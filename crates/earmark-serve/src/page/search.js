"use strict";

// The page of an index: an example is cut from a recording, the windows that sound like it are labelled, a class is
// learned, and what it finds is looked at again.

server.base = "v1/index/";

// Seconds of a recording that are shown at a time.
const SHOWN_SECONDS = 30;
const COUNT = 30;
const RETRY_MS = 1000;
const TYPING_MS = 250;

// Numbers of rows and recordings are those of the version of the index that they were listed with: `listed` is that of
// the recordings, `version` that of the hits.
const search = {
  who: "", recording: null, from: 0, hits: [], at: -1, busy: false, origin: "", ticket: 0, overview: null,
  listed: "", version: "", removed: null,
};

// What was said of windows and is not on the server's disk yet, in its order.
const unsaved = [];

// Does one thing after the other. Labels are not refused meanwhile, but wait.
async function command(work) {
  await oneAtATime(search, () => renewing(work));
  while (unsaved.length && !search.busy) await oneAtATime(search, () => renewing(saveLabels));
}

// Where another index is served by now, as after a restart, what is shown means nothing any more.
async function renewing(work) {
  try {
    await work();
  } catch (error) {
    if (error.status === 409) {
      const lost = unsaved.splice(0).length;
      if (lost) error.message += ` (${lost === 1 ? "a label that waited is" : `${lost} labels that waited are`} not saved)`;
      // What happened is the news, also where the new lists can't be had yet.
      await renew().catch(() => {});
    }
    throw error;
  }
}

async function renew() {
  player.stop();
  pictures.kept.clear();
  takeHits({ hits: [], version: "" }, "");
  showOverview(await server.json("overview"));
  await loadRecordings();
}

const seconds = (value) => value.toFixed(2);
const item = (recording, start, end) => `${recording}@${start.toFixed(3)}-${end.toFixed(3)}`;

// ---- What the index holds

function showOverview(overview) {
  search.overview = overview;
  $("title").textContent = visible(overview.index);
  document.title = `earmark search: ${visible(overview.index)}`;
  const stale = overview.stale_labels ? `; ${overview.stale_labels} labels of recordings that have changed do not count` : "";
  $("facts").textContent = `${overview.windows} windows of ${seconds(overview.window_seconds)} s in `
    + `${overview.recordings} recordings, by ${visible(overview.model)}${stale}${tornText(overview.torn_label)}`;
  $("names").replaceChildren(...overview.classes.map((of) => {
    const option = element("option");
    option.value = of.class;
    return option;
  }));
  $("classes").replaceChildren(...overview.classes.map(classRow));
}

// A label that a killed program was writing, or the end of a copy that was not finished.
function tornText(torn) {
  if (torn) {
    return `; line ${torn.line} of the labels, the last one, is cut off and does not count: the next label removes it`;
  }
  const { removed } = search;
  return removed ? `; line ${removed.line} of the labels was cut off and is removed: give that label again` : "";
}

function classRow(of) {
  const row = element("li");
  const button = element("button", "class");
  button.type = "button";
  const trained = of.trained ? ", learned" : "";
  button.append(element("bdi", "name", visible(of.class)), element("span", "left", `${of.yes} yes, ${of.no} no${trained}`));
  button.setAttribute("aria-pressed", String($("class").value === of.class));
  button.onclick = (event) => {
    letGo(event, button);
    $("class").value = of.class;
    showOverview(search.overview);
    showHits();
  };
  row.append(button);
  return row;
}

async function loadRecordings() {
  const ticket = search.ticket += 1;
  const found = await server.json("recordings", { containing: $("wanted").value.trim(), count: 100 });
  if (ticket !== search.ticket) return;
  search.listed = found.version;
  $("recordings").replaceChildren(...found.recordings.map(({ recording, file, seconds: length }) => {
    const option = element("option", "", `${visible(file)} (${length.toFixed(0)} s)`);
    option.value = recording;
    option.dataset.file = file;
    option.dataset.seconds = length;
    return option;
  }));
  if (found.total > found.recordings.length) {
    const rest = element("option", "", `and ${found.total - found.recordings.length} more: type more of the name`);
    rest.disabled = true;
    $("recordings").append(rest);
  }
  if (found.recordings.length) await openRecording(0);
  else say("No recording has such a name.");
}

async function openRecording(from) {
  const option = $("recordings").selectedOptions[0];
  if (!option) return;
  search.recording = {
    recording: Number(option.value), version: search.listed, file: option.dataset.file,
    seconds: Number(option.dataset.seconds),
  };
  await showPart(from);
}

// ---- The example

async function showPart(from) {
  const { recording, file, seconds: length } = search.recording;
  search.from = Math.max(0, Math.min(from, length - SHOWN_SECONDS));
  const end = Math.min(length, search.from + SHOWN_SECONDS);
  const name = item(recording, search.from, Math.max(end, search.from + 0.01));
  search.shown = name;
  $("where").textContent = `${visible(file)}, ${seconds(search.from)} to ${seconds(end)} s of ${seconds(length)} s`;
  $("before").disabled = search.from <= 0;
  $("after").disabled = end >= length;
  part.picture = null;
  $("part-span").hidden = true;
  pictures.clear($("spectrogram"));
  player.take(name, "0").catch((error) => say(error.message, true));
  const picture = await pictures.get(name, 900, 256, "", "0");
  if (search.shown !== name) return;
  pictures.draw($("spectrogram"), picture);
  $("spectrogram").setAttribute("aria-label", `Spectrogram of ${visible(file)}, ${seconds(picture.seconds)} s`);
  const window = search.overview.window_seconds;
  part.show(picture, picture.start, picture.start + Math.min(window, picture.seconds));
}

function move(by) {
  return showPart(search.from + (by * SHOWN_SECONDS) / 2);
}

async function find(example, name) {
  say("Searching ...");
  const found = await server.post("search", { ...example, count: COUNT, elsewhere: $("elsewhere").checked });
  const windows = found.windows > 1 ? `, the mean of ${found.windows} windows` : "";
  search.origin = `search: ${name}`;
  takeHits(found, `Most similar to ${name}${windows}.`);
  say(`${found.hits.length} windows, of ${found.scanned}.`);
}

function partName(file, start, end) {
  return `${visible(file)}, ${seconds(start)} to ${seconds(end)} s`;
}

function findPart() {
  if (!part.picture) return say("Choose a recording first.", true);
  const { recording, version, file } = search.recording;
  const example = { recording, version, start: part.start, end: part.end };
  return find(example, partName(file, part.start, part.end));
}

function findHit() {
  const hit = search.hits[search.at];
  if (!hit || hit.recording === null) return say("Choose a window first.", true);
  const { recording, start_seconds: start, end_seconds: end } = hit;
  const example = { recording, version: search.version, start, end };
  return find(example, partName(hit.file, hit.start_seconds, hit.end_seconds));
}

// ---- Windows

function takeHits({ hits, version }, note) {
  search.hits = hits;
  search.version = version;
  search.at = hits.length ? 0 : -1;
  $("hits-note").textContent = hits.length ? note : "No window.";
  showHits();
}

function showHits() {
  pictures.forget();
  $("hits").replaceChildren(...search.hits.map(hitRow));
}

function hitScore(hit) {
  if (hit.similarity !== undefined) return `similarity ${hit.similarity.toFixed(4)}`;
  // One class is looked at, which the note above names.
  return Object.values(hit.scores || {}).map((score) => `score ${score.toFixed(3)}`).join(", ");
}

function hitLabels(hit) {
  const labels = Object.entries(hit.labels).map(([name, yes]) => (yes ? visible(name) : `not ${visible(name)}`));
  const waiting = unsaved.filter((said) => said.hit === hit).map(({ name }) => `${visible(name)}: not saved yet`);
  return [...labels, ...waiting, hit.fault].filter(Boolean).join(", ");
}

function showMark(hit) {
  const row = $(`hit-${search.hits.indexOf(hit)}`);
  // Other windows may be listed by now.
  if (row) row.querySelector(".mark").textContent = hitLabels(hit);
}

function hitRow(hit, at) {
  const row = element("li", "hit");
  row.id = `hit-${at}`;
  row.tabIndex = at === search.at ? 0 : -1;
  row.setAttribute("aria-current", String(at === search.at));
  const canvas = element("canvas");
  canvas.setAttribute("aria-hidden", "true");
  const text = element("div", "hit-text");
  const name = element("bdi", "name", visible(hit.file));
  const time = `${seconds(hit.start_seconds)} to ${seconds(hit.end_seconds)} s`;
  text.append(name, element("p", "", [time, hitScore(hit)].filter(Boolean).join(", ")));
  text.append(element("p", "mark", hitLabels(hit)));
  const buttons = element("p", "buttons");
  for (const [key, word, kind] of [[" ", "Play", ""], ["y", "Yes", "yes"], ["n", "No", "no"], ["w", "Take back", ""], ["s", "Similar", ""]]) {
    const button = element("button", kind, word);
    button.type = "button";
    button.setAttribute("aria-label", `${word}: ${visible(hit.file)} at ${seconds(hit.start_seconds)} s`);
    button.onclick = (event) => {
      event.stopPropagation();
      choose(at, false);
      press(key);
    };
    buttons.append(button);
  }
  row.append(canvas, text, buttons);
  row.onclick = () => choose(at, true);
  row.onfocus = () => choose(at, false);
  drawHit(canvas, hit);
  return row;
}

async function drawHit(canvas, hit) {
  if (hit.recording === null) return;
  try {
    const name = item(hit.recording, hit.start_seconds, hit.end_seconds);
    pictures.draw(canvas, await pictures.get(name, 200, 96, "", "0"));
  } catch (error) {
    if (error.message !== "left out") say(error.message, true);
  }
}

// Makes a window the current one.
function choose(at, focuses) {
  if (at < 0 || at >= search.hits.length) return;
  const before = $(`hit-${search.at}`);
  if (before) {
    before.tabIndex = -1;
    before.setAttribute("aria-current", "false");
  }
  search.at = at;
  const row = $(`hit-${at}`);
  row.tabIndex = 0;
  row.setAttribute("aria-current", "true");
  if (focuses) row.focus();
}

function play() {
  const focused = document.activeElement;
  const hit = search.hits[search.at];
  const isHit = hit && hit.recording !== null && focused && focused.closest("#hits");
  const name = isHit ? item(hit.recording, hit.start_seconds, hit.end_seconds) : search.shown;
  if (name) player.toggle(name, isHit ? "0.5" : "0").catch((error) => say(error.message, true));
}

// The class that is named; empty, and asked for, where there is none.
function namedClass() {
  const name = $("class").value.trim();
  if (!name) {
    $("class").focus();
    say("Name the class first.", true);
  }
  return name;
}

// Says whether the class is in the current window. It is of that window, whichever is current when its turn comes.
function label(answer) {
  const name = namedClass();
  if (!name) return;
  const hit = search.hits[search.at];
  if (!hit) {
    say("Search or look first.", true);
    return;
  }
  const last = unsaved.filter((said) => said.hit === hit && said.name === name).pop();
  // Said twice.
  if (last && last.answer === answer) return;
  unsaved.push({ hit, name, answer, from: search.origin.slice(0, 200).trim(), version: search.version });
  hit.fault = "";
  showMark(hit);
  if (!search.busy) command(saveLabels);
}

async function saveLabels() {
  while (unsaved.length) await saveLabel(unsaved[0]);
}

// Sends a label until the server has it; then the next window is current, unless another one was chosen meanwhile.
async function saveLabel({ hit, name, answer, from, version }) {
  const said = { rows: [hit.row], version, class: name, answer, who: search.who, from };
  try {
    const found = await sent(said);
    hit.labels = found.windows[0].labels;
    search.removed = found.torn_label || search.removed;
    showOverview(found.overview);
  } catch (error) {
    hit.fault = `${visible(name)}: not saved`;
    error.message = `Not saved: ${error.message}`;
    throw error;
  } finally {
    unsaved.shift();
    showMark(hit);
  }
  const words = { yes: `is ${visible(name)}`, no: `is not ${visible(name)}`, withdrawn: "taken back" };
  say(`Saved: ${words[answer]}.`);
  if (search.hits[search.at] === hit) choose(search.at + 1, true);
}

async function sent(said) {
  for (;;) {
    try {
      return await server.post("label", said);
    } catch (error) {
      if (error.status && error.status < 500) throw error;
      say(`Not saved yet: ${error.message}. Trying again.`, true);
      await new Promise((resume) => { setTimeout(resume, RETRY_MS); });
    }
  }
}

// ---- Learning

async function learn() {
  const name = namedClass();
  if (!name) return;
  say("Learning ...");
  const found = await server.post("learn", { classes: [name] });
  showOverview(found.overview);
  const [of] = found.trained;
  await look();
  say(`Trained on ${of.yes} windows with it and ${of.no} without it.`);
}

async function look() {
  const name = namedClass();
  if (!name) return;
  const order = $("order").value;
  const words = {
    best: "The best scores", margin: "The least sure", diverse: "The most different of the least sure", random: "Drawn",
  };
  // Other windows each time where they are drawn.
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  const found = await server.post("look", { classes: [name], order, count: COUNT, seed });
  search.origin = `${order}: ${visible(name)}`;
  takeHits(found, `${words[order]}, for ${visible(name)}.`);
  say(`${found.hits.length} windows.`);
}

// ---- Keys and buttons

const ACTIONS = {
  f: findPart,
  s: findHit,
  l: learn,
  o: look,
};
const AT_ONCE = {
  " ": play,
  y: () => label("yes"),
  n: () => label("no"),
  w: () => label("withdrawn"),
  "[": () => part.set(part.now(), Math.max(part.now(), part.end)),
  "]": () => part.set(Math.min(part.now(), part.start), part.now()),
  ArrowUp: () => choose(search.at - 1, true),
  ArrowDown: () => choose(search.at + 1, true),
  c: () => $("class").focus(),
  "?": () => { document.querySelector("details").open = !document.querySelector("details").open; },
};
const BUTTONS = { find: "f", learn: "l", look: "o", play: " " };

function press(key) {
  if (AT_ONCE[key]) AT_ONCE[key]();
  else if (ACTIONS[key]) command(ACTIONS[key]);
  else return false;
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("work").hidden) return;
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) {
    // Enter in the class leaves it, so that keys are those of the page again.
    if (event.key === "Enter" && event.target.id === "class") {
      event.target.blur();
      choose(search.at, true);
    }
    return;
  }
  const isButton = event.target.matches("button, summary, input");
  if (isButton && (event.key === " " || event.key === "Enter")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (press(key)) event.preventDefault();
});

for (const [id, key] of Object.entries(BUTTONS)) {
  $(id).addEventListener("click", (event) => {
    letGo(event, $(id));
    press(key);
  });
}
$("before").addEventListener("click", () => command(() => move(-1)));
$("after").addEventListener("click", () => command(() => move(1)));
$("recordings").addEventListener("change", () => command(() => openRecording(0)));
$("class").addEventListener("change", () => { if (search.overview) showOverview(search.overview); });
$("speed").addEventListener("change", () => player.setSpeed(Number($("speed").value)));
let typing = null;
$("wanted").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => loadRecordings().catch((error) => say(error.message, true)), TYPING_MS);
});
part.listen();

function showPlace() {
  $("cursor").style.left = `${player.item === search.shown ? 100 * player.place() : 0}%`;
  const word = player.sound.paused ? "Play" : "Pause";
  if ($("play").firstChild.textContent.trim() !== word) $("play").firstChild.textContent = `${word} `;
}

// The part that the page of the review asks for.
async function findAsked() {
  const asked = new URLSearchParams(location.search);
  if (!asked.has("review_item")) return;
  const [number, start, end] = ["review_item", "start", "end"].map((key) => Number(asked.get(key)));
  await find({ review_item: number, start, end }, `item ${number} of the review, ${seconds(start)} to ${seconds(end)} s`);
}

$("who").addEventListener("submit", (event) => {
  event.preventDefault();
  command(async () => {
    search.who = $("reviewer").value.trim();
    server.token = $("token").value;
    if (!search.who) return;
    showOverview(await server.json("overview"));
    kept.set("reviewer", search.who);
    $("work").hidden = false;
    $("reviewer").blur();
    say("Choose a part of a recording and find what is similar to it.");
    // A first recording that can't be shown keeps nobody from searching.
    await loadRecordings().catch((error) => say(error.message, true));
    await findAsked();
  });
});
$("reviewer").value = kept.get("reviewer") || "";
player.follow(showPlace);
