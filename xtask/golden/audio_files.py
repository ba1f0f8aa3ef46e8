"""Writes the small encoded files that earmark-audio is tested on (crates/earmark-audio/tests/files), and what
ffmpeg decodes the lossy ones to (tests/golden/decoded-*.npy).

Only what needs an encoder is made here; plain WAV and AIFF are written by the tests themselves.
The signal is the same everywhere (see `chirp` in tests/common/mod.rs): a sine of amplitude 0.5 that
glides from 300 Hz to 1,500 Hz; channel c of C is scaled by (c + 1) / C.

Made with: Python 3.11, numpy 2.4.6, ffmpeg 5.1 (libmp3lame 3.100, libvorbis 1.3.7), flac 1.4.2.
Usage: python xtask/golden/audio_files.py
"""

import pathlib
import subprocess
import tempfile

import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-audio/tests/files"
GOLDEN = OUT.parent / "golden"
QUIET = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y"]
# No encoder versions and dates in the files: they would change with every build.
BARE = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]


def chirp(rate, seconds, channels):
    n = round(rate * seconds)
    t = np.arange(n) / rate
    x = 0.5 * np.sin(2 * np.pi * (300 * t + (1500 - 300) / (2 * seconds) * t * t))
    return np.stack([x * (c + 1) / channels for c in range(channels)], axis=1)


def raw(folder, rate, seconds, channels):
    """The chirp as 32-bit integers, from which every encoder starts."""
    path = pathlib.Path(folder) / "raw.s32"
    np.round(chirp(rate, seconds, channels) * 2**31).astype("<i4").tofile(path)
    return ["-f", "s32le", "-ar", str(rate), "-ac", str(channels), "-i", str(path)]


def ffmpeg(name, rate, seconds, channels, *options, tags=False):
    with tempfile.TemporaryDirectory() as folder:
        bare = BARE if not tags else ["-flags:a", "+bitexact"]
        command = QUIET + raw(folder, rate, seconds, channels) + bare + list(options) + [str(OUT / name)]
        subprocess.run(command, check=True)


