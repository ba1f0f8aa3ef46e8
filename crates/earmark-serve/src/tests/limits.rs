//! What is too much, too many, or not a request.

use super::*;

#[test]
fn what_is_too_large_is_refused_before_it_is_stored() {
    let lab = lab();
    let bytes = lab.bytes();
    let served = serve(&lab, |config| {
        config.limits.bytes = bytes.len() as u64 - 1;
        config.limits.files = 2;
    });
    // By its length, of which nothing is sent.
    let length = format!("Content-Length: {}\r\n", bytes.len());
    let declared = served.ask(&served.head("POST", "/v1/tag", &length));
    assert_eq!(declared.status, 413);
    assert_eq!(
        declared.error(),
        format!(
            "the body has more than {} bytes; send less at a time",
            bytes.len() - 1
        )
    );
    // Without a length.
    let chunk = [
        format!("{:x}\r\n", bytes.len()).as_bytes(),
        &bytes,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let head = served.head("POST", "/v1/tag", "Transfer-Encoding: chunked\r\n");
    assert_eq!(served.ask(&[head, chunk].concat()).status, 413);
    let (kind, body) = multipart(&["a", "b", "c"].map(|name| (name, name.as_bytes())));
    let many = served.post("/v1/tag", kind, &body);
    assert_eq!(
        (many.status, many.error()),
        (413, "more than 2 files; send fewer at a time".into())
    );
    until("all files removed", || {
        std::fs::read_dir(served.app.uploads.path()).unwrap().count() == 0
    });
    assert!(served.end());
}

#[test]
fn too_much_sound_is_refused() {
    let lab = lab();
    let served = serve(&lab, |config| config.limits.seconds = 0.01);
    for route in ["/v1/tag", "/v1/predict", "/v1/embed"] {
        let answer = served.post(&format!("{route}?name=x"), "", &lab.bytes());
        let expected = "x: has more than 0.01 s of sound; cut it, or tag it with the command";
        assert_eq!((answer.status, answer.error()), (413, expected.into()), "{route}");
    }
    assert!(served.end());
}

#[test]
fn a_full_queue_says_when_to_come_again() {
    let lab = lab();
    let served = serve(&lab, |config| {
        config.limits.workers = 1;
        config.limits.queue = 1;
    });
    let gate = served.block_worker();
    let waiting = served.send_to_wait(&lab);
    let refused = served.post("/v1/tag", "", &lab.bytes());
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.error(), "the queue is full (1 waiting); try again later");
    // Others are answered, and the one that waits is in the end.
    assert_eq!(served.get("/healthz").status, 200);
    drop(gate);
    assert_eq!(Answer::read(waiting).status, 200);
    assert!(served.end());
}

#[test]
fn what_is_not_a_request_is_refused_in_words() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let status = |method: &str, path: &str| {
        let answer = served.ask(&served.head(method, path, "Content-Length: 0\r\n"));
        (answer.status, answer.error())
    };
    let nothing = "there is nothing at this path; GET /openapi.json lists what there is";
    assert_eq!(status("GET", "/v2/tag"), (404, nothing.into()));
    assert_eq!(
        status("GET", "/v1/tag"),
        (405, "/v1/tag: GET is not possible here; use POST".into())
    );
    assert_eq!(
        status("POST", "/v1/tag"),
        (400, "recording: is empty; send the bytes of a recording".into())
    );
    assert_eq!(status("POST", "/v1/tag?treshold=1").0, 400);
    assert_eq!(status("POST", "/v1/embed?format=csv").0, 400);
    assert_eq!(status("GET", "/v1/listen").0, 400);
    let png = served.post("/v1/tag", "Accept: image/png\r\n", &lab.bytes());
    assert_eq!(png.status, 406);
    // Several recordings don't fit a label track.
    let (kind, body) = multipart(&["a", "b"].map(|name| (name, name.as_bytes())));
    assert_eq!(served.post("/v1/tag?format=audacity", kind, &body).status, 400);
    assert_eq!(
        served
            .post("/v1/tag?format=raven&windows=1", "", &lab.bytes())
            .status,
        400
    );
    assert!(served.end());
}

#[test]
fn malformed_bodies_and_recordings_are_refused_without_the_servers_paths() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let (kind, body) = multipart(&[("a.wav", lab.bytes().as_slice())]);
    let cut = served.post("/v1/tag", kind, &body[..body.len() - 10]);
    assert_eq!(
        (cut.status, cut.error()),
        (400, "the multipart body ends before its last boundary".into())
    );
    let nameless = b"--XX\r\nContent-Disposition: form-data; name=\"hop\"\r\n\r\n1\r\n--XX--";
    let refused = served.post("/v1/tag", kind, nameless);
    assert!(
        refused.error().starts_with("the part `hop` has no file name"),
        "{}",
        refused.error()
    );
    assert_eq!(
        served
            .post("/v1/tag", "Content-Type: multipart/form-data\r\n", &body)
            .status,
        400
    );
    for route in ["/v1/tag", "/v1/predict", "/v1/embed"] {
        let answer = served.post(&format!("{route}?name=%3Cb%3E.wav"), "", b"not a sound at all");
        assert_eq!(answer.status, 422, "{route}");
        let error = answer.error();
        assert!(error.starts_with("<b>.wav: ") && error.len() > 12, "{error}");
        assert!(
            !error.contains(&*std::env::temp_dir().to_string_lossy()),
            "{error}"
        );
    }
    // A name in the query would be nobody's.
    let named = served.post("/v1/tag?name=b.wav", kind, &body);
    assert_eq!(named.status, 400);
    assert!(
        named
            .error()
            .starts_with("name: is for a body that is a recording")
    );
    let long = "x".repeat(256);
    assert_eq!(served.post(&format!("/v1/tag?name={long}"), "", b"x").status, 400);
    assert!(served.end());
}

#[test]
fn the_token_is_required() {
    let lab = lab();
    let file = lab.dir.path().join("token");
    std::fs::write(&file, "0123456789abcdef\n").unwrap();
    let served = serve(&lab, |config| config.token_file = Some(file.clone()));
    assert_eq!(served.get("/healthz").status, 200);
    let refused = served.get("/v1/models");
    assert_eq!(
        (refused.status, refused.header("www-authenticate")),
        (401, Some("bearer"))
    );
    let header = "Authorization: Bearer 0123456789abcdef\r\n";
    assert_eq!(served.ask(&served.head("GET", "/v1/models", header)).status, 200);
    assert!(served.end());
    // Others reach this address: not without a token, and not with a poor one.
    let mut config = ServeConfig::new(lab.model.clone());
    config.bind = SocketAddr::from(([0, 0, 0, 0], 0));
    let refusal = |config: &ServeConfig| {
        Server::start(config, Arc::new(|_: &ServedRequest| ()))
            .err()
            .unwrap()
            .to_string()
    };
    assert!(
        refusal(&config).contains("--token-file FILE"),
        "{}",
        refusal(&config)
    );
    for poor in ["short", "with blanks in it, and long enough", ""] {
        std::fs::write(&file, poor).unwrap();
        config.token_file = Some(file.clone());
        assert!(
            refusal(&config).contains("is not a token"),
            "{}",
            refusal(&config)
        );
    }
}
