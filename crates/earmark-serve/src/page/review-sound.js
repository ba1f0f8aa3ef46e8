"use strict";

// Requests to the server, pictures of sounds, and the player.

const $ = (id) => document.getElementById(id);

const server = {
  token: "",

  address(path, settings) {
    const address = new URL(`v1/review/${path}`, document.baseURI);
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

  // Where it is, from 0 to 1.
  place() {
    const { sound } = player;
    return sound.duration > 0 ? sound.currentTime / sound.duration : 0;
  },
};
