//! A server that answers every request with the same given bytes and closes: for what no decent server
//! does.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

pub(crate) struct RawServer {
    pub(crate) url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl RawServer {
    /// Answers with `response` until the test ends; the thread ends with the process.
    pub(crate) fn answering(response: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &response, &seen);
            }
        });
        Self { url, heads }
    }

    /// 200 with these headers (each ending in CRLF) and this body.
    pub(crate) fn ok(headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{headers}\r\n");
        Self::answering([head.as_bytes(), body].concat())
    }

    /// The requests so far: request line and headers.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, response: &[u8], heads: &Mutex<Vec<String>>) {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while reader.read_line(&mut head).unwrap_or(0) > 2 {}
    heads.lock().unwrap().push(head);
    // A client that has heard enough hangs up.
    let _ = stream.write_all(response);
}

/// `body` in one chunk of HTTP/1.1's chunked encoding, so that its length is not announced.
pub(crate) fn chunked(body: &[u8]) -> Vec<u8> {
    [
        format!("{:x}\r\n", body.len()).as_bytes(),
        body,
        b"\r\n0\r\n\r\n",
    ]
    .concat()
}
