//! Fetching datasets from a server on this machine that drops connections, lies about
//! lengths, serves wrong bytes and redirects.

#[cfg(unix)]
#[path = "fetch/program.rs"]
mod program;
#[path = "fetch/server.rs"]
mod server;

use std::fs;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use hiresnet_tui::engine::error::Result;
use hiresnet_tui::engine::fetch::{
    FetchOptions, FetchProgress, FetchStage, Fetched, Proxies, RemoteFile, RetryPolicy, fetch, fetch_all,
    verify,
};
use server::{Reply, Server, Then};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Longer than what comes at once, and nowhere the same.
fn body() -> Vec<u8> {
    (0..300_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).take(1_100_003).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn source(url: String, body: &[u8]) -> RemoteFile {
    RemoteFile {
        file: "sub/file.gz".into(),
        url: url.into(),
        bytes: body.len() as u64,
        md5: hex(&md5::Md5::digest(body)).into(),
        sha256: Some(hex(&Sha256::digest(body)).into()),
    }
}

/// Four tries, and no wait between them.
fn options() -> FetchOptions {
    let (first, longest, silence) = (Duration::ZERO, Duration::ZERO, Duration::from_secs(30));
    let retry = RetryPolicy { tries: 4, first, longest, silence };
    FetchOptions { mirror: None, retry, proxies: Proxies::none() }
}

/// A server, what it should give, and an empty folder.
struct Fetch {
    server: Server,
    source: RemoteFile,
    folder: TempDir,
    options: FetchOptions,
}

impl Fetch {
    fn new(server: Server) -> Self {
        let source = source(format!("{}/home/file.gz", server.url()), &body());
        Self { server, source, folder: TempDir::new().unwrap(), options: options() }
    }

    fn run(&self) -> Result<Fetched> {
        fetch(&self.source, self.folder.path(), &self.options, &mut |_| ControlFlow::Continue(()))
    }

    fn fault(&self) -> String {
        let fault = self.run().unwrap_err().to_string();
        assert!(!self.target().exists(), "a wrong file was kept");
        fault
    }

    /// It is fetched, right, and alone.
    fn succeeds(&self) {
        assert_eq!(self.run().unwrap(), Fetched::Now);
        assert!(fs::read(self.target()).unwrap() == body());
        assert_eq!(names(&self.folder.path().join("sub")), ["file.gz"]);
    }

    fn target(&self) -> std::path::PathBuf {
        self.folder.path().join("sub/file.gz")
    }

    fn part(&self) -> std::path::PathBuf {
        self.folder.path().join("sub/file.gz.part")
    }

    /// As if so many of its bytes had come before, from the same server.
    fn begun(&self, bytes: &[u8], validator: &str) {
        fs::create_dir(self.folder.path().join("sub")).unwrap();
        fs::write(self.part(), bytes).unwrap();
        let origin = format!(r#"{{"url":"{}","validator":{validator:?}}}"#, self.source.url);
        fs::write(self.part().with_extension("part.from"), origin).unwrap();
    }

    fn froms(&self) -> Vec<Option<usize>> {
        self.server.asked().iter().map(server::Asked::from).collect()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_comes_whole_and_is_left_alone_afterwards() {
    let fetch_it = Fetch::new(Server::good(body()));
    let mut told = Vec::new();
    let fetched = fetch(&fetch_it.source, fetch_it.folder.path(), &fetch_it.options, &mut |progress| {
        told.push(progress);
        ControlFlow::Continue(())
    });
    assert_eq!(fetched.unwrap(), Fetched::Now);
    assert!(fs::read(fetch_it.target()).unwrap() == body());
    assert_eq!(names(&fetch_it.folder.path().join("sub")), ["file.gz"]);
    assert_eq!((told[0].stage.clone(), told[0].done, told[0].total), (FetchStage::Asking, 0, 1_100_003));
    let done: Vec<_> = told.iter().filter(|p| p.stage == FetchStage::Fetching).map(|p| p.done).collect();
    assert!(done.is_sorted() && done.last() == Some(&1_100_003), "{done:?}");
    assert_eq!(told.last().unwrap().stage, FetchStage::Checking);
    let asked = &fetch_it.server.asked()[0];
    assert_eq!(asked.path(), "/home/file.gz");
    assert!(asked.header("user-agent").unwrap().starts_with("hiresnet-tui/"));
    assert_eq!((asked.header("accept-encoding"), asked.header("range")), (Some("identity"), None));

    assert_eq!(fetch_it.run().unwrap(), Fetched::Already);
    assert_eq!(fetch_it.server.asked().len(), 1, "nothing is asked for a file that is here");
    fs::write(fetch_it.target(), "mine").unwrap();
    let fault = fetch_it.run().unwrap_err().to_string();
    assert!(fault.contains("another file is already here (4 bytes long, expected 1100003)"), "{fault}");
    assert_eq!(fs::read_to_string(fetch_it.target()).unwrap(), "mine");
}

#[test]
fn dropped_connections_are_gone_on_with() {
    let cuts = [200_000, 300_000, 400_000];
    let fetch_it = Fetch::new(Server::new(move |asked, n| match cuts.get(n) {
        Some(kept) => Reply::good(asked, &body()).cut(*kept),
        None => Reply::good(asked, &body()),
    }));
    fetch_it.succeeds();
    assert_eq!(fetch_it.froms(), [None, Some(200_000), Some(500_000), Some(900_000)]);
    let if_range: Vec<_> =
        fetch_it.server.asked().iter().map(|asked| asked.header("if-range").map(str::to_owned)).collect();
    let tag = Some("\"one\"".to_owned());
    assert_eq!(if_range, [None, tag.clone(), tag.clone(), tag]);
}

#[test]
fn tries_that_bring_nothing_are_counted() {
    let fetch_it = Fetch::new(Server::new(|asked, _| Reply::good(asked, &body()).cut(10)));
    let fault = fetch_it.fault();
    assert!(fault.contains("the connection broke") && fault.ends_with("(after 4 tries)"), "{fault}");
    assert_eq!(fs::read(fetch_it.part()).unwrap(), body()[..40], "what came waits");
    // Another day, another server.
    let other = Fetch { server: Server::good(body()), ..fetch_it };
    let mirrored = FetchOptions { mirror: Some(other.server.url() + "/"), ..options() };
    let other = Fetch { options: mirrored, ..other };
    other.succeeds();
    assert_eq!((other.froms(), other.server.asked()[0].path()), (vec![Some(40)], "/file.gz"));
    assert_eq!(other.server.asked()[0].header("if-range"), None, "the tag is another server's");
}

#[test]
fn a_server_without_ranges_is_begun_again_with() {
    let fetch_it = Fetch::new(Server::new(|_, n| match n {
        0 => Reply::whole(&body()).cut(700_000),
        _ => Reply::whole(&body()),
    }));
    fetch_it.succeeds();
    assert_eq!(fetch_it.froms(), [None, Some(700_000)]);
}

#[test]
fn a_part_from_before_is_gone_on_with() {
    let fetch_it = Fetch::new(Server::good(body()));
    fetch_it.begun(&body()[..1_000_000], "\"one\"");
    fetch_it.succeeds();
    assert_eq!(fetch_it.froms(), [Some(1_000_000)]);
    assert_eq!(fetch_it.server.asked()[0].header("if-range"), Some("\"one\""));

    // All of it had come, and only the end was missed.
    let fetch_it = Fetch::new(Server::good(body()));
    fetch_it.begun(&body(), "\"one\"");
    fetch_it.succeeds();
    assert!(fetch_it.server.asked().is_empty());

    // More than all of it, and bytes of something else: begun again.
    for wrong in [vec![1; 1_100_004], vec![1; 1_100_003], vec![1; 1000]] {
        let fetch_it = Fetch::new(Server::good(body()));
        fetch_it.begun(&wrong, "\"one\"");
        fetch_it.succeeds();
        assert_eq!(fetch_it.froms().last(), Some(&None));
    }
}

#[test]
fn wrong_bytes_are_thrown_away() {
    let mut wrong = body();
    wrong[500_000] ^= 1;
    let fetch_it = Fetch::new(Server::good(wrong.clone()));
    let fault = fetch_it.fault();
    let (found, pinned) = (hex(&md5::Md5::digest(&wrong)), &fetch_it.source.md5);
    assert!(fault.contains(&format!("its MD5 is {found}, expected {pinned}")), "{fault}");
    assert_eq!(fetch_it.server.asked().len(), 2, "the same twice is enough");
    assert!(names(&fetch_it.folder.path().join("sub")).is_empty());

    // Right the second time.
    let fetch_it = Fetch::new(Server::new(move |asked, n| match n {
        0 => Reply::good(asked, &wrong),
        _ => Reply::good(asked, &body()),
    }));
    fetch_it.succeeds();

    // The MD5 alone does not do where a SHA-256 is pinned.
    let mut fetch_it = Fetch::new(Server::good(body()));
    fetch_it.source.sha256 = Some("0".repeat(64).into());
    assert!(fetch_it.fault().contains("its SHA-256 is "));
    fetch_it.source.sha256 = None;
    fetch_it.succeeds();
}

#[test]
fn lies_about_lengths_are_seen_through() {
    let all = body().len();
    for length in [0, 10, all - 1, all + 1, 1 << 40] {
        let head = format!("200 OK\nContent-Length: {length}");
        let fetch_it = Fetch::new(Server::new(move |_, _| Reply::new(&head, &body())));
        let fault = fetch_it.fault();
        assert!(fault.contains(&format!("announces {length} bytes, expected {all}")), "{fault}");
        assert_eq!(fetch_it.server.asked().len(), 2);
    }
    // A page instead of the file does not cost what has come.
    let fetch_it = Fetch::new(Server::new(|asked, n| match n {
        0 => Reply::new("200 OK\nContent-Length: 5", b"hello"),
        _ => Reply::good(asked, &body()),
    }));
    fetch_it.begun(&body()[..900_000], "\"one\"");
    fetch_it.succeeds();
    assert_eq!(fetch_it.froms(), [Some(900_000), Some(900_000)]);
    // Without a length the end tells.
    let fetch_it = Fetch::new(Server::new(|_, _| Reply::new("200 OK", &body())));
    fetch_it.succeeds();
    let fetch_it = Fetch::new(Server::new(|_, _| Reply::new("200 OK", &body()[..1000])));
    let fault = fetch_it.fault();
    assert!(fault.contains("ended after 1000 of 1100003 bytes"), "{fault}");
}

#[test]
fn an_endless_body_ends() {
    let fetch_it = Fetch::new(Server::new(|_, _| Reply::new("200 OK", b"").then(Then::Endlessly)));
    let fault = fetch_it.fault();
    assert!(fault.contains("it is longer than the expected 1100003 bytes (after 2 tries)"), "{fault}");
    assert!(names(&fetch_it.folder.path().join("sub")).is_empty());
    // Nor is a head without an end read for ever, nor what comes with a redirect.
    let head = "HTTP/1.1 200 OK\r\nX-Long: ".as_bytes().to_vec();
    let fetch_it = Fetch::new(Server::new(move |_, _| Reply { bytes: head.clone(), then: Then::Endlessly }));
    assert!(!fetch_it.fault().is_empty());
    let fetch_it = Fetch::new(Server::new(|asked, n| match n {
        0 => Reply::new("302 Found\nLocation: /there", b"").then(Then::Endlessly),
        _ => Reply::good(asked, &body()),
    }));
    fetch_it.succeeds();
}

#[test]
fn wrong_ranges_are_not_written() {
    for range in ["bytes 0-1100002/1100003", "bytes 5-1100002/9", "bytes 600000-1100002/1100004", "nonsense"]
    {
        let head = format!("206 Partial Content\nContent-Range: {range}");
        let fetch_it = Fetch::new(Server::new(move |asked, n| match n {
            0 => Reply::new(&head, &body()),
            _ => Reply::good(asked, &body()),
        }));
        fetch_it.begun(&body()[..600_000], "\"one\"");
        fetch_it.succeeds();
        assert_eq!(fetch_it.froms(), [Some(600_000), None], "{range}");
    }
    let fetch_it = Fetch::new(Server::new(|asked, n| match n {
        0 => Reply::status("416 Range Not Satisfiable"),
        _ => Reply::good(asked, &body()),
    }));
    fetch_it.begun(&body()[..600_000], "\"one\"");
    fetch_it.succeeds();
    // A part of the file that nobody asked for.
    let fetch_it = Fetch::new(Server::new(|_, _| {
        Reply::new("206 Partial Content\nContent-Range: bytes 0-9/1100003", &body()[..10])
    }));
    assert!(fetch_it.fault().contains("unexpected answer (status 206)"));
}

#[test]
fn redirects_are_followed_so_far_and_no_farther() {
    let other = Server::good(body());
    let away = other.url() + "/elsewhere?x=1";
    let fetch_it = Fetch::new(Server::new(move |asked, _| match asked.path() {
        "/home/file.gz" => Reply::to("there/file.gz"),
        "/home/there/file.gz" => Reply::to("/top"),
        "/top" => Reply::to(&away),
        path => panic!("{path}"),
    }));
    fetch_it.begun(&body()[..1000], "\"one\"");
    fetch_it.succeeds();
    assert_eq!(other.asked()[0].path(), "/elsewhere?x=1");
    assert_eq!(other.asked()[0].from(), Some(1000), "the range goes along");

    let fetch_it = Fetch::new(Server::new(|_, _| Reply::to("/home/file.gz")));
    assert!(fetch_it.fault().contains("more than 5 redirects"));
    assert_eq!(fetch_it.server.asked().len(), 2 * 6);
    for (location, said) in [
        ("file:///etc/passwd", "to something that is not a web address: file:///etc/passwd"),
        ("gopher://x/", "to something that is not a web address"),
        ("http://", "to no address"),
    ] {
        let fetch_it = Fetch::new(Server::new(move |_, _| Reply::to(location)));
        let fault = fetch_it.fault();
        assert!(fault.contains(said), "{fault}");
        assert_eq!(fetch_it.server.asked().len(), 1);
    }
    let fetch_it = Fetch::new(Server::new(|_, _| Reply::status("302 Found")));
    assert!(fetch_it.fault().contains("leads nowhere"));
}

#[test]
fn statuses_say_whether_to_try_again() {
    for (status, said) in [
        ("404 Not Found", "there is no such file (status 404)"),
        ("403 Forbidden", "the server refuses it (status 403)"),
        ("204 No Content", "an unexpected answer (status 204)"),
    ] {
        let fetch_it = Fetch::new(Server::new(move |_, _| Reply::status(status)));
        let fault = fetch_it.fault();
        assert!(fault.ends_with(said) && fault.starts_with(&*fetch_it.source.url), "{fault}");
        assert_eq!(fetch_it.server.asked().len(), 1);
        assert!(names(&fetch_it.folder.path().join("sub")).is_empty(), "nothing is left");
    }
    let fetch_it = Fetch::new(Server::new(|asked, n| match n {
        0 => Reply::status("503 Service Unavailable\nRetry-After: 86400"),
        1 => Reply::status("429 Too Many Requests"),
        _ => Reply::good(asked, &body()),
    }));
    fetch_it.succeeds();
    let fetch_it = Fetch::new(Server::new(|_, _| Reply::status("500 Internal Server Error")));
    assert!(fetch_it.fault().ends_with("(status 500) (after 4 tries)"));
    assert_eq!(fetch_it.server.asked().len(), 4);
}

#[test]
fn a_silent_server_is_given_up() {
    // Silence is short here, so a slow machine may give up a good answer as well: enough tries.
    let quickly = |fetch_it: Fetch| {
        let silence = Duration::from_millis(300);
        let retry = RetryPolicy { tries: 60, silence, ..options().retry };
        Fetch { options: FetchOptions { retry, ..options() }, ..fetch_it }
    };
    let half_a_head = || Reply { bytes: b"HTTP/1.1 200 OK\r\nContent-".to_vec(), then: Then::Hang };
    let fetch_it = quickly(Fetch::new(Server::new(move |asked, n| match n {
        0 => Reply { bytes: Vec::new(), then: Then::Hang },
        1 => half_a_head(),
        2 => Reply::good(asked, &body()).cut(100_000).then(Then::Hang),
        _ => Reply::good(asked, &body()),
    })));
    fetch_it.succeeds();
    assert!(fetch_it.server.asked().len() >= 4);
    assert!(fetch_it.froms()[3..].iter().all(|from| from.is_some_and(|from| from >= 100_000)));
}

#[test]
fn a_server_that_sends_a_byte_now_and_then_is_given_up() {
    let quickly = |fetch_it: Fetch| {
        let retry = RetryPolicy { tries: 2, silence: Duration::from_secs(2), ..options().retry };
        Fetch { options: FetchOptions { retry, ..options() }, ..fetch_it }
    };
    let slowly = |asked: &server::Asked| {
        let rest = body()[asked.from().unwrap_or(0)..].to_vec();
        Reply::good(asked, &body()).cut(0).then(Then::Slowly(rest))
    };
    let fetch_it = quickly(Fetch::new(Server::new(move |asked, _| slowly(asked))));
    let fault = fetch_it.fault();
    assert!(fault.contains("too slow: ") && fault.ends_with("(after 2 tries)"), "{fault}");
    let come = fs::read(fetch_it.part()).unwrap();
    assert!(!come.is_empty() && come.len() < 4096 && body().starts_with(&come), "what came waits");
    // One that comes to its senses is resumed with.
    let fetch_it = quickly(Fetch::new(Server::new(move |asked, n| match n {
        0 => slowly(asked),
        _ => Reply::good(asked, &body()),
    })));
    fetch_it.succeeds();
    assert!(fetch_it.froms()[1].is_some_and(|from| from > 0), "{:?}", fetch_it.froms());
}

#[test]
fn nobody_has_to_wait_for_a_server_or_the_next_try() {
    // Half a file, then silence for ever.
    let fetch_it =
        Fetch::new(Server::new(|asked, _| Reply::good(asked, &body()).cut(500_000).then(Then::Hang)));
    let mut stop = |progress: FetchProgress| match progress.done {
        500_000.. => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let fetched = fetch(&fetch_it.source, fetch_it.folder.path(), &fetch_it.options, &mut stop);
    assert_eq!(fetched.unwrap(), Fetched::Interrupted);
    assert_eq!(fs::read(fetch_it.part()).unwrap(), body()[..500_000]);
    // Nobody holds the part any more.
    let again = Fetch { server: Server::good(body()), ..fetch_it };
    let mirrored = FetchOptions { mirror: Some(again.server.url()), ..options() };
    Fetch { options: mirrored, ..again }.succeeds();

    let fetch_it = Fetch::new(Server::new(|_, _| Reply::status("503 Busy\nRetry-After: 86400")));
    let retry = RetryPolicy { longest: Duration::from_secs(86_400), ..options().retry };
    let patient = FetchOptions { retry, ..options() };
    let mut waited = None;
    let fetched =
        fetch(&fetch_it.source, fetch_it.folder.path(), &patient, &mut |progress| match progress.stage {
            FetchStage::Waiting { seconds, reason } => {
                waited = Some((seconds, reason));
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        });
    assert_eq!(fetched.unwrap(), Fetched::Interrupted);
    assert_eq!(waited, Some((86_400, "the server is busy or broken (status 503)".into())));
}

#[test]
fn of_two_who_fetch_the_same_the_second_says_so() {
    let fetch_it = Fetch::new(Server::good(body()));
    let mut second = None;
    let first = fetch(&fetch_it.source, fetch_it.folder.path(), &fetch_it.options, &mut |_| {
        second.get_or_insert_with(|| fetch_it.run().unwrap_err().to_string());
        ControlFlow::Continue(())
    });
    assert_eq!(first.unwrap(), Fetched::Now);
    let second = second.unwrap();
    assert!(second.contains("file.gz.part: another process is fetching this file"), "{second}");
}

#[test]
fn the_disk_is_asked_first() {
    let mut fetch_it = Fetch::new(Server::good(body()));
    fetch_it.source.bytes = 1 << 60;
    assert!(fetch_it.fault().contains("the disk has no room"));
    assert!(fetch_it.server.asked().is_empty());
    // A file where a folder belongs.
    let fetch_it = Fetch::new(Server::good(body()));
    fs::write(fetch_it.folder.path().join("sub"), "mine").unwrap();
    assert!(fetch_it.run().is_err());
    assert_eq!(fs::read_to_string(fetch_it.folder.path().join("sub")).unwrap(), "mine");
}

#[test]
fn tls_is_not_done_without() {
    // Something that answers in plain HTTP whatever it is told.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut fetch_it = Fetch::new(Server::good(body()));
    fetch_it.source.url = format!("https://{}/file.gz", listener.local_addr().unwrap()).into();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&Reply::status("200 OK").bytes);
            open.push(stream);
        }
    });
    let fault = fetch_it.fault();
    assert!(fault.contains("no secure connection"), "{fault}");
    assert!(names(&fetch_it.folder.path().join("sub")).is_empty());
}

#[test]
fn several_files_are_told_of_together() {
    let server = Server::good(body());
    let files = ["a.gz", "b.gz"].map(|name| RemoteFile {
        file: format!("two/{name}").into(),
        ..source(format!("{}/{name}", server.url()), &body())
    });
    let folder = TempDir::new().unwrap();
    let mut told = Vec::new();
    let mut all = || {
        let tell = &mut |progress: FetchProgress| {
            told.push((progress.file, progress.done, progress.total));
            ControlFlow::Continue(())
        };
        fetch_all(&files, folder.path(), &options(), tell).unwrap()
    };
    assert_eq!((all(), all()), (Fetched::Now, Fetched::Already));
    let total = 2 * 1_100_003;
    assert!(told.iter().all(|(_, done, all)| done <= all && *all == total));
    assert!(told.contains(&("b.gz".into(), total, total)));
    for file in &files {
        let path = folder.path().join(&*file.file);
        let verdict = verify(&path, file, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(verdict, hiresnet_tui::engine::fetch::Verdict::Right);
    }
}
