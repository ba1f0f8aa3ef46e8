//! The server: it listens, serves each connection, and drains when it is to stop.

use crate::access::Access;
use crate::app::App;
use crate::archive::ArchiveService;
use crate::config::{ServeConfig, ServeError};
use crate::connections::{ConnectionPlace, Connections};
use crate::exchange::answer;
use crate::limits::ServeLimits;
use crate::metrics::Metrics;
use crate::models::ServedModels;
use crate::observer::ServeObserver;
use crate::pages::pages_router;
use crate::queue::ComputeQueue;
use crate::review::{ReviewContents, ReviewServeConfig, ReviewService};
use crate::routes::router;
use axum::Router;
use earmark_inference::ModelPrecision;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};

/// Threads that serve sockets; nothing is computed on them.
const SOCKET_THREADS: usize = 2;

/// How often is looked whether the server is to stop, and whether all is done.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Most bytes and headers of a request's head.
const LONGEST_HEAD: usize = 16 << 10;
const MOST_HEADERS: usize = 64;

/// Most bytes that are read of a socket at a time.
const LARGEST_READ: usize = 64 << 10;

/// The answer to a connection for which there is no room.
const NO_ROOM: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 1\r\n\
    Content-Length: 59\r\nConnection: close\r\n\r\n{\"error\":\"too many connections are open; try again later\"}\n";

/// A server that listens already, with its models opened.
pub struct Server {
    runtime: Runtime,
    socket: TcpListener,
    address: SocketAddr,
    pub(crate) app: Arc<App>,
    close: watch::Sender<bool>,
}

impl Server {
    /// Opens the models and listens; nothing is answered until [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// For a model, an address, a token or a setting that can't be used.
    pub fn start(config: &ServeConfig, observer: ServeObserver) -> Result<Self, ServeError> {
        let models = || ServedModels::open(&config.models, &config.device);
        Self::begin(config, models, (None, None), observer)
    }

    /// Listens for the pages of a review, of an index, or of both; nothing is answered until [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// For an address, a token or a setting that can't be used, and where there is neither.
    pub fn start_review(
        config: &ReviewServeConfig,
        contents: impl Into<ReviewContents>,
        observer: ServeObserver,
    ) -> Result<Self, ServeError> {
        let ReviewContents {
            desk,
            learning,
            archive,
        } = contents.into();
        if desk.is_none() && archive.is_none() {
            return Err(ServeError::Request(
                "nothing to show: give items to review, or an index".into(),
            ));
        }
        let review = desk.map(|desk| Arc::new(ReviewService::new(desk, learning)));
        let archive = archive.map(|archive| Arc::new(ArchiveService::new(archive)));
        let models = || Ok(ServedModels::none());
        Self::begin(&config.without_models(), models, (review, archive), observer)
    }

    fn begin(
        config: &ServeConfig,
        models: impl FnOnce() -> Result<ServedModels, ServeError>,
        (review, archive): (Option<Arc<ReviewService>>, Option<Arc<ArchiveService>>),
        observer: ServeObserver,
    ) -> Result<Self, ServeError> {
        let token = config.check()?;
        let limits = config.limits.clone();
        // Before models are read: a port that is taken is said at once.
        let listen = |address: SocketAddr| -> std::io::Result<TcpListener> {
            let socket = TcpListener::bind(address)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        let socket = listen(config.bind).map_err(|cause| ServeError::Bind {
            address: config.bind,
            cause,
        })?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(SOCKET_THREADS)
            .enable_io()
            .enable_time()
            .build()?;
        let (close, closing) = watch::channel(false);
        let app = App {
            models: models()?,
            review,
            archive,
            access: Access { token },
            queue: ComputeQueue::start(limits.worker_count(), limits.queue)?,
            metrics: Metrics::default(),
            connections: Arc::new(Connections::new(limits.connections)),
            streams: Arc::new(Semaphore::new(limits.streams)),
            uploads: private_folder()?,
            closing,
            observer,
            limits,
        };
        Ok(Self {
            runtime,
            address: socket.local_addr()?,
            socket,
            app: Arc::new(app),
            close,
        })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What must be said of models that score in another precision than their recipes ask for, each once.
    pub fn precision_notes(&self) -> Vec<String> {
        let all = self.app.models.all().iter();
        let found: Vec<_> = all
            .flat_map(|model| model.tagger.ensemble().precisions())
            .collect();
        ModelPrecision::notes(&found)
    }

    /// Names under which the models are served.
    pub fn model_names(&self) -> Vec<&str> {
        self.app
            .models
            .all()
            .iter()
            .map(|model| model.name.as_str())
            .collect()
    }

    /// Serves until `stop` is set, then answers what is in progress and returns whether all of it was answered in time.
    ///
    /// # Errors
    ///
    /// When the socket can't be used.
    pub fn run(self, stop: &AtomicBool) -> Result<bool, ServeError> {
        let Self {
            runtime,
            socket,
            app,
            close,
            ..
        } = self;
        let drained = runtime.block_on(async {
            accept(socket, &app, stop).await?;
            // Without connections nobody receives it.
            let _ = close.send(true);
            Ok::<bool, std::io::Error>(drain(&app).await)
        });
        // Drops the requests that are left, and with them their work; then waits for the work itself.
        runtime.shutdown_timeout(LOOK_EVERY);
        app.queue.close();
        if let Some(learning) = app.review.as_ref().and_then(|review| review.learning.as_ref()) {
            learning.close();
        }
        Ok(drained?)
    }
}

/// A folder that other users can't read.
fn private_folder() -> std::io::Result<TempDir> {
    let mut folder = tempfile::Builder::new();
    folder.prefix("earmark-serve-");
    #[cfg(unix)]
    folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    folder.tempdir()
}

/// Accepts connections until the server is to stop.
async fn accept(socket: TcpListener, app: &Arc<App>, stop: &AtomicBool) -> std::io::Result<()> {
    let socket = tokio::net::TcpListener::from_std(socket)?;
    let router = match app.review.is_some() || app.archive.is_some() {
        true => pages_router(app),
        false => router(Arc::clone(app)),
    };
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, client)) => match app.connections.enter() {
                    Some(place) => {
                        tokio::spawn(serve(stream, client, Arc::clone(app), router.clone(), place));
                    }
                    None => refuse(stream, app),
                },
                // Too many open files, or a client that is gone already: others are served meanwhile.
                Err(_) => tokio::time::sleep(LOOK_EVERY).await,
            },
            _ = looks.tick() => if stop.load(Ordering::Relaxed) {
                return Ok(());
            },
        }
    }
}

