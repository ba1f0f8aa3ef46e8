"""AOEF files of soundevent, and what soundevent and crowsetta read in files of `earmark tag`.

Pinned: soundevent 2.10.0, crowsetta 5.1.2, pandas 3.1.1, numpy 2.4.6.
Usage:  python xtask/golden/events_aoef.py [FOLDER]
Writes: crates/earmark-core/tests/golden/aoef.json; with a folder nothing.

Each case is a set that soundevent saved, and what it reads in that: recordings with their annotated spans, events with
the bounds of their geometry, tags and score (the bounds are computed here, type by type). Times are those of the file: soundevent's own times its time expansion.

With a folder, every `.aoef.json` in it is read by soundevent and every `.selections.txt` by crowsetta; their events are
printed, and must be as many as there are in the files.
"""

import datetime
import json
import pathlib
import sys
import uuid

import crowsetta
from soundevent import data, io

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-core/tests/golden/aoef.json"
DAY = datetime.datetime(2024, 5, 17, 4, 30)


class Names:
    """The same UUIDs in every run."""

    def __init__(self):
        self.count = 0

    def next(self):
        self.count += 1
        return uuid.UUID(int=self.count)


def recordings(names):
    plain = {"channels": 1, "samplerate": 8000}
    return [
        data.Recording(uuid=names.next(), path="in/a.wav", duration=30.0, **plain),
        # A bat recording, ten times slower than the sound.
        data.Recording(uuid=names.next(), path="b.wav", duration=2.0, time_expansion=10.0, **plain),
    ]


def sound_events(names, a, b):
    geometries = [
        (a, data.BoundingBox(coordinates=[1.0, 200.0, 2.5, 3000.5])),
        (a, data.TimeInterval(coordinates=[3.0, 4.25])),
        (a, data.TimeStamp(coordinates=5.5)),
        (a, data.Point(coordinates=[6.0, 440.0])),
        (a, data.LineString(coordinates=[[7.0, 500.0], [7.5, 900.0], [8.0, 700.0]])),
        (a, data.Polygon(coordinates=[[[9.0, 100.0], [10.0, 300.0], [9.5, 800.0]]])),
        (a, data.MultiPoint(coordinates=[[11.0, 50.0], [12.0, 60.0]])),
        (b, data.BoundingBox(coordinates=[0.5, 20000.0, 0.6, 45000.0])),
    ]
    return [data.SoundEvent(uuid=names.next(), recording=r, geometry=g) for r, g in geometries]


def clips(names, a, b):
    spans = [(a, 0.0, 10.0), (a, 10.0, 20.0), (b, 0.0, 2.0)]
    return [data.Clip(uuid=names.next(), recording=r, start_time=s, end_time=e) for r, s, e in spans]


def sets():
    names = Names()
    a, b = recordings(names)
    events = sound_events(names, a, b)
    first, second, third = clips(names, a, b)
    species = [data.Tag(key="species", value=value) for value in ("Parus major", "Myotis myotis")]
    call = data.Tag(key="call", value="song")
    tags = [[species[0], call], [species[0]], [], [call], [species[0]], [call], [call], [species[1]]]
    annotated = [
        data.SoundEventAnnotation(uuid=names.next(), sound_event=event, tags=of_event, created_on=DAY)
        for event, of_event in zip(events, tags)
    ]
    parts = [(first, annotated[:5]), (second, annotated[5:7]), (third, annotated[7:])]
    clip_annotations = [
        data.ClipAnnotation(uuid=names.next(), clip=clip, sound_events=of_clip, created_on=DAY)
        for clip, of_clip in parts
    ]
    states = [data.AnnotationState.completed, data.AnnotationState.assigned, data.AnnotationState.verified]
    tasks = [
        data.AnnotationTask(
            uuid=names.next(),
            clip=clip,
            status_badges=[data.StatusBadge(state=state, created_on=DAY)],
            created_on=DAY,
        )
        for (clip, _), state in zip(parts, states)
    ]
    common = {"clip_annotations": clip_annotations, "created_on": DAY}
    predictions = [
        data.SoundEventPrediction(
            uuid=names.next(), sound_event=event, score=score, tags=[data.PredictedTag(tag=tag, score=score)]
        )
        for event, tag, score in [(events[0], species[0], 0.75), (events[7], species[1], 0.5)]
    ]
    clip_predictions = [
        data.ClipPrediction(uuid=names.next(), clip=clip, sound_events=[prediction])
        for clip, prediction in zip([first, third], predictions)
    ]
    return {
        "annotation_set": data.AnnotationSet(uuid=names.next(), **common),
        "annotation_project": data.AnnotationProject(uuid=names.next(), name="p", tasks=tasks, **common),
        "prediction_set": data.PredictionSet(
            uuid=names.next(), clip_predictions=clip_predictions, created_on=DAY
        ),
    }


