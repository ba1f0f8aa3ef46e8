"""How exactly earmark decodes Opus: its samples against those of libopus, for files of all modes.

    cargo build --release -p earmark-audio --example samples
    python bench/opus_against_libopus.py --samples target/release/examples/samples --sound FOLDER --work WORK

Makes Ogg Opus files in WORK out of recordings in FOLDER (any that ffmpeg reads; the first 5 s of eight of
them) and of synthetic signals, at 6 to 510 kbit/s, with frames of 2.5 to 60 ms, in mono, stereo and 5.1.
Each is decoded by earmark and by `opusdec --float`, both at 48 kHz, and the means over the channels are
compared sample by sample. Prints a Markdown table: for each mode of Opus the files that have packets of
it, the seconds, the largest difference and its root mean square (dB, relative to full scale), and whether
all files have the same length. Files with pauses (DTX) are a row of their own: what a decoder makes up in
pauses differs between versions of libopus. Ends with 1 where a length differs, or a mode other than pauses
differs by more than -90 dB.

Needs opusenc and opusdec (opus-tools), ffmpeg, numpy and soundfile. Run with opus-tools 0.2 (libopus 1.3.1).
"""

import argparse
import pathlib
import subprocess
import sys

import numpy as np
import soundfile

RATE = 48000
SECONDS = 5
# The bound, in dB relative to full scale: a little more than a step of 16 bits.
BOUND_DB = -90.0
SPEECH, MUSIC = "--speech", "--music"
# Up to 8 kHz only, where the encoder keeps to SILK for speech.
SILK = [SPEECH, "--set-ctl-int", "4004=1103"]
PAUSES = "pauses (DTX)"