def flac(name, rate, seconds, channels, bits, pipe=False):
    """Through a pipe the encoder can't return to its header: it leaves length and MD5 at zero."""
    x = np.round(chirp(rate, seconds, channels) * 2.0 ** (bits - 1)).astype("<i4")
    x = x.reshape(-1, 1).view("u1").reshape(-1, 4)[:, : bits // 8].tobytes()
    options = ["--endian=little", "--sign=signed", f"--channels={channels}", f"--bps={bits}", f"--sample-rate={rate}"]
    command = ["flac", "--silent", "--force", "--force-raw-format", "--no-padding", "--blocksize=1152", *options]
    if pipe:
        (OUT / name).write_bytes(subprocess.run([*command, "-c", "-"], input=x, check=True, capture_output=True).stdout)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "raw"
        path.write_bytes(x)
        subprocess.run([*command, "-o", str(OUT / name), str(path)], check=True)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    # Lossy.
    mp3 = ["-c:a", "libmp3lame"]
    ffmpeg("xing-cbr-44k.mp3", 44100, 0.15, 1, *mp3, "-b:a", "48k", "-id3v2_version", "0")
    ffmpeg("no-xing-22k-stereo.mp3", 22050, 0.2, 2, *mp3, "-b:a", "48k", "-write_xing", "0", "-id3v2_version", "0")
    ffmpeg("vbr-tags-24k.mp3", 24000, 0.2, 1, *mp3, "-q:a", "6", "-id3v2_version", "3", "-write_id3v1", "1",
           "-metadata", "title=chirp", tags=True)
    ffmpeg("mpeg25-8k.mp3", 8000, 0.3, 1, *mp3, "-b:a", "24k", "-id3v2_version", "0")
    ffmpeg("aac-44k.m4a", 44100, 0.1, 1, "-c:a", "aac", "-aac_pns", "0", "-b:a", "96k")
    ffmpeg("aac-stereo-faststart-48k.m4a", 48000, 0.1, 2, "-c:a", "aac", "-aac_pns", "0", "-b:a", "96k", "-movflags", "+faststart")
    ffmpeg("adts-32k.aac", 32000, 0.1, 1, "-c:a", "aac", "-aac_pns", "0", "-b:a", "64k", "-f", "adts")
    ffmpeg("vorbis-8k.ogg", 8000, 0.3, 1, "-c:a", "libvorbis", "-q:a", "4", "-serial_offset", "1")
    ffmpeg("vorbis-44k-stereo.ogg", 44100, 0.1, 2, "-c:a", "libvorbis", "-q:a", "2", "-serial_offset", "1")
    ffmpeg("ima-adpcm-16k.wav", 16000, 0.2, 1, "-c:a", "adpcm_ima_wav")
    ffmpeg("ms-adpcm-16k-stereo.wav", 16000, 0.15, 2, "-c:a", "adpcm_ms")
    ffmpeg("alaw-8k.wav", 8000, 0.3, 1, "-c:a", "pcm_alaw")
    ffmpeg("mulaw-8k.wav", 8000, 0.3, 1, "-c:a", "pcm_mulaw")
    # Lossless.
    ffmpeg("alac-22k.m4a", 22050, 0.1, 1, "-c:a", "alac", "-sample_fmt", "s16p")
    ffmpeg("alac-24bit-stereo-16k.m4a", 16000, 0.05, 2, "-c:a", "alac", "-sample_fmt", "s32p")
    flac("flac-22k.flac", 22050, 0.15, 1, 16)
    flac("flac-24bit-stereo-96k.flac", 96000, 0.01, 2, 24)
    ffmpeg("flac-in-ogg-16k.ogg", 16000, 0.1, 1, "-c:a", "flac", "-sample_fmt", "s16", "-f", "ogg",
           "-serial_offset", "1")
    flac("flac-pipe-11025.flac", 11025, 0.3, 1, 16, pipe=True)
    ffmpeg("extensible-24bit-6ch-8k.wav", 8000, 0.02, 6, "-c:a", "pcm_s24le")
    ffmpeg("rf64-8k.wav", 8000, 0.1, 1, "-c:a", "pcm_s16le", "-rf64", "always")
    ffmpeg("aiff-16k.aiff", 16000, 0.05, 1, "-c:a", "pcm_s16be")
    ffmpeg("aifc-sowt-16k.aiff", 16000, 0.05, 1, "-c:a", "pcm_s16le")
    ffmpeg("aifc-f32-8k.aiff", 8000, 0.05, 1, "-c:a", "pcm_f32be")
    # Not read, and to be refused by name.
    ffmpeg("layer2-32k.mp2", 32000, 0.1, 1, "-c:a", "mp2", "-b:a", "64k")
    ffmpeg("opus-48k.ogg", 48000, 0.1, 1, "-c:a", "libopus", "-b:a", "24k", "-serial_offset", "1")


def decode(name, channels):
    """What ffmpeg makes of a lossy file: the first 2,048 frames of the channel mean, as 16-bit integers."""
    mean = "+".join(f"{1 / channels}*c{c}" for c in range(channels))
    command = ["ffmpeg", "-v", "error", "-i", str(OUT / name), "-af", f"pan=mono|c0={mean}", "-f", "f32le", "-"]
    x = np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, "<f4")[:2048]
    np.save(GOLDEN / f"decoded-{name}.npy", np.round(x * 2.0**15).astype("<i2"))


LOSSY = {
    "xing-cbr-44k.mp3": 1, "no-xing-22k-stereo.mp3": 2, "vbr-tags-24k.mp3": 1, "mpeg25-8k.mp3": 1, "aac-44k.m4a": 1,
    "aac-stereo-faststart-48k.m4a": 2, "adts-32k.aac": 1, "vorbis-8k.ogg": 1, "vorbis-44k-stereo.ogg": 2,
    "ima-adpcm-16k.wav": 1, "ms-adpcm-16k-stereo.wav": 2, "alaw-8k.wav": 1, "mulaw-8k.wav": 1,
}

if __name__ == "__main__":
    main()
    for lossy, count in LOSSY.items():
        decode(lossy, count)
