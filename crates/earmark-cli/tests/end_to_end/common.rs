//! A folder with sounds and a recipe, and the command run in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A network of 8 channels throughout on segments of 32 bands: a training takes a third of a second. Everything random is on,
/// and everything that a state must remember.
pub const RECIPE: &str = include_str!("tiny.toml");

/// Steps that [`RECIPE`] trains on [`Lab::new`]'s sounds with `--fold 1`.
pub const STEPS: u64 = 30;

/// A training of the tiny recipe that tells the tones apart with every seed that was tried: a network wide enough, and nothing that blurs
/// or chooses.
pub const LEARN_WELL: &str = r#"train tiny.toml --data tones --run runs/a --set train.epochs=60 --set train.average-decay=0 --set train.learning-rate=3e-3 --set train.schedule={kind="cosine"} --set network.width=0.25 --set network.batch-norm-decay=0.95 --set network.drop-prob=0 --set batches.mixup=false --set augment.time-mask=false --set validation.split={kind="none"}"#;

/// Classes of [`Lab::new`]'s sounds.
pub const CLASSES: [(&str, f64); 3] = [("high", 2500.0), ("low", 300.0), ("mid", 1000.0)];

/// A folder of its own: `tones/` (three classes of six recordings of one second), `tiny.toml`, and the cache.
pub struct Lab {
    dir: tempfile::TempDir,
}

impl Lab {
    pub fn new() -> Self {
        let lab = Self {
            dir: tempfile::tempdir().expect("a temporary folder"),
        };
        for (class, hz) in CLASSES {
            for k in 0..6 {
                lab.tone(
                    &format!("tones/{class}/{k}.wav"),
                    hz * (1.0 + 0.03 * f64::from(k)),
                );
            }
        }
        lab.write("tiny.toml", RECIPE);
        lab
    }

    /// The same with `runs/a` trained.
    pub fn trained() -> Self {
        let lab = Self::new();
        lab.earmark("train tiny.toml --data tones --run runs/a --fold 1")
            .done();
        lab
    }

    /// Adds `other/`: two classes that no model was trained on, of five recordings each.
    pub fn add_other(&self) {
        for (class, hz) in [("deep", 300.0), ("shrill", 2500.0)] {
            for k in 0..5 {
                let hz = hz * (1.0 + 0.02 * f64::from(k));
                self.tone(&format!("other/{class}/{k}.wav"), hz);
            }
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, making its folder if need be.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder to write to");
        fs::write(path, content).expect("a file to write");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// A second of a tone with some noise, 8 kHz, 16 bits.
    pub fn tone(&self, name: &str, hz: f64) {
        self.long_tone(name, hz, 1);
    }

    /// The same of any length.
    pub fn long_tone(&self, name: &str, hz: f64, seconds: u32) {
        self.wav(name, tone(hz, seconds));
    }

    /// Writes a recording of these samples, 8 kHz, 16 bits.
    pub fn wav(&self, name: &str, samples: impl IntoIterator<Item = i16>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder to write to");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(path, spec).expect("a WAV file to write");
        for sample in samples {
            wav.write_sample(sample).expect("a sample to write");
        }
        wav.finalize().expect("a WAV file to finish");
    }

    /// Sets the folder, the cache and an empty input, with no setting from outside.
    fn set_up<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.current_dir(self.dir.path()).stdin(Stdio::null());
        clear_settings(command).env("EARMARK_CACHE", self.path("cache"))
    }

    /// The command in this folder, its arguments as words, with no setting from outside.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_earmark"));
        self.set_up(command.args(arguments.split_whitespace()));
        command
    }

    /// Runs the command to its end.
    pub fn earmark(&self, arguments: &str) -> Ended {
        Ended::of(
            arguments,
            self.command(arguments).output().expect("the command to start"),
        )
    }

    /// Runs the command, killed by SIGKILL at this crash point if it reaches it.
    pub fn crash(&self, arguments: &str, at: &str) -> Ended {
        let output = self.command(arguments).env("EARMARK_CRASH_AT", at).output();
        let what = format!("{arguments} (killed at {at})");
        Ended::of(&what, output.expect("the command to start"))
    }