def bounds(geometry):
    """Start, lowest frequency, end and highest frequency; no frequencies where the type has none."""
    coordinates = geometry.coordinates
    match geometry.type:
        case "TimeStamp":
            return coordinates, None, coordinates, None
        case "TimeInterval":
            return coordinates[0], None, coordinates[1], None
        case "BoundingBox":
            return tuple(coordinates)
        case "Point":
            points = [coordinates]
        case "LineString" | "MultiPoint":
            points = coordinates
        case "Polygon":
            points = coordinates[0]
    times, frequencies = zip(*points)
    return min(times), min(frequencies), max(times), max(frequencies)


def events_of(read):
    """Every event of a set: its annotation or prediction."""
    for clip in getattr(read, "clip_annotations", None) or getattr(read, "clip_predictions", []):
        yield from clip.sound_events


def expected(read):
    done = None
    if isinstance(read, data.AnnotationProject):
        finished = (data.AnnotationState.completed, data.AnnotationState.verified)
        done = {
            task.clip.uuid for task in read.tasks if any(badge.state in finished for badge in task.status_badges)
        }
    spans = []
    for clip in getattr(read, "clip_annotations", None) or read.clip_predictions:
        clip = clip.clip
        if done is None or clip.uuid in done:
            expansion = clip.recording.time_expansion
            spans.append([str(clip.recording.path), clip.start_time * expansion, clip.end_time * expansion])
    events = []
    for found in events_of(read):
        event = found.sound_event
        expansion = event.recording.time_expansion
        start, low, end, high = bounds(event.geometry)
        tags = [tag.tag if isinstance(tag, data.PredictedTag) else tag for tag in found.tags]
        events.append(
            {
                "file": str(event.recording.path),
                "seconds": [start * expansion, end * expansion],
                "band_hz": None if low is None else [low / expansion, high / expansion],
                "tags": [tag.value for tag in tags],
                "score": getattr(found, "score", None),
            }
        )
    return {"annotated": sorted(spans), "events": events}


def write():
    folder = pathlib.Path("/tmp") if not OUT.parent.is_dir() else OUT.parent
    cases = {}
    for name, made in sets().items():
        path = folder / f"{name}.json"
        io.save(made, path)
        text = json.loads(path.read_text())
        text["created_on"] = DAY.isoformat()
        cases[name] = {"file": text, "expected": expected(io.load(path))}
        path.unlink()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(cases, separators=(",", ":")) + "\n")


def check(folder):
    for path in sorted(folder.rglob("*.aoef.json")):
        found = list(events_of(io.load(path)))
        wanted = len(json.loads(path.read_text())["data"]["sound_event_predictions"])
        assert len(found) == wanted, f"{path}: {len(found)} of {wanted} events"
        for event in found:
            tags = ", ".join(tag.tag.value for tag in event.tags)
            start, _, end, _ = bounds(event.sound_event.geometry)
            print(f"{event.sound_event.recording.path}\t{start}\t{end}\t{tags}\t{event.score}")
    for path in sorted(folder.rglob("*.selections.txt")):
        boxes = crowsetta.formats.bbox.Raven.from_file(path, annot_col="Class").to_bbox()
        wanted = len(path.read_text().splitlines()) - 1
        assert len(boxes) == wanted, f"{path}: {len(boxes)} of {wanted} selections"
        for box in boxes:
            print(f"{path.name}\t{box.onset}\t{box.offset}\t{box.low_freq}\t{box.high_freq}\t{box.label}")


if __name__ == "__main__":
    check(pathlib.Path(sys.argv[1])) if len(sys.argv) > 1 else write()
