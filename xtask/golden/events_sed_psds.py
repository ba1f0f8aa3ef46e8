"""Golden values of event metrics from sed_eval and psds_eval.

Pinned: sed_eval 0.2.1, psds_eval 0.5.3, dcase_util 0.2.20, pandas 2.3.3, numpy 2.3.5,
setuptools 80.9.0 (for pkg_resources, which later ones lack).
Usage:  python xtask/golden/events_sed_psds.py
Writes: crates/earmark-metrics/tests/golden/events.json

Events come from a linear congruential generator, in milliseconds. Cases for sed_eval have overlaps within a class,
classes without reference events or without predictions, events without length, recordings without events on one side,
and lengths that cut events off. psds_eval refuses overlaps within a class, so its cases have none.
"""

import json
import pathlib
import warnings

import numpy as np
import pandas as pd
import sed_eval
from psds_eval import PSDSEval

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-metrics/tests/golden/events.json"
CLASSES = ["a", "b", "c", "d"]


class Random:
    """Knuth's MMIX generator; the high bits are the random ones."""

    def __init__(self, seed):
        self.state = seed

    def below(self, end):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % end


def random_events(random, count, classes, milliseconds):
    events = []
    for _ in range(count):
        onset = random.below(milliseconds)
        # One in eight has no length; one in eight begins and ends on a second.
        kind = random.below(8)
        length = 0 if kind == 0 else 50 + random.below(3000)
        if kind == 1:
            onset, length = onset // 1000 * 1000, 1000
        events.append([classes[random.below(len(classes))], onset / 1000, (onset + length) / 1000])
    return events


def near(random, events, classes):
    """Predictions: most events moved a little, some with another class, some twice, some missing, some new."""
    found = []
    for name, onset, offset in events:
        kind = random.below(10)
        if kind == 0:
            continue
        for _ in range(2 if kind == 1 else 1):
            moved = [max(0, round(t * 1000) + random.below(500) - 250) for t in (onset, offset)]
            label = classes[random.below(len(classes))] if kind == 2 else name
            found.append([label, min(moved) / 1000, max(moved) / 1000])
    return found + random_events(random, random.below(3), classes, 9000)


def without_overlaps(events):
    """The events that overlap no earlier one of their class."""
    kept = []
    for event in sorted(events, key=lambda e: (e[1], e[2], e[0])):
        if all(k[0] != event[0] or k[2] <= event[1] for k in kept):
            kept.append(event)
    return kept


def in_order(events):
    return sorted(events, key=lambda e: (e[1], e[2], e[0]))


def dicts(file, events):
    return [{"file": file, "event_label": c, "onset": on, "offset": off} for c, on, off in in_order(events)]


def none_if_nan(value):
    return None if not np.isfinite(value) else float(value)


def of_metric(metric, zero, labels):
    """Overall, mean and class values: precision and recall of sed_eval's defaults, F1 with `zero_score`."""

    def pick(results, zeros):
        return {
            "precision": none_if_nan(results["f_measure"]["precision"]),
            "recall": none_if_nan(results["f_measure"]["recall"]),
            "f1": none_if_nan(zeros["f_measure"]["f_measure"]),
            "error_rate": none_if_nan(results["error_rate"]["error_rate"]),
        }

    by_class = {
        label: pick(metric.results_class_wise_metrics()[label], zero.results_class_wise_metrics()[label])
        for label in labels
    }
    # Without reference events sed_eval divides by the smallest number there is; here such a rate is not defined.
    for values in by_class.values():
        if values["recall"] is None:
            values["error_rate"] = None
    mean = {}
    for key in ("precision", "recall", "f1", "error_rate"):
        values = [by_class[label][key] for label in labels if by_class[label][key] is not None]
        mean[key] = float(np.mean(values)) if values else None
    return {
        "micro": pick(metric.results_overall_metrics(), zero.results_overall_metrics()),
        "macro": mean,
        "per_class": by_class,
    }


