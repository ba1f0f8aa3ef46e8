//! Clients that are slow, leave, or only connect.

use super::*;
use std::net::Shutdown;

#[test]
fn a_client_that_goes_away_ends_its_work() {
    let lab = lab();
    let served = serve(&lab, |config| config.limits.workers = 1);
    let gate = served.block_worker();
    let client = served.send_to_wait(&lab);
    client.shutdown(Shutdown::Both).unwrap();
    until("the server knows", || {
        served
            .log
            .lock()
            .unwrap()
            .iter()
            .any(|request| request.status == 499)
    });
    drop(gate);
    until("the queue is empty", || {
        served.app.queue.waiting_and_busy() == (0, 0)
    });
    let text = served.get("/metrics").text();
    assert!(text.contains("earmark_cancelled_total 1\n"), "{text}");
    assert!(text.contains("earmark_recordings_total 0\n"), "{text}");
    assert_eq!(std::fs::read_dir(served.app.uploads.path()).unwrap().count(), 0);
    assert!(served.end());
}

#[test]
fn work_in_progress_is_stopped() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let app = Arc::clone(&served.app);
    let (begin, is_begun) = channel();
    let (end, has_ended) = channel();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let task = runtime.spawn(async move {
        let work = move |stop: &AtomicBool| {
            begin.send(()).unwrap();
            while !stop.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            end.send(()).unwrap();
            Ok(())
        };
        crate::compute::compute(&app, Admission::New, work).await
    });
    is_begun.recv().unwrap();
    // What a connection does with its request when the client goes.
    task.abort();
    has_ended.recv().unwrap();
    assert!(served.end());
}

#[test]
fn half_an_upload_leaves_nothing() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let mut client = served.connect();
    let length = format!("Content-Length: {}\r\n", lab.bytes().len());
    send(
        &mut client,
        &[&served.head("POST", "/v1/tag", &length)[..], &lab.bytes()[..100]].concat(),
    );
    until("its file is there", || {
        std::fs::read_dir(served.app.uploads.path()).unwrap().count() == 1
    });
    client.shutdown(Shutdown::Both).unwrap();
    until("its file is removed", || {
        std::fs::read_dir(served.app.uploads.path()).unwrap().count() == 0
    });
    assert_eq!(served.post("/v1/tag", "", &lab.bytes()).status, 200);
    assert!(served.end());
}

#[test]
fn slow_clients_are_not_waited_for() {
    let lab = lab();
    let served = serve(&lab, |config| {
        config.limits.head_patience = Duration::from_millis(200);
        config.limits.body_patience = Duration::from_millis(200);
        config.limits.slowest_bytes_per_second = 1e9;
    });
    // A head that never ends: the connection is closed.
    let mut head = served.connect();
    send(&mut head, b"GET /healthz HTTP/1.1\r\nHost: loc");
    assert!([0, 408].contains(&Answer::read(head).status));
    // A body that stops.
    let mut body = served.connect();
    send(
        &mut body,
        &served.head("POST", "/v1/tag", "Content-Length: 1000\r\n"),
    );
    send(&mut body, b"RIFF");
    let answer = Answer::read(body);
    assert_eq!(
        (answer.status, answer.error()),
        (408, "the body comes too slowly; send it again".into())
    );
    assert!(served.end());
}

#[test]
fn connections_without_a_request_make_room() {
    let lab = lab();
    let served = serve(&lab, |config| config.limits.connections = 3);
    let idle: Vec<TcpStream> = (0..20).map(|_| served.connect()).collect();
    for _ in 0..5 {
        assert_eq!(served.get("/healthz").status, 200);
    }
    drop(idle);
    assert!(served.end());
}

#[test]
fn heads_have_limits() {
    let lab = lab();
    let served = serve(&lab, |_| ());
    let long = format!("X: {}\r\n", "x".repeat(100_000));
    assert_eq!(served.ask(&served.head("GET", "/healthz", &long)).status, 431);
    let many = "X: x\r\n".repeat(200);
    assert_eq!(served.ask(&served.head("GET", "/healthz", &many)).status, 431);
    assert_eq!(served.ask(b"no http at all\r\n\r\n").status, 400);
    assert_eq!(served.get("/healthz").status, 200);
    assert!(served.end());
}
