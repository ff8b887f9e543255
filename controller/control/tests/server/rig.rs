//! A server in a thread of its own, with a service that does nothing but remember.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use pump_control::{
    Authority, Client, Code, Done, Event, Hello, Limits, Mail, Outcome, Peer, Refusal, Reply,
    Request, Rights, Server, Service, Status, Ticket, Waker, Watched,
};
use tempfile::TempDir;

/// Longer than any of it takes, however busy the machine: nothing is measured by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Nobody is closed for the slowness of the machine.
pub(crate) fn patient() -> Limits {
    Limits {
        idle: PATIENCE,
        line: PATIENCE,
        ..Limits::default()
    }
}

/// What the test and the service share.
#[derive(Default)]
pub(crate) struct Shared {
    /// The names of the requests that came through.
    pub(crate) done: Mutex<Vec<&'static str>>,
    /// Late answers wait until this is set.
    pub(crate) answer: AtomicBool,
    /// Askers that had gone before they were answered.
    pub(crate) gone: AtomicUsize,
    /// Published as soon as they are there.
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) watchers: AtomicUsize,
    pub(crate) connected: AtomicUsize,
    /// The most memory that the server held for its clients.
    pub(crate) most_held: AtomicUsize,
}

struct Dummy {
    shared: Arc<Shared>,
    late: Vec<Ticket>,
}

fn done(state: &str) -> Reply {
    Reply::Done(Done {
        state: state.into(),
    })
}

impl Service for Dummy {
    fn handle(&mut self, request: Request, peer: &Peer, ticket: Ticket) -> Outcome {
        let mut list = self.shared.done.lock().expect("no test panics with it");
        list.push(request.name());
        match request {
            Request::Hello => Reply::Hello(Hello {
                version: "0".into(),
                pid: std::process::id(),
                simulated: true,
                user: peer.user.clone(),
                rights: peer.rights.name().into(),
            })
            .into(),
            Request::Watch => Reply::Watching(Box::default()).into(),
            Request::Status { .. } => Reply::Status(Box::new(Status {
                state: "armed".into(),
                ..Status::default()
            }))
            .into(),
            Request::Confirm { .. } => {
                self.late.push(ticket);
                Outcome::Later
            }
            Request::Resume => Refusal::new(Code::WrongState, "it is not paused").into(),
            _ => done("infusing").into(),
        }
    }

    fn turn(&mut self, mail: &mut Mail<'_>) {
        self.shared
            .watchers
            .store(mail.watchers(), Ordering::SeqCst);
        if self.shared.answer.load(Ordering::SeqCst) {
            for ticket in self.late.drain(..) {
                mail.answer(ticket, Ok(done("armed")));
            }
        }
        let mut events = self.shared.events.lock().expect("no test panics with it");
        for event in events.drain(..) {
            mail.publish(&Watched::Event(event));
        }
    }

    fn gone(&mut self, ticket: Ticket) {
        self.late.retain(|late| *late != ticket);
        self.shared.gone.fetch_add(1, Ordering::SeqCst);
    }
}

/// Everybody has the same rights.
pub(crate) struct All(pub(crate) Option<Rights>);

impl Authority for All {
    fn rights(&self, _: u32, _: u32) -> Option<Rights> {
        self.0
    }

    fn user(&self, _: u32) -> Option<String> {
        Some("somebody".into())
    }
}

pub(crate) struct Rig {
    pub(crate) shared: Arc<Shared>,
    folder: TempDir,
    waker: Waker,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(patient(), Some(Rights::Prescribe))
    }

    pub(crate) fn with(limits: Limits, rights: Option<Rights>) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("control.sock");
        let mut server =
            Server::bind_with(&path, limits, Box::new(All(rights))).expect("it can listen");
        let (shared, stop) = (
            Arc::new(Shared::default()),
            Arc::new(AtomicBool::new(false)),
        );
        let waker = server.waker();
        let mut service = Dummy {
            shared: Arc::clone(&shared),
            late: Vec::new(),
        };
        let (seen, stopped) = (Arc::clone(&shared), Arc::clone(&stop));
        let body = move || {
            while !stopped.load(Ordering::SeqCst) {
                let turn = server.turn(&mut service, Duration::from_millis(20));
                turn.expect("the server goes on");
                seen.connected.store(server.connected(), Ordering::SeqCst);
                seen.most_held.fetch_max(server.held(), Ordering::SeqCst);
            }
            server.close(&mut service);
        };
        Self {
            shared,
            folder,
            waker,
            stop,
            thread: Some(std::thread::spawn(body)),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(&self.path()).expect("the server listens")
    }

    /// A connection without a client's manners.
    pub(crate) fn raw(&self) -> Raw {
        let stream = UnixStream::connect(self.path()).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
        let reader = BufReader::new(stream.try_clone().expect("a descriptor"));
        Raw { stream, reader }
    }

    pub(crate) fn wake(&self) {
        self.waker.wake();
    }

    /// Waits until something holds.
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Shared) -> bool) {
        let begun = std::time::Instant::now();
        while !holds(&self.shared) {
            assert!(begun.elapsed() < PATIENCE, "{what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn done(&self) -> Vec<&'static str> {
        self.shared.done.lock().expect("nobody panics").clone()
    }

    /// Ends the server in order.
    pub(crate) fn end(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.waker.wake();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server did not panic");
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

pub(crate) struct Raw {
    pub(crate) stream: UnixStream,
    reader: BufReader<UnixStream>,
}

impl Raw {
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The server may have closed; what it said then is what a test looks at.
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// The next line; empty where the server has closed.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(_) => line,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => String::new(),
            Err(error) => panic!("no line: {error}"),
        }
    }

    pub(crate) fn refusal(&mut self) -> (Option<u64>, Refusal) {
        let line = self.line();
        let (id, answer) = pump_control::read_answer(line.as_bytes()).expect(&line);
        (id, answer.expect_err("a refusal"))
    }

    pub(crate) fn reply(&mut self) -> (Option<u64>, Reply) {
        let line = self.line();
        let (id, answer) = pump_control::read_answer(line.as_bytes()).expect(&line);
        (id, answer.expect("a reply"))
    }
}
