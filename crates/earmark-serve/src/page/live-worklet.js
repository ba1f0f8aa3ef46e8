"use strict";

// Collects the microphone's first channel into blocks of about 50 ms.
class SampleBlocks extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(Math.max(128, Math.round(sampleRate / 20)));
    this.filled = 0;
  }

  process(inputs) {
    const channel = inputs[0][0];
    if (!channel) return true;
    let from = 0;
    while (from < channel.length) {
      const count = Math.min(channel.length - from, this.block.length - this.filled);
      this.block.set(channel.subarray(from, from + count), this.filled);
      this.filled += count;
      from += count;
      if (this.filled === this.block.length) {
        const full = this.block;
        this.block = new Float32Array(full.length);
        this.filled = 0;
        this.port.postMessage(full, [full.buffer]);
      }
    }
    return true;
  }
}

registerProcessor("sample-blocks", SampleBlocks);
