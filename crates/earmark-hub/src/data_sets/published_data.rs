//! The published data sets that can be downloaded.

/// A published data set.
#[derive(Debug, PartialEq, Eq)]
pub struct PublishedData {
    /// Its name in `earmark data get`, which is that of its layout.
    pub name: &'static str,
    /// Whose it is, and under which terms it may be used.
    pub licence: &'static str,
    /// The page on which its authors publish it.
    pub homepage: &'static str,
    pub(super) source: Source,
    /// What the names of all of its archives begin with.
    pub(super) prefix: &'static str,
    /// The archives without which it is not complete, without `.zip`.
    pub(super) archives: &'static [&'static str],
    /// Whether everything in an archive is in one folder that the layout does not have.
    pub(super) strip: bool,
}

/// Where its archives are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In a record of Zenodo, which lists them with sizes and checksums.
    Zenodo(&'static str),
    /// At an address; neither its size nor a checksum is published.
    Archive(&'static str),
}

static PUBLISHED: [PublishedData; 3] = [
    PublishedData {
        name: "esc50",
        licence: "ESC-50 (Piczak 2015): CC BY-NC, its part ESC-10 CC BY; the file LICENSE has the terms and the \
                  sources of all clips",
        homepage: "https://github.com/karolpiczak/ESC-50",
        source: Source::Archive("https://github.com/karolpiczak/ESC-50/archive/refs/heads/master.zip"),
        prefix: "ESC-50-",
        archives: &["ESC-50-master"],
        strip: true,
    },
    PublishedData {
        name: "fsdkaggle2018",
        licence: "FSDKaggle2018 (Fonseca et al. 2018): CC BY 4.0; each clip under its own Creative Commons licence, in \
                  the column `license` of the tables in FSDKaggle2018.meta",
        homepage: "https://zenodo.org/records/2552860",
        source: Source::Zenodo("https://zenodo.org/api/records/2552860"),
        prefix: "FSDKaggle2018.",
        archives: &[
            "FSDKaggle2018.audio_train",
            "FSDKaggle2018.audio_test",
            "FSDKaggle2018.meta",
        ],
        strip: false,
    },
    PublishedData {
        name: "fsdkaggle2019",
        licence: "FSDKaggle2019 (Fonseca et al. 2019): CC BY 4.0; each clip under its own Creative Commons licence, in \
                  the column `license` of the tables in FSDKaggle2019.meta",
        homepage: "https://zenodo.org/records/3612637",
        source: Source::Zenodo("https://zenodo.org/api/records/3612637"),
        prefix: "FSDKaggle2019.",
        archives: &[
            "FSDKaggle2019.audio_train_curated",
            "FSDKaggle2019.audio_train_noisy",
            "FSDKaggle2019.audio_test",
            "FSDKaggle2019.meta",
        ],
        strip: false,
    },
];

/// All published data sets that can be downloaded.
pub fn published_data() -> &'static [PublishedData] {
    &PUBLISHED
}

impl PublishedData {
    /// How to get it without a network connection on this machine.
    pub(super) fn by_hand(&self, to: &std::path::Path) -> String {
        let mut archives: String = self
            .archives
            .iter()
            .map(|name| format!("  {name}.zip\n"))
            .collect();
        if let Source::Zenodo(_) = self.source {
            archives += &format!("  {}doc.zip, with description and licence\n", self.prefix);
        }
        format!(
            "By hand: download with a browser from {}\n\
             {archives}(each with all of its parts .z01, .z02 and so on, where it has some) into one folder, then \
             run\n  earmark data get {} --from FOLDER -o {}",
            self.homepage,
            self.name,
            earmark_core::text::quote(&to.to_string_lossy())
        )
    }
}
