//! A report as JSON: one flat object whose keys scripts rely on.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{ClassReport, Report};

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("lwlrap", &self.lwlrap)?;
        map.serialize_entry(&format!("map@{}", self.map_at), &self.map)?;
        map.serialize_entry("mAP", &self.mean_ap)?;
        map.serialize_entry("mAP_micro", &self.micro_ap)?;
        map.serialize_entry("auc", &self.auc)?;
        map.serialize_entry("d_prime", &self.d_prime)?;
        map.serialize_entry("accuracy", &self.accuracy)?;
        if let Some(value) = self.log_likelihood {
            map.serialize_entry("log-likelihood", &value)?;
        }
        map.serialize_entry("balanced_accuracy", &self.balanced_accuracy)?;
        map.serialize_entry("threshold", &self.threshold)?;
        map.serialize_entry("f1_micro", &self.f1_micro)?;
        map.serialize_entry("f1_macro", &self.f1_macro)?;
        map.serialize_entry("precision", &self.precision)?;
        map.serialize_entry("recall", &self.recall)?;
        if let Some(intervals) = &self.intervals {
            map.serialize_entry("intervals", intervals)?;
        }
        map.serialize_entry("clips", &self.clips)?;
        map.serialize_entry("skipped", &self.skipped)?;
        map.serialize_entry("extra", &self.extra)?;
        map.serialize_entry("ignored_labels", &self.ignored_labels)?;
        map.serialize_entry("classes_without_clips", &self.classes_without_clips)?;
        map.serialize_entry("per_class", &ByName(&self.per_class))?;
        map.end()
    }
}

/// Classes as an object by name, in their own order.
struct ByName<'a>(&'a [ClassReport]);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|class| (&class.name, class)))
    }
}
