//! A listener on loopback, on a thread of its own, that stops on drop.
//!
//! Knows HTTP/1.1 and nothing of what is asked.

use std::convert::Infallible;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use super::{body::Body, lock};
use crate::must;

pub(crate) type HyperRequest = hyper::Request<Incoming>;
pub(crate) type HyperResponse = hyper::Response<Body>;

#[derive(Debug)]
pub(crate) struct Listening {
    address: SocketAddr,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Listening {
    /// Answers on this port of 127.0.0.1, or a free one if it is 0.
    pub(crate) fn start<A, F>(port: u16, answer: A) -> Self
    where
        A: Fn(HyperRequest) -> F + Clone + Send + 'static,
        F: Future<Output = HyperResponse> + Send + 'static,
    {
        let listener = must(
            TcpListener::bind(("127.0.0.1", port)),
            format_args!("listen on port {port} of loopback"),
        );
        must(listener.set_nonblocking(true), "listen on loopback");
        let address = must(listener.local_addr(), "listen on loopback");
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || run(listener, answer, stopped));
        Self {
            address,
            running: Mutex::new(Some(Running { stop, thread })),
        }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes all connections and refuses new ones from now on.
    pub(crate) fn stop(&self) {
        let Some(running) = lock(&self.running).take() else {
            return;
        };
        // The thread is gone already if it panicked; joining then is all that is left to do.
        let _ = running.stop.send(());
        let _ = running.thread.join();
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run<A, F>(listener: TcpListener, answer: A, mut stopped: oneshot::Receiver<()>)
where
    A: Fn(HyperRequest) -> F + Clone + Send + 'static,
    F: Future<Output = HyperResponse> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = must(runtime, "start the server");
    runtime.block_on(async {
        let listener = must(
            tokio::net::TcpListener::from_std(listener),
            "start the server",
        );
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                accepted = listener.accept() => {
                    let (stream, _) = must(accepted, "accept a connection");
                    tokio::spawn(converse(stream, answer.clone()));
                }
            }
        }
    });
}

async fn converse<A, F>(stream: tokio::net::TcpStream, answer: A)
where
    A: Fn(HyperRequest) -> F,
    F: Future<Output = HyperResponse>,
{
    let service = service_fn(move |request| {
        let answered = answer(request);
        async move { Ok::<_, Infallible>(answered.await) }
    });
    // An error here is a client that left or a fault that cut the connection: both are wanted.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