    /// The command under `ulimit LIMIT`. The signal of a file that is too large would end it before its message.
    #[cfg(unix)]
    pub fn under_ulimit(&self, limit: &str, arguments: &str) -> Command {
        let inside = self.command(arguments);
        let mut shell = Command::new("sh");
        shell
            .args([
                "-c",
                &format!("trap '' XFSZ; ulimit {limit} && exec \"$@\""),
                "sh",
            ])
            .arg(inside.get_program())
            .args(inside.get_args())
            .current_dir(self.path(""))
            .stdin(Stdio::null());
        for (name, value) in inside.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell
    }

    /// Runs a script next to the recipes, such as `argus-2019/pipeline.sh`, on a data folder with these variables; one
    /// of its processes is killed at the crash point, if one is named.
    pub fn script(
        &self,
        name: &str,
        data_and_out: [&str; 2],
        variables: &[(&str, &str)],
        crash: Option<&str>,
    ) -> Ended {
        let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes");
        let mut shell = Command::new("sh");
        self.set_up(shell.arg(recipes.join(name)).args(data_and_out))
            .env("EARMARK", env!("CARGO_BIN_EXE_earmark"))
            .env_remove("CORRECTIONS")
            .env_remove("SEARCH")
            .envs(variables.iter().copied())
            .envs(crash.map(|point| ("EARMARK_CRASH_AT", point)));
        Ended::of(name, shell.output().expect("sh to start"))
    }

    /// The lines that the training of a run has logged.
    pub fn logged(&self, run: &str) -> Vec<serde_json::Value> {
        let text = self.read(&format!("{run}/metrics.jsonl"));
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    /// A copy of `runs/a` that is calibrated on its own sounds.
    pub fn calibrate(&self, out: &str) {
        self.earmark("predict runs/a --data tones --raw -o scores.csv")
            .done();
        let mut truth = "fname,label\n".to_owned();
        for line in self.read("scores.csv").lines().skip(1) {
            let file = line.split(',').next().expect("a file");
            truth += &format!("{file},{}\n", file.split('/').next().expect("a class"));
        }
        self.write("truth.csv", truth);
        self.earmark(&format!(
            "calibrate runs/a --scores scores.csv --truth truth.csv -o {out}"
        ))
        .done();
    }

    /// Starts the command; both outputs are kept.
    pub fn start(&self, arguments: &str) -> Started {
        let child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command to start");
        Started {
            what: arguments.into(),
            child,
        }
    }

    /// Starts a training in `run` and returns when it has logged `steps` lines.
    pub fn start_and_wait(&self, arguments: &str, run: &str, steps: usize) -> Started {
        let mut started = self.start(arguments);
        let log = self.path(run).join("metrics.jsonl");
        while fs::read_to_string(&log).map_or(true, |text| text.lines().count() < steps) {
            if let Some(status) = started.child.try_wait().expect("a child to ask") {
                panic!("earmark {arguments} ended before step {steps}: {status}");
            }
            std::thread::yield_now();
        }
        started
    }
}

/// Removes the settings from outside.
pub fn clear_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("EARMARK_")) {
        command.env_remove(name);
    }
    command
}

/// A tone with some noise, at 8 kHz.
pub fn tone(hz: f64, seconds: u32) -> impl Iterator<Item = i16> {
    let mut random = Mmix(hz.to_bits());
    (0..8000 * seconds).map(move |i| {
        let noise = random.draw() as f64 / f64::from(1u32 << 31) - 0.5;
        let value = 12_000.0 * (std::f64::consts::TAU * hz * f64::from(i) / 8000.0).sin() + 4000.0 * noise;
        value as i16
    })
}

/// Knuth's MMIX generator.
pub struct Mmix(pub u64);

