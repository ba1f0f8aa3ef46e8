//! A server that is to stop answers what it has begun, for as long as it may.

use super::*;

#[test]
fn work_in_progress_is_answered() {
    let lab = lab();
    let mut served = serve(&lab, |config| config.limits.workers = 1);
    let gate = served.block_worker();
    let client = served.send_to_wait(&lab);
    served.stop.store(true, Ordering::Relaxed);
    until("it takes no more connections", || *served.app.closing.borrow());
    assert!(TcpStream::connect(served.address).is_err());
    drop(gate);
    assert_eq!(Answer::read(client).status, 200);
    assert!(served.thread.take().unwrap().join().unwrap());
}

#[test]
fn work_that_takes_too_long_is_given_up() {
    let lab = lab();
    let mut served = serve(&lab, |config| {
        config.limits.workers = 1;
        config.limits.drain = Duration::from_millis(100);
    });
    let gate = served.block_worker();
    let client = served.send_to_wait(&lab);
    let uploads = served.app.uploads.path().to_path_buf();
    served.stop.store(true, Ordering::Relaxed);
    assert_eq!(Answer::read(client).status, 0);
    drop(gate);
    assert!(!served.thread.take().unwrap().join().unwrap());
    drop(served);
    assert!(!uploads.exists());
}
