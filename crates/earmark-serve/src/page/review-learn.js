"use strict";

// Learning again from the decisions: starts it, shows how far it is, and what it gains.

const LEARN_POLL_MS = 500;
const STAGES = {
  reading: "Reading the recordings", embedding: "Embedding the clips", fitting: "Fitting, before and after",
};

const learning = {
  status: null,
  timer: null,

  async load() {
    if ($("learn").hidden) return;
    learning.show(await server.json("learning"));
  },

  // Does what a button says; the answer is how far it is then.
  async act(action) {
    learning.show(await server.post("learn", { action }));
  },

  show(status) {
    const before = learning.status;
    learning.status = status;
    const isRunning = status.state === "running";
    $("learn-hint").textContent = status.available
      ? "Trains a model on the labels as they are decided now, and compares it, fold by fold, with a model of the "
        + "labels before the review, on the clips that nobody has seen."
      : "Start the server with --learn-with MODEL to train a model on what is decided here.";
    $("learn-start").disabled = !status.available || isRunning;
    $("learn-stop").hidden = !isRunning;
    const text = learning.text(status);
    // Read aloud: only what is new.
    if ($("learn-status").textContent !== text) $("learn-status").textContent = text;
    $("learn-status").className = status.state === "failed" ? "fault" : "";
    const bar = $("learn-progress");
    bar.hidden = !isRunning;
    if (status.total > 0) {
      bar.max = status.total;
      bar.value = status.done;
    } else {
      bar.removeAttribute("value");
    }
    learning.showLearned(status);
    clearTimeout(learning.timer);
    if (isRunning) learning.timer = setTimeout(learning.poll, LEARN_POLL_MS);
    if (before && before.state === "running" && status.state === "done") say("A new model is there: see Learn again.");
  },

  text(status) {
    switch (status.state) {
      case "running": return `${STAGES[status.stage] || status.stage} ...`;
      case "done": return status.is_sorted ? "Done. The items are sorted by the new scores." : "Done.";
      case "stopped": return `Stopped; nothing was written${learning.earlier(status)}.`;
      case "failed": return `Nothing was learned${learning.earlier(status)}: ${status.error}`;
      default: return "";
    }
  },

  // Where a model was learned before, it is still there, and still shown.
  earlier(status) {
    return status.learned ? " (below is the model that was learned before)" : "";
  },

  showLearned(status) {
    const { learned } = status;
    $("learned").hidden = !learned;
    $("learned-warnings").replaceChildren();
    $("learn-sort").hidden = !learned || status.is_sorted;
    if (!learned) return;
    const number = (value) => (value === null ? "-" : value.toFixed(3));
    const signed = (value) => (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(3);
    const clips = (count) => (count === 1 ? "1 clip" : `${count} clips`);
    $("learned-metric").textContent = learned.untouched
      ? `${learned.metric} on ${clips(learned.untouched)} that nobody has seen`
      : learned.metric;
    $("learned-results").textContent = learned.untouched
      ? `${number(learned.before)} before, ${number(learned.after)} after`
      : "not known: every clip was seen";
    let gain = learned.gain === null ? "not known" : signed(learned.gain);
    if (learned.interval) {
      const { low, high } = learned.interval;
      gain += ` (${signed(low)} to ${signed(high)}, ${(100 * learned.confidence).toFixed(0)} % interval)`;
      if (low <= 0 && high >= 0) gain += "; it may be chance";
    }
    $("learned-gain").textContent = gain;
    $("learned-model").textContent = visible(status.model);
    const parts = [clips(learned.clips), `${learned.changed} with changed labels`, `${learned.left_out} left out`];
    $("learned-clips").textContent = parts.join(", ");
    const skipped = learned.skipped.map(([file, reason]) => `${visible(file)}: ${visible(reason)}`);
    $("learned-warnings").append(...[...learned.warnings, ...skipped].map((text) => element("li", "", text)));
  },

  async poll() {
    try {
      learning.show(await server.json("learning"));
    } catch (error) {
      $("learn-status").textContent = `The server does not answer (${error.message}). Trying again.`;
      learning.timer = setTimeout(learning.poll, 2 * LEARN_POLL_MS);
    }
  },
};

for (const [id, action] of Object.entries({ "learn-start": "start", "learn-stop": "stop", "learn-sort": "sort" })) {
  $(id).addEventListener("click", (event) => {
    letGo(event, $(id));
    command(async () => {
      await learning.act(action);
      // The list is of another order now.
      if (action === "sort") {
        await loadOverview();
        await openList(0);
        say("Sorted by the scores of the new model.");
      }
    });
  });
}
