"""Speed of decoding next to that of another build, in paired rounds.

    cargo build --release -p earmark-audio --example decode_speed      # here and in a checkout of the other
    python bench/decode_speed.py OURS OTHER ESC-10 [--rounds 9] [--seconds 600] [--work FOLDER]

OURS and OTHER are `target/release/examples/decode_speed`. Decoded are the recordings below ESC-10, joined
to one recording of SECONDS, in each format that ffmpeg writes here, whole and in blocks, and the recordings
of ESC-10 as they are. Both programs take turns, whichever goes first. Prints a Markdown table: the median of the
ratios of time, with their range; a ratio above 1 means that OURS is slower. Needs ffmpeg.
"""

import argparse
import pathlib
import statistics
import subprocess
import tempfile

FORMATS = {
    "WAV 16 bit": ("wav", ["-c:a", "pcm_s16le"]),
    "WAV 24 bit": ("wav", ["-c:a", "pcm_s24le"]),
    "WAV float": ("wav", ["-c:a", "pcm_f32le"]),
    "AIFF 16 bit": ("aiff", ["-c:a", "pcm_s16be"]),
    "FLAC": ("flac", []),
    "MP3 128 kbit/s": ("mp3", ["-c:a", "libmp3lame", "-b:a", "128k"]),
    "Vorbis": ("ogg", ["-c:a", "libvorbis"]),
    "AAC in MP4": ("m4a", ["-c:a", "aac"]),
    "ALAC in MP4": ("m4a", ["-c:a", "alac"]),
}


def make(data, seconds, work):
    """The recordings of `data` joined, in each format."""
    names = sorted(p for p in data.rglob("*") if p.suffix in (".ogg", ".wav", ".flac"))
    listing = work / "list.txt"
    listing.write_text("".join(f"file '{p.resolve()}'\n" for p in names))
    files = {"recordings as they are": names}
    for number, (name, (ending, codec)) in enumerate(FORMATS.items()):
        path = work / f"{number}.{ending}"
        command = ["ffmpeg", "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", listing]
        subprocess.run([*command, "-t", str(seconds), *codec, path], check=True)
        files[name] = [path]
    return files


def measure(program, how, files):
    """(samples, seconds)"""
    done = subprocess.run([program, how, *files], capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{program}: {done.stderr.strip()}")
    samples, seconds = done.stdout.split()
    return int(samples), float(seconds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours")
    parser.add_argument("other")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--work", type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        files = make(args.data, args.seconds, args.work or pathlib.Path(temporary))
        print("| format | read | ours, s | ratio, median (range) |\n|---|---|---|---|")
        for name, paths in files.items():
            for how in ("whole", "blocks"):
                ratios, times, name_here = [], [], name
                try:
                    measure(args.ours, how, paths), measure(args.other, how, paths)
                except OSError as error:
                    print(f"| {name} | {how} | | {error} |")
                    continue
                for round in range(args.rounds):
                    order = [args.ours, args.other] if round % 2 == 0 else [args.other, args.ours]
                    result = {program: measure(program, how, paths) for program in order}
                    (samples, ours), (others, other) = result[args.ours], result[args.other]
                    ratios.append(ours / other)
                    times.append(ours)
                if samples != others:
                    name_here = f"{name} ({samples} samples here, {others} there)"
                low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
                print(f"| {name_here} | {how} | {statistics.median(times):.3f} | {middle:.3f} ({low:.2f} to {high:.2f}) |", flush=True)


if __name__ == "__main__":
    main()
