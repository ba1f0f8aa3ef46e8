"use strict";

// What the pages of a review and of an index share: texts, requests to the server, pictures of sounds, the player, and
// a part of a sound that is chosen in its picture. Everything that comes from the server is shown by textContent: no
// name is ever markup.

const $ = (id) => document.getElementById(id);

function say(text, isFault) {
  $("status").textContent = text;
  $("status").className = isFault ? "fault" : "";
}

function element(kind, className, text) {
  const made = document.createElement(kind);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Does one thing after the other for a page: what is pressed meanwhile is refused, and said to be.
async function oneAtATime(page, work) {
  if (page.busy) {
    say("Still busy with what was pressed before; press again.");
    return;
  }
  page.busy = true;
  try {
    await work();
  } catch (error) {
    if (error.status === 401) $("token-label").hidden = false;
    say(error.message, true);
  } finally {
    page.busy = false;
  }
}

// A name as it is shown: characters that change the direction of what follows, or break it, are written out.
function visible(name) {
  const odd = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
  return name.replace(odd, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

// What the browser keeps for these pages; a browser that keeps nothing does without.
const kept = {
  get(key) { try { return localStorage.getItem(`earmark-review-${key}`); } catch { return null; } },
  set(key, value) {
    try {
      if (value === null) localStorage.removeItem(`earmark-review-${key}`);
      else localStorage.setItem(`earmark-review-${key}`, value);
    } catch { /* Nothing is kept. */ }
  },
  // All values whose keys begin so.
  all(prefix) {
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(`earmark-review-${prefix}`));
      return keys.map((key) => localStorage.getItem(key));
    } catch { return []; }
  },
};

// After a click, keys are those of the page again; by keyboard, the focus stays.
function letGo(event, button) {
  if (event.detail > 0) button.blur();
}

const server = {
  token: "",
  base: "v1/review/",

  address(path, settings) {
    const address = new URL(server.base + path, document.baseURI);
    for (const [key, value] of Object.entries(settings || {})) {
      if (value !== null && value !== undefined && value !== "") address.searchParams.set(key, value);
    }
    return address;
  },

  // The answer to a request. One that finds no room is repeated when the server says so.
  async ask(path, settings, options) {
    for (;;) {
      const headers = { ...(options && options.headers) };
      if (server.token) headers.Authorization = `Bearer ${server.token}`;
      const answer = await fetch(server.address(path, settings), { ...options, headers });
      if (answer.status === 429) {
        const seconds = Number(answer.headers.get("Retry-After")) || 1;
        await new Promise((resume) => { setTimeout(resume, 1000 * seconds); });
        continue;
      }
      if (answer.ok) return answer;
      const said = await answer.json().catch(() => ({}));
      const fault = new Error(said.error || `the server answers ${answer.status}`);
      fault.status = answer.status;
      throw fault;
    }
  },

  async json(path, settings, options) {
    return (await server.ask(path, settings, options)).json();
  },

  // The answer to what is sent as JSON.
  post(path, body) {
    const headers = { "Content-Type": "application/json" };
    return server.json(path, {}, { method: "POST", headers, body: JSON.stringify(body) });
  },
};

// Black over violet and orange to nearly white: each step is as much lighter as the one before it.
const COLOURS = (() => {
  const stops = [[0, 0, 4], [59, 15, 112], [140, 41, 129], [222, 73, 104], [254, 159, 109], [252, 253, 191]];
  const table = new Uint8ClampedArray(4 * 256);
  for (let level = 0; level < 256; level += 1) {
    const place = (level / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(place), stops.length - 2);
    for (let part = 0; part < 3; part += 1) {
      table[4 * level + part] = stops[low][part] + (place - low) * (stops[low + 1][part] - stops[low][part]);
    }
    table[4 * level + 3] = 255;
  }
  return table;
})();

const pictures = {
  // By what they are of; the oldest make room.
  kept: new Map(),
  most: 160,
  // Those that wait for their turn, the last one first: it is what is looked at now.
  waiting: [],
  running: 0,
  mostRunning: 4,

  get(item, columns, rows, band, context) {
    const [low, high] = band ? band.split("-") : ["", ""];
    const settings = { item, columns, rows, low, high, context };
    const key = JSON.stringify(settings);
    const known = pictures.kept.get(key);
    if (known) return known;
    const picture = new Promise((done, failed) => {
      pictures.waiting.push({ settings, done, failed });
    });
    pictures.kept.set(key, picture);
    picture.catch(() => pictures.kept.delete(key));
    if (pictures.kept.size > pictures.most) pictures.kept.delete(pictures.kept.keys().next().value);
    pictures.start();
    return picture;
  },

  start() {
    while (pictures.running < pictures.mostRunning && pictures.waiting.length) {
      pictures.running += 1;
      pictures.fetch(pictures.waiting.pop());
    }
  },

  async fetch({ settings, done, failed }) {
    try {
      const answer = await server.ask("spectrogram", settings);
      const number = (name) => Number(answer.headers.get(`earmark-${name}`));
      done({
        levels: new Uint8Array(await answer.arrayBuffer()),
        columns: settings.columns,
        rows: settings.rows,
        start: number("start"),
        seconds: number("seconds"),
        hz: number("hz"),
        isCut: number("cut") === 1,
      });
    } catch (error) {
      failed(error);
    } finally {
      pictures.running -= 1;
      pictures.start();
    }
  },

  // What waits and nobody looks at any more.
  forget() {
    for (const { failed } of pictures.waiting.splice(0)) failed(new Error("left out"));
  },

  draw(canvas, picture) {
    canvas.width = picture.columns;
    canvas.height = picture.rows;
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(picture.columns, picture.rows);
    picture.levels.forEach((level, at) => {
      image.data.set(COLOURS.subarray(4 * level, 4 * level + 4), 4 * at);
    });
    pen.putImageData(image, 0, 0);
  },

  clear(canvas) {
    canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  },
};

const player = {
  sound: new Audio(),
  item: null,
  context: null,
  blob: "",

  // Takes the sound of an item, if it is not that already.
  async take(item, context) {
    if (player.item === item && player.context === context) return;
    player.stop();
    player.item = item;
    player.context = context;
    const { sound } = player;
    if (!server.token) {
      sound.src = server.address("sound", { item, context });
    } else {
      // An element can't send the token.
      const answer = await server.ask("sound", { item, context });
      const blob = await answer.blob();
      if (player.item !== item || player.context !== context) return;
      if (player.blob) URL.revokeObjectURL(player.blob);
      player.blob = URL.createObjectURL(blob);
      sound.src = player.blob;
    }
    player.setSpeed(Number($("speed").value));
  },

  setSpeed(speed) {
    // Slower is lower: what is too high to be noticed becomes audible.
    player.sound.preservesPitch = false;
    player.sound.defaultPlaybackRate = speed;
    player.sound.playbackRate = speed;
  },

  async toggle(item, context) {
    await player.take(item, context);
    if (player.sound.paused) await player.sound.play();
    else player.sound.pause();
  },

  stop() {
    player.sound.pause();
    player.item = null;
    player.sound.removeAttribute("src");
  },

  seek(seconds) {
    const { sound } = player;
    const length = Number.isFinite(sound.duration) ? sound.duration : 0;
    sound.currentTime = Math.max(0, Math.min(length, seconds));
  },

  // Shows where it is: at each frame while it plays, else when that changes.
  follow(show) {
    let isRunning = false;
    const step = () => {
      show();
      isRunning = !player.sound.paused;
      if (isRunning) requestAnimationFrame(step);
    };
    for (const name of ["play", "pause", "ended", "seeked", "emptied", "loadedmetadata", "durationchange"]) {
      player.sound.addEventListener(name, () => { if (!isRunning) step(); });
    }
    show();
  },

  // Where it is, from 0 to 1.
  place() {
    const { sound } = player;
    return sound.duration > 0 ? sound.currentTime / sound.duration : 0;
  },
};

// A part of what the spectrogram shows: chosen by pointer, by numbers, or where the sound is when a key is pressed. In
// seconds from the start of the recording.
const part = {
  picture: null,
  start: 0,
  end: 0,

  show(picture, start, end) {
    part.picture = picture;
    part.set(start, end);
  },

  // From and to; where they are the wrong way round, they are turned.
  set(start, end) {
    const { picture } = part;
    if (!picture) return;
    const inside = (seconds) => Math.max(picture.start, Math.min(picture.start + picture.seconds, seconds));
    [part.start, part.end] = [Math.min(start, end), Math.max(start, end)].map(inside);
    $("part-start").value = part.start.toFixed(2);
    $("part-end").value = part.end.toFixed(2);
    const share = (seconds) => (100 * (seconds - picture.start)) / picture.seconds;
    $("part-span").hidden = part.end <= part.start;
    $("part-span").style.left = `${share(part.start)}%`;
    $("part-span").style.right = `${100 - share(part.end)}%`;
  },

  // Where a pointer is.
  at(event) {
    const box = $("spectrogram").getBoundingClientRect();
    return part.picture.start + ((event.clientX - box.left) / box.width) * part.picture.seconds;
  },

  // Where the sound is.
  now() {
    return part.picture ? part.picture.start + player.place() * part.picture.seconds : 0;
  },

  // A click seeks, a longer way chooses a part.
  listen() {
    const canvas = $("spectrogram");
    let from = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (!part.picture || event.button !== 0) return;
      from = event;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (from && Math.abs(event.clientX - from.clientX) > 4 && !$("part").hidden) part.set(part.at(from), part.at(event));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!from) return;
      const isClick = Math.abs(event.clientX - from.clientX) <= 4 || $("part").hidden;
      from = null;
      const box = canvas.getBoundingClientRect();
      const place = (event.clientX - box.left) / box.width;
      if (isClick) player.seek(place * (player.sound.duration || 0));
    });
    canvas.addEventListener("pointercancel", () => { from = null; });
    for (const id of ["part-start", "part-end"]) {
      $(id).addEventListener("change", () => {
        const [start, end] = ["part-start", "part-end"].map((name) => Number($(name).value));
        if (Number.isFinite(start) && Number.isFinite(end)) part.set(start, end);
      });
    }
  },
};