impl Mmix {
    /// The next number's high 31 bits, which are the random ones.
    pub fn draw(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// A command that is running.
pub struct Started {
    what: String,
    pub child: Child,
}

impl Started {
    /// Waits for its end.
    pub fn end(self) -> Ended {
        Ended::of(
            &self.what,
            self.child.wait_with_output().expect("the command to end"),
        )
    }

    /// Sends a signal by name, such as `INT`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status()
            .expect("kill");
        assert!(sent.success());
    }
}

/// A command that has ended.
pub struct Ended {
    what: String,
    /// Exit status; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    #[cfg(unix)]
    pub signal: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(what: &str, output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text in UTF-8");
        let ended = Self {
            what: what.into(),
            code: output.status.code(),
            #[cfg(unix)]
            signal: std::os::unix::process::ExitStatusExt::signal(&output.status),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        assert!(!ended.err.contains("panicked at"), "{ended}");
        ended
    }

    /// Requires an exit status; returns stdout.
    #[track_caller]
    pub fn exit(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Requires success without anything left out.
    #[track_caller]
    pub fn done(self) -> Self {
        self.exit(0)
    }

    /// Requires an end by SIGKILL.
    #[track_caller]
    pub fn killed(self) -> Self {
        assert_eq!(self.code, None, "{self}");
        #[cfg(unix)]
        assert_eq!(self.signal, Some(9), "{self}");
        self
    }

    /// Requires a refusal, exit status 1, with nothing on stdout; returns the message, without the notes before it.
    #[track_caller]
    pub fn refused(self) -> String {
        let ended = self.exit(1);
        assert_eq!(ended.out, "", "{ended}");
        let message = match ended.err.strip_prefix("error: ") {
            Some(message) => message,
            None => {
                let behind = ended.err.split_once("\nerror: ");
                behind.unwrap_or_else(|| panic!("no message: {ended}")).1
            }
        };
        message.trim_end().to_owned()
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self {
            what, code, out, err, ..
        } = self;
        write!(
            f,
            "earmark {what} ended with {code:?}\nstdout:\n{out}\nstderr:\n{err}"
        )
    }
}

/// The files of a folder, with their paths below it.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder to list") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let name = path
                .strip_prefix(root)
                .expect("below the root")
                .to_string_lossy()
                .replace('\\', "/");
            found.insert(name, fs::read(&path).expect("a file to read"));
        }
    }
}

/// Copies a folder with all below it.
pub fn copy(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder to write to");
        fs::write(path, bytes).expect("a file to write");
    }
}

/// Tensors of a model file: shape and values by name.
pub fn tensors(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file");
    let values = |data: &[u8]| {
        data.chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect()
    };
    file.iter()
        .map(|(name, t)| (name.to_owned(), (t.shape().to_vec(), values(t.data()))))
        .collect()
}

/// A score table: the classes, then file and scores of each row.
pub struct Table {
    pub classes: Vec<String>,
    pub rows: Vec<(String, Vec<f64>)>,
}

impl Table {
    pub fn parse(text: &str) -> Self {
        let mut lines = text
            .lines()
            .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let header = lines.next().expect("a header");
        assert_eq!(header[0], "fname");
        let rows = lines.map(|cells| {
            (
                cells[0].clone(),
                cells[1..].iter().map(|c| c.parse().expect("a number")).collect(),
            )
        });
        Self {
            classes: header[1..].to_vec(),
            rows: rows.collect(),
        }
    }

    /// The same where class names may hold commas.
    pub fn parse_csv(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header").clone();
        assert_eq!(&header[0], "fname");
        let rows = reader.records().map(|row| {
            let row = row.expect("a row");
            let scores = row.iter().skip(1).map(|c| c.parse().expect("a number"));
            (row[0].to_owned(), scores.collect())
        });
        Self {
            classes: header.iter().skip(1).map(str::to_owned).collect(),
            rows: rows.collect(),
        }
    }

    pub fn row(&self, file: &str) -> &[f64] {
        &self
            .rows
            .iter()
            .find(|(name, _)| name == file)
            .unwrap_or_else(|| panic!("no row {file}"))
            .1
    }
}
