"""How much sooner `earmark tag` is done with one recording on two threads than on one.

    python bench/tag_threads.py --earmark target/release/earmark [--earmark OTHER ...] --model MODEL
        [--seconds 600] [--rounds 30]

Makes a recording of noise (44.1 kHz, WAV). Each round tags it with each program on one thread and on two,
in turns, from start to end, after a round that does not count. Prints for each program the medians, the
least times, and the median and range of the rounds' ratios, and whether the programs' tables are the same.
Python 3.11+, its standard library alone.
"""

import argparse
import array
import pathlib
import random
import statistics
import subprocess
import tempfile
import time
import wave


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--earmark", action="append", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=30)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        recording = folder / "noise.wav"
        draws = random.Random(1)
        second = array.array("h", (draws.randint(-3000, 3000) for _ in range(44100)))
        with wave.open(str(recording), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(44100)
            for _ in range(args.seconds):
                file.writeframes(second.tobytes())
        seconds = {(k, threads): [] for k in range(len(args.earmark)) for threads in (1, 2)}
        for round_number in range(args.rounds + 1):
            for (k, threads), taken in seconds.items():
                out = folder / f"{k}.csv"
                command = [args.earmark[k], "tag", recording, "--model", args.model, "-o", out, "--fresh"]
                start = time.perf_counter()
                subprocess.run([*command, "--threads", str(threads)], check=True, capture_output=True)
                if round_number > 0:
                    taken.append(time.perf_counter() - start)
        for k, program in enumerate(args.earmark):
            one, two = seconds[k, 1], seconds[k, 2]
            ratios = [second / first for first, second in zip(one, two)]
            print(
                f"{program}: one thread {statistics.median(one):.3f} s (least {min(one):.3f}), two "
                f"{statistics.median(two):.3f} s (least {min(two):.3f}), ratio {statistics.median(ratios):.3f} "
                f"({min(ratios):.2f}-{max(ratios):.2f})"
            )
        tables = {(folder / f"{k}.csv").read_bytes() for k in range(len(args.earmark))}
        print("the same bytes" if len(tables) == 1 else "the tables differ")


if __name__ == "__main__":
    main()