def sed_case(seed, with_lengths):
    random = Random(seed)
    recordings = []
    for _ in range(3 + random.below(3)):
        # The class d has no reference events in every other case, and is never predicted in the others.
        of_truth, of_predicted = (CLASSES[:3], CLASSES) if seed % 2 else (CLASSES, CLASSES[:3])
        truth = random_events(random, random.below(9 if seed < 6 else 24), of_truth, 9000)
        predicted = near(random, truth, of_predicted)
        predicted = [e for e in predicted if e[0] in of_predicted]
        if random.below(6) == 0:
            predicted = []
        if random.below(6) == 0:
            truth = []
        seconds = 5 + random.below(6) if with_lengths else None
        recordings.append({"truth": truth, "predicted": predicted, "seconds": seconds})
    labels = sorted({e[0] for r in recordings for side in ("truth", "predicted") for e in r[side]})

    segment, collar, share = [(1.0, 0.2, 0.5), (0.5, 0.25, 0.2), (2.0, 0.1, 0.0)][seed % 3]
    results = {}
    for name in ("segment_based", "event_based"):
        pair = []
        for handling in (None, "zero_score"):
            if name == "segment_based":
                metric = sed_eval.sound_event.SegmentBasedMetrics(labels, time_resolution=segment)
            else:
                metric = sed_eval.sound_event.EventBasedMetrics(
                    labels, t_collar=collar, percentage_of_length=share, event_matching_type="optimal"
                )
            metric.empty_system_output_handling = handling
            for number, r in enumerate(recordings):
                file = f"{number}.wav"
                truth, predicted = dicts(file, r["truth"]), dicts(file, r["predicted"])
                if not truth and not predicted:
                    continue
                if name == "segment_based":
                    metric.evaluate(truth, predicted, evaluated_length_seconds=r["seconds"])
                else:
                    metric.evaluate(truth, predicted)
            pair.append(metric)
        results[name] = of_metric(*pair, labels)
    return {
        "recordings": recordings,
        "segment": segment,
        "collar": collar,
        "share": share,
        **results,
    }


def frame(recordings, side):
    rows = [[f"{n}.wav", on, off, c] for n, r in enumerate(recordings) for c, on, off in r[side]]
    return pd.DataFrame(rows, columns=["filename", "onset", "offset", "event_label"])


def psds_case(seed):
    random = Random(seed)
    recordings, points = [], 4
    for _ in range(4):
        truth = without_overlaps(random_events(random, 2 + random.below(5), CLASSES[:3], 9000))
        # d is predicted and in no reference; some events begin beyond the end.
        found = [without_overlaps(near(random, truth, CLASSES)) for _ in range(points)]
        recordings.append({"truth": truth, "points": found, "seconds": 8 + random.below(4)})
    durations = pd.DataFrame(
        [[f"{n}.wav", float(r["seconds"])] for n, r in enumerate(recordings)], columns=["filename", "duration"]
    )
    dtc, gtc, cttc = [(0.5, 0.5, 0.3), (0.7, 0.7, 0.3), (0.1, 0.1, 0.3)][seed % 3]
    evaluation = PSDSEval(dtc, gtc, cttc, ground_truth=frame(recordings, "truth"), metadata=durations)
    f1 = None
    for point in range(points):
        tables = [{"truth": r["truth"], "predicted": r["points"][point]} for r in recordings]
        evaluation.add_operating_point(frame(tables, "predicted"))
        if point == 0:
            _, f1 = evaluation.compute_macro_f_score(frame(tables, "predicted"))
    results = []
    for alpha_ct, alpha_st, max_efpr in [(0, 0, 100), (0, 1, 100), (0.5, 1, 100), (1, 0.5, 400), (0.5, 0, 2000)]:
        psds = evaluation.psds(alpha_ct=alpha_ct, alpha_st=alpha_st, max_efpr=max_efpr)
        results.append([alpha_ct, alpha_st, max_efpr, float(psds.value)])
    # NaN is a class without a hit, which is 0 here.
    f1 = {c: (0.0 if np.isnan(v) else float(v)) for c, v in f1.items()}
    return {"recordings": recordings, "dtc": dtc, "gtc": gtc, "cttc": cttc, "psds": results, "f1": f1}


warnings.filterwarnings("ignore")
golden = {
    "sed": [sed_case(seed, with_lengths=seed > 5) for seed in range(1, 11)],
    "psds": [psds_case(seed) for seed in range(1, 5)],
}
OUT.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(OUT, OUT.stat().st_size)
