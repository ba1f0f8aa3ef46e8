"use strict";

// Everything that comes from the server is shown by textContent: a name of a class is never markup.

const $ = (id) => document.getElementById(id);
const view = {
  status: $("status"), model: $("model"), count: $("count"), hop: $("hop"), token: $("token"),
  start: $("start"), pause: $("pause"), canvas: $("waterfall"), labels: $("labels"),
  detected: $("detected"), latency: $("latency"), compute: $("compute"), time: $("time"),
};

// More bytes than this that the socket has not sent: the network is too slow, and blocks are left out.
const MOST_UNSENT = 1 << 20;

let open = null;
let frozen = false;
let lastDetected = "";

function say(text) {
  view.status.textContent = text;
}

function number(value, unit) {
  return typeof value === "number" ? `${value.toFixed(value < 10 ? 1 : 0)} ${unit}` : "–";
}

function headers() {
  return view.token.value ? { Authorization: `Bearer ${view.token.value}` } : {};
}

async function loadModels() {
  try {
    const answer = await fetch("v1/models", { headers: headers() });
    if (answer.status === 401) {
      $("token-label").hidden = false;
      say("This server asks for its token.");
      view.token.focus();
      return false;
    }
    const known = await answer.json();
    if (!answer.ok) throw new Error(known.error);
    const chosen = view.model.value;
    view.model.replaceChildren();
    for (const model of known.models) {
      const option = document.createElement("option");
      option.value = model.name;
      option.textContent = `${model.name} (${model.classes.length} classes)`;
      view.model.append(option);
    }
    if (chosen) view.model.value = chosen;
    view.model.disabled = false;
    return true;
  } catch (error) {
    say(`The server can't be reached: ${error.message}`);
    return false;
  }
}

function socketAddress(rate) {
  const address = new URL("v1/listen", document.baseURI);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const settings = { model: view.model.value, rate, encoding: "f32", live: "true", top_k: view.count.value };
  if (view.hop.value) settings.hop = view.hop.value;
  for (const [key, value] of Object.entries(settings)) address.searchParams.set(key, value);
  return address;
}

function explain(error) {
  if (!navigator.mediaDevices) {
    return "The browser gives the microphone only to localhost and to https pages.";
  }
  return error.name === "NotAllowedError" ? "The microphone was not allowed." : error.message;
}

async function start() {
  view.start.disabled = true;
  try {
    if (view.model.disabled && !(await loadModels())) return;
    const devices = navigator.mediaDevices;
    if (!devices) throw new Error("no microphone");
    // Processing for speech would remove what is to be found.
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const media = await devices.getUserMedia({ audio: plain });
    const context = new AudioContext();
    open = { media, context, socket: null };
    await context.audioWorklet.addModule("live-worklet.js");
    const rate = Math.round(context.sampleRate);
    const protocols = ["earmark"];
    if (view.token.value) protocols.push(`token.${view.token.value}`);
    const socket = new WebSocket(socketAddress(rate), protocols);
    socket.binaryType = "arraybuffer";
    open.socket = socket;
    connect(open, rate);
    view.start.textContent = "Stop";
    view.pause.disabled = false;
  } catch (error) {
    stop(explain(error));
  } finally {
    view.start.disabled = false;
  }
}

function connect(stream, rate) {
  const { context, media, socket } = stream;
  const source = context.createMediaStreamSource(media);
  const blocks = new AudioWorkletNode(context, "sample-blocks", { numberOfOutputs: 0 });
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  analyser.smoothingTimeConstant = 0;
  source.connect(blocks);
  source.connect(analyser);
  blocks.port.onmessage = ({ data }) => {
    if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount < MOST_UNSENT) socket.send(data);
  };
  socket.onopen = () => say(`Tagging the microphone at ${rate} Hz.`);
  socket.onmessage = ({ data }) => show(JSON.parse(data));
  socket.onclose = () => {
    if (open === stream) stop("The server ended the stream, or has no room for it. Press Start to try again.");
  };
  drawWaterfall(stream, analyser);
}

function stop(text) {
  const ended = open;
  open = null;
  if (ended) {
    if (ended.socket) ended.socket.close();
    ended.media.getTracks().forEach((track) => track.stop());
    ended.context.close();
  }
  view.start.textContent = "Start";
  view.pause.disabled = true;
  say(text);
}

function show(line) {
  if (line.error) return stop(line.error);
  if (frozen || !line.labels) return;
  const reached = new Set(line.detected);
  view.labels.replaceChildren(...line.labels.map(({ label, score }) => {
    const item = document.createElement("li");
    const row = document.createElement("div");
    const name = document.createElement("span");
    const value = document.createElement("span");
    const meter = document.createElement("meter");
    row.className = "row";
    name.className = "name";
    name.textContent = label;
    value.textContent = score.toFixed(2);
    meter.min = 0;
    meter.max = 1;
    meter.value = score;
    meter.setAttribute("aria-hidden", "true");
    if (reached.has(label)) item.className = "detected";
    row.append(name, value);
    item.append(row, meter);
    return item;
  }));
  // Said only when it changes, so that a screen reader keeps up.
  const detected = line.detected.join(", ");
  if (detected !== lastDetected) {
    lastDetected = detected;
    view.detected.textContent = detected ? `Detected: ${detected}` : "";
  }
  view.latency.textContent = number(line.latency_ms, "ms");
  view.compute.textContent = number(line.compute_ms, "ms");
  view.time.textContent = number(line.time, "s");
}

function drawWaterfall(stream, analyser) {
  const { canvas } = view;
  const pen = canvas.getContext("2d");
  const levels = new Uint8Array(analyser.frequencyBinCount);
  const column = pen.createImageData(1, canvas.height);
  const draw = () => {
    if (open !== stream) return;
    requestAnimationFrame(draw);
    if (frozen) return;
    analyser.getByteFrequencyData(levels);
    for (let y = 0; y < canvas.height; y += 1) {
      const bin = Math.floor(((canvas.height - 1 - y) / canvas.height) * levels.length);
      const level = levels[bin] / 255;
      const at = 4 * y;
      column.data[at] = 255 * Math.min(1, 2 * level);
      column.data[at + 1] = 255 * Math.max(0, 1.6 * level - 0.6);
      column.data[at + 2] = 255 * (level < 0.5 ? level : 1 - level) * 1.4;
      column.data[at + 3] = 255;
    }
    pen.drawImage(canvas, -1, 0);
    pen.putImageData(column, canvas.width - 1, 0);
  };
  draw();
}

function toggle() {
  if (open) stop("Stopped.");
  else start();
}

function freeze() {
  frozen = !frozen;
  view.pause.setAttribute("aria-pressed", String(frozen));
}

$("settings").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!view.start.disabled) toggle();
});
view.pause.addEventListener("click", freeze);
view.token.addEventListener("change", loadModels);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
  if (event.key === "s" && !view.start.disabled) toggle();
  if (event.key === "f" && !view.pause.disabled) freeze();
});
loadModels();
