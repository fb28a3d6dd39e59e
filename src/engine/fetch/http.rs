//! One request for a file, or the rest of one, on a thread of its own: whoever waits for it
//! can stop waiting at any moment.

use std::io::{ErrorKind, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use ureq::http::header::{HeaderMap, HeaderName};
use ureq::http::{Uri, header};
use ureq::{Agent, Body};

use super::error::{FetchError, Retry};
use super::proxy::Proxies;
use crate::domain::error::SpecError;
use crate::domain::text::{harmless, without_user};
use crate::engine::error::{EngineError, Result};

/// Bytes of a body read at a time, and how many of these may wait to be written.
const BLOCK: usize = 64 << 10;
const WAITING: usize = 4;
/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// Longest head of an answer, bytes.
const LONGEST_HEAD: usize = 32 << 10;

/// What to ask for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Of the file.
    pub url: String,
    /// Bytes of it that are here already.
    pub from: u64,
    /// What the server called the file when these came.
    pub validator: Option<String>,
    /// How long it may be silent.
    pub silence: Duration,
}

/// What comes back, in this order.
#[derive(Debug)]
pub enum Response {
    /// The status and what goes with it.
    Head(ResponseHead),
    /// Some of the body.
    Bytes(Vec<u8>),
    /// All of it has come.
    End,
    /// No more comes.
    Broken(FetchError),
}

/// The head of an answer, as far as it matters.
#[derive(Debug)]
pub struct ResponseHead {
    /// Such as 206.
    pub status: u16,
    /// `Content-Length`.
    pub length: Option<u64>,
    /// `Content-Range`.
    pub range: Option<String>,
    /// A strong `ETag`, or else `Last-Modified`: what `If-Range` takes.
    pub validator: Option<String>,
    /// `Retry-After`.
    pub after: Option<Duration>,
}

/// Whether `address` is one that can be asked.
///
/// # Errors
/// When it is not; the message begins with `name`.
pub fn check_address(name: &str, address: &str) -> Result<()> {
    let is_web = scheme(address).is_some_and(|scheme| scheme == "http" || scheme == "https");
    // A password with a slash in it ends the host early, which then has a port of letters.
    let has_host = address.parse::<Uri>().ok().and_then(|uri| uri.into_parts().authority).is_some_and(|of| {
        let place = of.as_str().rsplit('@').next().unwrap_or_default();
        !of.host().is_empty() && (place == of.host() || of.port_u16().is_some())
    });
    if is_web && has_host {
        return Ok(());
    }
    // Where none is, a password may be anywhere before an @.
    let shown = address.rsplit_once('@').map_or(address.to_owned(), |(_, rest)| format!("…@{rest}"));
    let reason = format!("'{}' is not an address such as https://host/folder", harmless(&shown, 200));
    Err(SpecError::new(name, reason).into())
}

/// Asks, and hands back what comes.
///
/// # Errors
/// When a thread cannot be had.
pub fn ask(request: Request, proxies: Proxies) -> Result<Receiver<Response>> {
    let (sender, receiver) = sync_channel(WAITING);
    let url = request.url.clone();
    let work = move || {
        if let Err(error) = answer(&request, &proxies, &sender) {
            // Nobody may wait any more.
            let _ = sender.send(Response::Broken(error));
        }
    };
    match std::thread::Builder::new().name("fetch".into()).spawn(work) {
        Ok(_) => Ok(receiver),
        Err(error) => Err(EngineError::fetch(&url, format!("cannot start a thread: {error}"))),
    }
}

fn answer(
    request: &Request,
    proxies: &Proxies,
    to: &SyncSender<Response>,
) -> std::result::Result<(), FetchError> {
    let mut url = request.url.clone();
    for _ in 0..=REDIRECTS {
        let (head, headers, body) = one(&url, request, proxies)?;
        if !matches!(head.status, 301 | 302 | 303 | 307 | 308) {
            if to.send(Response::Head(head)).is_ok() {
                pass_on(body, to)?;
            }
            return Ok(());
        }
        // Its body is not read: the connection is dropped.
        let location = text(&headers, header::LOCATION)
            .ok_or_else(|| FetchError::new(Retry::Once, "a redirect that leads nowhere"))?;
        url = next(&url, &location)?;
        tracing::debug!(url = without_user(&url), "redirected");
    }
    Err(FetchError::new(Retry::Once, format!("more than {REDIRECTS} redirects")))
}

