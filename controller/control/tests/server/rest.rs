//! Where there is nothing to do, nothing is done: no state of a connection keeps the server
//! turning.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use pump_control::{
    Limits, MAX_LINE, Mail, Outcome, Peer, Reply, Request, Rights, Server, Service, Ticket,
};

use crate::rig::{All, patient};

struct Late;

impl Service for Late {
    fn handle(&mut self, request: Request, _: &Peer, _: Ticket) -> Outcome {
        match request {
            Request::Watch => Reply::Watching(Box::default()).into(),
            _ => Outcome::Later,
        }
    }

    fn turn(&mut self, _: &mut Mail<'_>) {}
}

const WATCH: &[u8] = b"{\"v\":1,\"id\":1,\"do\":\"watch\"}\n";
const START: &[u8] = b"{\"v\":1,\"id\":1,\"do\":\"start\"}\n";

fn connect(path: &Path, send: &[u8]) -> UnixStream {
    let mut stream = UnixStream::connect(path).expect("it listens");
    stream.set_nonblocking(true).expect("a socket");
    stream.write_all(send).expect("it fits");
    stream
}

#[test]
fn the_server_sleeps_where_nobody_wants_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s");
    let limits = Limits {
        long_lines: 1,
        ..patient()
    };
    let authority = Box::new(All(Some(Rights::Prescribe)));
    let mut server = Server::bind_with(&path, limits, authority).expect("it can listen");
    let long = vec![b'x'; MAX_LINE / 8];
    let mut clients = vec![
        connect(&path, b""),
        connect(&path, b"{\"v\""),
        connect(&path, &long),
        // There is no slot for this one.
        connect(&path, &long),
        connect(&path, WATCH),
        connect(&path, START),
        connect(&path, &[START, START, b"{"].concat()),
    ];
    for send in [WATCH, START] {
        let half = connect(&path, send);
        half.shutdown(Shutdown::Write).expect("a socket");
        clients.push(half);
    }
    // Some close while they are waited for.
    drop(connect(&path, START));
    drop(connect(&path, &long));
    let wait = Duration::from_millis(30);
    let mut slept = 0;
    for _ in 0..1_000 {
        let began = Instant::now();
        server.turn(&mut Late, wait).expect("it goes on");
        for client in &mut clients {
            let _ = client.read(&mut [0; 4096]);
        }
        // A busy machine only lets it sleep longer.
        slept = if began.elapsed() >= wait {
            slept + 1
        } else {
            0
        };
        if slept == 5 {
            break;
        }
    }
    assert_eq!(slept, 5, "it turns and turns");
    assert_eq!(server.connected(), clients.len());
}
