//! The parts of an address.

use earmark_core::remote::RemoteFailure;
use std::borrow::Cow;

/// What kind of server an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StoreKind {
    /// `s3://`: Amazon S3, and what speaks like it.
    S3,
    /// `gs://`: Google Cloud Storage.
    Google,
    /// `az://`: Azure Blob Storage.
    Azure,
    /// `http://` and `https://`: a web server.
    Web,
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub kind: StoreKind,
    /// The bucket or container; of a web server, all of the address.
    pub bucket: String,
    /// The key within it, without a `/` at its ends.
    pub key: String,
}

impl Address {
    /// Of a text that begins as an address does.
    pub fn parse(text: &str) -> Result<Self, RemoteFailure> {
        let kinds = [
            ("s3://", StoreKind::S3),
            ("gs://", StoreKind::Google),
            ("az://", StoreKind::Azure),
            ("http://", StoreKind::Web),
            ("https://", StoreKind::Web),
        ];
        let found = kinds
            .iter()
            .find_map(|(scheme, kind)| Some((*kind, text.strip_prefix(scheme)?)));
        let Some((kind, rest)) = found else {
            return Err(failure(
                "is not an address of a store",
                "begin it with s3://, gs://, az://, http:// or https://",
            ));
        };
        if kind == StoreKind::Web {
            return Ok(Self {
                kind,
                bucket: text.to_owned(),
                key: String::new(),
            });
        }
        // Windows joins names of folders and files by backslashes.
        let rest: Cow<str> = match cfg!(windows) {
            true => rest.replace('\\', "/").into(),
            false => rest.into(),
        };
        let (bucket, key) = rest.split_once('/').unwrap_or((&rest, ""));
        if bucket.is_empty() {
            return Err(failure(
                "names no bucket",
                "write it as s3://BUCKET/KEY, gs://BUCKET/KEY or az://CONTAINER/KEY",
            ));
        }
        Ok(Self {
            kind,
            bucket: bucket.to_owned(),
            key: key.trim_matches('/').to_owned(),
        })
    }

    /// The address of another key in the same bucket.
    pub fn of_key(&self, key: &str) -> String {
        let scheme = match self.kind {
            StoreKind::S3 => "s3",
            StoreKind::Google => "gs",
            StoreKind::Azure => "az",
            StoreKind::Web => return self.bucket.clone(),
        };
        format!("{scheme}://{}/{key}", self.bucket)
    }
}

fn failure(what: &str, remedy: &str) -> RemoteFailure {
    RemoteFailure {
        what: what.to_owned(),
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bucket_and_a_key() {
        let parts = |text: &str| {
            let address = Address::parse(text).unwrap();
            (address.kind, address.bucket, address.key)
        };
        let of = |kind, bucket: &str, key: &str| (kind, bucket.to_owned(), key.to_owned());
        assert_eq!(parts("s3://b/a b/ü.wav"), of(StoreKind::S3, "b", "a b/ü.wav"));
        assert_eq!(parts("gs://b/in/"), of(StoreKind::Google, "b", "in"));
        assert_eq!(parts("az://c"), of(StoreKind::Azure, "c", ""));
        let web = "https://h/a.wav?signature=x/y";
        assert_eq!(parts(web), of(StoreKind::Web, web, ""));
        let address = Address::parse("s3://b/in").unwrap();
        assert_eq!(address.of_key("in/a.wav"), "s3://b/in/a.wav");
    }

    #[test]
    fn an_address_without_a_bucket_is_refused() {
        for text in ["s3://", "s3:///a.wav"] {
            assert_eq!(Address::parse(text).unwrap_err().what, "names no bucket");
        }
        assert!(Address::parse("ftp://h/a.wav").is_err());
    }
}
