//! An HTTP server on this machine that does what a test tells it to, right or wrong.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request: its first line and its headers, in small letters.
#[derive(Debug, Clone)]
pub struct Asked {
    pub line: String,
    pub headers: Vec<(String, String)>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Where the wanted range begins.
    pub fn from(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }

    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }
}

/// What a server does once it has sent something.
pub enum Then {
    Close,
    /// Says nothing more, and does not hang up.
    Hang,
    /// Hears the next request on the same connection, as a proxy does.
    Serve,
    /// Sends the letter x until nobody listens.
    Endlessly,
    /// Sends these bytes one by one, and takes its time.
    Slowly(Vec<u8>),
}

pub struct Reply {
    pub bytes: Vec<u8>,
    pub then: Then,
}

impl Reply {
    /// A status line and headers, without the empty line after them, and a body.
    pub fn new(head: &str, body: &[u8]) -> Self {
        let mut bytes =
            format!("HTTP/1.1 {}\r\nConnection: close\r\n\r\n", head.replace('\n', "\r\n")).into_bytes();
        bytes.extend_from_slice(body);
        Self { bytes, then: Then::Close }
    }

    pub fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }

    pub fn status(status: &str) -> Self {
        Self::new(&format!("{status}\nContent-Length: 0"), b"")
    }

    pub fn to(location: &str) -> Self {
        Self::new(&format!("302 Found\nContent-Length: 0\nLocation: {location}"), b"")
    }

    /// As a good server answers.
    pub fn good(asked: &Asked, body: &[u8]) -> Self {
        match asked.from() {
            Some(from) if from < body.len() => Self::new(
                &format!(
                    "206 Partial Content\nETag: \"one\"\nContent-Length: {}\nContent-Range: bytes {from}-{}/{}",
                    body.len() - from,
                    body.len() - 1,
                    body.len()
                ),
                &body[from..],
            ),
            _ => Self::whole(body),
        }
    }

    /// All of it, whatever was asked for.
    pub fn whole(body: &[u8]) -> Self {
        Self::new(&format!("200 OK\nETag: \"one\"\nContent-Length: {}", body.len()), body)
    }

    /// Hangs up after so many bytes of the body.
    pub fn cut(mut self, kept: usize) -> Self {
        let head = self.bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        self.bytes.truncate(head + kept);
        self
    }
}

pub struct Server {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// One that answers its n-th request, from 0, as `script` says. Its thread ends with the
    /// test's process.
    pub fn new(script: impl Fn(&Asked, usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&asked);
        thread::spawn(move || {
            let mut hanging = Vec::new();
            for mut stream in listener.incoming().flatten() {
                while let Some(request) = read(&stream) {
                    let number = {
                        let mut all = all.lock().unwrap();
                        all.push(request.clone());
                        all.len() - 1
                    };
                    let reply = script(&request, number);
                    let _ = stream.write_all(&reply.bytes);
                    match reply.then {
                        Then::Serve => continue,
                        Then::Close => {}
                        Then::Hang => hanging.push(stream.try_clone().unwrap()),
                        Then::Endlessly => while stream.write_all(&[b'x'; 4096]).is_ok() {},
                        Then::Slowly(bytes) => {
                            // Others are served meanwhile.
                            thread::spawn(move || {
                                for byte in bytes {
                                    thread::sleep(Duration::from_millis(20));
                                    if stream.write_all(&[byte]).is_err() {
                                        break;
                                    }
                                }
                            });
                        }
                    }
                    break;
                }
            }
        });
        Self { port, asked }
    }

    /// One that always answers well.
    pub fn good(body: Vec<u8>) -> Self {
        Self::new(move |asked, _| Reply::good(asked, &body))
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    let mut headers = Vec::new();
    for line in lines {
        let line = line.ok()?;
        if line.is_empty() {
            return Some(Asked { line: first, headers });
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    None
}