/// A single request, no redirect followed.
fn one(
    url: &str,
    request: &Request,
    proxies: &Proxies,
) -> std::result::Result<(ResponseHead, HeaderMap, Body), FetchError> {
    let silence = Some(request.silence);
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(LONGEST_HEAD)
        .proxy(proxies.of_url(url))
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(silence)
        .timeout_connect(silence)
        .timeout_per_read(silence)
        .timeout_per_write(silence)
        .timeout_recv_response(silence)
        .build()
        .into();
    // A packed file is wanted as it is.
    let mut call = agent.get(url).header(header::ACCEPT_ENCODING, "identity");
    if request.from > 0 {
        call = call.header(header::RANGE, format!("bytes={}-", request.from));
        if let Some(validator) = &request.validator {
            call = call.header(header::IF_RANGE, validator);
        }
    }
    let proxy = proxies.name_of(url);
    let (parts, body) = call.call().map_err(|e| error(&e, request.silence, proxy.as_deref()))?.into_parts();
    let headers = parts.headers;
    let strong = text(&headers, header::ETAG).filter(|tag| tag.starts_with('"'));
    let head = ResponseHead {
        status: parts.status.as_u16(),
        length: text(&headers, header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        range: text(&headers, header::CONTENT_RANGE),
        validator: strong.or_else(|| text(&headers, header::LAST_MODIFIED)),
        after: text(&headers, header::RETRY_AFTER).and_then(|after| retry_after(&after)),
    };
    Ok((head, headers, body))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(|text| text.trim().to_owned())
}

/// Seconds, or a date.
fn retry_after(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let seconds = then.duration_since(jiff::Timestamp::now()).as_secs_f64();
    Some(Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0)))
}

fn pass_on(body: Body, to: &SyncSender<Response>) -> std::result::Result<(), FetchError> {
    let mut reader = body.into_reader();
    loop {
        let mut block = vec![0; BLOCK];
        let read = reader
            .read(&mut block)
            .map_err(|error| FetchError::new(Retry::Yes, format!("the connection broke: {error}")))?;
        block.truncate(read);
        let answer = if read == 0 { Response::End } else { Response::Bytes(block) };
        if to.send(answer).is_err() || read == 0 {
            return Ok(());
        }
    }
}

/// What is wrong when there is no answer; `proxy` is whom it was asked through, and may be
/// the one to blame.
fn error(error: &ureq::Error, silence: Duration, proxy: Option<&str>) -> FetchError {
    use ureq::Error;
    let Some(proxy) = proxy else { return trouble_of(error, silence) };
    if let Error::ConnectProxyFailed(said) = error {
        let status = said.strip_prefix("proxy server responded ").and_then(|rest| rest.split('/').next());
        let said = status.map_or(said.clone(), |status| format!("status {status}"));
        return FetchError::new(Retry::Once, format!("the proxy {proxy} refuses: {said}"));
    }
    let error = trouble_of(error, silence);
    FetchError { reason: format!("{} (through the proxy {proxy})", error.reason), ..error }
}

fn trouble_of(error: &ureq::Error, silence: Duration) -> FetchError {
    use ureq::Error;
    match error {
        Error::HostNotFound => no_such_host(),
        // The system's resolver has no kind of error of its own.
        Error::Io(error) if error.to_string().contains("lookup address") => no_such_host(),
        Error::Timeout(_) => {
            FetchError::new(Retry::Yes, format!("no answer within {} s", silence.as_secs_f64()))
        }
        // What TLS refuses it refuses again.
        Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
            FetchError::new(Retry::No, format!("no secure connection: {error}"))
        }
        Error::Io(error) => FetchError::new(Retry::Yes, format!("no connection: {error}")),
        Error::Tls(_) | Error::Rustls(_) => {
            FetchError::new(Retry::No, format!("no secure connection: {error}"))
        }
        Error::ConnectionFailed => FetchError::new(Retry::Yes, "no connection"),
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl => {
            FetchError::new(Retry::No, without_user(&error.to_string()))
        }
        _ => FetchError::new(Retry::Once, format!("no answer that makes sense: {error}")),
    }
}