def recordings(folder, count=8):
    """The starts of recordings, spread over the folder: mono arrays at 48 kHz."""
    kinds = {".wav", ".flac", ".ogg", ".mp3", ".opus"}
    files = sorted(path for path in pathlib.Path(folder).rglob("*") if path.suffix.lower() in kinds)
    if len(files) < count:
        sys.exit(f"{folder}: {len(files)} recordings, where {count} are needed")
    for path in files[:: len(files) // count][:count]:
        command = ["ffmpeg", "-v", "error", "-i", path, "-t", str(SECONDS), "-ac", "1", "-ar", str(RATE)]
        raw = subprocess.run(command + ["-f", "f32le", "-"], check=True, capture_output=True).stdout
        yield np.frombuffer(raw, "<f4")


def sources(folder):
    """Signals by name: [samples, channels]."""
    clips = list(recordings(folder))
    time = np.arange(RATE * SECONDS) / RATE
    noise = 0.4 * np.random.default_rng(1).uniform(-1, 1, len(time))
    chirp = 0.5 * np.sin(2 * np.pi * (100 + 1500 * time) * time)
    square = 0.98 * np.sign(np.sin(2 * np.pi * np.outer(time, [220, 331])))
    # A voice that pauses for half of each second.
    voice = np.where(time % 1 < 0.5, 0.4 * np.sin(2 * np.pi * 130 * time) * np.sin(2 * np.pi * 3 * time), 0)
    made = {f"mono{i}": clip[:, None] for i, clip in enumerate(clips)}
    for i in range(0, len(clips), 2):
        made[f"stereo{i // 2}"] = joined(clips[i : i + 2], gain=2.5)
    made |= {"square": square, "voice": voice[:, None], "noise": noise[:, None], "chirp": chirp[:, None]}
    made["six"] = joined([*clips[:4], noise, chirp])
    return made


def joined(signals, gain=1.0):
    """Signals as the channels of one."""
    length = min(map(len, signals))
    return gain * np.stack([signal[:length] for signal in signals], axis=1)


def settings():
    """What to encode: source, kbit/s, ms, further options of opusenc."""
    for i, size in enumerate(("2.5", "5", "10", "20", "40", "60")):
        for j, (rate, more) in enumerate(((14, SILK), (24, [SPEECH]), (64, [MUSIC]))):
            yield f"mono{(i + 3 * j) % 8}", rate, size, more
            yield f"stereo{(i + j) % 4}", 2 * rate, size, more
    for i, rate in enumerate((6, 8, 10, 14, 20, 24, 40, 128, 256, 510)):
        yield f"mono{i % 8}", rate, "20", [SPEECH] if rate < 20 else []
    for i, rate in enumerate((10, 18, 28, 36, 192, 510)):
        yield f"stereo{i % 4}", rate, "20", [SPEECH if rate < 100 else MUSIC]
    for source, rate, kind in (("square", 40, SPEECH), ("square", 96, MUSIC), ("noise", 96, MUSIC)):
        yield source, rate, "20", [kind]
    yield "chirp", 48, "20", ["--hard-cbr"]
    for rate, size, kind in ((64, "20", MUSIC), (90, "20", SPEECH), (256, "10", MUSIC), (510, "60", MUSIC)):
        yield "six", rate, size, [kind]
    for rate in (14, 30):
        yield "voice", rate, "20", [SPEECH, "--set-ctl-int", "4016=1"]


def packets(path):
    """The packets of sound of an Ogg file, and the samples to skip at its start."""
    data = path.read_bytes()
    found, packet, at = [], b"", 0
    while at < len(data):
        sizes = data[at + 27 : at + 27 + data[at + 26]]
        at += 27 + len(sizes)
        for size in sizes:
            packet += data[at : at + size]
            at += size
            if size < 255:
                found.append(packet)
                packet = b""
    return found[2:], int.from_bytes(found[0][10:12], "little")


def modes(path):
    """The mode of each sample, by the first bytes of the packets (RFC 6716, section 3.1)."""
    found, skip = packets(path)
    out = []
    for packet in found:
        config, code = packet[0] >> 3, packet[0] & 3
        if config < 12:
            mode, samples = "SILK", [480, 960, 1920, 2880][config % 4]
        elif config < 16:
            mode, samples = "hybrid", 480 << config % 2
        else:
            mode, samples = "CELT", 120 << config % 4
        frames = [1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0][code]
        out += [mode] * (samples * frames)
    return np.array(out[skip:])


def differences(path, samples, work):
    """Both lengths, the differences of the samples that both have, and their modes."""
    reference = work / "reference.wav"
    command = ["opusdec", "--quiet", "--float", "--rate", str(RATE), path, reference]
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run([samples, str(RATE), work, path], check=True)
    wanted = soundfile.read(reference, dtype="float64", always_2d=True)[0].mean(axis=1)
    got = np.fromfile(work / f"{path.stem}.f32", "<f4")
    count = min(len(got), len(wanted))
    return (len(got), len(wanted)), got[:count] - wanted[:count], modes(path)[:count]


def db(value):
    """A difference in words."""
    return f"{20 * np.log10(value):.1f} dB" if value else "none"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--samples", "--sound", "--work"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    signals = sources(options.sound)
    rows, unequal = {}, []
    for number, (source, rate, size, more) in enumerate(settings()):
        wav = options.work / "source.wav"
        soundfile.write(wav, np.clip(signals[source], -1, 1), RATE, subtype="PCM_16")
        path = options.work / f"{number:02}-{source}-{rate}-{size.replace('.', '_')}.opus"
        encode = ["opusenc", "--quiet", "--bitrate", str(rate), "--framesize", size, *more, wav, path]
        subprocess.run(encode, check=True, capture_output=True)
        lengths, error, mode = differences(path, options.samples.resolve(), options.work)
        if lengths[0] != lengths[1]:
            unequal.append(f"{path.name}: {lengths[0]} samples, libopus gives {lengths[1]}")
        for name in np.unique(mode):
            row = PAUSES if "4016=1" in more else str(name)
            rows.setdefault(row, []).append((path.name, error[mode == name]))
    print("| mode | files | seconds | largest difference | root mean square |\n|---|---|---|---|---|")
    is_exact = not unequal
    for row in ("SILK", "hybrid", "CELT", PAUSES):
        parts = rows.get(row, [])
        error = np.concatenate([part for _, part in parts] or [np.zeros(1)])
        largest, mean = np.abs(error).max(), np.sqrt(np.mean(error**2))
        is_exact &= row == PAUSES or largest < 10 ** (BOUND_DB / 20)
        files = len({name for name, _ in parts})
        seconds = len(error) / RATE
        print(f"| {row} | {files} | {seconds:.0f} | {db(largest)} | {db(mean)} |")
    count = len({name for parts in rows.values() for name, _ in parts})
    print(f"\n{count} files, {len(unequal)} of another length than with libopus.", *unequal, sep="\n")
    sys.exit(0 if is_exact else 1)


if __name__ == "__main__":
    main()