/// Waits until all connections and streams have ended; false where they don't in time.
async fn drain(app: &App) -> bool {
    let ended = async {
        while app.connections.count() > 0 || app.open_streams() > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(app.limits.drain, ended).await.is_ok()
}

/// Answers a connection for which there is no room, as far as its socket takes an answer at once.
fn refuse(stream: TcpStream, app: &App) {
    app.metrics.count_refused_connection();
    if let Ok(mut stream) = stream.into_std() {
        // A client that takes none gets none.
        let _ = stream.write_all(NO_ROOM);
    }
}

fn protocol(limits: &ServeLimits) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_patience)
        .max_buf_size(LARGEST_READ)
        .max_header_size(LONGEST_HEAD)
        .max_headers(MOST_HEADERS);
    protocol
}

/// Serves a connection until it ends, another one takes its place, or the server stops.
async fn serve(stream: TcpStream, client: SocketAddr, app: Arc<App>, router: Router, place: ConnectionPlace) {
    // Answers are small, and not to wait for more.
    let _ = stream.set_nodelay(true);
    let requests = place.requests();
    let mut closing = app.closing.clone();
    let protocol = protocol(&app.limits);
    let service = service_fn(move |request| {
        let (app, router, in_progress) = (Arc::clone(&app), router.clone(), requests.begin());
        async move {
            let answered = answer(app, router, request, client).await;
            drop(in_progress);
            answered
        }
    });
    let connection = protocol
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = place.evicted() => return,
        _ = closing.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    // Whatever becomes of it, the client knows it.
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_has_the_length_that_it_says() {
        let text = String::from_utf8(NO_ROOM.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("Content-Length: {}\r\n", body.len())),
            "{}",
            body.len()
        );
        let parsed: serde_json::Value = serde_json::from_str(body).unwrap();
        assert!(parsed["error"].is_string());
    }
}