/// Without a network nobody is to wait for eight tries.
fn no_such_host() -> FetchError {
    FetchError::new(Retry::Once, "there is no such host, or no network")
}

/// The scheme of an absolute address, in small letters.
fn scheme(address: &str) -> Option<String> {
    let (scheme, _) = address.split_once(':')?;
    let is_one = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_one.then(|| scheme.to_ascii_lowercase())
}

/// Where a redirect from `base` leads (RFC 3986, section 5.2, but for dots in paths, which
/// servers resolve as well).
fn next(base: &str, location: &str) -> std::result::Result<String, FetchError> {
    let wrong = |what: &str| {
        FetchError::new(Retry::No, format!("a redirect {what}: {}", harmless(&without_user(location), 200)))
    };
    let location = location.split('#').next().unwrap_or(location);
    let from: Uri = base.parse().map_err(|_| wrong("from no address"))?;
    let is_secure = from.scheme_str() == Some("https");
    let (scheme_of_base, host) = match (from.scheme_str(), from.authority()) {
        (Some(scheme), Some(host)) => (scheme, host.as_str()),
        _ => return Err(wrong("from no address")),
    };
    let url = match scheme(location) {
        Some(scheme) if scheme == "http" && is_secure => return Err(wrong("from https down to http")),
        Some(scheme) if scheme == "http" || scheme == "https" => location.to_owned(),
        Some(_) => return Err(wrong("to something that is not a web address")),
        None if location.starts_with("//") => format!("{scheme_of_base}:{location}"),
        None if location.starts_with('/') => format!("{scheme_of_base}://{host}{location}"),
        None if location.starts_with('?') => format!("{scheme_of_base}://{host}{}{location}", from.path()),
        None => {
            let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{scheme_of_base}://{host}{folder}/{location}")
        }
    };
    match url.parse::<Uri>() {
        Ok(uri) if uri.host().is_some_and(|host| !host.is_empty()) => Ok(url),
        _ => Err(wrong("to no address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_resolved_and_never_lose_their_tls() {
        let to = |base: &str, location: &str| next(base, location).map_err(|error| error.reason);
        let base = "https://a.org/x/y.gz?q=1";
        for (location, url) in [
            ("https://b.org/z", "https://b.org/z"),
            ("HTTPS://b.org/z#part", "HTTPS://b.org/z"),
            ("//b.org/z", "https://b.org/z"),
            ("/z", "https://a.org/z"),
            ("z.gz", "https://a.org/x/z.gz"),
            ("?q=2", "https://a.org/x/y.gz?q=2"),
        ] {
            assert_eq!(to(base, location).unwrap(), url);
        }
        assert_eq!(to("http://a.org:81", "z").unwrap(), "http://a.org:81/z");
        assert_eq!(to("http://a.org/", "https://b.org/").unwrap(), "https://b.org/");
        for location in ["http://a.org/z", "HTTP://b.org/", "file:///etc/passwd", "ftp://b.org/z", "data:,x"]
        {
            let error = to(base, location).unwrap_err();
            assert!(error.contains("down to http") || error.contains("not a web address"), "{error}");
        }
        assert!(to(base, "https://").is_err() && to(base, "https:///z").is_err());
    }

    #[test]
    fn addresses_of_mirrors() {
        for good in ["http://127.0.0.1:80", "https://mirror.example/data/"] {
            check_address("--mirror", good).unwrap();
        }
        for bad in ["", "mirror.example", "file:///tmp", "http://", "ftp://x/y", "http://a b/"] {
            assert!(check_address("--mirror", bad).unwrap_err().to_string().contains("--mirror"), "{bad}");
        }
        check_address("--mirror", "https://me:secret@[::1]:80/x").unwrap();
        for bad in ["ftp://me:secret@a/", "https://me:sec/secret@a/", "me:secret@a", "https://me:secret@/"] {
            let error = check_address("--mirror", bad).unwrap_err().to_string();
            assert!(!error.contains("sec") && error.contains("…@"), "{error}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(retry_after("soon"), None);
    }
}
