//! Credentials and region of a profile, as the tools of Amazon keep them in `~/.aws`.

use std::collections::HashMap;
use std::path::PathBuf;

/// Variables of the environment, by name.
pub(crate) type Variables = HashMap<String, String>;

/// What the profile's files say, under the names of the variables that would say the same; nothing where the
/// environment has credentials of its own.
pub(crate) fn of_profile(variables: &Variables) -> Variables {
    let given = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    let has_own = ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"]
        .iter()
        .any(|name| given(name).is_some());
    let profile = given("AWS_PROFILE").map_or("default", String::as_str);
    let file = |variable: &str, name: &str| {
        let home = given("HOME").or(given("USERPROFILE"));
        let standard = home.map(|home| PathBuf::from(home).join(".aws").join(name));
        let path = given(variable).map(PathBuf::from).or(standard);
        path.and_then(|path| std::fs::read_to_string(path).ok())
            .unwrap_or_default()
    };
    let of_config = match profile {
        "default" => profile.to_owned(),
        name => format!("profile {name}"),
    };
    let mut found = section(&file("AWS_CONFIG_FILE", "config"), &of_config);
    found.extend(section(
        &file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        profile,
    ));
    let names = [
        ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
        ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
        ("aws_session_token", "AWS_SESSION_TOKEN"),
        ("region", "AWS_REGION"),
        ("endpoint_url", "AWS_ENDPOINT_URL"),
    ];
    let is_wanted = |key: &str| !(has_own && key.starts_with("aws_"));
    names
        .into_iter()
        .filter(|(key, name)| is_wanted(key) && given(name).is_none())
        .filter_map(|(key, name)| Some((name.to_owned(), found.remove(key)?)))
        .collect()
}

/// The keys of a section of a file of `key = value` below `[section]`.
fn section(text: &str, wanted: &str) -> Variables {
    let mut is_in = false;
    let mut found = Variables::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            is_in = name.trim() == wanted;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| is_in && !line.starts_with('#')) {
            found.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn a_profile_says_what_the_environment_leaves_out() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".aws");
        std::fs::create_dir(&folder).unwrap();
        let keys = "[default]\naws_access_key_id = A\naws_secret_access_key=B\n# aws_session_token = x\n\
                    [lab]\naws_access_key_id=C\naws_secret_access_key=D\naws_session_token=E\n";
        std::fs::write(folder.join("credentials"), keys).unwrap();
        let config = "[default]\nregion = eu-west-1\n[profile lab]\nregion = eu-north-1\n";
        std::fs::write(folder.join("config"), config).unwrap();
        let home = home.path().to_str().unwrap();
        let wanted = [
            ("AWS_ACCESS_KEY_ID", "A"),
            ("AWS_SECRET_ACCESS_KEY", "B"),
            ("AWS_REGION", "eu-west-1"),
        ];
        assert_eq!(of_profile(&variables(&[("HOME", home)])), variables(&wanted));
        let lab = of_profile(&variables(&[("HOME", home), ("AWS_PROFILE", "lab")]));
        assert_eq!(lab["AWS_SESSION_TOKEN"], "E");
        assert_eq!(lab["AWS_REGION"], "eu-north-1");
        let own = variables(&[("HOME", home), ("AWS_ACCESS_KEY_ID", "Z"), ("AWS_REGION", "r")]);
        assert_eq!(of_profile(&own), Variables::new());
    }
}
